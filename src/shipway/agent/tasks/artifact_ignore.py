"""`.artifactignore`: what of a folder a pipeline artifact leaves out, in the way of .gitignore.

Without that file the folder `.git` is left out; an empty one takes everything.
Source: https://learn.microsoft.com/azure/devops/artifacts/reference/artifactignore
"""

from collections.abc import Callable
from pathlib import Path

from shipway.agent.glob_patterns import GlobOptions, GlobPattern

FILE_NAME = ".artifactignore"
_OPTIONS = GlobOptions(dot=True, brace=False)


def rule_of(folder: Path) -> Callable[[str], bool]:
    """Whether a path below the folder is left out."""
    file = folder / FILE_NAME
    text = file.read_text("utf-8", "replace") if file.is_file() else ".git"
    rules = [_rule(line.strip()) for line in text.splitlines()]
    known = [rule for rule in rules if rule is not None]

    def is_ignored(path: str) -> bool:
        parts = path.split("/")
        # a folder's verdict is that of everything in it
        places = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        verdict = False
        for pattern, negated, folders_only in known:
            hits = places[:-1] if folders_only else places
            if any(pattern.matches(place) for place in hits):
                verdict = not negated
        return verdict

    return is_ignored


def _rule(line: str) -> tuple[GlobPattern, bool, bool] | None:
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    bare = line.removeprefix("!").replace("\\", "/")
    text = bare.rstrip("/")
    if "/" not in text:
        text = f"**/{text}"
    return GlobPattern(text.lstrip("/"), _OPTIONS), negated, bare.endswith("/")
