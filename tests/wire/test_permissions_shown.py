"""A run that waits for a permission: commands, the studio's page, REST; then it goes on at once."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.shipway_server import ProjectRepository, ShipwayServer, running, wait_for
from tests.studio_visitor import Visitor, signed_in

from shipway.azure.entra import users
from shipway.base import front_door
from shipway.devops import (
    approvals,
    check_runs,
    checks,
    logs,
    pipeline_permissions,
    security_groups,
    service_connections,
    variable_groups,
)
from shipway.devops.business_hours import DAYS
from shipway.devops.check_runs import CheckRun
from shipway.devops.checks import CheckKind
from shipway.devops.variable_groups import GroupVariable
from shipway.loop import checkpoint
from shipway.store.store import Store

YAML = """
variables: [{group: NAME}]
steps:
- script: test "$(word)" = said
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("permissions")) as made:
        yield made


@pytest.fixture(scope="module")
def project(server: ShipwayServer) -> ProjectRepository:
    return server.project()


def waiting_run(server: ShipwayServer, project: ProjectRepository, name: str) -> int:
    """A run that waits for the variable group `name`."""
    variable_groups.create(
        server.store, project_id=project.project_id, name=name,
        variables={"word": GroupVariable(value="said")},
    )  # fmt: skip
    run_id = project.push(YAML.replace("NAME", name))
    wait_for(lambda: checkpoint.needs_of(server.store, run_id) or None)
    return run_id


