"""Rules of single resources of azuredevops that no table says."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.terraform.azuredevops.echo_service import PROJECT, REPOSITORY, EchoService
from tests.unit.terraform.azuredevops.samples import SAMPLES

from shipway.terraform.calls import ApiError
from shipway.terraform.resource import UNKNOWN, AtAttribute, PartlyCreated, TerraformResource
from shipway.terraform.resources.azuredevops import (
    branch_policy_min_reviewers,
    build_definition,
    check_approval,
    check_branch_control,
    environment,
    git_repository,
    git_repository_file,
    group,
    group_membership,
    pipeline_authorization,
    project,
    serviceendpoint_azurerm,
    serviceendpoint_generic,
    team,
    team_members,
    user_entitlement,
    variable_group,
)
from shipway.terraform.resources.azuredevops.attributes import doing, query, unless_there

_GUID = "33333333-3333-3333-3333-333333333333"


class Refusing(EchoService):
    """A service that refuses some calls, at most so often."""

    def __init__(self, method: str, part: str, error: ApiError, times: int = 99) -> None:
        super().__init__()
        self._method, self._part, self._error = method, part, error
        self.times = times

    def devops(self, method: str, path: str, **options: Any) -> Any:
        if method == self._method and self._part in path and self.times:
            self.times -= 1
            raise self._error
        return super().devops(method, path, **options)


def sample(resource: TerraformResource) -> dict[str, Any]:
    return dict(SAMPLES[resource.type_name].values)


@pytest.mark.parametrize(
    ("resource", "text", "expected"),
    [
        (environment, f"{PROJECT}/7", {"id": "7", "project_id": PROJECT}),
        (check_approval, f"{PROJECT}/7", {"id": "7", "project_id": PROJECT}),
        (serviceendpoint_generic, f"{PROJECT}/{_GUID}", {"id": _GUID, "project_id": PROJECT}),
        (git_repository, f"{PROJECT}/stack", {"id": "stack", "project_id": PROJECT}),
        (
            git_repository_file,
            f"{REPOSITORY}/a/b.yml:main",
            {
                "id": f"{REPOSITORY}/a/b.yml", "repository_id": REPOSITORY, "file": "a/b.yml",
                "branch": "refs/heads/main", "overwrite_on_create": False,
            },
        ),
        (
            pipeline_authorization,
            f"{PROJECT}/endpoint/{_GUID};pipeline_id=4",
            {
                "id": f"{PROJECT}/endpoint/{_GUID};pipeline_id=4", "project_id": PROJECT,
                "type": "endpoint", "resource_id": _GUID, "pipeline_id": 4,
            },
        ),
        (user_entitlement, _GUID, {"id": _GUID}),
        (user_entitlement, "dana@example.test", {"id": "dana"}),
    ],
)  # fmt: skip
def test_import_begins_with(resource: Any, text: str, expected: dict[str, Any]) -> None:
    assert resource.RESOURCE.import_state(EchoService(), text) == expected


def test_import_finds_a_project_by_its_name() -> None:
    service = EchoService()
    made = project.create(service, sample(project.RESOURCE))
    begun = environment.RESOURCE.import_state(service, "delay/7")
    assert begun == {"id": "7", "project_id": made["id"]}


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        (environment, "7"),
        (environment, f"{PROJECT}/seven"),
        (check_approval, f"flights/{7}"),
        (check_approval, f"{PROJECT}/x"),
        (serviceendpoint_generic, f"{PROJECT}/name"),
        (git_repository_file, REPOSITORY),
        (pipeline_authorization, f"{PROJECT}/endpoint"),
        (pipeline_authorization, f"{PROJECT}/endpoint/1;pipeline_id=x"),
        (pipeline_authorization, f"{PROJECT}/endpoint/1;other=1"),
        (pipeline_authorization, f"{PROJECT}/endpoint/1;pipeline_id"),
        (group_membership, "1"),
        (team_members, "1"),
        (user_entitlement, "dana"),
    ],
)
def test_import_refuses_at_the_id(resource: Any, text: str) -> None:
    with pytest.raises(AtAttribute) as refusal:
        resource.RESOURCE.import_state(EchoService(), text)
    assert refusal.value.path == "id"


def test_a_refusal_is_told_where_it_belongs() -> None:
    blames: list[dict[str | int, str]] = [
        {409: "name"}, {"Taken": "name"}, {"some.field": "name"},
    ]  # fmt: skip
    for blame in blames:
        with pytest.raises(AtAttribute) as at, doing("making", blame):
            raise ApiError(409, "Taken", "the value of 'some.field' is there")
        assert at.value.path == "name"
        assert at.value.summary == "making: the value of 'some.field' is there"
    with pytest.raises(ApiError) as plain, doing("making", {404: "name"}):
        raise ApiError(409, "Taken", "it is there")
    assert (plain.value.status, plain.value.message) == (409, "making: it is there")


def test_what_is_there_already_can_be_imported_by_the_id_that_is_told() -> None:
    kind = "azuredevops_environment"
    with pytest.raises(AtAttribute) as taken, unless_there(kind, "name", lambda: "p/7"):
        raise AtAttribute("name", "it is taken")
    assert 'A resource with the ID "p/7" already exists' in taken.value.summary
    with pytest.raises(AtAttribute) as other, unless_there(kind, "name", lambda: "p/7"):
        raise AtAttribute("description", "too long")
    assert other.value.summary == "too long"


@pytest.mark.parametrize(
    ("resource", "attribute"),
    [
        (environment, "name"),
        (variable_group, "name"),
        (serviceendpoint_generic, "service_endpoint_name"),
        (project, "name"),
        (git_repository, "name"),
        (team, "name"),
        (group, "display_name"),
    ],
)
def test_a_taken_name_is_told_at_the_name(resource: Any, attribute: str) -> None:
    service = Refusing("POST", "/_apis", ApiError(409, "Taken", "it already exists"))
    with pytest.raises(AtAttribute) as refusal:
        resource.RESOURCE.create(service, sample(resource.RESOURCE))
    assert refusal.value.path == attribute


def test_a_file_is_pushed_again_when_somebody_else_pushed_meanwhile() -> None:
    error = ApiError(409, "Stale", "TF401035: has already been updated by another client")
    service = Refusing("POST", "/pushes", error, times=2)
    made = git_repository_file.create(service, sample(git_repository_file.RESOURCE))
    assert made == {"id": f"{REPOSITORY}/a/b.yml"}
    assert service.files["/a/b.yml"]["content"] == "steps: []"


def test_a_file_that_is_there_is_overwritten_only_when_asked() -> None:
    service, values = EchoService(), sample(git_repository_file.RESOURCE)
    git_repository_file.create(service, values)
    with pytest.raises(AtAttribute, match="Refusing to overwrite") as refusal:
        git_repository_file.create(service, values | {"overwrite_on_create": False})
    assert refusal.value.path == "overwrite_on_create"
    git_repository_file.create(service, values | {"content": "new"})
    assert service.files["/a/b.yml"]["content"] == "new"


def test_a_protected_branch_is_told_at_the_branch_and_waited_for_by_a_delete() -> None:
    error = ApiError(403, "GitRefUpdateRejectedByPolicyException", "TF402455: not permitted")
    values = sample(git_repository_file.RESOURCE)
    with pytest.raises(AtAttribute) as refusal:
        git_repository_file.create(Refusing("POST", "/pushes", error), values)
    assert refusal.value.path == "branch"
    service = Refusing("POST", "/pushes", error, times=0)
    state = values | git_repository_file.create(service, values)
    service.times = 2
    git_repository_file.delete(service, state)
    assert "/a/b.yml" not in service.files


def test_a_repository_that_could_not_be_begun_is_kept_as_partly_made() -> None:
    error = ApiError(400, "Bad", "no")
    with pytest.raises(PartlyCreated) as partly:
        git_repository.create(Refusing("POST", "/pushes", error), sample(git_repository.RESOURCE))
    assert partly.value.values["id"]


def test_a_connection_that_does_not_get_ready_leaves_nothing() -> None:
    class Failing(EchoService):
        def _told(self, base: str, key: str) -> dict[str, Any]:
            failed = {"state": "Failed", "statusMessage": "no application"}
            return {**super()._told(base, key), "isReady": False, "operationStatus": failed}

    service = Failing()
    with pytest.raises(ApiError, match="no application"):
        serviceendpoint_generic.RESOURCE.create(service, sample(serviceendpoint_generic.RESOURCE))
    assert not [place for place in service.kept if "endpoints" in place]


def test_a_failed_operation_of_a_project_says_why() -> None:
    operation = {"id": "o", "status": "failed", "detailedMessage": "no more projects"}
    with pytest.raises(ApiError, match="no more projects"):
        project.finished(EchoService(), operation, "create")


def test_an_imported_connection_shows_its_application_but_no_key() -> None:
    values = sample(serviceendpoint_azurerm.RESOURCE)
    service = EchoService()
    made = serviceendpoint_azurerm.RESOURCE.create(service, values)
    found = serviceendpoint_azurerm.RESOURCE.read(service, {"project_id": PROJECT, **made})
    assert found is not None
    shown = found["credentials"][0]
    assert shown["serviceprincipalid"] == "app"
    assert shown["serviceprincipalkey"] == ""


@pytest.mark.parametrize(
    ("known", "is_there"),
    [
        ({"everyone": True, "pipelines": []}, True),
        ({"everyone": False, "pipelines": [{"id": 4, "authorized": True}]}, True),
        ({"everyone": False, "pipelines": [{"id": 5, "authorized": True}]}, False),
        ({"everyone": False, "pipelines": []}, False),
    ],
)
def test_an_authorization_is_there_while_its_pipeline_may(known: Any, is_there: bool) -> None:
    service = EchoService()
    values = {"project_id": PROJECT, "type": "endpoint", "resource_id": _GUID, "pipeline_id": 4}
    service.permissions[f"{PROJECT}/endpoint/{_GUID}"] = known
    assert (pipeline_authorization.read(service, values) is not None) == is_there


def test_a_check_of_another_kind_is_not_read_as_this_one() -> None:
    service = EchoService()
    made = check_approval.RESOURCE.create(service, sample(check_approval.RESOURCE))
    with pytest.raises(AtAttribute, match="is of another kind"):
        check_branch_control.RESOURCE.read(service, {"project_id": PROJECT, **made})


@pytest.mark.parametrize(
    ("resource", "attribute"),
    [
        (check_approval, "target_resource_id"),
        (check_branch_control, "target_resource_id"),
        (branch_policy_min_reviewers, "settings.0"),
    ],
)
def test_what_says_just_the_same_is_not_made_twice(resource: Any, attribute: str) -> None:
    service, values = EchoService(), sample(resource.RESOURCE)
    made = resource.RESOURCE.create(service, values)
    with pytest.raises(AtAttribute) as refusal:
        resource.RESOURCE.create(service, values)
    assert refusal.value.path == attribute
    assert f'A resource with the ID "{PROJECT}/{made["id"]}"' in refusal.value.summary
    changes: dict[str, Any] = {
        "timeout": 61, "settings": [{**values.get("settings", [{}])[0], "reviewer_count": 3}],
    }  # fmt: skip
    assert resource.RESOURCE.create(service, values | changes)["id"] != made["id"]


def test_secrets_of_a_group_stay_as_the_state_has_them() -> None:
    service, values = EchoService(), sample(variable_group.RESOURCE)
    state = values | variable_group.create(service, values)
    found = variable_group.read(service, state)
    assert found is not None
    by_name = {one["name"]: one for one in found["variable"]}
    assert by_name["B"]["secret_value"] == "s"
    imported = variable_group.read(service, {"id": state["id"], "project_id": PROJECT})
    assert imported is not None
    assert {one["name"]: one["secret_value"] for one in imported["variable"]} == {"A": "", "B": ""}


@pytest.mark.parametrize(
    ("variable", "is_wrong"),
    [
        ({"name": "A", "value": "1"}, False),
        ({"name": "A", "is_secret": True, "secret_value": "s"}, False),
        ({"name": "A", "is_secret": True, "secret_value": UNKNOWN}, False),
        ({"name": "A", "value": "1", "is_secret": False}, True),
        ({"name": "A", "is_secret": True}, True),
        ({"name": "A", "secret_value": "s"}, True),
    ],
)
def test_a_variable_is_a_value_or_a_secret(variable: Any, is_wrong: bool) -> None:
    assert bool(list(variable_group.problems({"variable": [variable]}))) == is_wrong


def test_resetting_all_votes_does_not_show_what_was_not_asked_for() -> None:
    told = branch_policy_min_reviewers.expand({"on_push_reset_all_votes": True})
    assert told["resetOnSourcePush"] is True
    asked = {"on_push_reset_approved_votes": False}
    shown = branch_policy_min_reviewers.flatten(told, asked)
    assert shown["on_push_reset_approved_votes"] is False


def test_a_definition_without_a_push_trigger_shows_none() -> None:
    values = sample(build_definition.RESOURCE) | {"ci_trigger": []}
    service = EchoService()
    state = values | build_definition.create(service, values)
    found = build_definition.read(service, state)
    assert found is not None
    assert found["ci_trigger"] == []


def test_the_first_run_is_started_when_it_shall_not_be_skipped() -> None:
    service, values = EchoService(), sample(build_definition.RESOURCE)
    made = build_definition.create(service, values)
    assert any(path.endswith(f"/pipelines/{made['id']}/runs") for _, path, _ in service.calls)
    refusing = Refusing("POST", "/runs", ApiError(400, "Bad", "no such file"))
    assert build_definition.create(refusing, values)["id"]


def test_a_person_that_is_not_there_cannot_be_in_a_team() -> None:
    values = sample(team.RESOURCE) | {"members": ["vssgp.unknown"]}
    with pytest.raises(PartlyCreated) as partly:
        team.create(EchoService(), values)
    assert isinstance(partly.value.cause, AtAttribute)
    assert partly.value.cause.path == "members"


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("express", "basic", True),
        ("earlyAdopter", "express", True),
        ("express", "Express", True),
        ("express", "stakeholder", False),
        (None, "express", False),
    ],
)
def test_three_names_of_one_licence(old: Any, new: Any, is_same: bool) -> None:
    assert user_entitlement.same_licence(old, new) is is_same


def test_what_the_service_says_of_a_licence_is_told() -> None:
    class NotSo(EchoService):
        def _entitlement(self, *_: Any) -> Any:
            wrong = {"key": 5000, "value": "no such person"}
            return {"isSuccess": False, "operationResult": {"isSuccess": False, "errors": [wrong]}}

    with pytest.raises(AtAttribute, match=r"\(5000\) no such person"):
        user_entitlement.create(NotSo(), sample(user_entitlement.RESOURCE))


def test_overwrite_takes_everybody_else_out() -> None:
    service: EchoService = EchoService()
    service.members["vssgp.9"] = ["aad.old"]
    values = {"group": "vssgp.9", "members": ["aad.new"], "mode": "overwrite"}
    group_membership.create(service, values)
    assert service.members["vssgp.9"] == ["aad.new"]
    service.members["vssgp.9"] = ["aad.old"]
    group_membership.create(service, values | {"mode": "add"})
    assert service.members["vssgp.9"] == ["aad.old", "aad.new"]
    assert group_membership.read(service, values | {"mode": "add"}) == {"members": ["aad.new"]}


@pytest.mark.parametrize("name", ["origin_id", "mail"])
def test_a_group_of_the_directory_is_made_by_origin_or_mail(name: str) -> None:
    service = EchoService()
    values = {"display_name": None, "origin_id": None, "mail": None, name: "someone"}
    group.create(service, values)
    key = {"origin_id": "originId", "mail": "mailAddress"}[name]
    assert [body for method, _, body in service.calls if method == "POST"] == [{key: "someone"}]


def test_empty_arguments_aretimes_out_of_a_query() -> None:
    assert query({"a": "x y", "b": "", "c": None, "$top": 1}) == "?a=x+y&%24top=1"
    assert query({"a": ""}) == ""


_READERS: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (project.read_one, {"name": "nowhere"}, "name"),
    (environment.read_one, {"project_id": PROJECT, "environment_id": 9}, "environment_id"),
    (environment.read_one, {"project_id": PROJECT, "name": "nowhere"}, "name"),
    (variable_group.read_one, {"project_id": PROJECT, "name": "nowhere"}, "name"),
    (git_repository.read_one, {"project_id": PROJECT, "name": "nowhere"}, "name"),
    (group.read_one, {"project_id": PROJECT, "name": "nowhere"}, "name"),
    (team.read_one, {"project_id": PROJECT, "name": "nowhere"}, "name"),
    (build_definition.read_one, {"project_id": PROJECT, "name": "nowhere", "path": "\\"}, "name"),
]


@pytest.mark.parametrize(("read", "config", "attribute"), _READERS)
def test_a_data_source_that_finds_nothing_says_so_at_its_argument(
    read: Callable[..., Any], config: dict[str, Any], attribute: str
) -> None:
    with pytest.raises(AtAttribute) as refusal:
        read(EchoService(), config)
    assert refusal.value.path == attribute
