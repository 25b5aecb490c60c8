"""Path filters of branch policies: `/src/*`, `*.md;!/docs/*`; the last that matches decides.

Source: https://learn.microsoft.com/azure/devops/repos/git/branch-policies#path-filters
"""

import re
from collections.abc import Iterable, Sequence


def any_matches(patterns: Sequence[str], paths: Iterable[str]) -> bool:
    """Whether a path is in the filter; every path is, where there are no patterns."""
    split = [part.strip() for pattern in patterns for part in pattern.split(";") if part.strip()]
    if not split:
        return True
    return any(_is_in(split, path) for path in paths)


def _is_in(patterns: Sequence[str], path: str) -> bool:
    # a filter that only excludes begins with everything
    found = all(p.startswith("!") for p in patterns)
    for pattern in patterns:
        if _matches(pattern.removeprefix("!"), f"/{path.lstrip('/')}"):
            found = not pattern.startswith("!")
    return found


def _matches(pattern: str, path: str) -> bool:
    """Absolute (`/a/b`, `/a/*`) or a wildcard (`*.cs`); `*` takes folders too, `?` one sign.

    A path without a wildcard names a file or a folder with all that is in it.
    """
    if not pattern.startswith(("/", "*")):
        pattern = f"/{pattern}"
    text = "".join(
        ".*" if sign == "*" else "." if sign == "?" else re.escape(sign)
        for sign in pattern.rstrip("/")
    )
    return re.fullmatch(f"{text}(/.*)?", path, re.IGNORECASE) is not None
