"""Rolling and canary deployments, machines, several repositories, artifacts of other pipelines."""

import json
from collections.abc import Iterator

import pytest
from tests.shipway_server import ProjectRepository, ShipwayServer, running
from tests.support import permissions

from shipway.devops import (
    definitions,
    environment_machines,
    environments,
    logs,
    projects,
    repositories,
    runs,
)

PRODUCER = """
jobs:
- job: P
  steps:
  - script: echo v1 > $(Build.ArtifactStagingDirectory)/model
  - publish: $(Build.ArtifactStagingDirectory)
    artifact: model
"""
CONSUMER = """
resources:
  repositories:
  - {repository: tools, name: Tools}
  - {repository: lib, name: shared/Lib, ref: refs/tags/v1}
  pipelines:
  - {pipeline: made, source: producer}
stages:
- stage: Build
  jobs:
  - job: B
    steps:
    - checkout: self
    - checkout: tools
      path: s/kit
      fetchDepth: 0
      persistCredentials: true
    - checkout: lib
    - bash: |
        set -e
        cat stack/azure-pipelines.yml kit/file Lib/file > /dev/null
        test $PWD = $(Build.SourcesDirectory)
        test $(git -C kit rev-list --count HEAD) = 2
        git -C kit fetch -q origin
        test $(git -C Lib rev-list --count HEAD) = 1
- stage: Roll
  jobs:
  - deployment: R
    environment: {name: fleet, resourceType: VirtualMachine, tags: web}
    strategy:
      rolling:
        maxParallel: 1
        deploy:
          steps:
          - bash: |
              set -e
              cat $(Pipeline.Workspace)/made/model/model
              touch ~/been
              echo "##vso[task.setvariable variable=at;isOutput=true]$(Environment.ResourceName)"
            name: s
        routeTraffic: {steps: [{bash: test -e ~/been}]}
        on: {success: {steps: [{bash: 'echo $(Strategy.Name) $(Strategy.CycleName)'}]}}
  - deployment: C
    environment: fleet.vm2
    strategy:
      canary:
        increments: [10, 20]
        preDeploy: {steps: [{bash: 'echo before'}]}
        deploy:
          steps:
          - download: none
          - bash: |
              set -e
              test $(Strategy.Increment) = 10
              echo "##vso[task.setvariable variable=at;isOutput=true]$(Strategy.Increment)"
            name: s
        on: {failure: {steps: [{bash: 'echo rolled back'}]}}
- stage: After
  dependsOn: Roll
  condition: always()
  variables:
    rolled: $[ stageDependencies.Roll.R.outputs['deploy_vm2.s.at'] ]
    canary: $[ stageDependencies.Roll.C.outputs['deploy_10.s.at'] ]
  jobs:
  - job: A
    steps:
    - checkout: none
    - bash: test $(rolled)-$(canary) = vm2-10
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("deployments")) as made:
        yield made


@pytest.fixture(scope="module")
def project(server: ShipwayServer) -> ProjectRepository:
    """A project with machines, a producer that has run, and repositories beside its own."""
    made = server.project()
    target = environments.create(server.store, project_id=made.project_id, name="fleet")
    permissions.open_to_all(server.store, "environment", target.environment_id)
    for machine in (("vm1", "web"), ("vm2", "web", "eu"), ("db1",)):
        tags = [word for tag in machine[1:] for word in ("--tag", tag)]
        server.command("environments", "add-machine", "fleet", machine[0], *tags)
    shared = projects.create(server.store, name="shared").project_id
    for project_id, name in ((made.project_id, "Tools"), (shared, "Lib")):
        repository = repositories.create(server.store, project_id=project_id, name=name)
        permissions.open_to_all(
            server.store, "repository", f"{project_id}.{repository.repository_id}"
        )
        source = server.home.parent / name
        source.mkdir()
        server.git(source, "init", "-q", "-b", "main")
        for text in ("one", "two"):
            (source / "file").write_text(text)
            (source / "azure-pipelines.yml").write_text(PRODUCER)
            server.git(source, "add", "-A")
            server.git(source, "commit", "-q", "-m", text)
        server.git(source, "tag", "v1")
        if name == "Tools":
            definitions.create(
                server.store, project_id=project_id, name="producer",
                repository_id=repository.repository_id,
            )  # fmt: skip
        place = "ml" if name == "Tools" else "shared"
        url = f"https://any:{server.token()}@dev.azure.com/shipway/{place}/_git/{name}"
        server.git(source, "push", "-q", url, "main", "v1")
    (queued,) = runs.list_of(server.store)
    assert server.finished(queued.run_id).result == "succeeded"
    return made


def failures(server: ShipwayServer, run_id: int) -> dict[str, str]:
    """The logs of the steps that failed, by name."""
    return {
        record.name: str(
            logs.read(server.store, logs.get(server.store, run_id=run_id, log_id=record.log_id))
        )
        for record in server.records(run_id, "Task")
        if record.result == "failed" and record.log_id
    }


def test_deployments_run_on_machines_and_in_increments(
    server: ShipwayServer, project: ProjectRepository
) -> None:
    run = server.finished(project.push(CONSUMER), seconds=120)
    results = {r.identifier: r.result for r in server.records(run.run_id, "Job")}
    expected = {
        "Build.B.__default": "succeeded",
        "Roll.R.deploy_vm1": "succeeded", "Roll.R.routeTraffic_vm1": "succeeded",
        "Roll.R.deploy_vm2": "succeeded", "Roll.R.routeTraffic_vm2": "succeeded",
        "Roll.R.success_vm1": "succeeded", "Roll.R.success_vm2": "succeeded",
        "Roll.C.preDeploy": "succeeded", "Roll.C.deploy_10": "succeeded",
        "Roll.C.deploy_20": "failed", "Roll.C.failure": "succeeded",
        "After.A.__default": "succeeded",
    }  # fmt: skip
    assert results == expected, failures(server, run.run_id)
    assert list(results) == list(expected)
    names = [r.name for r in server.records(run.run_id, "Task") if r.name.startswith("Checkout")]
    assert names == [
        "Checkout stack@main to s/stack", "Checkout Tools@main to s/kit",
        "Checkout shared/Lib@refs/tags/v1 to s/Lib",
    ]  # fmt: skip
    (told,) = json.loads(server.command("environments", "list", "--json").stdout)
    assert [(m["name"], m["tags"]) for m in told["machines"]] == [
        ("db1", []), ("vm1", ["web"]), ("vm2", ["web", "eu"]),
    ]  # fmt: skip
    assert {(d["job"], d["machine"], d["result"]) for d in told["deployments"]} == {
        ("R", "vm1", "succeeded"), ("R", "vm2", "succeeded"), ("C", "vm2", "failed"),
    }  # fmt: skip


def test_a_machine_goes_with_its_folder(server: ShipwayServer, project: ProjectRepository) -> None:
    target = environments.find(server.store, project_id=project.project_id, name="fleet")
    assert target is not None
    number = target.environment_id
    made = environment_machines.find(server.store, environment_id=number, name="vm1")
    assert made is not None
    folder = environment_machines.folder_of(server.store.home, made.machine_id)
    assert (folder / "home" / "been").exists()
    server.command("environments", "remove-machine", "fleet", "VM1")
    assert environment_machines.find(server.store, environment_id=number, name="vm1") is None
    assert not folder.exists()
    refused = server.command("environments", "remove-machine", "fleet", "vm1", check=False)
    assert refused.returncode == 1
    assert "does not exist in environment fleet" in refused.stderr
