"""Groups decide what somebody may do: well-known ones, nested ones, teams, the tenant's own."""

from pathlib import Path

import pytest

from shipway.azure.entra import groups as entra_groups
from shipway.azure.entra import personal_access_tokens, service_principals, users
from shipway.azure.entra.principals import Principal
from shipway.base.clock import FrozenClock
from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound
from shipway.base.home import Home
from shipway.devops import definitions, members, projects, runs, security_groups, subjects
from shipway.devops.members import Permission
from shipway.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(Home(tmp_path / "home"), FrozenClock())
    users.ensure_demo_users(made)
    return made


@pytest.fixture
def project_id(store: Store) -> str:
    return projects.create(store, name="ml").project_id


def dana_of(store: Store) -> Principal:
    return users.principal_of(store, users.get(store, "dana"))


def put(store: Store, group: str, who: str, project_id: str = "") -> None:
    found = security_groups.well_known(store, group, project_id=project_id)
    security_groups.add_member(store, group_id=found.group_id, member_id=who)


def leave(store: Store, group: str, who: str, project_id: str) -> bool:
    found = security_groups.well_known(store, group, project_id=project_id)
    return security_groups.remove_member(store, group_id=found.group_id, member_id=who)


@pytest.mark.parametrize(
    ("group", "has", "has_not"),
    [
        ("Readers", "read", "contribute"),
        ("Contributors", "contribute", "build"),
        ("Build Administrators", "build", "administer"),
        ("Endpoint Administrators", "endpoint", "build"),
        ("Project Administrators", "administer", "organize"),
    ],
)
def test_a_group_of_a_project_means_what_its_name_says_there_and_only_there(
    store: Store, project_id: str, group: str, has: Permission, has_not: Permission
) -> None:
    other = projects.create(store, name="other").project_id
    dana = dana_of(store)
    for one in (project_id, other):
        leave(store, "Contributors", dana.object_id, one)
    assert members.permissions_of(store, dana, project_id=project_id) == frozenset()
    put(store, group, dana.object_id, project_id)
    assert members.may(store, dana, has, project_id=project_id)
    assert not members.may(store, dana, has_not, project_id=project_id)
    assert members.permissions_of(store, dana, project_id=other) == frozenset()


def test_people_of_the_tenant_contribute_until_they_are_taken_out_and_again_when_put_back(
    store: Store, project_id: str
) -> None:
    dana = dana_of(store)
    contributors = security_groups.well_known(store, "Contributors", project_id=project_id)
    assert dana.object_id in security_groups.members_of(store, contributors)
    assert members.may(store, dana, "contribute", project_id=project_id)
    assert leave(store, "Contributors", dana.object_id, project_id)
    assert not leave(store, "Contributors", dana.object_id, project_id)
    assert not members.may(store, dana, "read", project_id=project_id)
    put(store, "Contributors", dana.object_id, project_id)
    assert members.may(store, dana, "contribute", project_id=project_id)


def test_an_application_belongs_once_it_is_in_a_group_also_through_one_of_the_tenant(
    store: Store, project_id: str
) -> None:
    robot = service_principals.create_with_application(store, display_name="robot")
    assert not members.belongs(store, robot)
    directory = entra_groups.create(store, display_name="robots")
    entra_groups.add_member(store, group_id=directory.object_id, member_id=robot.object_id)
    put(store, "Build Administrators", directory.object_id, project_id)
    assert members.belongs(store, robot)
    assert members.may(store, robot, "build", project_id=project_id)


def test_a_team_contributes_and_a_group_inside_a_group_counts(
    store: Store, project_id: str
) -> None:
    dana = dana_of(store)
    leave(store, "Contributors", dana.object_id, project_id)
    team = security_groups.create(store, name="Ops", project_id=project_id, is_team=True)
    inner = security_groups.create(store, name="Inner", project_id=project_id)
    security_groups.add_member(store, group_id=team.group_id, member_id=inner.group_id)
    security_groups.add_member(store, group_id=inner.group_id, member_id=dana.object_id)
    assert members.may(store, dana, "contribute", project_id=project_id)
    assert security_groups.people_of(store, team) == (dana.object_id,)
    with pytest.raises(BadInput, match="member of itself"):
        security_groups.add_member(store, group_id=inner.group_id, member_id=team.group_id)
    security_groups.delete(store, team.group_id)
    assert members.permissions_of(store, dana, project_id=project_id) == {"read"}


def test_who_was_taken_out_of_the_organization_has_nothing_left(
    store: Store, project_id: str
) -> None:
    dana = dana_of(store)
    put(store, "Project Administrators", dana.object_id, project_id)
    members.add(store, object_id=dana.object_id, role="Gone")
    assert not members.belongs(store, dana)
    assert members.permissions_of(store, dana, project_id=project_id) == frozenset()
    assert dana.object_id not in [s.subject_id for s in subjects.people(store)]


def test_a_job_reads_the_project_of_its_run_and_no_other(store: Store, project_id: str) -> None:
    other = projects.create(store, name="other").project_id
    definition = definitions.create(store, project_id=project_id, name="ml", repository_id="r")
    run = runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version="c", reason="manual",
        requested_by=runs.SERVICE,
    )  # fmt: skip
    job = personal_access_tokens.build_service(store, run_id=run.run_id)
    assert members.may(store, job, "job", project_id=project_id)
    assert members.may(store, job, "read")
    assert members.permissions_of(store, job, project_id=other) == frozenset()


def test_collection_administrators_make_projects(store: Store, project_id: str) -> None:
    dana = dana_of(store)
    assert not members.may(store, dana, "organize")
    put(store, "Project Collection Administrators", dana.object_id)
    assert members.may(store, dana, "organize")
    assert members.may(store, dana, "administer", project_id=project_id)


def test_what_stands_fast_cannot_be_changed(store: Store, project_id: str) -> None:
    readers = security_groups.well_known(store, "Readers", project_id=project_id)
    with pytest.raises(Forbidden, match="TF50621"):
        security_groups.delete(store, readers.group_id)
    with pytest.raises(Forbidden, match="TF50621"):
        security_groups.update(store, group_id=readers.group_id, name="x")
    with pytest.raises(Forbidden, match="given members"):
        put(store, "Project Valid Users", dana_of(store).object_id, project_id)
    with pytest.raises(Conflict, match="TF50634"):
        security_groups.create(store, name="READERS", project_id=project_id)
    with pytest.raises(BadInput, match="TF50620"):
        security_groups.create(store, name="a/b", project_id=project_id)
    default = security_groups.default_team(store, project_id)
    with pytest.raises(Forbidden):
        security_groups.delete(store, default.group_id)


def test_every_subject_is_found_by_its_descriptor(store: Store, project_id: str) -> None:
    everybody = list(subjects.everybody(store))
    assert {s.kind for s in everybody} == {"user", "group"}
    for one in everybody:
        assert subjects.by_descriptor(store, one.descriptor) == one
    assert len({s.identity_descriptor for s in everybody}) == len(everybody)
    for wrong in ("aad.1", "vssgp." + "0" * 32, "x", ""):
        with pytest.raises(NotFound, match="VS860050"):
            subjects.by_descriptor(store, wrong)
    scope = subjects.scope_descriptor(project_id)
    assert subjects.project_of_scope(store, scope) == project_id
