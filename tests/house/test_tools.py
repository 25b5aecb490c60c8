"""Tools: the contracts hold, the Makefile explains itself, CI calls what everybody calls."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.house import tree

BIN = Path(sys.executable).parent
TARGETS = {"setup", "demo", "test", "check", "fmt", "bench", "docs", "serve", "release"}


def test_imports_only_point_down() -> None:
    result = subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_bare_make_lists_every_target_with_its_purpose() -> None:
    result = subprocess.run(["make"], cwd=tree.ROOT, capture_output=True, text=True, check=True)
    listed = dict(re.findall(r"^  make (\S+) +(\S.*)$", result.stdout, re.MULTILINE))
    text = (tree.ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (\S+)$", text, re.MULTILINE)) - {"setup-browser"}
    assert listed.keys() == phony
    assert listed.keys() >= TARGETS


def test_ci_calls_make_test() -> None:
    lines = (tree.ROOT / ".ci" / "run").read_text().splitlines()
    assert "make test" in lines


PAGES = {
    "coverage_page": "coverage.md",
    "commands_page": "commands.md",
    "tasks_page": "pipeline-tasks.md",
    "language_page": "pipeline-language.md",
}


@pytest.mark.parametrize("tool", PAGES)
def test_a_page_that_is_written_from_the_code_is_current(tool: str) -> None:
    """From route, task and function tables, or from the parser: `make coverage-page`, ..."""
    result = subprocess.run(
        [sys.executable, "-m", f"tools.{tool}", "--check", f"docs/reference/{PAGES[tool]}"],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
