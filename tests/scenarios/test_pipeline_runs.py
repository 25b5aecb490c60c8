"""A push becomes a run: stages, jobs, steps, outputs, artifacts, approvals, restarts."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.shipway_server import ProjectRepository, ShipwayServer, running, wait_for, wait_until
from tests.support import permissions

from shipway.azure.entra import users
from shipway.base.errors import Forbidden
from shipway.devops import approvals, artifacts, checks, environments, logs, runs, variable_groups
from shipway.devops.approval_entities import Approval
from shipway.devops.runs import Record
from shipway.devops.variable_groups import GroupVariable
from shipway.loop import run as station

SECRET = "Tr0ub4dor&3-of-the-group"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ShipwayServer]:
    with running(tmp_path) as made:
        yield made


@pytest.fixture
def project(server: ShipwayServer) -> ProjectRepository:
    return server.project()


def text_of(server: ShipwayServer, record: Record) -> str:
    assert record.log_id is not None
    log = logs.get(server.store, run_id=record.run_id, log_id=record.log_id)
    return "\n".join(logs.read(server.store, log, with_times=False))


def step(server: ShipwayServer, run_id: int, name: str) -> Record:
    return next(r for r in server.records(run_id, "Task") if r.name == name)


def test_outputs_artifacts_and_conditions_travel_between_stages(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = project.push("""
variables: {who: world}
stages:
- stage: A
  jobs:
  - job: One
    steps:
    - script: echo "##vso[task.setvariable variable=v;isOutput=true]$(who)-42"
      name: out
    - script: mkdir -p a && echo data > a/file.txt
    - publish: a
      artifact: things
- stage: B
  jobs:
  - job: Two
    variables:
      x: $[ stageDependencies.A.One.outputs['out.v'] ]
    steps:
    - checkout: none
    - download: current
      artifact: things
    - script: echo "got $(x) and $(cat $(Pipeline.Workspace)/things/file.txt)"
      displayName: show
    - script: exit 3
      continueOnError: true
    - script: exit 4
      displayName: breaks
    - script: echo never
      displayName: after
    - script: echo "cleaning"
      displayName: always
      condition: always()
- stage: C
  jobs: [{job: Three, steps: [{script: echo no}]}]
- stage: D
  dependsOn: [A, B]
  condition: failed()
  jobs: [{job: Four, steps: [{script: echo notify}]}]
""")
    run = server.finished(run_id)
    assert run.result == "failed"
    assert "got world-42 and data" in text_of(server, step(server, run_id, "show"))
    stages = {r.ref_name: r.result for r in server.records(run_id, "Stage")}
    assert stages == {"A": "succeeded", "B": "failed", "C": "skipped", "D": "succeeded"}
    assert step(server, run_id, "breaks").result == "failed"
    assert step(server, run_id, "after").result == "skipped"
    assert step(server, run_id, "always").result == "succeeded"
    assert [a.name for a in artifacts.list_of(server.store, run_id=run_id)] == ["things"]


def test_a_job_starts_as_on_a_fresh_machine(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = project.push("""
jobs:
- job: Leaves
  steps:
  - task: UsePythonVersion@0
    inputs: {versionSpec: '3.x'}
  - script: |
      pip install -q six && python -c "import six" || exit 1
      mkdir -p $AZURE_CONFIG_DIR && touch ~/left $TMPDIR/left $AZURE_CONFIG_DIR/left
- job: Finds
  dependsOn: Leaves
  steps:
  - task: UsePythonVersion@0
    inputs: {versionSpec: '3.x'}
  - script: |
      python -c "import six" 2>/dev/null && echo FOUND package
      for d in ~ $TMPDIR $AZURE_CONFIG_DIR; do [ -e $d/left ] && echo FOUND $d; done
      env | grep -v '^SHIPWAY_PYTHON=' |
        grep -iE 'azure_client|azure_tenant|identity_|shipway_' | sed 's/^/FOUND /'
      echo done
    displayName: looks
""")
    assert server.finished(run_id, seconds=90).result == "succeeded"
    found = [
        line
        for line in text_of(server, step(server, run_id, "looks")).splitlines()
        if line.startswith("FOUND")
    ]
    assert found == []


def test_no_secret_reaches_the_disk_in_clear(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    group = variable_groups.create(
        server.store, project_id=project.project_id, name="g",
        variables={"pw": GroupVariable(value=SECRET, is_secret=True)},
    )  # fmt: skip
    permissions.open_to_all(server.store, "variablegroup", group.group_id)
    run_id = project.push("""
variables: [{group: g}]
steps:
- script: |
    echo "plain $(pw)"; printf '%s' "$MAPPED" | base64
    echo "##vso[task.setvariable variable=made;issecret=true]$(echo made-$((40+2))-in-the-step)"
  env: {MAPPED: $(pw)}
  displayName: prints
- script: echo "later $(made)"
  displayName: later
