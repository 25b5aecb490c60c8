"""Path filters of branch policies."""

import pytest

from shipway.devops import path_patterns


@pytest.mark.parametrize(
    ("patterns", "path", "is_in"),
    [
        ((), "a.txt", True),
        (("/src/*",), "src/a.py", True),
        (("/src/*",), "src/deep/a.py", True),
        (("/src/*",), "docs/a.md", False),
        (("/src",), "src/a.py", True),
        (("/src",), "src2/a.py", False),
        (("src/",), "src/a.py", True),
        (("*.py",), "deep/down/a.py", True),
        (("*.py",), "a.pyc", False),
        (("/a?.txt",), "ab.txt", True),
        (("/Src/*",), "src/a.py", True),
        (("/src/*", "!/src/docs/*"), "src/docs/a.md", False),
        (("/src/*;!/src/docs/*",), "src/a.md", True),
        (("!/docs/*",), "src/a.py", True),
        (("!/docs/*",), "docs/a.md", False),
        (("!/docs/*", "/docs/api/*"), "docs/api/a.md", True),
        (("/a.b",), "axb", False),
    ],
)
def test_the_last_pattern_that_matches_decides(
    patterns: tuple[str, ...], path: str, is_in: bool
) -> None:
    assert path_patterns.any_matches(patterns, [path]) is is_in


def test_one_path_is_enough_and_no_path_is_not() -> None:
    assert path_patterns.any_matches(("/src/*",), ["docs/a.md", "src/a.py"])
    assert not path_patterns.any_matches(("/src/*",), [])
