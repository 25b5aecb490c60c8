"""What a push starts: pipelines of the repository, pipelines of others that name it."""

from pathlib import Path

import pytest
from tests.support.begun_runs import end_jobs, settle
from tests.support.pushed_pipelines import pipeline_of, put, repository_of

from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import predefined_variables, runs
from shipway.store.store import Store, open_store

OWN = "trigger: {batch: %s, branches: [main]}\nsteps: [{script: echo}]\n"
USES = """
trigger: none
resources:
  repositories:
  - repository: lib
    type: git
    name: %s
    trigger: {branches: [main, "rel/*"], paths: {exclude: [docs]}}
steps: [{checkout: self}, {checkout: lib}]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def test_a_word_in_any_commit_keeps_it_from_starting(store: Store) -> None:
    repository = repository_of(store, "r")
    pipeline_of(store, repository, "p")
    put(store, repository, {"azure-pipelines.yml": OWN % "false"})
    for number, word in enumerate(
        ("[skip ci]", "[CI skip]", "a\n\nskip-checks: true", "[skip azp]", "***NO_CI***")
    ):
        assert put(store, repository, {"a.txt": str(number)}, comment=f"x {word}").runs == ()
    (run,) = put(store, repository, {"a.txt": "skip ci"}, comment="says: skip ci\nbody").runs
    assert run.trigger_info == {
        "ci.sourceBranch": "refs/heads/main", "ci.sourceSha": run.source_version,
        "ci.message": "says: skip ci", "ci.triggerRepository": repository.repository_id,
    }  # fmt: skip
    assert (run.reason, run.requested_for.name) == ("individualCI", "dana")


def test_a_batch_waits_and_starts_one_run_for_the_last_push(store: Store) -> None:
    repository = repository_of(store, "r")
    definition = pipeline_of(store, repository, "p")
    (first,) = put(store, repository, {"azure-pipelines.yml": OWN % "true"}).runs
    settle(store)
    assert put(store, repository, {"a.txt": "1"}, comment="one").runs == ()
    assert put(store, repository, {"a.txt": "2"}, comment="two").runs == ()
    end_jobs(store, first)
    second, *rest = runs.list_of(store, definition_id=definition.definition_id)
    assert (second.reason, second.trigger_info["ci.message"]) == ("batchedCI", "two")
    assert [r.run_id for r in rest] == [first.run_id]


@pytest.mark.parametrize("project", ["ml", "other"])
def test_a_push_to_a_repository_that_a_pipeline_names_starts_it(store: Store, project: str) -> None:
    app, lib = repository_of(store, "app"), repository_of(store, "lib", project=project)
    name = "lib" if project == "ml" else "other/lib"
    put(store, app, {"azure-pipelines.yml": USES % name})
    definition = pipeline_of(store, app, "p")
    (run,) = put(store, lib, {"a.txt": "1"}).runs
    assert (run.definition_id, run.source_branch) == (definition.definition_id, "refs/heads/main")
    pushed = run.trigger_info["ci.sourceSha"]
    assert run.source_version != pushed
    shown = predefined_variables.of_run(store, run)
    assert {n: shown[n] for n in ("Build.Repository.Name", "Build.SourceVersion")} == {
        "Build.Repository.Name": "lib", "Build.SourceVersion": pushed,
    }  # fmt: skip
    assert shown["Build.Reason"] == "IndividualCI"
    put(store, lib, {"a.txt": "2"})
    settle(store)
    plan = runs.get(store, run.run_id).plan
    assert isinstance(plan, dict)
    (used,) = plan["repositories"]
    assert (used["commit"], used["branch"]) == (pushed, "refs/heads/main")
    assert put(store, lib, {"docs/b.txt": "2"}).runs == ()
    assert put(store, lib, {"c.txt": "3"}, ref="refs/heads/other").runs == ()
