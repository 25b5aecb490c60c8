"""What a key of Cache@2 stands for: its segments, files and patterns among them by their hashes.

Source: FingerprintCreator.cs and PipelineCacheTaskPluginBase.cs of microsoft/azure-pipelines-agent.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shipway.agent import file_matching
from shipway.agent.glob_patterns import GlobOptions, GlobPattern
from shipway.base.errors import BadInput, NotFound
from shipway.store.files import read_chunks

WILDCARD = "**"
_OPTIONS = GlobOptions(dot=True, brace=False)
_MAGIC = "*?[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyContext:
    """Where patterns are looked for, and where what was found is told."""

    working_directory: Path
    workspace: Path
    log: Callable[[str], None]


def segments_of(text: str, *, salt: str = "") -> list[str]:
    """The parts of a key; each line is one where the old form is used."""
    separator = "\n" if "\n" in text else "|"
    parts = [p.strip() for p in text.replace("\r\n", "\n").split(separator) if p]
    return [*([f"AZP_CACHING_SALT={salt}"] if salt.strip() else []), *parts]


def is_path(segment: str) -> bool:
    """Whether a segment means files and not itself."""
    if not segment or (segment[0] == '"' == segment[-1]) or "\0" in segment:
        return False
    return ("." in segment or "/" in segment) and not segment.endswith(".")


def is_match(
    path: str, *, working_directory: str, include: Sequence[str], exclude: Sequence[str]
) -> bool:
    """Whether a file counts for a segment with these rules."""

    def hits(rule: str) -> bool:
        return GlobPattern(_canonical(rule, working_directory), _OPTIONS).matches(path)

    return any(map(hits, include)) and not any(map(hits, exclude))


def resolve(segments: Sequence[str], context: KeyContext) -> tuple[str, ...]:
    """The fingerprint. Raises `BadInput` for what no segment may be, `NotFound` for files."""
    for segment in segments:
        _check(segment)
    made: list[str] = []
    missing: list[str] = []
    for segment in segments:
        if not is_path(segment):
            context.log(f" - {segment} [string]")
            made.append(segment)
            continue
        include, exclude = rules_of(segment)
        listed = _listed(include, exclude, str(context.working_directory))
        found = [path for path in listed if Path(path).is_file()]
        is_pattern = len(found) > 1 or any(c in segment for c in _MAGIC)
        hashed = [(_shown(path, context), path) for path in found]
        made.append(_hash_of(hashed, segment, context, is_pattern=is_pattern))
        if not found:
            what = "No matching files found for pattern" if is_pattern else "File not found"
            missing.append(f"{what}: {segment}")
    if missing:
        raise NotFound("; ".join(missing), code="CacheKeyFileMissing", where="key")
    return tuple(made)


def rules_of(segment: str) -> tuple[list[str], list[str]]:
    """What a segment includes and excludes. Raises `BadInput` when it includes nothing."""
    rules = [r.strip() for r in segment.split(",") if r]
    include = [r for r in rules if not r.startswith("!")]
    if not include:
        raise BadInput("No include rules specified.", code="InvalidCacheKey", where=segment)
    return include, [r[1:] for r in rules if r.startswith("!")]


def folders_of(include: list[str], exclude: list[str], working_directory: Path) -> list[Path]:
    """The folders that the rules of a path choose."""
    found = _listed(include, exclude, str(working_directory))
    return [Path(path) for path in found if Path(path).is_dir()]


def _listed(include: list[str], exclude: list[str], here: str) -> list[str]:
    listed: dict[str, None] = {}
    for rule in include:
        full = _canonical(rule, here)
        first = min((full.index(c) for c in _MAGIC if c in full), default=-1)
        if first < 0:
            listed[full] = None
        else:
            listed.update(dict.fromkeys(file_matching.find(Path(full[:first].rpartition("/")[0]))))
    return sorted(
        path for path in listed
        if is_match(path, working_directory=here, include=include, exclude=exclude)
    )  # fmt: skip


def _hash_of(
    files: list[tuple[str, str]], segment: str, context: KeyContext, *, is_pattern: bool
) -> str:
    text, lines = "", []
    digest = ""
    for shown, path in files:
        sha = hashlib.sha256()
        for chunk in read_chunks(Path(path)):
            sha.update(chunk)
        digest = sha.hexdigest().upper()
        text += f"\nSHA256({shown})=[{Path(path).stat().st_size}]{digest}"
        lines.append(f"   - {shown} --> {digest}")
    if is_pattern:
        context.log(f" - {segment} [file pattern; matches: {len(files)}]")
        for line in lines:
            context.log(line)
    else:
        context.log(f" - {segment} [file] " + (f"--> {digest}" if files else "(not found)"))
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _canonical(rule: str, working_directory: str) -> str:
    return os.path.normpath(Path(working_directory) / rule)


def _shown(path: str, context: KeyContext) -> str:
    return os.path.relpath(path, context.workspace)


def _check(segment: str) -> None:
    why = ""
    if segment == "*":
        why = "`*` is a reserved key segment. For path glob, use `./*`."
    elif segment == WILDCARD:
        why = "`**` is a reserved key segment. For path glob, use `./**`."
    elif segment.startswith("'"):
        why = "A key segment cannot start with a single-quote character`."
    elif segment.startswith("`"):
        why = "A key segment cannot start with a backtick character`."
    if why:
        raise BadInput(why, code="InvalidCacheKey", where="key")
