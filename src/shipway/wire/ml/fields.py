"""Reading a JSON body field by field, so that a wrong one is named with its path.

Every reader takes a dotted path (`properties.trigger.expression`); a value of null counts as
absent, as the official clients send it.
"""

from collections.abc import Mapping
from typing import Any

from shipway.base.errors import BadInput

_WORDS = {
    str: "a string", int: "an integer", float: "a number", bool: "true or false",
    dict: "an object", list: "a list",
}  # fmt: skip


def value(body: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  # JSON of any shape
    """The value at `path`, None when absent. Raises `BadInput` where a parent is no object."""
    current: Any = body
    walked = ""
    for part in path.split("."):
        if current is None:
            return None
        if not isinstance(current, Mapping):
            raise wrong(walked.rstrip("."), dict, current)
        current = current.get(part)
        walked += f"{part}."
    return current


def text(body: Mapping[str, Any], path: str, default: str = "") -> str:
    """A string. Raises `BadInput`."""
    found = value(body, path)
    if found is None:
        return default
    if not isinstance(found, str):
        raise wrong(path, str, found)
    return found


def required_text(body: Mapping[str, Any], path: str, *, hint: str = "") -> str:
    """A string that must be there and not be empty. Raises `BadInput`."""
    found = text(body, path)
    if not found:
        raise BadInput(
            f"The {path} field is required.", code="ValidationError", where=path,
            hint=hint or f"Send a string in '{path}'.",
        )  # fmt: skip
    return found


def flag(body: Mapping[str, Any], path: str, *, default: bool = False) -> bool:
    """True or false. Raises `BadInput`."""
    found = value(body, path)
    if found is None:
        return default
    if not isinstance(found, bool):
        raise wrong(path, bool, found)
    return found


def number(body: Mapping[str, Any], path: str, default: int = 0) -> int:
    """An integer. Raises `BadInput`."""
    found = value(body, path)
    if found is None:
        return default
    if isinstance(found, bool) or not isinstance(found, int):
        raise wrong(path, int, found)
    return found


def mapping(body: Mapping[str, Any], path: str) -> dict[str, Any]:
    """An object; empty when absent. Raises `BadInput`."""
    found = value(body, path)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise wrong(path, dict, found)
    return dict(found)


def texts(body: Mapping[str, Any], path: str) -> dict[str, str]:
    """An object of strings (tags, properties); numbers become text, null values are left out.

    The official SDK sends integers in maps of strings (`hash_version`), so they are taken.
    """
    result: dict[str, str] = {}
    for name, found in mapping(body, path).items():
        if isinstance(found, (Mapping, list)):
            raise wrong(f"{path}.{name}", str, found)
        if found is not None:
            result[name] = found if isinstance(found, str) else _plain(found)
    return result


def items(body: Mapping[str, Any], path: str) -> list[Any]:
    """A list; empty when absent. Raises `BadInput`."""
    found = value(body, path)
    if found is None:
        return []
    if not isinstance(found, list):
        raise wrong(path, list, found)
    return list(found)


def choice(body: Mapping[str, Any], path: str, allowed: tuple[str, ...], default: str) -> str:
    """One of `allowed` in any letter case, given back as spelled there. Raises `BadInput`."""
    found = text(body, path, default)
    for word in allowed:
        if word.lower() == found.lower():
            return word
    raise BadInput(
        f"'{found}' is not a value of {path}.", code="ValidationError", where=path,
        hint=f"Possible: {', '.join(allowed)}.",
    )  # fmt: skip


def wrong(path: str, wanted: type, found: object) -> BadInput:
    """The 400 for a value of another type."""
    got = _WORDS.get(type(found), "null")
    return BadInput(
        f"The value of {path or 'the body'} must be {_WORDS[wanted]}, not {got}.",
        code="ValidationError", where=path or "body",
        hint=f"Send {_WORDS[wanted]} in '{path or 'the body'}'.",
    )  # fmt: skip


def _plain(found: object) -> str:
    return str(found).lower() if isinstance(found, bool) else str(found)
