"""A run reads the stubs of its commit: they make tasks known, and their mistakes end it."""

from pathlib import Path

import pytest
from tests.unit.loop.test_run_files import commit

from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import definitions, known_tasks, projects, repositories, run_stubs, runs
from shipway.devops.runs import Run
from shipway.loop import run_compilation
from shipway.store.store import Store, open_store

YAML = "steps:\n- task: ContosoScan@2\n- task: DotNetCoreCLI@2\n  name: tests\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(Home(tmp_path / "home"), SystemClock())
    users.ensure_demo_users(made)
    return made


def queue(store: Store, stubs: str = "", yaml: str = YAML) -> Run:
    project = projects.create(store, name="ml")
    repository = repositories.create(store, project_id=project.project_id, name="app")
    files = {"azure-pipelines.yml": yaml} | ({"shipway.yml": stubs} if stubs else {})
    version = commit(store, repository, files, "refs/heads/main")
    definition = definitions.create(
        store, project_id=project.project_id, name="p", repository_id=repository.repository_id
    )
    return runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version=version, reason="manual",
        requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip


def test_every_task_that_is_not_here_is_told_with_its_place_and_what_to_do(store: Store) -> None:
    result = run_compilation.compile_run(store, queue(store), path="azure-pipelines.yml")
    assert result.plan is None
    first, second = result.diagnostics
    assert (first.file, first.line, first.column) == ("azure-pipelines.yml", 2, 9)
    assert (second.line, second.column) == (3, 9)
    assert "a task called 'ContosoScan'" in first.message
    assert second.message.endswith("(Task version 2, job 'Job', step 'tests'.)")
    assert "{'ContosoScan@2': succeed}" in first.hint
    # the service prints no place for them
    assert result.error_text.startswith("A task is missing.")


def test_stubs_of_the_commit_let_it_compile(store: Store) -> None:
    run = queue(store, "tasks:\n  ContosoScan@2: succeed\n  DotNetCoreCLI@2: fail\n")
    result = run_compilation.compile_run(store, run, path="azure-pipelines.yml")
    assert result.plan is not None
    assert [s.kind for s in run_stubs.of_run(store, run).stubs] == ["succeed", "fail"]


def test_a_mistake_in_the_stubs_ends_the_run(store: Store) -> None:
    run = queue(store, "tasks:\n  ContosoScan@2: passes\n", "steps:\n- bash: echo\n")
    result = run_compilation.compile_run(store, run, path="azure-pipelines.yml")
    assert result.plan is None
    assert [(d.file, d.line) for d in result.diagnostics] == [("shipway.yml", 2)]


def test_a_task_of_agentless_jobs_does_not_run_on_an_agent(store: Store) -> None:
    yaml = (
        "jobs:\n- job: a\n  steps:\n  - task: Delay@1\n    name: pause\n"
        "- job: b\n  pool: server\n  steps:\n  - task: Delay@1\n  - bash: echo\n"
    )
    result = run_compilation.compile_run(store, queue(store, "", yaml), path="azure-pipelines.yml")
    assert [(d.line, d.message.partition(" at version")[0]) for d in result.diagnostics] == [
        (4, "Job a: Step pause references task 'Delay'"),
        (10, "Job b: Step  references task 'Bash'"),
    ]


def test_a_task_may_be_named_by_its_id(store: Store) -> None:
    yaml = (
        "jobs:\n- job: a\n  pool: server\n  steps:\n"
        "  - task: 28782B92-5E8E-4458-9751-A71CD1492BAE@1\n  - checkout: self\n"
    )
    run = queue(store, "", yaml)
    result = run_compilation.compile_run(store, run, path="azure-pipelines.yml")
    assert [d.message.partition(" at version")[0] for d in result.diagnostics] == [
        "Job a: Step  references task 'Checkout'"
    ]
    assert known_tasks.names_by_id()["28782b92-5e8e-4458-9751-a71cd1492bae"] == "Delay"


def test_why_a_task_is_not_here_is_told(store: Store) -> None:
    yaml = (
        "jobs:\n- job: a\n  pool: server\n  steps:\n  - task: MLPublishedPipelineRestAPITask@0\n"
        "  - task: Synapse workspace deployment@2\n"
    )
    result = run_compilation.compile_run(store, queue(store, "", yaml), path="azure-pipelines.yml")
    published, synapse = result.diagnostics
    assert "SDK" in published.hint
    assert "'Synapse workspace deployment'" in synapse.message
