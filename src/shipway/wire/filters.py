"""OData's `$filter`, as far as the official clients use it: `name eq 'value'`, joined by `and`.

Source: https://learn.microsoft.com/graph/filter-query-parameter
"""

import re
from collections.abc import Iterable

from shipway.base.errors import NotSupported
from shipway.wire.http import Request

_EQUALS = re.compile(r"\s*([\w/]+)\s+eq\s+(?:'((?:[^']|'')*)'|(true|false|\d+))\s*", re.IGNORECASE)
_CALL = re.compile(r"\s*(\w+)\(\s*(?:'((?:[^']|'')*)')?\s*\)\s*")
_AND = re.compile(r"\s+and\s+(?=[\w/]+(?:\s+eq\s|\())", re.IGNORECASE)


def read(request: Request, *, known: Iterable[str]) -> dict[str, str]:
    """The comparisons of `$filter` by lower-cased name; `atScope()` reads as an empty value.

    Raises `NotSupported` that names the part of the filter which is not understood.
    """
    text = request.arg("$filter").strip()
    if not text:
        return {}
    names = {name.lower(): name for name in known}
    found: dict[str, str] = {}
    for part in _AND.split(text):
        match = _EQUALS.fullmatch(part) or _CALL.fullmatch(part)
        if match is None or match[1].lower() not in names:
            raise NotSupported(
                f"the filter '{part}' is not supported on {request.path}",
                code="Request_UnsupportedQuery",
                status=400,
                where="$filter",
                hint=f"Supported: <name> eq '<value>', joined by and; names: {', '.join(known)}.",
            )
        value = match[2] if match[2] is not None else (match[3] if match.re is _EQUALS else "")
        found[match[1].lower()] = (value or "").replace("''", "'")
    return found
