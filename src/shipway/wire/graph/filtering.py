"""OData's `$filter` as the clients of the directory use it, on shapes that are ready to be sent.

`name eq 'text'`, `name eq true`, `name in ('a','b')`, `startswith(name,'a')` and
`names/any(x:x eq 'a')`, joined by `and`; anything else is a named error.
Source: https://learn.microsoft.com/graph/filter-query-parameter
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shipway.base.errors import NotSupported
from shipway.wire.http import Request

Shape = Mapping[str, Any]
Test = Callable[[Shape], bool]

_TEXT = r"'((?:[^']|'')*)'"
_EQUALS = re.compile(rf"(\w+)\s+(eq|ne)\s+(?:{_TEXT}|(true|false|null)|([0-9a-f-]{{36}}))", re.I)
_STARTS = re.compile(rf"startswith\(\s*(\w+)\s*,\s*{_TEXT}\s*\)", re.I)
_IN = re.compile(r"(\w+)\s+in\s+\(((?:\s*'(?:[^']|'')*'\s*,?)+)\)", re.I)
_ANY = re.compile(rf"(\w+)/any\(\s*(\w+)\s*:\s*(\w+)\s+eq\s+{_TEXT}\s*\)", re.I)
_QUOTED = re.compile(r"'(?:[^']|'')*'")


def matching(request: Request, shapes: Iterable[Shape], *, known: Iterable[str]) -> list[Shape]:
    """The shapes that the request's filter asks for. Raises `NotSupported` by name."""
    text = request.arg("$filter").strip()
    names = {name.lower(): name for name in known}
    tests = [_test(part.strip(), names, request) for part in _parts(text)] if text else []
    return [shape for shape in shapes if all(test(shape) for test in tests)]


def _parts(text: str) -> list[str]:
    """Split at `and` outside of quotes."""
    blanked = _QUOTED.sub(lambda found: "'" + "_" * (len(found[0]) - 2) + "'", text)
    parts, start = [], 0
    for found in re.finditer(r"\s+and\s+", blanked, re.IGNORECASE):
        parts.append(text[start : found.start()])
        start = found.end()
    return [*parts, text[start:]]


def _test(part: str, names: Mapping[str, str], request: Request) -> Test:
    part = part[1:-1].strip() if part.startswith("(") and part.endswith(")") else part
    if found := _EQUALS.fullmatch(part):
        name = _known(found[1], names, part, request)
        wanted = _value(found[3], found[4], found[5])
        is_equal = found[2].lower() == "eq"
        return lambda shape: (_plain(shape.get(name)) == wanted) is is_equal
    if found := _STARTS.fullmatch(part):
        name, start = _known(found[1], names, part, request), _text(found[2])
        return lambda shape: str(shape.get(name) or "").lower().startswith(start)
    if found := _IN.fullmatch(part):
        name = _known(found[1], names, part, request)
        values = {_text(one[1:-1]) for one in _QUOTED.findall(found[2])}
        return lambda shape: _plain(shape.get(name)) in values
    if (found := _ANY.fullmatch(part)) and found[2] == found[3]:
        name, value = _known(found[1], names, part, request), _text(found[4])
        return lambda shape: value in [str(one).lower() for one in shape.get(name) or ()]
    raise _refused(part, names, request)


def _value(text: str | None, word: str | None, guid: str | None) -> object:
    if word is not None:
        return {"true": True, "false": False, "null": None}[word.lower()]
    return _text(text if text is not None else guid or "")


def _text(text: str) -> str:
    return text.replace("''", "'").lower()


def _plain(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _known(name: str, names: Mapping[str, str], part: str, request: Request) -> str:
    if name.lower() not in names:
        raise _refused(part, names, request)
    return names[name.lower()]


def _refused(part: str, names: Mapping[str, str], request: Request) -> NotSupported:
    return NotSupported(
        f"the filter '{part}' is not supported on {request.path}",
        code="Request_UnsupportedQuery",
        status=400,
        where="$filter",
        hint="Supported: eq, ne, in, startswith, any(x:x eq ...), joined by and; "
        f"names: {', '.join(names.values())}.",
    )
