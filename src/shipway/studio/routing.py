"""Which row of the table a path belongs to."""

import re
from collections.abc import Sequence
from functools import cache
from urllib.parse import unquote

from shipway.studio.exchange import PageRoute

_PART = re.compile(r"\{([a-z_]+)(:path)?\}")


def match(
    routes: Sequence[PageRoute], method: str, path: str
) -> tuple[PageRoute, dict[str, str]] | None:
    """The first row for method and path, with the decoded named parts; else None."""
    for route in routes:
        found = _pattern(route.pattern).fullmatch(path) if route.method == method else None
        if found:
            return route, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def methods_of(routes: Sequence[PageRoute], path: str) -> list[str]:
    """Which methods a path knows; empty when the path itself is unknown."""
    return sorted({r.method for r in routes if _pattern(r.pattern).fullmatch(path)})


@cache
def _pattern(text: str) -> re.Pattern[str]:
    pieces, end = [], 0
    for found in _PART.finditer(text):
        pieces.append(re.escape(text[end : found.start()]))
        pieces.append(f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})")
        end = found.end()
    pieces.append(re.escape(text[end:]))
    return re.compile("".join(pieces))
