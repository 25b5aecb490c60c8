"""The owner's API and the commands that stand on it: runs, approvals, links, lineage, logs."""

import http.client
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.shipway_server import ProjectRepository, ShipwayServer, running, wait_until
from tests.studio_visitor import signed_in
from tests.support import permissions

from shipway.azure.entra import users
from shipway.devops import approvals, checks, environments, runs

GATED = """
stages:
- stage: Build
  jobs: [{job: B, steps: [{script: "echo built; echo '##[error]red'", displayName: builds}]}]
- stage: Release
  jobs:
  - deployment: Ship
    environment: prod
    strategy: {runOnce: {deploy: {steps: [{script: echo shipped, displayName: ships}]}}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("owner")) as made:
        yield made


@pytest.fixture(scope="module")
def project(server: ShipwayServer) -> ProjectRepository:
    made = server.project()
    target = environments.create(server.store, project_id=made.project_id, name="prod")
    permissions.open_to_all(server.store, "environment", target.environment_id)
    people = [users.get(server.store, name) for name in ("avery", "dana")]
    checks.create(
        server.store, project_id=made.project_id, kind="Approval",
        resource_type="environment", resource_id=str(target.environment_id), resource_name="prod",
        settings={"approvers": [{"id": p.object_id} for p in people],
                  "requesterCannotBeApprover": True, "minRequiredApprovers": 1},
        timeout_minutes=60,
    )  # fmt: skip
    return made


@pytest.fixture
def waiting_run(server: ShipwayServer, project: ProjectRepository) -> int:
    """A run that waits for its approval."""
    run_id = project.push(GATED)
    wait_until(lambda: approvals.list_of(server.store, run_id=run_id, status="pending"))
    return run_id


def told(server: ShipwayServer, *command: str) -> Any:
    """What a command prints as JSON."""
    return json.loads(server.command(*command, "--json").stdout)


def refused(server: ShipwayServer, *command: str) -> str:
    """What a command says that ends with a known error, in three parts."""
    done = server.command(*command, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert [line.split(":")[0].strip() for line in done.stderr.splitlines()[:3]] == [
        "error", "where", "to do",
    ]  # fmt: skip
    return done.stderr


def raw(
    server: ShipwayServer, method: str, path: str, headers: Mapping[str, str], body: str = ""
) -> tuple[int, Any]:
    state = json.loads((server.home / "run" / "server.json").read_text())
    connection = http.client.HTTPConnection("127.0.0.1", state["studio_port"], timeout=30)
    try:
        connection.request(method, f"/api/v1{path}", body=body, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


# -- runs ------------------------------------------------------------------------------------


def test_a_run_is_listed_shown_and_watched_until_it_waits(
    server: ShipwayServer, waiting_run: int
) -> None:
    listed = told(server, "runs", "list", "--limit", "1")
    assert [(r["run_id"], r["state"], r["requested_for"]) for r in listed] == [
        (waiting_run, "inProgress", "dana")
    ]
    shown = server.command("runs", "show", str(waiting_run)).stdout
    assert "waits for approval of prod by Avery Approver, Dana Requester" in shown
    assert f"shipway approve {waiting_run} --as USER" in shown
    watched = server.command("runs", "watch", str(waiting_run), "--until-waiting", check=False)
    assert watched.returncode == 4
    assert "step builds: succeeded" in watched.stdout
    assert "approval of prod: pending" in watched.stdout
    server.command("runs", "cancel", str(waiting_run))
    assert server.finished(waiting_run).result == "canceled"
    assert server.command("runs", "watch", str(waiting_run), check=False).returncode == 1


def test_watching_follows_a_run_to_its_end_and_its_exit_code_is_the_result(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = project.push("steps:\n- script: sleep 1; echo over\n  displayName: slow\n")
    done = server.command("runs", "watch", str(run_id))
    assert f"run {run_id}: succeeded" in done.stdout
    assert runs.get(server.store, run_id).state == "completed"
    failing = project.push("steps:\n- script: exit 3\n  displayName: breaks\n")
    done = server.command("runs", "watch", str(failing), check=False)
    assert done.returncode == 1
    assert "step breaks: failed" in done.stdout
    assert told_watch(server, failing)["result"] == "failed"


def told_watch(server: ShipwayServer, run_id: int) -> Any:
    return json.loads(server.command("runs", "watch", str(run_id), "--json", check=False).stdout)


def test_yaml_that_does_not_compile_is_shown_with_its_place(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = project.push("steps:\n- script: echo\n  conditon: always()\n")
    server.finished(run_id)
    shown = server.command("runs", "show", str(run_id)).stdout
    assert "azure-pipelines.yml:3:3" in shown
    assert "conditon" in shown
    page = signed_in(server, "avery").get(f"/runs/{run_id}").text
    assert "azure-pipelines.yml:3:3</code>" in page


def test_a_run_is_run_again_as_the_person_named(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = project.push("steps:\n- script: echo once\n")
    server.finished(run_id)
    made = told(server, "runs", "rerun", str(run_id), "--as", "avery")
    assert made["project"] == project.name
    again = server.finished(made["run_id"])
    assert (again.source_version, again.requested_by.name) == (
        runs.get(server.store, run_id).source_version, "avery",
    )  # fmt: skip
    assert "cannot cancel while it is completed" in refused(server, "runs", "cancel", str(run_id))


def test_unknown_runs_and_states_are_named(server: ShipwayServer) -> None:
    assert "9999" in refused(server, "runs", "show", "9999")
    assert "'over' is no state" in refused(server, "runs", "list", "--state", "over")


# -- approvals -------------------------------------------------------------------------------


def test_the_rules_hold_for_the_command_line_too(server: ShipwayServer, waiting_run: int) -> None:
    number = str(waiting_run)
    assert "dana requested run" in refused(server, "approve", number, "--as", "dana")
    assert "owner is not an approver" in refused(server, "approve", number)
    assert "owner is not an approver" in refused(server, "reject", number)
    assert "no user 'nobody'" in refused(server, "approve", number, "--as", "nobody")
    assert runs.get(server.store, waiting_run).state == "inProgress"
    assert [a["run_id"] for a in told(server, "approve")] == [waiting_run]
    done = told(server, "approve", number, "--as", "avery", "--comment", "it is fine")
    assert done["status"] == "approved"
    assert server.finished(waiting_run).result == "succeeded"
    shown = server.command("runs", "show", number).stdout
    assert 'approved by avery: "it is fine"' in shown
    assert "waits for no approval: it is succeeded" in refused(
        server, "approve", number, "--as", "avery"
    )


def test_a_rejection_by_the_approvals_own_id_ends_the_stage(
    server: ShipwayServer, waiting_run: int
) -> None:
    (waiting,) = approvals.list_of(server.store, run_id=waiting_run, status="pending")
    done = server.command("reject", waiting.approval_id, "--as", "avery", "--comment", "too slow")
    assert "rejected: prod" in done.stdout
    assert server.finished(waiting_run).result == "failed"
    told_all = told(server, "runs", "show", str(waiting_run))
    stages = {r["ref_name"]: r["result"] for r in told_all["records"] if r["kind"] == "Stage"}
    assert stages == {"Build": "succeeded", "Release": "failed"}


# -- logs and lineage ------------------------------------------------------------------------


def test_logs_of_a_run_of_the_server_and_while_they_grow(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = project.push(
        "steps:\n- script: for i in 1 2 3; do echo line-$i; sleep 0.4; done\n  displayName: slow\n"
        "- script: echo second\n  displayName: other\n"
    )
    followed = server.command("logs", str(run_id), "--follow").stdout.splitlines()
    assert [line for line in followed if line.startswith("line-")] == ["line-1", "line-2", "line-3"]
    assert followed.count("== slow") == 1
    only = told(server, "logs", str(run_id), "--step", "OTHER")
    assert {entry["step"] for entry in only} == {"other"}
    assert "no step with 'nothing'" in refused(server, "logs", str(run_id), "--step", "nothing")
    assert "serving: proxy" in server.command("logs").stdout


def test_lineage_says_what_is_missing(server: ShipwayServer, project: ProjectRepository) -> None:
    run_id = project.push("steps:\n- script: echo no model\n")
    version = server.finished(run_id).source_version
    for named in (str(run_id), version, version[:9]):
        found = told(server, "lineage", named)
        assert found["complete"] is False
        stations = {s["kind"]: s for s in found["stations"]}
        assert list(stations) == [
            "commit", "run", "ml_job", "model_version", "approval", "deployment",
        ]  # fmt: skip
        assert stations["commit"]["facts"]["commit"] == version
        assert stations["run"]["facts"]["run"] == str(run_id)
        assert stations["ml_job"]["is_found"] is False
    assert "not complete" in server.command("lineage", str(run_id)).stdout
    for unknown in ("no-such-thing", "model:7", "99998", "ep/blue"):
        refused(server, "lineage", unknown)


# -- the rest --------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["models", "endpoints", "schedules", "approve"])
def test_empty_lists_are_lists(server: ShipwayServer, verb: str) -> None:
    if verb == "approve":
        for one in approvals.list_of(server.store, status="pending"):
            server.command("runs", "cancel", str(one.run_id))
            server.finished(one.run_id)
    assert told(server, verb) == []
    assert server.command(verb).stderr == ""


def test_unknown_names_are_told_with_those_that_there_are(server: ShipwayServer) -> None:
    assert "no model 'none'" in refused(server, "models", "none")
    assert "no endpoint 'none'" in refused(server, "endpoints", "none")
    assert "no endpoint 'none'" in refused(server, "invoke", "none", "--file", __file__)


def test_the_owners_api_takes_the_token_and_never_a_cookie(server: ShipwayServer) -> None:
    users.ensure_demo_users(server.store)
    visitor = signed_in(server, "owner")
    assert visitor.get("/runs").status == 200
    for headers in ({"Cookie": visitor.cookie}, {"Authorization": "Bearer wrong"}, {}):
        for method, path in (
            ("GET", "/runs"),
            ("POST", "/links"),
            ("POST", "/approvals/1/approve"),
        ):
            status, answer = raw(server, method, path, headers, "{}")
            assert (status, answer["error"]["code"]) == (401, "OwnerTokenNeeded")


@pytest.mark.parametrize(
    ("method", "path", "body", "names"),
    [
        ("GET", "/runs/x", "", "run"),
        ("GET", "/runs?limit=many", "", "limit"),
        ("GET", "/runs?sort=1", "", "sort"),
        ("GET", "/approvals?state=gone", "", "state"),
        ("POST", "/links", '{"as": 5}', "as"),
        ("POST", "/links", '{"page": "https://e.org"}', "page"),
        ("POST", "/links", "[1]", "POST /api/v1/links"),
        ("POST", "/links", "{", "POST /api/v1/links"),
        ("POST", "/approvals/none/approve", "{}", "none"),
        ("PATCH", "/runs/1", "{}", "/api/v1/runs/1"),
        ("GET", "/nothing", "", "/api/v1/nothing"),
    ],
)
def test_wrong_requests_are_refused_by_name(
    server: ShipwayServer, method: str, path: str, body: str, names: str
) -> None:
    token = (server.home / "run" / "owner.token").read_text()
    status, answer = raw(server, method, path, {"Authorization": f"Bearer {token}"}, body)
    assert 400 <= status < 502
    error = answer["error"]
    assert names in f"{error['target']} {error['message']}"
    assert error["hint"] or error["message"]


def test_new_makes_a_repository_with_one_commit(server: ShipwayServer, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    made = told(server, "new", str(folder))
    assert made["folder"] == str(folder)

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
        ).stdout

    assert git("log", "--format=%s").splitlines() == ["The reference stack"]
    assert git("status", "--porcelain") == ""
    assert "127.0.0.1" in git("config", "--get-regexp", r"^http\..*\.proxy$")
    assert (folder / "azure-devops" / "ml-pipeline.yml").exists()
    assert "is not empty" in refused(server, "new", str(folder))


AGAIN = """
stages:
- stage: Build
  jobs:
  - {job: A, steps: [{checkout: none}, {script: echo a}]}
  - {job: B, dependsOn: A, steps: [{checkout: none}, {script: test $(System.JobAttempt) = 2}]}
