"""The value that is known after apply."""

from typing import Final


class Unknown:
    """Known after apply. There is one, `UNKNOWN`; compare with `is`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return True

    def __copy__(self) -> "Unknown":
        return self

    def __deepcopy__(self, memo: object) -> "Unknown":
        return self


UNKNOWN: Final = Unknown()
