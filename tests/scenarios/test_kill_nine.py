"""kill -9 of the whole server, anywhere: `shipway up` again and the work goes on, nothing twice.

Every step of everything that runs here appends its name to one file. What is written twice, or
not at all, was run twice or lost.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ml_lab import Lab, make_workspace
from tests.shipway_server import ProjectRepository, ShipwayServer, running, wait_for, wait_until
from tests.support import identities, permissions

from shipway.azure.arm import role_assignments
from shipway.azure.entra import users
from shipway.devops import approvals, checks, environments, runs

KILLS = 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ShipwayServer]:
    with running(tmp_path) as made:
        yield made


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    path = tmp_path / "ran"
    path.touch()
    return path


def ml_chain(server: ShipwayServer, marker: Path, *, steps: int, seconds: float = 0) -> str:
    """Submit a chain of steps, each of which needs the one before; the job's name."""
    made = Lab(store=server.store, workspace=make_workspace(server.store))
    component = made.component(
        f"echo ${{{{inputs.name}}}} >> {marker}; sleep {seconds};"
        " mkdir -p ${{outputs.o}}/in; echo ${{inputs.name}} > ${{outputs.o}}/name;"
        " echo more > ${{outputs.o}}/in/more",
        inputs={"name": {"type": "string"}, "before": {"type": "uri_folder", "optional": True}},
        outputs={"o": {"type": "uri_folder"}},
    )  # fmt: skip
    nodes = {}
    for number in range(steps):
        inputs = {"name": {"job_input_type": "literal", "value": f"ml{number}"}}
        if number:
            before = f"${{{{parent.jobs.s{number - 1}.outputs.o}}}}"
            inputs["before"] = {"job_input_type": "literal", "value": before}
        nodes[f"s{number}"] = {"type": "command", "componentId": component, "inputs": inputs}
    return made.pipeline(nodes).name


def ml_ended(server: ShipwayServer, name: str, *, steps: int, seconds: float = 40) -> None:
    """Wait for the chain: completed, with every output whole."""
    found = Lab(store=server.store, workspace=make_workspace(server.store))
    done = found.ended(name, seconds=seconds)
    assert (done.status, done.error) == ("Completed", {})
    for node, child in found.children(name).items():
        number = node.removeprefix("s")
        assert found.output(child.name, "o") == {"name": f"ml{number}\n", "in/more": "more\n"}
    assert len(found.children(name)) == steps


def pipeline(marker: Path, *, seconds: float = 0) -> str:
    """Two stages, three jobs, seven steps; one job has the repository checked out."""

    def step(name: str) -> str:
        return f"{{script: 'echo {name} >> {marker}; sleep {seconds}; cat azure-pipelines.yml'}}"

    def bare(name: str) -> str:
        return f"{{script: 'echo {name} >> {marker}; sleep {seconds}'}}"

    return f"""
stages:
- stage: A
  jobs:
  - job: One
    steps: [{step("a1")}, {step("a2")}, {step("a3")}]
  - job: Two
    steps: [{{checkout: none}}, {bare("b1")}, {bare("b2")}]
- stage: B
  jobs:
  - job: Three
    steps: [{{checkout: none}}, {bare("c1")}, {bare("c2")}]
"""


STEPS = ["a1", "a2", "a3", "b1", "b2", "c1", "c2"]


def run_ended(server: ShipwayServer, run_id: int, *, seconds: float = 40) -> None:
    run = server.finished(run_id, seconds=seconds)
    told = [(r.name, r.result, r.issues) for r in server.records(run_id, "Task")]
    assert run.result == "succeeded", told


def dead(pid: int) -> bool:
    """Whether the process is gone; our server is no child of ours."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except OSError:
        return True


def up_until_it_dies_at(server: ShipwayServer, point: str) -> int:
    """Start the server so that it will die at `point`; its process."""
    server.down()
    server.command("up", SHIPWAY_CRASH_AT=point)
    return server.pid()


@pytest.mark.slow
def test_work_goes_on_over_ten_kills_at_random_moments(server: ShipwayServer, marker: Path) -> None:
    project = server.project()
    run_id = project.push(pipeline(marker, seconds=0.8))
    name = ml_chain(server, marker, steps=8, seconds=0.4)
    moments = random.Random(os.environ.get("SHIPWAY_TEST_SEED", "nine"))
    for _ in range(KILLS):
        time.sleep(moments.random() * 0.9)
        server.kill()
        server.up()
    run_ended(server, run_id)
    ml_ended(server, name, steps=8)
    assert sorted(marker.read_text().split()) == sorted([*STEPS, *(f"ml{n}" for n in range(8))])


@pytest.mark.parametrize(
    "point", ["agent-after-lease", "agent-after-spawn", "agent-after-exit", "agent-before-report"]
)
def test_a_run_goes_on_after_a_kill(server: ShipwayServer, marker: Path, point: str) -> None:
    project = server.project()
    pid = up_until_it_dies_at(server, point)
    run_id = push_until_it_dies(project, pipeline(marker))
    wait_until(lambda: dead(pid))
    assert runs.get(server.store, run_id).state != "completed"
    server.up()
    run_ended(server, run_id)
    assert sorted(marker.read_text().split()) == STEPS


@pytest.mark.parametrize(
    "point",
    ["compute-after-lease", "compute-after-spawn", "compute-after-exit", "compute-during-upload"],
)
def test_an_ml_job_goes_on_after_a_kill(server: ShipwayServer, marker: Path, point: str) -> None:
    pid = up_until_it_dies_at(server, point)
    name = ml_chain(server, marker, steps=3)
    wait_until(lambda: dead(pid))
    server.up()
    ml_ended(server, name, steps=3)
    assert marker.read_text().split() == ["ml0", "ml1", "ml2"]


@pytest.mark.parametrize(
    "point", ["while it waits", "approve-before-commit", "approve-after-commit"]
)
def test_an_approval_survives_a_kill(server: ShipwayServer, marker: Path, point: str) -> None:
    project = server.project()
    gate(server, project)
    run_id = project.push(f"""
