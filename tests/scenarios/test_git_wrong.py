"""Pushes that are wrong, with real git and without: the user is told why, nothing changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.devops_door import Door, commit, git, open_door, state_of

from shipway.azure.entra import personal_access_tokens, service_principals, tokens
from shipway.azure.entra.audiences import ARM, DEVOPS
from shipway.devops import projects, repositories, security_groups

pytestmark = pytest.mark.git
RECEIVE = "flights/_git/flights/git-receive-pack"
PACKET = {"Content-Type": "application/x-git-receive-pack-request"}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as running:
        project = projects.create(running.store, name="flights")
        repositories.create(running.store, project_id=project.project_id, name="flights")
        yield running


@pytest.fixture
def clone(door: Door, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    folder.mkdir()
    git("init", "-q", "-b", "main", cwd=folder)
    commit(folder, "a.txt", "a")
    git("remote", "add", "origin", door.git_url("flights/_git/flights"), cwd=folder)
    git("push", "-q", "origin", "main", cwd=folder)
    return folder


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("flights/_git/fligths", ("TF401019", "fligths", "flights")),
        ("fligths/_git/flights", ("TF200016", "fligths", "Projects here: flights")),
        ("_git/nothing", ("TF200016", "nothing")),
        ("flights/_git/..%2f..%2fetc", ("TF401019", "etc")),
        ("flights/_git/flights%00", ("TF401019",)),
    ],
)
def test_a_push_to_what_is_not_there_names_it(
    door: Door, clone: Path, address: str, words: tuple[str, ...]
) -> None:
    before = state_of(door.store)
    said = git("push", door.git_url(address), "main:other", cwd=clone, accept=(128,))
    assert all(word in said for word in words), said
    assert state_of(door.store) == before


@pytest.mark.parametrize("address", ["_git/flights", "flights/_git/flights"])
def test_the_project_behind_an_address_decides_and_not_any_project(
    door: Door, clone: Path, tmp_path: Path, address: str
) -> None:
    own = projects.create(door.store, name="own")
    repositories.create(door.store, project_id=own.project_id, name="own")
    hidden = projects.get(door.store, "flights").project_id
    url = door.git_url(address, door.user_token)
    git("clone", "-q", url, "seen", cwd=tmp_path)
    group = security_groups.well_known(door.store, "Contributors", project_id=hidden)
    security_groups.remove_member(
        door.store, group_id=group.group_id, member_id=door.user.object_id
    )
    before = state_of(door.store)
    for words in (("clone", url, "stolen"), ("ls-remote", url), ("-C", "seen", "fetch", url),
                  ("-C", "seen", "push", url, "HEAD:other")):  # fmt: skip
        said = git(*words, cwd=tmp_path, accept=(128,))
        assert "VS800075" in said
    fetch = requests.post(f"{door.url}/{address}/git-upload-pack", data=b"0000",
                          auth=("", door.user_token), timeout=30)  # fmt: skip
    push = requests.post(f"{door.url}/{address}/git-receive-pack", data=b"0000", headers=PACKET,
                         auth=("", door.user_token), timeout=30)  # fmt: skip
    assert (fetch.status_code, push.status_code) == (404, 404)
    said = git("ls-remote", door.git_url("_git/nothing", door.user_token), cwd=tmp_path,
               accept=(128,))  # fmt: skip
    assert "Projects here: own" in said
    assert "flights" not in said
    assert "own" in git("clone", door.git_url("_git/own", door.user_token), cwd=tmp_path)
    assert state_of(door.store) == before


def test_another_organization_is_named(door: Door, clone: Path) -> None:
    before = state_of(door.store)
    url = door.git_url("flights/_git/flights").replace("/shipway/", "/contoso/")
    said = git("push", url, "main:other", cwd=clone, accept=(128,))
    assert "contoso" in said
    assert "https://dev.azure.com/shipway" in said
    assert state_of(door.store) == before


def test_tokens_that_do_not_hold_are_refused(door: Door, clone: Path) -> None:
    store = door.store
    expired = personal_access_tokens.create(store, user="dana", days=-1).text
    revoked = personal_access_tokens.create(store, user="dana")
    personal_access_tokens.revoke(store, revoked.token_id)
    stranger = service_principals.create_with_application(store, display_name="stranger")
    wrong = [
        "rubbish", expired, revoked.text, door.owner_token[:-1],
        tokens.issue(store, stranger, audience=DEVOPS),
        tokens.issue(store, door.user, audience=ARM),
        tokens.issue(store, door.user, audience=DEVOPS, seconds=-60),
    ]  # fmt: skip
    before = state_of(store)
    for token in wrong:
        url = door.git_url("flights/_git/flights", token)
        said = git("push", url, "main:other", cwd=clone, accept=(128,))
        assert "Authentication failed" in said
    assert state_of(store) == before
    right = tokens.issue(store, door.user, audience=DEVOPS)
    git("push", "-q", door.git_url("flights/_git/flights", right), "main:other", cwd=clone)


def test_a_push_behind_the_branch_is_rejected_by_git(door: Door, clone: Path) -> None:
    commit(clone, "b.txt", "b")
    git("push", "-q", "origin", "main", cwd=clone)
    before = state_of(door.store)
    said = git("push", "origin", "HEAD~1:main", cwd=clone, accept=(1,))
    assert "non-fast-forward" in said
    assert state_of(door.store) == before


@pytest.mark.parametrize(
    "body",
    [
        b"", b"0000", b"rubbish", b"\x1f\x8brubbish", b"ffff" + b"\0" * 64, b"\xff" * 100,
        b"00810000000000000000000000000000000000000000 1111111111111111111111111111111111111111"
        b" refs/heads/x\0report-status side-band-64k agent=git/2.0000PACKrubbish",
    ],
)  # fmt: skip
def test_rubbish_instead_of_a_pack_moves_nothing(door: Door, clone: Path, body: bytes) -> None:
    before = state_of(door.store)
    answer = requests.post(
        f"{door.url}/{RECEIVE}", data=body, headers=PACKET, auth=("", door.owner_token), timeout=30
    )
    assert answer.status_code in (200, 400, 503), "git's own word, or ours when it has none"
    assert state_of(door.store) == before


def test_the_wrong_service_and_dumb_http_are_refused_by_name(door: Door, clone: Path) -> None:
    for query, status, word in (
        ("", 403, "dumb HTTP"), ("?service=git-upload-archive", 403, "git-upload-archive"),
        ("?service=git-upload-pack&x=1", 400, "'x'"),
    ):  # fmt: skip
        answer = requests.get(
            f"{door.url}/flights/_git/flights/info/refs{query}", auth=("", door.owner_token),
            timeout=30,
        )  # fmt: skip
        assert answer.status_code == status
        assert word in answer.text
        assert answer.headers["Content-Type"].startswith("text/plain")
