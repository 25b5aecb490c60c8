"""Branch policies: what may be set, on which branches they hold, their revisions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.devops_door import new_store

from shipway.base.errors import BadInput, NotFound, NotSupported
from shipway.devops import policies, policy_types, projects, repositories
from shipway.devops.policies import MatchKind, Policy, PolicyContent, Scope
from shipway.devops.repositories import Repository
from shipway.devops.runs import Requester
from shipway.store.store import Store

BY = Requester(object_id="1", name="owner")
MAIN = "refs/heads/main"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def repository(store: Store) -> Repository:
    project = projects.create(store, name="flights")
    return repositories.create(store, project_id=project.project_id, name="flights")


def content(*scopes: Scope, is_enabled: bool = True, is_blocking: bool = True) -> PolicyContent:
    return PolicyContent(
        type_id=policy_types.MIN_REVIEWERS, scopes=scopes or (Scope(ref=MAIN),),
        settings={"minimumApproverCount": 1}, is_enabled=is_enabled, is_blocking=is_blocking,
    )  # fmt: skip


def made(store: Store, repository: Repository, asked: PolicyContent) -> Policy:
    return policies.create(store, project_id=repository.project_id, content=asked, by=BY)


@pytest.mark.parametrize(
    ("kind", "ref", "branch", "holds"),
    [
        ("Exact", MAIN, MAIN, True),
        ("Exact", MAIN, "refs/heads/main2", False),
        ("Exact", "refs/heads/release", "refs/heads/release/1", False),
        ("Exact", "", "refs/heads/anything", True),
        ("Exact", "", "refs/tags/v1", False),
        ("Prefix", "refs/heads/release", "refs/heads/release/1", True),
        ("Prefix", "refs/heads/release/", "refs/heads/release/1/2", True),
        ("Prefix", "refs/heads/release", "refs/heads/release", True),
        ("Prefix", "refs/heads/release", "refs/heads/released", False),
        ("Prefix", "refs/heads/", "refs/heads/topic", True),
        ("DefaultBranch", "", MAIN, True),
        ("DefaultBranch", "", "refs/heads/topic", False),
    ],
)
def test_a_policy_holds_where_its_scope_says(
    store: Store, repository: Repository, kind: MatchKind, ref: str, branch: str, holds: bool
) -> None:
    one = made(store, repository, content(Scope(ref=ref, match_kind=kind)))
    assert policies.holds_on(one, repository, branch) is holds
    assert policies.is_protected(store, repository, branch) is holds


def test_another_repository_is_not_held(store: Store, repository: Repository) -> None:
    other = repositories.create(store, project_id=repository.project_id, name="other")
    scope = Scope(repository_id=other.repository_id, ref=MAIN)
    made(store, repository, content(scope, Scope(ref="refs/heads/both")))
    assert not policies.is_protected(store, repository, MAIN)
    assert policies.is_protected(store, other, MAIN)
    assert policies.is_protected(store, repository, "refs/heads/both")


@pytest.mark.parametrize(("is_enabled", "is_blocking"), [(False, True), (True, False)])
def test_only_enabled_and_blocking_ones_protect(
    store: Store, repository: Repository, is_enabled: bool, is_blocking: bool
) -> None:
    made(store, repository, content(is_enabled=is_enabled, is_blocking=is_blocking))
    assert not policies.is_protected(store, repository, MAIN)


def test_every_change_is_a_revision_and_deleting_keeps_them(
    store: Store, repository: Repository
) -> None:
    one = made(store, repository, content())
    project_id, number = repository.project_id, one.configuration_id
    after = policies.update(
        store, project_id=project_id, configuration_id=number, by=BY,
        content=content(is_blocking=False),
    )  # fmt: skip
    assert (after.revision, after.is_blocking) == (2, False)
    policies.delete(store, project_id=project_id, configuration_id=number)
    gone = policies.get(store, project_id=project_id, configuration_id=number)
    assert (gone.is_deleted, gone.revision) == (True, 3)
    assert policies.list_of(store, project_id=project_id) == []
    listed = policies.revisions_of(store, project_id=project_id, configuration_id=number)
    assert [(p.revision, p.is_blocking, p.is_deleted) for p in listed] == [
        (3, False, True), (2, False, False), (1, True, False),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        policies.delete(store, project_id=project_id, configuration_id=number)
    with pytest.raises(NotFound):
        policies.get(store, project_id="another", configuration_id=number)


def test_a_policy_keeps_its_type(store: Store, repository: Repository) -> None:
    one = made(store, repository, content())
    asked = PolicyContent(
        type_id=policy_types.COMMENTS, is_enabled=True, is_blocking=True, settings={},
        scopes=(Scope(ref=MAIN),),
    )  # fmt: skip
    with pytest.raises(BadInput, match="Minimum number of reviewers"):
        policies.update(store, project_id=repository.project_id, content=asked, by=BY,
                        configuration_id=one.configuration_id)  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({}, "minimumApproverCount"),
        ({"minimumApproverCount": 0}, "minimumApproverCount"),
        ({"minimumApproverCount": "1"}, "minimumApproverCount"),
        ({"minimumApproverCount": 1.5}, "minimumApproverCount"),
        ({"minimumApproverCount": True}, "minimumApproverCount"),
        ({"minimumApproverCount": 1, "teapot": 1}, "teapot"),
        ({"minimumApproverCount": 1, "creatorVoteCounts": "yes"}, "creatorVoteCounts"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, object], where: str) -> None:
    kind = policy_types.get(policy_types.MIN_REVIEWERS)
    with pytest.raises(BadInput) as refused:
        policy_types.check(kind, settings)
    assert refused.value.where == f"settings.{where}"


def test_settings_are_completed_under_their_own_names() -> None:
    kind = policy_types.get(policy_types.BUILD.upper())
    found = policy_types.check(kind, {"BuildDefinitionId": 3.0, "filenamePatterns": ["/a"]})
    assert found == {
        "buildDefinitionId": 3, "queueOnSourceUpdateOnly": False, "manualQueueOnly": False,
        "validDuration": 0, "filenamePatterns": ["/a"],
    }  # fmt: skip


def test_a_type_that_is_not_enforced_is_refused_by_name() -> None:
    with pytest.raises(NotSupported, match="Work item linking"):
        policy_types.get("40e92b44-2fe1-4dd6-b3d8-74a9c21d0c6e")
    with pytest.raises(BadInput, match="TF402463"):
        policy_types.get("00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        (Scope(ref="main"), "full name"),
        (Scope(ref=MAIN, match_kind="DefaultBranch"), "default branch"),
        (Scope(repository_id="11111111-1111-4111-8111-111111111111"), "TF401019"),
    ],
)
def test_a_scope_that_cannot_be_is_refused(
    store: Store, repository: Repository, scope: Scope, message: str
) -> None:
    with pytest.raises((BadInput, NotFound), match=message):
        made(store, repository, content(scope))
    assert policies.list_of(store, project_id=repository.project_id) == []
