"""Under CI a skipped browser, git or Terraform test fails the session (tests/conftest.py)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.house import tree

MARKED = """
import pytest

@pytest.mark.browser
def test_page():
    pytest.skip("no chromium here")

def test_other():
    pass
"""
UNMARKED = """
import pytest

def test_page():
    pytest.skip("only on macOS")

def test_other():
    pass
"""
WHOLE_MODULE = """
import pytest

pytest.skip("terraform is not installed", allow_module_level=True)
"""


def _run(folder: Path, text: str, *options: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text((tree.ROOT / "tests" / "conftest.py").read_text())
    (folder / "test_it.py").write_text(text)
    (folder / "test_more.py").write_text("def test_more():\n    pass\n")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    browser: a browser\n")
    env_vars = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", *options],
        cwd=folder,
        env={**env_vars, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_skipped_browser_test_fails_the_session(tmp_path: Path, options: tuple[str, ...]) -> None:
    result = _run(tmp_path, MARKED, *options, ci="true")
    assert result.returncode == 1
    assert "counts as a failure: test_it.py::test_page (browser)" in result.stdout


def test_a_module_that_skips_itself_for_want_of_terraform_fails_the_session(tmp_path: Path) -> None:
    assert _run(tmp_path, WHOLE_MODULE, ci="true").returncode == 1


def test_another_skip_is_printed_with_its_reason(tmp_path: Path) -> None:
    result = _run(tmp_path, UNMARKED, ci="true")
    assert result.returncode == 0
    assert "only on macOS" in result.stdout


def test_a_skip_is_allowed_outside_ci(tmp_path: Path) -> None:
    assert _run(tmp_path, MARKED, ci="").returncode == 0
