"""The set-up on machines where something is missing: it says what, where and what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.house import tree

COREUTILS = ("cat", "cksum", "dirname", "id", "mkdir", "rm")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the set-up reads."""
    folder = tmp_path / "checkout"
    (folder / "tools").mkdir(parents=True)
    for name in ("shipway-setup", "tools/fetch_uv.py", "pyproject.toml", "uv.lock"):
        shutil.copy(tree.ROOT / name, folder / name)
    return folder


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A folder with coreutils and sh alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", *COREUTILS):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder


def _set_up(
    checkout: Path, path: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    env_vars: Mapping[str, str] = {"PATH": str(path), "HOME": str(checkout), **variables}
    return subprocess.run(
        ["sh", str(checkout / "shipway-setup"), *arguments],
        env=env_vars,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def _add(path: Path, name: str, program: str) -> None:
    (path / name).symlink_to(program)


def _assert_three_parts(text: str, *words: str) -> None:
    assert text.startswith("shipway-setup: ")
    assert "\n  where: " in text
    assert "\n  to do: " in text
    for word in words:
        assert word in text


def test_names_the_apt_line_when_git_is_missing(checkout: Path, bare_path: Path) -> None:
    result = _set_up(checkout, bare_path)
    assert result.returncode == 1
    _assert_three_parts(result.stderr, "git was not found", "apt-get install -y python3 git make")


def test_names_the_versions_when_no_python_suits(checkout: Path, bare_path: Path) -> None:
    _add(bare_path, "git", "/bin/true")
    old = bare_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    result = _set_up(checkout, bare_path)
    assert result.returncode == 1
    _assert_three_parts(result.stderr, "3.11, 3.12 or 3.13", str(bare_path), "SHIPWAY_PYTHON")


def test_names_the_index_and_no_password_when_it_does_not_answer(
    checkout: Path, bare_path: Path
) -> None:
    _add(bare_path, "git", "/bin/true")
    _add(bare_path, "python3", os.path.realpath(sys.executable))
    # port 9 is discard: nothing listens there
    result = _set_up(
        checkout, bare_path, "--quiet", PIP_INDEX_URL="http://me:secret@127.0.0.1:9/simple"
    )
    assert result.returncode == 1
    _assert_three_parts(result.stderr, "http://127.0.0.1:9/simple/uv/", "PIP_INDEX_URL")
    assert "secret" not in result.stderr + result.stdout
    assert not (checkout / ".venv" / ".shipway-setup").exists()


def test_ends_with_2_and_the_line_when_a_browser_is_wanted_and_cannot_be_installed(
    checkout: Path, bare_path: Path
) -> None:
    """Everything else is in place, and there is no apt-get on this PATH."""
    _add(bare_path, "git", "/bin/true")
    _add(bare_path, "python3", os.path.realpath(sys.executable))
    _pretend_done(checkout)
    result = _set_up(checkout, bare_path, "--with-browser")
    assert result.returncode == 2
    _assert_three_parts(result.stderr, "Chromium", "apt-get install -y --no-install-recommends")


def test_says_and_does_nothing_when_all_is_there(checkout: Path, bare_path: Path) -> None:
    _add(bare_path, "git", "/bin/true")
    _pretend_done(checkout)
    result = _set_up(checkout, bare_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def _pretend_done(checkout: Path) -> None:
    """Leave what a finished set-up leaves: the programs and the fingerprint."""
    programs = checkout / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "shipway"):
        (programs / name).symlink_to("/bin/true")
    text = b"".join(
        (checkout / name).read_bytes() for name in ("uv.lock", "pyproject.toml", "shipway-setup")
    )
    done = subprocess.run(["cksum"], input=text, capture_output=True, check=True)
    (checkout / ".venv" / ".shipway-setup").write_bytes(f"{checkout}\n".encode() + done.stdout)


def test_refuses_an_unknown_option(checkout: Path, bare_path: Path) -> None:
    result = _set_up(checkout, bare_path, "--with-everything")
    assert result.returncode == 64
    assert "usage" in result.stderr
