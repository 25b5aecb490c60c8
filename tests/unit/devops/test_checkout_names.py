"""Names of repositories as folders, and refs as git writes them."""

import pytest

from shipway.base.errors import NotFound
from shipway.devops import checkout_sources


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("App", "App"),
        ("ml/App", "App"),
        ("App.git", "App"),
        ("https://dev.azure.com/shipway/ml/_git/App", "App"),
        ("https://user:pa@ss@host.example/team/App.git//", "App"),
        ("git@github.com:owner/App.git", "App"),
        ("host:App", "App"),
        ("https://host.example:8080/", "host.example"),
    ],
)
def test_a_repository_gives_its_folder_the_last_part_of_its_name(name: str, folder: str) -> None:
    assert checkout_sources.clone_directory(name) == folder


@pytest.mark.parametrize(
    ("ref", "full"),
    [
        ("main", "refs/heads/main"),
        ("features/tags/x", "refs/heads/features/tags/x"),
        ("refs/tags/v1", "refs/tags/v1"),
    ],
)
def test_a_short_ref_is_a_branch(ref: str, full: str) -> None:
    assert checkout_sources.full_ref(ref) == full


def test_a_repository_in_place_has_a_name_and_may_have_a_ref() -> None:
    found = checkout_sources.in_place("git://ml/App@features/x")
    assert (found.name, found.ref) == ("ml/App", "features/x")
    assert checkout_sources.in_place("git://ml/App").ref is None
    with pytest.raises(NotFound, match="nothing"):
        checkout_sources.in_place("nothing")
