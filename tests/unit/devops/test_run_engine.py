"""The run engine: progress in, instructions out, nothing else."""

from collections.abc import Mapping

import pytest

from shipway.azpipelines import compiler
from shipway.azpipelines.expand.includes import FileMissing
from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan
from shipway.base.messages import Instruction
from shipway.devops import run_engine
from shipway.devops.run_engine import (
    JobProgress,
    LegProgress,
    RunProgress,
    StageProgress,
    VariableSource,
)


class Variables(VariableSource):
    def of_stage(self, stage: StagePlan) -> Mapping[str, str]:
        return {"stage": stage.name}

    def of_job(self, stage: StagePlan, job: JobPlan) -> Mapping[str, str]:
        return {"stage": stage.name, "job": job.name}


class Text:
    def __init__(self, text: str) -> None:
        self._text = text

    def read(self, repository_alias: str, path: str) -> str:
        if path != "p.yml":
            raise FileMissing(path)
        return self._text


def plan_of(text: str) -> RunPlan:
    result = compiler.compile(files=Text(text), path="p.yml")
    assert result.plan is not None, result.error_text
    return result.plan


TWO = plan_of("""
stages:
- stage: A
  jobs: [{job: One, steps: [{script: echo}]}, {job: Two, dependsOn: One, steps: [{script: echo}]}]
- stage: B
  condition: eq(dependencies.A.outputs['One.s.v'], 'go')
  jobs: [{job: Three, steps: [{script: echo}]}]
- stage: C
  dependsOn: A
  condition: failed()
  jobs: [{job: Four, steps: [{script: echo}]}]
""")


def due(progress: RunProgress, plan: RunPlan = TWO) -> list[tuple[str, str, object]]:
    found = run_engine.next_instructions(plan, progress, Variables())
    return [(i.kind, i.subject, i.data.get("job") or i.data.get("result")) for i in found]


def at(**stages: StageProgress) -> dict[str, StageProgress]:
    return {name: stages.get(name, StageProgress()) for name in ("A", "B", "C")}


DONE = JobProgress(
    state="completed", result="succeeded",
    legs={"": LegProgress(state="completed", result="succeeded", outputs={"s.v": "go"})},
)  # fmt: skip


def test_a_run_begins_at_the_stages_that_depend_on_nothing() -> None:
    assert due(RunProgress(stages=at())) == [("OpenCheckpoint", "A", None)]


def test_a_stage_waits_for_its_checkpoint() -> None:
    assert due(RunProgress(stages=at(A=StageProgress(checkpoint="waiting")))) == []


def test_a_passed_checkpoint_starts_the_stage_and_a_failed_one_ends_it() -> None:
    passed = RunProgress(stages=at(A=StageProgress(checkpoint="passed")))
    assert due(passed) == [("StartStage", "A", None)]
    failed = RunProgress(stages=at(A=StageProgress(checkpoint="failed")))
    assert due(failed) == [("CompleteStage", "A", "failed")]


def test_a_checkpoint_that_nobody_answered_skips_the_stage() -> None:
    assert due(RunProgress(stages=at(A=StageProgress(checkpoint="skipped")))) == [
        ("CompleteStage", "A", "skipped")
    ]


def test_jobs_start_in_the_order_of_their_dependencies() -> None:
    running = StageProgress(state="inProgress", checkpoint="passed")
    assert due(RunProgress(stages=at(A=running))) == [("StartJob", "A", "One")]
    one_done = StageProgress(state="inProgress", checkpoint="passed", jobs={"One": DONE})
    assert due(RunProgress(stages=at(A=one_done))) == [("StartJob", "A", "Two")]


def test_a_job_whose_dependency_failed_is_skipped() -> None:
    failed = JobProgress(state="completed", result="failed")
    stage = StageProgress(state="inProgress", checkpoint="passed", jobs={"One": failed})
    assert due(RunProgress(stages=at(A=stage))) == [("CompleteJob", "A", "Two")]


def test_a_stage_ends_with_the_worst_result_of_its_jobs() -> None:
    failed = JobProgress(state="completed", result="failed")
    skipped = JobProgress(state="completed", result="skipped")
    stage = StageProgress(
        state="inProgress", checkpoint="passed", jobs={"One": failed, "Two": skipped}
    )
    assert due(RunProgress(stages=at(A=stage))) == [("CompleteStage", "A", "failed")]


def test_stage_conditions_read_outputs_and_status_functions() -> None:
    over = StageProgress(state="completed", result="succeeded", jobs={"One": DONE, "Two": DONE})
    assert due(RunProgress(stages=at(A=over))) == [
        ("OpenCheckpoint", "B", None),
        ("CompleteStage", "C", "skipped"),
    ]


def test_a_failed_stage_opens_only_the_one_that_waits_for_failure() -> None:
    over = StageProgress(state="completed", result="failed", jobs={})
    assert due(RunProgress(stages=at(A=over))) == [
        ("CompleteStage", "B", "skipped"),
        ("OpenCheckpoint", "C", None),
    ]


def test_a_canceled_run_stops_its_running_legs_once() -> None:
    running = JobProgress(state="inProgress", legs={"": LegProgress(state="inProgress")})
    stage = StageProgress(state="inProgress", checkpoint="passed", jobs={"One": running})
    assert due(RunProgress(stages=at(A=stage), canceling=True)) == [("CancelLeg", "A", "One")]
    asked = LegProgress(state="inProgress", cancel_requested=True)
    running = JobProgress(state="inProgress", legs={"": asked})
    stage = StageProgress(state="inProgress", checkpoint="passed", jobs={"One": running})
    assert due(RunProgress(stages=at(A=stage), canceling=True)) == []


def test_a_run_is_over_with_its_last_stage() -> None:
    ok = StageProgress(state="completed", result="succeeded")
    skipped = StageProgress(state="completed", result="skipped")
    assert due(RunProgress(stages=at(A=ok, B=ok, C=skipped))) == [("CompleteRun", "", "succeeded")]


MATRIX = plan_of("""
jobs:
- job: M
  strategy: {maxParallel: 1, matrix: {x: {v: '1'}, y: {v: '2'}}}
  steps: [{script: echo}]
""")


def test_max_parallel_holds_legs_back() -> None:
    legs = MATRIX.stages[0].jobs[0].fan_out
    assert legs is not None
    job = JobProgress(state="inProgress", planned_legs=legs.legs)
    stage = StageProgress(state="inProgress", checkpoint="passed", jobs={"M": job})
    found = run_engine.next_instructions(
        MATRIX, RunProgress(stages={MATRIX.stages[0].name: stage}), Variables()
    )
    assert [i.data for i in found] == [{"job": "M", "leg": "x"}]


@pytest.mark.parametrize("kind", ["deployment", "job"])
def test_outputs_carry_the_prefix_that_the_language_gives_them(kind: str) -> None:
    job = TWO.stages[0].jobs[0]
    from dataclasses import replace

    one = replace(job, kind=kind)  # type: ignore[arg-type]
    found = run_engine.outputs_of(one, DONE)
    assert found == ({"One.s.v": "go"} if kind == "deployment" else {"s.v": "go"})


def test_asking_again_gives_the_same_answer() -> None:
    progress = RunProgress(stages=at())
    first = run_engine.next_instructions(TWO, progress, Variables())
    assert first == run_engine.next_instructions(TWO, progress, Variables())
    assert all(isinstance(i, Instruction) for i in first)