stages:
- stage: Build
  jobs: [{{job: B, steps: [{{checkout: none}}, {{script: 'echo built >> {marker}'}}]}}]
- stage: Release
  jobs:
  - deployment: Ship
    environment: prod
    strategy: {{runOnce: {{deploy: {{steps: [{{script: 'echo shipped >> {marker}'}}]}}}}}}
""")
    approval = wait_for(lambda: pending(server, run_id))
    if point == "while it waits":
        server.kill()
    else:
        pid = up_until_it_dies_at(server, point)
        answer = server.command("approve", str(run_id), "--as", "avery", check=False)
        assert answer.returncode == 1, answer.stdout  # the server went before it could answer
        wait_until(lambda: dead(pid))
    server.up()
    if point == "approve-after-commit":
        assert approvals.get(server.store, approval).status == "approved"
    else:
        assert marker.read_text().split() == ["built"]
        assert pending(server, run_id) == approval
        server.command("approve", str(run_id), "--as", "avery")
    run_ended(server, run_id)
    assert marker.read_text().split() == ["built", "shipped"]


JOB = """
command: echo ml >> {marker}; while [ ! -e {go} ]; do sleep 0.05; done; echo went on
environment: azureml:local:1
compute: azureml:cpu
"""


@pytest.mark.slow
def test_a_step_that_follows_an_ml_job_waits_for_the_server(
    server: ShipwayServer, marker: Path, tmp_path: Path
) -> None:
    """The step speaks to Azure while there is none: the job goes on, and so does who follows it."""
    project = server.project()
    azure = identities.make_azure(server)
    connection, _ = identities.connect(project, "to-azure")
    role_assignments.assign(
        server.store, principal_id=connection.object_id, role="Contributor",
        scope=azure.workspace.resource_id.partition("/providers/")[0],
    )  # fmt: skip
    go = tmp_path / "go"
    (project.folder / "job.yml").write_text(JOB.format(marker=marker, go=go))
    run_id = project.push(f"""
steps:
- task: AzureCLI@2
  inputs:
    azureSubscription: to-azure
    scriptType: bash
    scriptLocation: inlineScript
    inlineScript: |
      echo step >> {marker}
      az ml job create --file job.yml -w mlw -g rg --stream | tee {tmp_path}/streamed
""")
    wait_until(lambda: marker.read_text().split() == ["step", "ml"], seconds=60)
    wait_until((tmp_path / "streamed").read_text, seconds=20)
    server.kill()
    go.touch()
    server.up()
    run_ended(server, run_id)
    assert marker.read_text().split() == ["step", "ml"]
    assert "went on" in (tmp_path / "streamed").read_text()


def test_a_point_that_does_not_exist_is_refused(server: ShipwayServer) -> None:
    server.down()
    done = server.command("up", check=False, SHIPWAY_CRASH_AT="nowhere")
    assert done.returncode == 1
    assert "'nowhere'" in done.stderr
    assert "agent-after-lease" in done.stderr
    server.up()


def gate(server: ShipwayServer, project: ProjectRepository) -> None:
    """An approval by avery on `prod`."""
    made = environments.create(server.store, project_id=project.project_id, name="prod")
    permissions.open_to_all(server.store, "environment", made.environment_id)
    avery = users.get(server.store, "avery").object_id
    checks.create(
        server.store, project_id=project.project_id, kind="Approval",
        resource_type="environment", resource_id=str(made.environment_id), resource_name="prod",
        settings={"approvers": [{"id": avery}], "minRequiredApprovers": 1}, timeout_minutes=60,
    )  # fmt: skip


def pending(server: ShipwayServer, run_id: int) -> str | None:
    found = approvals.list_of(server.store, run_id=run_id, status="pending")
    return found[0].approval_id if found else None


def push_until_it_dies(project: ProjectRepository, yaml: str) -> int:
    """Push; the server may be gone before git has its answer. The run that it started."""
    try:
        return project.push(yaml)
    except AssertionError:
        (run,) = runs.list_of(project.server.store)
        return run.run_id