- stage: Later
  trigger: manual
  jobs: [{job: C, steps: [{checkout: none}, {script: "echo '##vso[build.addbuildtag]late'"}]}]
"""


def test_what_failed_in_a_run_runs_again_and_a_stage_is_started(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run = str(project.push(AGAIN))
    assert server.finished(int(run)).result == "failed"
    assert told(server, "runs", "rerun", run, "--failed", "--as", "dana")["state"] == "inProgress"
    wait_until(lambda: runs.get(server.store, int(run)).result == "succeeded")
    shown = server.command("runs", "show", run).stdout
    assert "Build (attempt 2)" in shown
    assert f"shipway runs start-stage {run} Later" in shown
    assert told(server, "runs", "show", run)["to_start"] == ["Later"]
    server.command("runs", "start-stage", run, "later")
    wait_until(lambda: runs.get(server.store, int(run)).tags == ("late",))
    server.finished(int(run))
    assert told(server, "runs", "tag", run, "--add", "two words", "--remove", "LATE") == {
        "run_id": int(run), "tags": ["two words"],
    }  # fmt: skip
    assert [r["run_id"] for r in told(server, "runs", "list", "--tag", "Two Words")] == [int(run)]
    assert "Its stages: Build, Later." in refused(server, "runs", "retry-stage", run, "x", "--only")
    assert "is over" in refused(server, "runs", "cancel-stage", run, "Build")
