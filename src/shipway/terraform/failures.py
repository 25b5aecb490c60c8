"""What a resource raises, and the dict of values that it speaks in."""

from typing import Any

from shipway.base.errors import ShipwayError

Values = dict[str, Any]
"""A whole resource: names of attributes and blocks to values.

Sets and lists are lists; nested blocks are lists of dicts (nesting list or set), or a dict or None
(single). An absent one is None.
"""


class AtAttribute(ShipwayError):
    """A problem with one attribute; becomes a diagnostic there.

    `path` is dotted with indexes: `identity.0.type`.
    """

    default_code, default_status = "InvalidAttribute", 400

    def __init__(self, path: str, summary: str, detail: str = "") -> None:
        super().__init__(summary, where=path)
        self.path, self.summary, self.detail = path, summary, detail


class PartlyCreated(ShipwayError):
    """A create that failed after the thing was there: `values` are saved, marked as tainted."""

    default_code = "PartlyCreated"

    def __init__(self, values: Values, cause: Exception) -> None:
        super().__init__(str(cause))
        self.values, self.cause = values, cause