def test_the_command_line_shows_what_is_needed_and_permits_it(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = waiting_run(server, project, "one")
    shown = server.command("runs", "show", str(run_id)).stdout
    assert "needs permission" in shown
    assert (
        "This pipeline needs permission to access 1 resource before this run can continue: "
        "variable group 'one'"
    ) in shown
    assert f"shipway permit {run_id}" in shown
    watched = server.command("runs", "watch", str(run_id), "--until-waiting", check=False)
    assert (watched.returncode, "needs permission" in watched.stdout) == (4, True)
    (listed,) = json.loads(server.command("permit", "--json").stdout)
    assert (listed["run_id"], listed["resources"]) == (run_id, ["variable group 'one'"])
    refused = server.command("permit", str(run_id), "--as", "dana", check=False)
    assert refused.returncode == 1
    assert "dana may not permit" in refused.stderr
    done = server.command("permit", str(run_id)).stdout
    assert "may use variable group 'one'" in done
    assert server.finished(run_id).result == "succeeded"
    again = server.command("permit", str(run_id), check=False)
    assert "does not wait for a permission" in again.stderr
    assert "nothing waits" in server.command("permit").stdout


def test_checks_are_shown_and_bypassed_by_command_and_page(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    """A service that answers at once, over the server's own thread, and hours that never come."""
    store, name = server.store, "checked"
    group = variable_groups.create(
        store, project_id=project.project_id, name=name,
        variables={"word": GroupVariable(value="said")},
    )  # fmt: skip
    pipeline_permissions.authorize(
        store, resource_type="variablegroup", resource_id=str(group.group_id), by="test"
    )
    state = front_door.state(store.home)
    studio = service_connections.create(
        store, project_id=project.project_id, name="studio", kind="generic", scheme="None",
        url=state.studio_url,
    )  # fmt: skip
    never = {"businessDays": DAYS[store.clock.now().weekday() - 3], "startTime": "03:00",
             "endTime": "03:01"}  # fmt: skip
    asked: tuple[tuple[CheckKind, dict[str, str]], ...] = (
        ("BusinessHours", never),
        ("RestApi", {"connectedServiceName": studio.connection_id, "method": "GET",
                     "urlSuffix": "/static/studio.css", "waitForCompletion": "false"}),
    )  # fmt: skip
    made = [
        checks.create(
            store,
            project_id=project.project_id,
            kind=kind,
            resource_type="variablegroup",
            resource_id=str(group.group_id),
            resource_name=name,
            settings={"inputs": inputs, "retryInterval": 60},
        ).check_id
        for kind, inputs in asked
    ]
    run_id = project.push(YAML.replace("NAME", name))
    met = wait_for(lambda: _both(store, run_id))
    assert "waits for a check" in server.command("runs", "show", str(run_id)).stdout
    listed = json.loads(server.command("checks", "--json").stdout)
    assert [one["check_id"] for one in listed if one["resource"] == name] == made
    shown = server.command("checks", "show", str(run_id)).stdout
    assert "waits for business hours" in shown
    refused = server.command("checks", "bypass", str(run_id), "--as", "dana", check=False)
    assert "dana does not administer 'checked'" in refused.stderr
    page = signed_in(server, "owner").get(f"/runs/{run_id}").text
    assert f'action="/runs/{run_id}/checks/{met[0].check_run_id}/bypass"' in page
    log = logs.get(store, run_id=run_id, log_id=met[1].log_id or 0)
    assert "Response Code: OK" in "\n".join(logs.read(store, log))
    done = server.command("checks", "bypass", str(run_id), "--comment", "now").stdout
    assert "Business hours of checked: bypassed" in done
    assert server.finished(run_id).result == "succeeded"
    assert "disabled" in server.command("checks", "disable", str(made[0])).stdout
    (off,) = (one for one in checks.on(store, project_id=project.project_id) if one.is_disabled)
    assert off.check_id == made[0]
    place, dana, owner = (
        f"/checks/{made[0]}/enable",
        *(signed_in(server, who) for who in ("dana", "owner")),
    )
    assert place not in dana.get("/checks").text
    assert f'action="{place}"' in owner.get("/checks").text
    for who, status in ((dana, 403), (owner, 303)):
        form = {"csrf_token": who.csrf_token()}
        assert who.ask("POST", place, form=form).status == status
    assert not any(one.is_disabled for one in checks.on(store, project_id=project.project_id))


def test_a_part_is_given_away_and_an_answer_deferred_by_commands(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    store, name = server.store, "approved"
    group = variable_groups.create(
        store, project_id=project.project_id, name=name,
        variables={"word": GroupVariable(value="said")},
    )  # fmt: skip
    key = str(group.group_id)
    pipeline_permissions.authorize(store, resource_type="variablegroup", resource_id=key, by="me")
    checks.create(
        store, project_id=project.project_id, kind="Approval", resource_type="variablegroup",
        resource_id=key, settings={"approvers": [{"id": person_id(server, "avery")}]},
    )  # fmt: skip
    run_id = str(project.push(YAML.replace("NAME", name)))
    wait_for(lambda: approvals.list_of(store, run_id=int(run_id)) or None)
    given = server.command("checks", "reassign", run_id, "--as", "avery", "--to", "dana").stdout
    assert f"(run {run_id}) waits for Dana" in given
    late = f"{store.clock.now() + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    held = server.command("approve", run_id, "--as", "dana", "--defer-to", late).stdout
    assert f"approved from {late}" in held
    refused = server.command("approve", run_id, "--as", "dana", "--defer-to", "soon", check=False)
    assert "'soon' is no time" in refused.stderr
    server.command("reject", run_id, "--as", "dana")
    assert server.finished(int(run_id)).result == "failed"


def _both(store: Store, run_id: int) -> list[CheckRun] | None:
    """The check runs of a run once the service has been asked."""
    found = check_runs.of_run(store, run_id)
    return found if [one.status for one in found] == ["running", "approved"] else None


def test_the_page_of_the_run_has_a_button_for_who_may(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = waiting_run(server, project, "two")
    dana = signed_in(server, "dana")
    page = dana.get(f"/runs/{run_id}")
    assert "variable group &#39;two&#39;" in page.text
    assert "An administrator of the project" in page.text
    assert press(dana, run_id) == 403
    builders = security_groups.well_known(
        server.store, "Build Administrators", project_id=project.project_id
    )
    avery = signed_in(server, "avery")
    security_groups.add_member(
        server.store, group_id=builders.group_id, member_id=person_id(server, "avery")
    )
    assert f'action="/runs/{run_id}/permit"' in avery.get(f"/runs/{run_id}").text
    assert press(avery, run_id) == 303
    assert server.finished(run_id).result == "succeeded"


def test_patching_the_permission_lets_the_run_go_on(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = waiting_run(server, project, "three")
    (need,) = checkpoint.needs_of(server.store, run_id)
    token = server.token(users.owner(server.store).object_id)
    door, basic = server.door(), base64.b64encode(f":{token}".encode()).decode()
    place = f"/shipway/ml/_apis/pipelines/pipelinepermissions/{need.kind}/{need.resource_id}"

    def call(method: str, body: Any = None) -> Any:
        answer = door.azure(
            method, "dev.azure.com", f"{place}?api-version=7.1-preview.1",
            body=json.dumps(body) if body else None,
            headers={"Content-Type": "application/json", "Authorization": f"Basic {basic}"},
        )  # fmt: skip
        assert answer.status == 200, answer.body
        return answer.json()

    assert call("GET")["pipelines"] == []
    given = call("PATCH", {"pipelines": [{"id": 1, "authorized": True}]})
    assert [(p["id"], p["authorized"]) for p in given["pipelines"]] == [(1, True)]
    assert server.finished(run_id).result == "succeeded"


def press(visitor: Visitor, run_id: int) -> int:
    """The button of the page; the status of the answer."""
    form = {"csrf_token": visitor.csrf_token()}
    return visitor.ask("POST", f"/runs/{run_id}/permit", form=form).status


def person_id(server: ShipwayServer, name: str) -> str:
    return users.get(server.store, name).object_id
