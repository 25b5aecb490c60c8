"""Runs and their timelines as records."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.devops_door import new_store

from shipway.base.clock import FrozenClock
from shipway.base.errors import Conflict, NotFound
from shipway.devops import definitions, projects, run_states, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import Issue, OutputVariable, Record, Requester
from shipway.store.store import Store

DANA = Requester(object_id="1", name="dana")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path, FrozenClock())


@pytest.fixture
def definition(store: Store) -> PipelineDefinition:
    project = projects.create(store, name="p")
    return definitions.create(store, project_id=project.project_id, name="ml", repository_id="r")


def queue(store: Store, definition: PipelineDefinition) -> runs.Run:
    return runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version="c", reason="manual",
        requested_by=DANA, variables={"a": "1"}, parameters={"list": [1, {"b": None}]},
    )  # fmt: skip


def test_a_run_comes_back_as_it_was_written(store: Store, definition: PipelineDefinition) -> None:
    run = queue(store, definition)
    assert runs.get(store, run.run_id) == run
    changed = runs.set_run(store, run.run_id, plan={"stages": []}, state="inProgress")
    assert runs.get(store, run.run_id) == changed
    assert runs.list_of(store) == [replace(changed, plan=None)]
    assert runs.find_by_plan(store, run.plan_id) == changed


def test_names_count_by_day_and_definition(store: Store, definition: PipelineDefinition) -> None:
    names = [queue(store, definition).run_name for _ in range(2)]
    assert names == ["20260101.1", "20260101.2"]
    assert isinstance(store.clock, FrozenClock)
    store.clock.advance(86_400)
    assert queue(store, definition).run_name == "20260102.1"


def test_a_disabled_definition_queues_nothing(store: Store, definition: PipelineDefinition) -> None:
    off = definitions.replace_definition(store, replace(definition, queue_status="disabled"))
    with pytest.raises(Conflict, match="'ml' is disabled"):
        queue(store, off)
    assert runs.list_of(store) == []


def test_records_are_listed_parents_first_in_their_order(
    store: Store, definition: PipelineDefinition
) -> None:
    run = queue(store, definition)
    made = [
        Record(record_id="z", run_id=run.run_id, kind="Stage", name="A", order=1),
        Record(record_id="y", run_id=run.run_id, kind="Stage", name="B", order=2),
        Record(record_id="b", run_id=run.run_id, kind="Job", name="J", parent_id="y",
               issues=(Issue(kind="error", message="m"),),
               outputs={"s.v": OutputVariable(value="1", is_secret=True)}),
        Record(record_id="a", run_id=run.run_id, kind="Job", name="J", parent_id="z"),
    ]  # fmt: skip
    for record in made:
        runs.set_record(store, record)
    assert [r.record_id for r in runs.records_of(store, run.run_id)] == ["z", "a", "y", "b"]
    assert runs.get_record(store, run.run_id, "b") == made[2]
    with pytest.raises(NotFound, match="timeline record none"):
        runs.get_record(store, run.run_id, "none")


def test_the_worst_result_wins_and_skipped_changes_nothing() -> None:
    assert run_states.worst(["succeeded", "skipped", "succeededWithIssues"]) == (
        "succeededWithIssues"
    )
    assert run_states.worst(["failed", "canceled", "succeeded"]) == "failed"
    assert run_states.worst([]) == "skipped"


def test_lists_go_from_the_newest_down_over_pages_and_gaps(
    store: Store, definition: PipelineDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_PAGE", 3)
    made = [queue(store, definition).run_id for _ in range(8)]
    for gone in (made[2], made[6]):
        store.documents.delete("run", f"{gone:010}")
    left = [n for n in reversed(made) if n not in (made[2], made[6])]
    assert [r.run_id for r in runs.list_of(store)] == left
    assert [r.run_id for r in runs.list_of(store, limit=2)] == left[:2]
