"""Names: files, classes, and words that do not belong."""

import ast
import re

import pytest
from tests.house import tree

FORBIDDEN_FILES = {"utils", "util", "helpers", "helper", "models", "common", "misc"}
# a word that both worlds share never stands alone (docs/adr/0007-fix-the-names.md)
BARE_WORDS = {
    "Artifact", "Component", "Deployment", "Endpoint", "Environment", "Job", "Model", "Pipeline",
    "Resource", "Template",
}  # fmt: skip
# unfinished work has no place in what is released; a list of open things belongs elsewhere
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
# the only files that may see both worlds: the chain read back, and where things are put together
MEETING_POINTS = re.compile(r"src/shipway/(?:server\.py|loop/(?:lineage|reactor)\.py|.*/table\.py)")


def test_no_file_is_a_drawer() -> None:
    """`utils` and its like: a function without a home names a missing noun."""
    found = [
        path.relative_to(tree.ROOT).as_posix()
        for path in tree.all_files()
        if path.suffix == ".py"
        and (path.stem in FORBIDDEN_FILES or path.parent.name in FORBIDDEN_FILES)
    ]
    assert not found


def test_no_class_is_a_bare_word() -> None:
    found = [
        f"{file.name}:{node.lineno} {node.name}"
        for file in tree.source_files()
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ClassDef) and node.name in BARE_WORDS
    ]
    assert not found, "say which world it belongs to"


def test_nothing_is_marked_unfinished() -> None:
    found = [
        f"{path.relative_to(tree.ROOT)}:{number}"
        for path in tree.all_files()
        if path.suffix in {".py", ".md", ".sh", ".yml", ".yaml", ".toml", ".j2", ".sql"}
        and path.name != "test_names.py"
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found


@pytest.mark.parametrize("worlds", [("shipway.devops", "shipway.ml")])
def test_no_file_sees_both_worlds(worlds: tuple[str, str]) -> None:
    """They meet over HTTP (docs/adr/0002-let-the-worlds-meet-over-http-only.md)."""
    found = [
        file.name
        for file in tree.source_files()
        if not MEETING_POINTS.fullmatch(file.name)
        and all(
            any(name == world or name.startswith(f"{world}.") for name in tree.imports_of(file))
            for world in worlds
        )
    ]
    assert not found
