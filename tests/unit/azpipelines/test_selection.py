"""A part of a pipeline: what stays, what it waits for, and whose errors count."""

import pytest

from shipway.azpipelines import compiler, part_compiler, selection
from shipway.azpipelines.context import CompileContext
from shipway.azpipelines.part_compiler import PartResult
from shipway.azpipelines.plan import RunPlan
from shipway.azpipelines.selection import SelectionError

YAML = """\
stages:
- stage: Build
  jobs:
  - job: Lint
    steps: [{script: a}]
  - job: Unit
    displayName: All tests
    dependsOn: Lint
    steps: [{script: b}]
  - job: Pack
    dependsOn: Unit
    steps: [{script: c}]
- stage: Check
  jobs: [{job: Unit, steps: [{script: d}]}]
- stage: Ship
  jobs:
  - job: Go
    steps:
    - task: Marketplace@9
"""


class _File:
    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, repository_alias: str, path: str) -> str:
        del repository_alias, path
        return self.text


def plan_of(text: str = YAML) -> RunPlan:
    plan = compiler.compile(files=_File(text), path="a.yml").plan
    assert plan is not None
    return plan


def part(*stages: str, jobs: tuple[str, ...] = (), text: str = YAML) -> PartResult:
    context = CompileContext(known_tasks={"Bash": (3,), "CmdLine": (2,)})
    return part_compiler.compile_part(
        files=_File(text), path="a.yml", context=context, stages=stages, jobs=jobs
    )


def test_a_stage_depends_on_what_stood_behind_those_left_out() -> None:
    chosen = selection.select(plan_of(), stages=["build", "Ship"])
    assert [(s.name, s.depends_on) for s in chosen.plan.stages] == [
        ("Build", ()), ("Ship", ("Build",)),
    ]  # fmt: skip
    assert chosen.left_out == ("Check",)


def test_a_stage_that_nobody_wrote_is_not_named() -> None:
    plan = plan_of("jobs:\n- job: A\n  steps: [{script: a}]\n- job: B\n  steps: [{script: b}]\n")
    assert selection.select(plan, jobs=["A"]).left_out == ("B",)


def test_a_manual_stage_that_is_asked_for_starts_by_itself() -> None:
    text = YAML.replace("- stage: Ship\n", "- stage: Ship\n  trigger: manual\n")
    plan = plan_of(text)
    assert [s.trigger for s in selection.select(plan).plan.stages][-1] == "manual"
    assert selection.select(plan, stages=["Ship"]).plan.stages[0].trigger == "automatic"


def test_a_job_is_found_by_its_name_in_every_stage_or_by_what_is_shown() -> None:
    every = selection.select(plan_of(), jobs=["unit"])
    assert [(s.name, [j.name for j in s.jobs]) for s in every.plan.stages] == [
        ("Build", ["Unit"]), ("Check", ["Unit"]),
    ]  # fmt: skip
    assert every.left_out == ("Build.Lint", "Build.Pack", "Ship")
    shown = selection.select(plan_of(), jobs=["All tests", "Build.Pack"])
    (stage,) = shown.plan.stages
    assert [(j.name, j.depends_on) for j in stage.jobs] == [("Unit", ()), ("Pack", ("Unit",))]
    gap = selection.select(plan_of(), jobs=["Lint", "Pack"])
    assert gap.plan.stages[0].jobs[1].depends_on == ("Lint",)


@pytest.mark.parametrize(
    ("stages", "jobs", "said", "hint"),
    [
        (["Biuld"], [], "there is no stage 'Biuld'", "Did you mean 'Build'?"),
        ([], ["Nothing"], "there is no job 'Nothing'", "Jobs: Lint, Unit, Pack, Go."),
        (["Check"], ["Pack"], "there is no job 'Pack'", "Jobs: Unit."),
    ],
)
def test_an_unknown_name_is_told_with_those_that_there_are(
    stages: list[str], jobs: list[str], said: str, hint: str
) -> None:
    with pytest.raises(SelectionError, match=said) as caught:
        selection.select(plan_of(), stages=stages, jobs=jobs)
    assert hint in caught.value.hint


def test_a_task_that_is_not_there_counts_only_in_the_part() -> None:
    right = part("Build")
    assert right.result.plan is not None
    assert right.left_out == ("Check", "Ship")
    assert right.result.diagnostics == ()
    wrong = part("Ship")
    assert wrong.result.plan is None
    assert wrong.outline is not None
    assert [d.code for d in wrong.result.diagnostics] == ["unknown-task"]
    assert part().result.plan is None


def test_what_is_no_pipeline_is_wrong_wherever_it_stands() -> None:
    text = YAML + "    - script: e\n      nonsense: true\n"
    broken = part("Build", text=text)
    assert broken.result.plan is None
    assert broken.outline is None
    assert "nonsense" in broken.result.error_text


def test_an_unknown_stage_is_a_diagnostic_of_the_file() -> None:
    found = part("Nowhere").result
    assert found.plan is None
    assert [d.code for d in found.diagnostics][-1] == "unknown-selection"
