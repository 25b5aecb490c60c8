"""Groups, teams, entitlements, permissions and features over Azure DevOps' routes.

One server for all; the official Python client where it has the operation, else plain HTTP as the
Terraform provider sends it.
"""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from tests.devops_door import Door, open_door

from shipway.azure.entra import groups as entra_groups
from shipway.azure.entra import service_principals, users
from shipway.devops import environments, projects, security_groups

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*socket.socket:pytest.PytestUnraisableExceptionWarning"
)
CHECKS = "ml/_apis/pipelines/checks/configurations"
IDENTITY = "5a27515b-ccd7-42c9-84f1-54c998f03866"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("groups")) as running:
        projects.create(running.store, name="ml")
        yield running


@pytest.fixture(scope="module")
def clients(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The client's factory, with a cache of its own, so that nothing is left in the home."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZURE_DEVOPS_CACHE_DIR", str(folder))
        from azure.devops import _file_cache
        from azure.devops.client import Client
        from azure.devops.connection import Connection
        from msrest.authentication import BasicAuthentication

        for cache in (_file_cache.OPTIONS_CACHE, _file_cache.RESOURCE_CACHE):
            patch.setattr(cache, "file_name", str(folder / f"cache-{id(cache)}.json"))
            patch.setattr(cache, "data", {})
        patch.setattr(Client, "_locations_cache", {})
        credential = BasicAuthentication("", door.owner_token)
        connection = Connection(base_url=door.url, creds=credential)
        yield connection.clients_v7_1
        for client in connection._client_cache.values():
            client._client.close()
    gc.collect()


@pytest.fixture(scope="module")
def project_id(door: Door) -> str:
    return projects.get(door.store, "ml").project_id


def ask(
    door: Door, method: str, path: str, body: Any = None, *, token: str = ""
) -> requests.Response:
    return requests.request(
        method, f"{door.url}/{path}", json=body, auth=("", token or door.owner_token), timeout=30
    )


def descriptor_of(door: Door, name: str) -> str:
    found = ask(door, "GET", f"_apis/graph/descriptors/{users.get(door.store, name).object_id}")
    return str(found.json()["value"])


# -- groups --------------------------------------------------------------------------------------


def test_a_group_is_made_in_a_project_read_renamed_and_deleted(
    door: Door, clients: Any, project_id: str
) -> None:
    graph = clients.get_graph_client()
    scope = graph.get_descriptor(project_id).value
    made = ask(
        door, "POST", f"_apis/graph/groups?scopeDescriptor={scope}&api-version=7.1-preview.1",
        {"displayName": "Approvers", "description": "decide"},
    )  # fmt: skip
    assert made.status_code == 201
    descriptor = made.json()["descriptor"]
    found = graph.get_group(descriptor)
    assert found.principal_name == "[ml]\\Approvers"
    assert found.domain == f"vstfs:///Classification/TeamProject/{project_id}"
    assert (found.origin, found.subject_kind, found.description) == ("vsts", "group", "decide")
    assert graph.get_storage_key(descriptor).value == found.origin_id
    listed = graph.list_groups(scope_descriptor=scope).graph_groups
    assert {"Approvers", "Contributors", "Readers", "Build Administrators", "ml Team"} <= {
        g.display_name for g in listed
    }
    patch = [{"op": "replace", "path": "/displayName", "value": "Deciders"}]
    assert graph.update_group(descriptor, patch).display_name == "Deciders"
    graph.delete_group(descriptor)
    assert ask(door, "GET", f"_apis/graph/groups/{descriptor}").status_code == 404


def test_members_come_and_go_and_decide_what_somebody_may_do(
    door: Door, clients: Any, project_id: str
) -> None:
    graph = clients.get_graph_client()
    administrators = security_groups.well_known(
        door.store, "Build Administrators", project_id=project_id
    )
    container = graph.get_descriptor(administrators.group_id).value
    dana = descriptor_of(door, "dana")
    store = door.store
    made = environments.create(store, project_id=project_id, name="owner-s").environment_id
    path = f"ml/_apis/distributedtask/environments/{made}"
    body = {"description": "by dana"}
    assert ask(door, "PATCH", path, body, token=door.user_token).status_code == 403
    assert ask(door, "HEAD", f"_apis/graph/memberships/{dana}/{container}").status_code == 404
    added = graph.add_membership(dana, container)
    assert (added.member_descriptor, added.container_descriptor) == (dana, container)
    graph.check_membership_existence(dana, container)
    assert ask(door, "PATCH", path, body, token=door.user_token).status_code == 200
    down = graph.list_memberships(container, direction="down")
    assert [m.member_descriptor for m in down] == [dana]
    assert container in [m.container_descriptor for m in graph.list_memberships(dana)]
    graph.remove_membership(dana, container)
    assert ask(door, "PATCH", path, body, token=door.user_token).status_code == 403
    assert graph.get_membership_state(dana).active


def test_who_made_a_resource_administers_it_and_no_other(door: Door, project_id: str) -> None:
    place = "ml/_apis/distributedtask/environments"
    mine = ask(door, "POST", place, {"name": "mine"}, token=door.user_token).json()["id"]
    owners = ask(door, "POST", place, {"name": "not-mine"}).json()["id"]
    lock = {"type": {"id": "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563"}}
    permissions = "ml/_apis/pipelines/pipelinepermissions/environment"
    for number, status in ((mine, 200), (owners, 403)):
        body = {**lock, "resource": {"type": "environment", "id": str(number)}}
        made = ask(door, "POST", CHECKS, body, token=door.user_token)
        assert made.status_code == status
        opened = {"allPipelines": {"authorized": True}}
        answer = ask(door, "PATCH", f"{permissions}/{number}", opened, token=door.user_token)
        assert answer.status_code == status
    assert ask(door, "DELETE", f"{place}/{owners}", token=door.user_token).status_code == 403
    assert ask(door, "DELETE", f"{place}/{mine}", token=door.user_token).status_code == 204


def test_a_project_that_one_is_no_member_of_does_not_exist_for_one(door: Door) -> None:
    secret = projects.create(door.store, name="secret")
    contributors = security_groups.well_known(
        door.store, "Contributors", project_id=secret.project_id
    )
    dana = users.get(door.store, "dana")
    security_groups.remove_member(
        door.store, group_id=contributors.group_id, member_id=dana.object_id
    )
    seen = ask(door, "GET", "_apis/projects", token=door.user_token).json()["value"]
    assert [p["name"] for p in seen] == ["ml"]
    for path in ("_apis/projects/secret", "secret/_apis/build/definitions"):
        answer = ask(door, "GET", path, token=door.user_token)
        assert answer.status_code == 404
        assert "VS800075" in answer.json()["message"]
    projects.delete(door.store, project_id=secret.project_id)


def test_the_body_s_project_decides_where_the_path_names_none(door: Door, project_id: str) -> None:
    """Who administers one project may not write into another through an organization's route."""
    other = projects.create(door.store, name="other")
    dana = users.get(door.store, "dana").object_id
    group = security_groups.well_known(
        door.store, "Project Administrators", project_id=other.project_id
    )
    security_groups.add_member(door.store, group_id=group.group_id, member_id=dana)
    for place, status in ((project_id, 403), (other.project_id, 201)):
        body = {"name": "more", "project": {"id": place}}
        answer = ask(door, "POST", "_apis/git/repositories", body, token=door.user_token)
        assert answer.status_code == status, answer.text
    projects.delete(door.store, project_id=other.project_id)


def test_subjects_are_looked_up_together_and_by_the_beginning_of_a_name(
    door: Door, clients: Any
) -> None:
    dana = descriptor_of(door, "dana")
    answer = ask(
        door, "POST", "_apis/graph/subjectlookup",
        {"lookupKeys": [{"descriptor": dana}, {"descriptor": "aad." + "0" * 32}]},
    )  # fmt: skip
    assert list(answer.json()["value"]) == [dana]
    found = ask(
        door, "POST", "_apis/graph/subjectquery", {"query": "Avery", "subjectKind": ["User"]}
    )
    assert [s["displayName"] for s in found.json()["value"]] == ["Avery Approver"]
    listed = clients.get_graph_client().list_users().graph_users
    assert {"Dana Requester", "Avery Approver"} <= {u.display_name for u in listed}
    shown = clients.get_graph_client().get_user(dana)
    assert shown.origin_id == users.get(door.store, "dana").object_id


def test_a_group_and_an_application_of_the_tenant_are_taken_in(door: Door, clients: Any) -> None:
    directory = entra_groups.create(door.store, display_name="Robots")
    made = ask(door, "POST", "_apis/graph/groups", {"originId": directory.object_id})
    assert (made.status_code, made.json()["origin"]) == (201, "aad")
    robot = service_principals.create_with_application(door.store, display_name="robot")
    taken = ask(door, "POST", "_apis/graph/serviceprincipals", {"originId": robot.object_id})
    assert taken.json()["applicationId"] == robot.app_id
    listed = ask(door, "GET", "_apis/graph/serviceprincipals").json()["value"]
    assert [s["displayName"] for s in listed] == ["robot"]
    absent = ask(door, "POST", "_apis/graph/users", {"principalName": "nobody@example.org"})
    assert absent.status_code == 404
    assert "VS860016" in absent.json()["message"]


# -- identities and teams ------------------------------------------------------------------------


def test_identities_are_read_by_each_of_their_names(
    door: Door, clients: Any, project_id: str
) -> None:
    identity = clients.get_identity_client()
    dana = users.get(door.store, "dana")
    (by_id,) = identity.read_identities(identity_ids=dana.object_id)
    (by_subject,) = identity.read_identities(subject_descriptors=by_id.subject_descriptor)
    (by_descriptor,) = identity.read_identities(descriptors=by_id.descriptor)
    readers = security_groups.well_known(door.store, "Contributors", project_id=project_id)
    (group,) = identity.read_identities(identity_ids=readers.group_id, query_membership="Direct")
    assert dana.object_id in group.member_ids
    scope = clients.get_graph_client().get_descriptor(project_id).value
    inside = clients.get_graph_client().list_users(scope_descriptor=scope).graph_users
    assert {"Dana Requester", "Avery Approver"} <= {u.display_name for u in inside}
    (by_name,) = identity.read_identities(search_filter="General", filter_value=dana.principal_name)
    assert {one.id for one in (by_id, by_subject, by_descriptor, by_name)} == {dana.object_id}


def test_a_team_has_members_administrators_and_what_a_new_one_is_asked_for(
    door: Door, clients: Any, project_id: str
) -> None:
    core, identity = clients.get_core_client(), clients.get_identity_client()
    team = core.create_team({"name": "Crew", "description": "sails"}, project_id)
    assert (team.name, team.project_name) == ("Crew", "ml")
    assert {"Crew", "ml Team"} == {t.name for t in core.get_teams(project_id)}
    assert core.update_team({"description": "rows"}, project_id, "Crew").description == "rows"
    dana = users.get(door.store, "dana").object_id
    for expected in (True, False):
        assert ask(door, "PUT", f"_apis/identities/{team.id}/members/{dana}").json() is expected
    (member,) = ask(door, "GET", f"_apis/identities/{team.id}/members").json()["value"]
    (found,) = identity.read_identities(descriptors=member)
    assert found.id == dana
    token = f"{project_id}\\{team.id}"
    entry = {"descriptor": member, "allow": 31, "deny": 0, "extendedInfo": {}}
    ask(
        door, "POST", f"_apis/accesscontrolentries/{IDENTITY}",
        {"token": token, "merge": False, "accessControlEntries": [entry]},
    )  # fmt: skip
    (listed,) = ask(door, "GET", f"_apis/accesscontrollists/{IDENTITY}?token={token}").json()[
        "value"
    ]
    assert listed["acesDictionary"][member]["allow"] == 31
    (seen,) = core.get_team_members_with_extended_properties(project_id, team.id)
    assert (seen.identity.display_name, seen.is_team_admin) == ("Dana Requester", True)
    avery = users.get(door.store, "avery").object_id
    place = f"_apis/identities/{team.id}/members/{avery}"
    assert ask(door, "PUT", place, token=door.user_token).json() is True, "dana administers it"
    assert ask(door, "DELETE", place, token=door.user_token).json() is True
    readers = security_groups.well_known(door.store, "Readers", project_id=project_id).group_id
    theirs = f"_apis/identities/{readers}/members/{avery}"
    assert ask(door, "PUT", theirs, token=door.user_token).status_code == 403
    dashboards = ask(door, "GET", f"{project_id}/{team.id}/_apis/dashboard/dashboards").json()
    assert dashboards["count"] == 1
    fields = f"{project_id}/{team.id}/_apis/work/teamsettings/teamfieldvalues"
    assert ask(door, "GET", fields).json()["values"] == []
    ask(door, "DELETE", f"_apis/identities/{team.id}/members/{dana}")
    core.delete_team(project_id, team.id)
    assert ask(door, "GET", f"_apis/projects/{project_id}/teams/Crew").status_code == 404


def test_other_security_namespaces_are_refused_by_name(door: Door) -> None:
    git = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87"
    answer = ask(door, "GET", f"_apis/accesscontrollists/{git}?token=repoV2")
    assert answer.status_code == 400
    assert git in answer.json()["message"]
    (namespace,) = ask(door, "GET", f"_apis/securitynamespaces/{IDENTITY}").json()["value"]
    assert {a["name"] for a in namespace["actions"]} >= {"Read", "ManageMembership"}


# -- entitlements, features, settings --------------------------------------------------------------


def test_a_user_is_entitled_changed_and_taken_out_of_the_organization(
    door: Door, clients: Any
) -> None:
    sam = users.create(door.store, name="sam", display_name="Sam")
    body = {
        "accessLevel": {"accountLicenseType": "express", "licensingSource": "account"},
        "user": {"principalName": sam.principal_name, "origin": "", "originId": "",
                 "subjectKind": "user"},
    }  # fmt: skip
    made = ask(door, "POST", "_apis/userentitlements", body).json()
    assert made["isSuccess"]
    entitlement_id = made["userEntitlement"]["id"]
    assert entitlement_id == sam.object_id
    level = {"accountLicenseType": "stakeholder", "licensingSource": "account"}
    changed = ask(
        door, "PATCH", f"_apis/userentitlements/{entitlement_id}",
        [{"op": "replace", "path": "/accessLevel", "value": level}],
    ).json()  # fmt: skip
    assert changed["isSuccess"]
    entitlements = clients.get_member_entitlement_management_client()
    shown = entitlements.get_user_entitlement(entitlement_id)
    assert shown.access_level.account_license_type == "stakeholder"
    assert shown.user.principal_name == sam.principal_name
    entitlements.delete_user_entitlement(entitlement_id)
    assert ask(door, "GET", f"_apis/userentitlements/{entitlement_id}").status_code == 404
    wrong = ask(door, "POST", "_apis/userentitlements",
                {**body, "user": {"principalName": "no@example.org"}}).json()  # fmt: skip
    assert not wrong["isSuccess"]


def test_features_of_a_project_are_kept(door: Door, project_id: str) -> None:
    feature = "ms.vss-test-web.test"
    path = f"_apis/FeatureManagement/FeatureStates/host/project/{project_id}/{feature}"
    changed = ask(door, "PATCH", path, {"featureId": feature, "state": "disabled"})
    assert changed.json()["state"] == "disabled"
    states = ask(
        door, "POST", "_apis/FeatureManagement/FeatureStatesQuery",
        {"featureIds": [feature, "ms.vss-work.agile"], "scopeValues": {"project": project_id}},
    ).json()["featureStates"]  # fmt: skip
    assert {n: s["state"] for n, s in states.items()} == {
        feature: "disabled", "ms.vss-work.agile": "enabled",
    }  # fmt: skip
    assert ask(door, "PATCH", path, {"state": "perhaps"}).status_code == 400
    assert ask(door, "PATCH", path, {"state": "enabled"}, token=door.user_token).status_code == 403


def test_properties_folders_and_settings_of_a_project(
    door: Door, clients: Any, project_id: str
) -> None:
    path = f"_apis/projects/{project_id}/properties"
    ask(door, "PATCH", path, [{"op": "add", "path": "/owner.team", "value": "ml"}])
    found = ask(door, "GET", f"{path}?keys=owner.*").json()["value"]
    assert found == [{"name": "owner.team", "value": "ml"}]
    build = clients.get_build_client()
    assert build.create_folder({"path": "\\a\\b"}, "ml", "\\a\\b").path == "\\a\\b"
    assert [f.path for f in build.get_folders("ml")] == ["\\", "\\a\\b"]
    build.delete_folder("ml", "\\a\\b")
    assert build.get_build_general_settings("ml").enforce_settable_var
    refused = ask(door, "PATCH", "ml/_apis/build/generalsettings", {"enforceSettableVar": False})
    assert refused.status_code == 400
    assert "enforceSettableVar" in refused.json()["message"]


def test_processes_and_a_project_with_one_of_them(door: Door, clients: Any) -> None:
    core = clients.get_core_client()
    scrum = next(p for p in core.get_processes() if p.name == "Scrum")
    core.queue_create_project(
        {"name": "scrummy", "capabilities": {"processTemplate": {"templateTypeId": scrum.id}}}
    )
    made = core.get_project("scrummy", include_capabilities=True)
    assert made.capabilities["processTemplate"]["templateName"] == "Scrum"
    core.queue_delete_project(made.id)
    wrong = ask(
        door, "POST", "_apis/projects",
        {"name": "x", "capabilities": {"processTemplate": {"templateTypeId": "nope"}}},
    )  # fmt: skip
    assert wrong.status_code == 400
