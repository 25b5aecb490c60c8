"""Which YAML files of a folder are pipelines, and why the others are not.

Judged by the text, so that a file that does not parse is still validated and its error shown.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from shipway.azpipelines import limits, source
from shipway.azpipelines.diagnostics import Problems
from shipway.azpipelines.tokens import Mapping
from shipway.azpipelines.tokens import Sequence as Items
from shipway.cli.pipeline_check import working_tree

_SKIPPED = frozenset((
    ".git", ".hg", ".mypy_cache", ".terraform", ".tox", ".venv", "__pycache__", "node_modules",
    "site-packages", "venv",
))  # fmt: skip
_SUFFIXES = (".yml", ".yaml")
_BODY = re.compile(
    rb"^(?:(?:steps|jobs|stages|phases)[ \t]*:|extends[ \t]*:[ \t]*(?:[{#\r]|$))", re.MULTILINE
)
_KEY = re.compile(rb"^([$A-Za-z][\w$.-]*|\"on\"|'on')[ \t]*:", re.MULTILINE)
_FOREIGN = {
    b"on": "a GitHub workflow", b'"on"': "a GitHub workflow", b"'on'": "a GitHub workflow",
    b"workflows": "of CircleCI", b"kind": "of another system",
    b"$schema": "of another system", b"type": "of another system", b"apiVersion": "of Kubernetes",
}  # fmt: skip
_NAMES = {".gitlab-ci.": "a GitLab pipeline", "cloudbuild.": "of Google Cloud Build"}
_ENTRY_ONLY = frozenset((b"trigger", b"pr", b"schedules", b"resources", b"name"))
_INCLUDED = re.compile(rb"\btemplate[ \t]*:[ \t]*['\"]?([^'\"#\n\r{}]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A file with the keys of a pipeline that is none."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The pipelines of a folder, in the order of their names."""

    pipelines: tuple[Path, ...]
    skipped: tuple[Skipped, ...]
    other_files: int
    """YAML files with nothing of a pipeline in them."""


def find(folder: Path) -> Found:
    """Look through a folder and those below it."""
    folder = working_tree.absolute(folder)
    texts: dict[Path, bytes] = {}
    others = 0
    for path in _yaml_files(folder):
        text = _read(path)
        if _BODY.search(text) is None:
            others += 1
        texts[path] = text
    included = _included(texts, working_tree.root_of(folder))
    pipelines, skipped = [], []
    for path, text in texts.items():
        if _BODY.search(text) is None:
            continue
        reason = _reason(path.relative_to(folder), text, included.get(path))
        if reason:
            skipped.append(Skipped(path=path, reason=reason))
        else:
            pipelines.append(path)
    return Found(pipelines=tuple(pipelines), skipped=tuple(skipped), other_files=others)


def _yaml_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in _SKIPPED)
        for name in sorted(names):
            if name.lower().endswith(_SUFFIXES):
                yield Path(place, name)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(limits.MAX_FILE_BYTES + 1)
    except OSError:
        return b""  # a broken link, or not ours to read


def _reason(path: Path, text: bytes, includer: Path | None) -> str:
    """Why a file is no pipeline; empty when it is one."""
    keys = {match[1] for match in _KEY.finditer(text)}
    foreign = next((said for key, said in _FOREIGN.items() if key in keys), "")
    if foreign:
        return foreign
    system = next((said for name, said in _NAMES.items() if path.name.lower().startswith(name)), "")
    if system:
        return system
    if includer is not None:
        return f"a template of {includer.name}"
    if keys & _ENTRY_ONLY:
        return ""
    if any("template" in part.lower() for part in path.parts):
        return "a template by its name"
    return _template_parameters(text) if b"parameters" in keys else ""


def _template_parameters(text: bytes) -> str:
    root = source.parse(text, file="", problems=Problems())
    declared = root.get("parameters") if isinstance(root, Mapping) else None
    if isinstance(declared, Mapping):
        return "a template: its parameters have the form that only templates take"
    for one in declared.items if isinstance(declared, Items) else ():
        if isinstance(one, Mapping) and one.get("default") is None:
            name = one.get("name")
            return f"a template: its parameter '{getattr(name, 'text', '')}' has no default"
    return ""


def _included(texts: dict[Path, bytes], root: Path) -> dict[Path, Path]:
    """Files that another names as its template, and the first that does."""
    found: dict[Path, Path] = {}
    for path, text in texts.items():
        for match in _INCLUDED.finditer(text):
            name = match[1].decode("utf-8", "replace").strip().replace("\\", "/")
            name, at, alias = name.partition("@")
            if at and alias.strip().lower() not in ("self", ""):
                continue
            target = _target(name.strip(), path, root)
            if target != path:
                found.setdefault(target, path)
    return found


def _target(name: str, path: Path, root: Path) -> Path:
    base = root if name.startswith("/") else path.parent
    return working_tree.absolute(base / PurePosixPath(name.lstrip("/")))
