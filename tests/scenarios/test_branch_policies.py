"""A branch policy against real git: what a push is told, and that nothing of it is left."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.devops_door import Door, commit, git, open_door, state_of

from shipway.devops import definitions, policies, policy_types, projects, repositories, runs
from shipway.devops.policies import Policy, PolicyContent, Scope
from shipway.devops.repositories import ZERO, Repository
from shipway.devops.runs import Requester
from shipway.loop import push

pytestmark = pytest.mark.git
YAML = "trigger: ['*']\nsteps:\n- script: echo hello\n"
REFUSED = (
    "! [remote rejected] {} (TF402455: Pushes to this branch are not permitted; you must use a "
    "pull request to update this branch.)"
)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("door")) as running:
        yield running


@pytest.fixture
def repository(door: Door) -> Repository:
    name = f"flights{len(projects.list_all(door.store))}"
    project = projects.create(door.store, name=name)
    return repositories.create(door.store, project_id=project.project_id, name="flights")


@pytest.fixture
def clone(door: Door, repository: Repository, tmp_path: Path) -> Path:
    """A clone whose main branch, with a pipeline, is there and is protected."""
    folder = tmp_path / "clone"
    folder.mkdir()
    definitions.create(
        door.store, project_id=repository.project_id, name="ml",
        repository_id=repository.repository_id,
    )  # fmt: skip
    git("init", "-q", "-b", "main", cwd=folder)
    name = projects.get(door.store, repository.project_id).name
    git("remote", "add", "origin", door.git_url(f"{name}/_git/flights"), cwd=folder)
    commit(folder, "azure-pipelines.yml", YAML)
    git("push", "-q", str(repositories.path_of(door.store, repository)), "main", cwd=folder)
    push.reconcile(door.store)
    protect(door, repository, Scope(ref="refs/heads/main"))
    return folder


def protect(door: Door, repository: Repository, *scopes: Scope, blocking: bool = True) -> Policy:
    content = PolicyContent(
        type_id=policy_types.MIN_REVIEWERS, is_enabled=True, is_blocking=blocking, scopes=scopes,
        settings={"minimumApproverCount": 1},
    )  # fmt: skip
    by = Requester(object_id="", name="owner")
    return policies.create(door.store, project_id=repository.project_id, content=content, by=by)


def refs(door: Door, repository: Repository) -> dict[str, str]:
    return repositories.refs_of(door.store, repository)


def test_a_push_to_a_protected_branch_is_refused_and_leaves_nothing(
    door: Door, repository: Repository, clone: Path
) -> None:
    version = commit(clone, "a.txt", "a")
    before = state_of(door.store)
    said = git("push", "origin", "main", cwd=clone, accept=(1,))
    assert REFUSED.format("main -> main") in said
    assert "shipway prs create" in said
    assert state_of(door.store) == before
    assert repositories.existing(door.store, repository, [version]) == []
    assert len(runs.list_of(door.store, project_id=repository.project_id)) == 1


@pytest.mark.parametrize("way", ["--force", "--delete"])
def test_a_protected_branch_is_neither_rewritten_nor_deleted(
    door: Door, clone: Path, way: str
) -> None:
    git("commit", "-q", "--amend", "-m", "another past", cwd=clone)
    before = state_of(door.store)
    said = git("push", way, "origin", "main", cwd=clone, accept=(1,))
    assert REFUSED.format("").split("]")[1].strip() in said
    assert state_of(door.store) == before


def test_the_other_refs_of_a_push_are_taken(
    door: Door, repository: Repository, clone: Path
) -> None:
    version = commit(clone, "a.txt", "a")
    git("tag", "v1", cwd=clone)
    said = git("push", "origin", "main", "main:topic", "v1", cwd=clone, accept=(1,))
    assert REFUSED.format("main -> main") in said
    assert "[new branch]      main -> topic" in said
    found = refs(door, repository)
    assert (found["refs/heads/topic"], found["refs/tags/v1"]) == (version, version)
    assert found["refs/heads/main"] != version
    newest = runs.list_of(door.store)[0]
    assert newest.source_branch == "refs/heads/topic"
    assert f"run {newest.run_id} of 'ml' is queued" in said


def test_a_deletion_beside_a_refused_ref_is_done(
    door: Door, repository: Repository, clone: Path
) -> None:
    git("push", "-q", "origin", "main:topic", cwd=clone)
    commit(clone, "a.txt", "a")
    said = git("push", "origin", "main", ":topic", cwd=clone, accept=(1,))
    assert "[deleted]         topic" in said
    assert list(refs(door, repository)) == ["refs/heads/main"]


def test_an_atomic_push_is_refused_whole(door: Door, clone: Path) -> None:
    commit(clone, "a.txt", "a")
    before = state_of(door.store)
    said = git("push", "--atomic", "origin", "main", "main:topic", cwd=clone, accept=(1,))
    assert REFUSED.format("main -> main") in said
    assert "! [remote rejected] main -> topic (atomic push failed)" in said
    assert state_of(door.store) == before


def test_a_large_push_that_is_refused_is_told_so(
    door: Door, repository: Repository, clone: Path
) -> None:
    (clone / "big").write_bytes(b"".join(bytes([n % 251]) * 4099 for n in range(600)))
    git("add", "-A", cwd=clone)
    git("commit", "-qm", "big", cwd=clone)
    small = ("-c", "http.postBuffer=1024")  # in chunks, after a request that only asks
    said = git(*small, "push", "origin", "main", cwd=clone, accept=(1,))
    assert REFUSED.format("main -> main") in said
    git(*small, "push", "origin", "main:topic", cwd=clone)
    assert "refs/heads/topic" in refs(door, repository)


def test_a_branch_in_a_protected_folder_is_created_once(
    door: Door, repository: Repository, clone: Path
) -> None:
    protect(door, repository, Scope(ref="refs/heads/release", match_kind="Prefix"))
    git("push", "-q", "origin", "main:release/1", cwd=clone)
    commit(clone, "a.txt", "a")
    said = git("push", "origin", "main:release/1", "main:released", cwd=clone, accept=(1,))
    assert REFUSED.format("main -> release/1") in said
    assert "[new branch]      main -> released" in said


def test_a_policy_that_is_not_blocking_lets_pushes_through(
    door: Door, repository: Repository, clone: Path
) -> None:
    protect(door, repository, Scope(ref="refs/heads/topic"), blocking=False)
    git("push", "-q", "origin", "main:topic", cwd=clone)
    version = commit(clone, "a.txt", "a")
    git("push", "-q", "origin", "main:topic", cwd=clone)
    assert refs(door, repository)["refs/heads/topic"] == version


def test_a_deleted_policy_no_longer_holds(door: Door, repository: Repository, clone: Path) -> None:
    version = commit(clone, "a.txt", "a")
    (one,) = policies.list_of(door.store, project_id=repository.project_id)
    policies.delete(
        door.store, project_id=repository.project_id, configuration_id=one.configuration_id
    )
    git("push", "-q", "origin", "main", cwd=clone)
    assert refs(door, repository)["refs/heads/main"] == version


def test_refs_of_pull_requests_are_nobody_s_to_push(door: Door, clone: Path) -> None:
    before = state_of(door.store)
    said = git("push", "origin", "main:refs/pull/1/merge", cwd=clone, accept=(1,))
    assert "(refs/pull/ is written by pull requests only)" in said
    assert state_of(door.store) == before
    assert ZERO not in said
