"""Pushes with real git: what arrives, what starts, what is refused."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.devops_door import Door, commit, git, open_door

from shipway.devops import definitions, projects, pushes, repositories, runs
from shipway.devops.definitions import PipelineDefinition, TriggerOverride
from shipway.devops.repositories import Repository
from shipway.devops.runs import Run
from shipway.loop import push

pytestmark = pytest.mark.git
YAML = "trigger:\n  branches:\n    include: [main]\nsteps:\n- script: echo hello\n"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as running:
        yield running


@pytest.fixture
def repository(door: Door) -> Repository:
    project = projects.create(door.store, name="Flight Delays")
    return repositories.create(door.store, project_id=project.project_id, name="flights")


@pytest.fixture
def definition(door: Door, repository: Repository) -> PipelineDefinition:
    return definitions.create(
        door.store, project_id=repository.project_id, name="ml",
        repository_id=repository.repository_id,
    )  # fmt: skip


@pytest.fixture
def clone(door: Door, repository: Repository, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    folder.mkdir()
    git("init", "-q", "-b", "main", cwd=folder)
    git("remote", "add", "origin", door.git_url("Flight%20Delays/_git/flights"), cwd=folder)
    return folder


def queued(door: Door) -> list[Run]:
    return list(reversed(runs.list_of(door.store)))


def test_a_push_that_matches_queues_a_run_of_that_commit(
    door: Door, definition: PipelineDefinition, clone: Path
) -> None:
    version = commit(clone, "azure-pipelines.yml", YAML)
    said = git("push", "-q", "origin", "main", cwd=clone)
    (run,) = queued(door)
    assert (run.source_version, run.source_branch) == (version, "refs/heads/main")
    assert (run.reason, run.requested_for.name) == ("individualCI", "owner")
    assert run.definition_id == definition.definition_id
    assert [e.kind for e in door.store.journal.of("run/1")] == ["RunQueued"]
    assert "run 1 of 'ml' is queued" in said
    assert (run.state, run.run_name.endswith(".1")) == ("pending", True)