""")
    assert server.finished(run_id).result == "succeeded"
    assert "plain ***" in text_of(server, step(server, run_id, "prints"))
    assert "later ***" in text_of(server, step(server, run_id, "later"))
    server.down()
    wanted = [SECRET.encode(), base64.b64encode(SECRET.encode())[:-4], b"made-42-in-the-step"]
    leaks = [
        (str(path), secret)
        for path in server.home.rglob("*")
        if path.is_file()
        for secret in wanted
        if secret in path.read_bytes()
    ]
    assert leaks == []


GATED = """
stages:
- stage: Build
  jobs: [{job: B, steps: [{script: echo built}]}]
- stage: Release
  jobs:
  - deployment: Ship
    environment: prod
    strategy: {runOnce: {deploy: {steps: [{script: echo shipped, displayName: ships}]}}}
"""


def gate(server: ShipwayServer, project: ProjectRepository, *, minutes: int = 60) -> None:
    """An approval by avery (or dana, who may not approve her own) on `prod`."""
    made = environments.create(server.store, project_id=project.project_id, name="prod")
    permissions.open_to_all(server.store, "environment", made.environment_id)
    people = [users.get(server.store, n) for n in ("avery", "dana")]
    checks.create(
        server.store, project_id=project.project_id, kind="Approval",
        resource_type="environment", resource_id=str(made.environment_id), resource_name="prod",
        settings={"approvers": [{"id": p.object_id} for p in people],
                  "requesterCannotBeApprover": True, "minRequiredApprovers": 1},
        timeout_minutes=minutes,
    )  # fmt: skip


def waiting(server: ShipwayServer, run_id: int) -> Approval:
    def find() -> Approval | None:
        found = approvals.list_of(server.store, run_id=run_id, status="pending")
        return found[0] if found else None

    return wait_for(find)


def test_a_run_waits_for_its_approval_over_a_restart(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    gate(server, project)
    run_id = project.push(GATED)
    approval = waiting(server, run_id)
    server.kill()
    server.up()
    dana = users.principal_of(server.store, users.get(server.store, "dana"))
    with pytest.raises(Forbidden):
        approvals.approve(server.store, approval_id=approval.approval_id, principal=dana)
    assert runs.get(server.store, run_id).state == "inProgress"
    avery = users.principal_of(server.store, users.get(server.store, "avery"))
    approvals.approve(
        server.store, approval_id=approval.approval_id, principal=avery, comment="fine"
    )
    assert server.finished(run_id).result == "succeeded"
    assert step(server, run_id, "ships").result == "succeeded"


def test_a_rejected_approval_ends_the_stage(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    gate(server, project)
    run_id = project.push(GATED)
    avery = users.principal_of(server.store, users.get(server.store, "avery"))
    approvals.reject(server.store, approval_id=waiting(server, run_id).approval_id, principal=avery)
    assert server.finished(run_id).result == "failed"
    stages = {r.ref_name: r.result for r in server.records(run_id, "Stage")}
    assert stages == {"Build": "succeeded", "Release": "failed"}


@pytest.mark.parametrize("moment", ["before the step", "while it runs", "between two steps"])
def test_no_step_runs_twice_when_the_server_is_killed(
    server: ShipwayServer, project: ProjectRepository, tmp_path: Path, moment: str
) -> None:
    marker = tmp_path / "marker"
    run_id = project.push(f"""
steps:
- checkout: none
- script: echo one >> {marker}; echo "##vso[task.setvariable variable=kept]first"
- script: |
    echo two >> {marker}; sleep 2; echo "kept $(kept)"
    echo "##vso[task.setvariable variable=more]second"
  displayName: slow
- script: echo three >> {marker}; echo "both $(kept) $(more)"
  displayName: last
""")
    lines = {"before the step": 0, "while it runs": 2, "between two steps": 1}[moment]
    wait_until(lambda: lines == 0 or (marker.exists() and len(marker.read_text().split()) >= lines))
    server.kill()
    server.up()
    assert server.finished(run_id).result == "succeeded"
    assert marker.read_text().split() == ["one", "two", "three"]
    assert "kept first" in text_of(server, step(server, run_id, "slow"))
    assert "both first second" in text_of(server, step(server, run_id, "last"))


def test_a_canceled_run_ends_with_its_processes(
    server: ShipwayServer, project: ProjectRepository, tmp_path: Path
) -> None:
    mark = tmp_path / "pid"
    run_id = project.push(f"""
steps:
- checkout: none
- script: echo $$ > {mark}; sleep 300
- script: echo cleanup
  displayName: cleanup
  condition: always()
""")
    wait_until(lambda: mark.exists() and mark.read_text().strip())
    dana = users.principal_of(server.store, users.get(server.store, "dana"))
    station.cancel(server.store, run_id=run_id, principal=dana)
    assert server.finished(run_id).result == "canceled"
    assert not Path(f"/proc/{mark.read_text().strip()}").exists()


def test_yaml_that_does_not_compile_ends_the_run_with_line_and_column(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run_id = project.push("steps:\n- script: echo\n  conditon: always()\n")
    run = server.finished(run_id)
    assert run.result == "failed"
    found = run.diagnostics[0]
    assert (found["line"], found["column"]) == (3, 3)
    assert "conditon" in found["message"]
    assert not re.search("Traceback", str(run.diagnostics))
