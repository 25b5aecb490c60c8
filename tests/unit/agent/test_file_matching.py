"""Globs as the tasks' library reads them, on paths and on folders."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from shipway.agent import file_matching
from shipway.agent.glob_patterns import GlobOptions, GlobPattern, expand_braces

_VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "tasklib_match_measured.json"
_OPTIONS = {
    "default": GlobOptions(),
    "dot": GlobOptions(dot=True),
    "matchBase": GlobOptions(dot=False, match_base=True),
}


def _vectors() -> list[Any]:
    return list(json.loads(_VECTORS.read_text())["vectors"]) if _VECTORS.exists() else []


@pytest.mark.skipif(not _VECTORS.exists(), reason="the folder shared/vectors is not there")
def test_matches_are_those_that_were_measured() -> None:
    for vector in _vectors():
        found = file_matching.match(
            vector["list"], vector["patterns"], options=_OPTIONS[vector["options"]]
        )
        assert found == vector["expected"], (vector["patterns"], vector["options"])


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a/**", "a", False),
        ("a/**", "a/b/c", True),
        ("a/**/c", "a/c", True),
        ("**/!(x).py", "s/x.py", False),
        ("**/!(x).py", "s/xy.py", True),
        ("*(ab)", "abab", True),
        ("[!a]b", "cb", True),
        ("[!a]b", "ab", False),
        ("[z", "[z", True),
        ("a+(b", "a+(b", True),
        ("x\\*y", "x*y", True),
        ("x\\*y", "xzy", False),
        ("*", "..", False),
        ("a?c", "a/c", False),
    ],
)  # fmt: skip
def test_one_pattern(pattern: str, path: str, expected: bool) -> None:
    assert GlobPattern(pattern, GlobOptions()).matches(path) is expected


def test_hidden_names_need_a_dot_when_dots_are_off() -> None:
    options = GlobOptions(dot=False)
    assert not GlobPattern("**", options).matches("a/.b/c")
    assert not GlobPattern("*", options).matches(".b")
    assert GlobPattern(".*", options).matches(".b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x{y,z}w", ["xyw", "xzw"]),
        ("{a,b{1..3}}", ["a", "b1", "b2", "b3"]),
        ("{q}.txt", ["{q}.txt"]),
        ("x{,y}", ["x", "xy"]),
        ("${a,b}", ["${a,b}"]),
        ("{c..a}", ["c", "b", "a"]),
        ("\\{a,b}", ["\\{a,b}"]),
    ],
)  # fmt: skip
def test_braces(text: str, expected: list[str]) -> None:
    assert expand_braces(text) == expected


def test_many_stars_end_soon() -> None:
    begun = time.monotonic()
    assert not GlobPattern("**/" * 30 + "x", GlobOptions()).matches("a/" * 200 + "y")
    assert time.monotonic() - begun < 5


def test_a_folder_is_found_with_links_that_turn_in_circles(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "f.txt").touch()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    found = file_matching.find(tmp_path)
    assert str(tmp_path / "a" / "f.txt") in found
    assert len(found) < 10
    assert file_matching.find(tmp_path / "none") == []


def test_patterns_are_taken_below_a_root_with_odd_letters(tmp_path: Path) -> None:
    root = tmp_path / "a[1] (x) {b,c}"
    (root / "s").mkdir(parents=True)
    for name in ("s/x.txt", "y.txt", "z.log"):
        (root / name).touch()
    (tmp_path / "other.txt").touch()
    found = file_matching.files_of(root, ["**/*.txt", "!s/**", str(tmp_path / "*.txt")])
    assert [p.name for p in found] == ["y.txt", "other.txt"]
