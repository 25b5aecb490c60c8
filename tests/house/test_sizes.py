"""Sizes: a file or a function past its budget wants a reason."""

import ast

from tests.house import tree

LONGEST_FILE = 400
LONGEST_FUNCTION = 60

# file -> why it may be longer
LONG_FILES: dict[str, str] = {}
# "file: function" -> why it may be longer
LONG_FUNCTIONS: dict[str, str] = {}


def _long_files() -> dict[str, int]:
    sizes = {file.name: len(file.text.splitlines()) for file in tree.source_files()}
    return {name: size for name, size in sizes.items() if size > LONGEST_FILE}


def _long_functions() -> dict[str, int]:
    found: dict[str, int] = {}
    for file in tree.source_files():
        for node in ast.walk(file.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > LONGEST_FUNCTION:
                    found[f"{file.name}: {node.name}"] = size
    return found


def test_files_keep_their_budget() -> None:
    too_long = {name: size for name, size in _long_files().items() if name not in LONG_FILES}
    assert not too_long, f"longer than {LONGEST_FILE} lines; split them, or name the reason here"


def test_functions_keep_their_budget() -> None:
    too_long = {
        name: size for name, size in _long_functions().items() if name not in LONG_FUNCTIONS
    }
    assert not too_long, f"longer than {LONGEST_FUNCTION} lines; split them, or name the reason"


def test_exemptions_are_still_needed() -> None:
    stale = (LONG_FILES.keys() - _long_files()) | (LONG_FUNCTIONS.keys() - _long_functions())
    assert not stale, "these fit their budget again: take them off the list"
