"""Pipelines that start when another one's run, or a stage of it, has gone well."""

from pathlib import Path

import pytest
from tests.support.begun_runs import end_jobs, settle
from tests.support.pushed_pipelines import pipeline_of, put, repository_of, somebody

from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import job_work, run_tags, runs, trigger_index
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import Run
from shipway.loop import run_retry
from shipway.store.store import Store, open_store

BUILD = """
trigger: [main, "releases/*"]
stages:
- stage: Make
  jobs: [{job: A, steps: [{script: echo a}]}]
- stage: Check
  jobs: [{job: B, steps: [{script: echo b}]}]
"""
DEPLOY = """
trigger: none
resources:
  pipelines:
  - pipeline: upstream
    source: build
    %s
steps: [{script: echo deploy}]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def scene(
    store: Store, trigger: str = "trigger: true", *, repository: str = "app"
) -> tuple[PipelineDefinition, PipelineDefinition]:
    """`build` in the repository app; `deploy`, which listens, in that one or another."""
    app, other = repository_of(store, "app"), repository_of(store, repository)
    put(store, other, {"deploy.yml": DEPLOY % trigger})
    deploy = pipeline_of(store, other, "deploy", path="deploy.yml")
    put(store, app, {"build.yml": BUILD})
    return pipeline_of(store, app, "build", path="build.yml"), deploy


def started(store: Store, definition: PipelineDefinition) -> list[Run]:
    return runs.list_of(store, definition_id=definition.definition_id)


def run_build(store: Store, *, ref: str = "refs/heads/main", result: str = "succeeded") -> Run:
    """Push to `ref` and end all that this starts, stage after stage."""
    (run,) = put(store, repository_of(store, "app"), {"a.txt": result + ref}, ref=ref).runs
    settle(store)
    for _ in range(2):
        end_jobs(store, run, result)
    return runs.get(store, run.run_id)


def test_a_run_that_goes_well_starts_who_listens_on_its_commit(store: Store) -> None:
    _, deploy = scene(store)
    done = run_build(store)
    (run,) = started(store, deploy)
    assert run.reason == "resourceTrigger"
    assert (run.source_branch, run.source_version) == (done.source_branch, done.source_version)
    assert run.requested_for.name == "dana"
    assert run.trigger_info["alias"] == "upstream"
    assert [(p.alias, p.run_id) for p in run.pipelines] == [("upstream", done.run_id)]


def test_its_variables_tell_who_triggered_it(store: Store) -> None:
    _, deploy = scene(store)
    done = run_build(store)
    (run,) = started(store, deploy)
    (record,) = (r for r in runs.records_of(store, run.run_id) if r.kind == "Job")
    work = job_work.of_record(store, run_id=run.run_id, record_id=record.record_id)
    values = {v.name: v.value for v in work.variables}
    prefix = "resources.pipeline.upstream."
    shown = {n.removeprefix(prefix): v for n, v in values.items() if n.startswith(prefix)}
    assert shown == {
        "projectID": done.project_id, "pipelineName": "build",
        "pipelineID": str(done.definition_id), "runName": done.run_name,
        "runID": str(done.run_id), "runURI": f"vstfs:///Build/Build/{done.run_id}",
        "sourceBranch": "refs/heads/main", "sourceCommit": done.source_version,
        "sourceProvider": "TfsGit", "requestedFor": "dana",
        "requestedForID": done.requested_for.object_id,
    }  # fmt: skip
    assert values["resources.triggeringAlias"] == "upstream"
    assert values["resources.triggeringCategory"] == "pipeline"
    assert values["Build.Reason"] == "ResourceTrigger"
    assert values["Build.TriggeredBy.BuildId"] == str(done.run_id)


def test_in_another_repository_it_runs_its_own_default_branch(store: Store) -> None:
    _, deploy = scene(store, repository="ops")
    run_build(store, ref="refs/heads/releases/1")
    (run,) = started(store, deploy)
    assert run.source_branch == "refs/heads/main"
    assert run.repository_id == deploy.repository_id
    assert run.pipelines[0].run_id != 0


FILTERED = {
    "all": "trigger: true", "none": "trigger: none", "silent": "branch: main",
    "main": "trigger: {branches: [main]}", "fixes": "trigger: {branches: {exclude: [main]}}",
    "tagged": "trigger: {tags: [ready]}", "off": "trigger: {enabled: false}",
}  # fmt: skip


def test_the_filters_decide(store: Store) -> None:
    scene(store)
    ops = repository_of(store, "ops")
    put(store, ops, {f"{name}.yml": DEPLOY % trigger for name, trigger in FILTERED.items()})
    listeners = {name: pipeline_of(store, ops, name, path=f"{name}.yml") for name in FILTERED}
    for ref, result, starts in (
        ("refs/heads/main", "failed", set()),
        ("refs/heads/main", "succeeded", {"all", "main"}),
        ("refs/heads/releases/1", "succeeded", {"all", "fixes"}),
    ):
        before = {name: len(started(store, d)) for name, d in listeners.items()}
        run_build(store, ref=ref, result=result)
        assert {n for n, d in listeners.items() if len(started(store, d)) > before[n]} == starts


def test_all_tags_have_to_be_there(store: Store) -> None:
    _, deploy = scene(store, "trigger: {tags: [Ready, good]}")
    (run,) = put(store, repository_of(store, "app"), {"a.txt": "x"}).runs
    settle(store)
    end_jobs(store, run)
    run_tags.change(store, run.run_id, add=["ready", "Good", "more"])
    end_jobs(store, run)
    assert len(started(store, deploy)) == 1


def test_stages_start_it_before_the_run_is_over_and_only_once(store: Store) -> None:
    _, deploy = scene(store, "trigger: {stages: [make]}")
    (run,) = put(store, repository_of(store, "app"), {"a.txt": "x"}).runs
    settle(store)
    end_jobs(store, run)
    assert len(started(store, deploy)) == 1
    end_jobs(store, run, "failed")
    run_retry.retry_stages(store, run_id=run.run_id, principal=somebody(store), stages=["Make"])
    settle(store)
    end_jobs(store, run)
    end_jobs(store, run)
    assert len(started(store, deploy)) == 1


def test_a_run_by_hand_takes_the_newest_that_went_well(store: Store) -> None:
    build, deploy = scene(store, "branch: main")
    good = run_build(store)
    run_build(store, ref="refs/heads/releases/1")
    run_build(store, result="failed")
    run = queued(store, deploy)
    assert [p.run_id for p in run.pipelines] == [good.run_id]
    named = queued(store, deploy, version=runs.list_of(
        store, definition_id=build.definition_id)[0].run_name)  # fmt: skip
    assert named.pipelines[0].run_id != good.run_id
    again = run_retry.rerun(store, run_id=run.run_id, principal=somebody(store))
    settle(store)
    assert runs.get(store, again.run_id).pipelines == run.pipelines


@pytest.mark.parametrize(
    ("trigger", "source", "message"),
    [
        ("branch: main", "nothing",
         "/deploy.yml (Line: 5, Col: 15): Pipeline Resource upstream Input Must be Valid."),
        ("version: 20200101.1", "build", "Unable to resolve latest version for pipeline upstream"),
    ],
)  # fmt: skip
def test_a_resource_without_a_run_ends_the_run_by_name(
    store: Store, trigger: str, source: str, message: str
) -> None:
    _, deploy = scene(store, trigger)
    run_build(store)
    text = (DEPLOY % trigger).replace("source: build", f"source: {source}")
    put(store, repository_of(store, "app"), {"deploy.yml": text})
    run = queued(store, deploy)
    assert (run.state, run.result) == ("completed", "failed")
    assert message in [
        f"/{d['file']} (Line: {d['line']}, Col: {d['column']}): {d['message']}"
        if message.startswith("/") else str(d["message"])[: len(message)]
        for d in run.diagnostics
    ]  # fmt: skip


def queued(store: Store, definition: PipelineDefinition, *, version: str = "") -> Run:
    """A run by hand of main."""
    run = runs.queue_run(
        store, definition=definition, branch="refs/heads/main",
        version=trigger_index.tip_of(store, definition), reason="manual",
        requested_by=somebody(store),
        pipeline_versions={"Upstream": version} if version else {},
    )  # fmt: skip
    settle(store)
    return runs.get(store, run.run_id)
