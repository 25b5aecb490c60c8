"""Finding and matching files as the tasks' library does (`find`, `match`, `findMatch`).

Knows the disk, not the tasks. The order of patterns counts: each adds to the matches or, with `!`,
takes away from them. Source: azure-pipelines-task-lib, node/docs/findingfiles.md.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from shipway.agent.glob_patterns import GlobOptions, GlobPattern, expand_braces

DEFAULT = GlobOptions()


def match(
    paths: Sequence[str], patterns: Iterable[str], *, root: str = "",
    options: GlobOptions = DEFAULT,
) -> list[str]:  # fmt: skip
    """The paths that the patterns leave, in the order of `paths`.

    A pattern that is not rooted is put below `root`, but not a bare name under `match_base`.
    """
    chosen: set[str] = set()
    for given in patterns:
        text = given.strip()
        if not text or text.startswith("#"):
            continue
        bare = text.lstrip("!")
        is_include = (len(text) - len(bare)) % 2 == 0
        for expanded in expand_braces(bare.strip()) if options.brace else [bare.strip()]:
            found = _hits(paths, expanded.strip(), root, options)
            chosen = chosen | found if is_include else chosen - found
    return [path for path in dict.fromkeys(paths) if path in chosen]


def _hits(paths: Sequence[str], text: str, root: str, options: GlobOptions) -> set[str]:
    if not text:
        return set()
    if root and not text.startswith("/") and not (options.match_base and "/" not in text):
        text = f"{_escaped(root).rstrip('/')}/{text}"
    pattern = GlobPattern(text, options)
    return {path for path in paths if pattern.matches(path)}


def _escaped(folder: str) -> str:
    """A folder's name as a pattern that means nothing but itself."""
    return "".join(f"[{c}]" if c in "*?[" else f"\\{c}" if c in "\\({" else c for c in folder)


def find(folder: Path) -> list[str]:
    """The folder and everything below it, links followed once; nothing when it is not there."""
    if not folder.exists():
        return []
    found = [str(folder)]
    if not folder.is_dir():
        return found
    seen = {os.path.realpath(folder)}
    for here, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        for name in list(folders):
            path = f"{here}{os.sep}{name}"
            found.append(path)
            if Path(path).is_symlink():
                real = os.path.realpath(path)
                # a link to a folder above itself would never end
                if real in seen or str(here).startswith(f"{real}{os.sep}") or here == real:
                    folders.remove(name)
                seen.add(real)
        found.extend(f"{here}{os.sep}{name}" for name in sorted(files))
    return found


def find_match(
    root: Path, patterns: Iterable[str], *, options: GlobOptions = DEFAULT
) -> list[str]:  # fmt: skip
    """What the patterns find below `root` and, rooted, elsewhere; a bare path needs no search."""
    texts = [p.strip() for p in patterns]
    paths: dict[str, None] = dict.fromkeys(find(root))
    for text in texts:
        start = _start_of(text)
        if start is not None and not start.is_relative_to(root):
            paths.update(dict.fromkeys(find(start)))
    return sorted(match(list(paths), texts, root=str(root), options=options))


def files_of(root: Path, patterns: Iterable[str]) -> list[Path]:
    """The files, not the folders, that the patterns find."""
    return [Path(p) for p in find_match(root, patterns) if Path(p).is_file()]


def _start_of(text: str) -> Path | None:
    """Where the search for a rooted pattern begins: the folder before its first magic part."""
    if not text.startswith("/"):
        return None
    plain: list[str] = []
    for part in text.split("/"):
        if any(c in part for c in "*?[{(!+@\\"):
            break
        plain.append(part)
    return Path("/".join(plain) or "/")
