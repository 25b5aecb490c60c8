"""Plans go to JSON and back."""

import json

import pytest

from shipway.azpipelines import compiler
from shipway.azpipelines.compiler import FileMissing
from shipway.azpipelines.plan import RunPlan
from shipway.azpipelines.plan_resources import ContainerPlan
from shipway.azpipelines.triggers import PipelineTriggers

TEXT = """
trigger: [main]
variables: [{name: a, value: '1', readonly: true}, {group: g}]
stages:
- stage: S
  jobs:
  - job: m
    strategy: {matrix: {x: {k: v}}}
    timeoutInMinutes: $(t)
    steps:
    - script: echo
      target: {container: host, commands: restricted, settableVariables: none}
  - deployment: d
    environment: {name: e, resourceName: r}
    strategy: {runOnce: {deploy: {steps: [{bash: x, env: {A: b}}]}}}
"""


class Files:
    def read(self, repository_alias: str, path: str) -> str:
        if (repository_alias, path) != ("self", "p.yml"):
            raise FileMissing(path)
        return TEXT


def _plan() -> RunPlan:
    result = compiler.compile(files=Files(), path="/p.yml")
    assert result.plan is not None
    return result.plan


def test_a_plan_survives_json() -> None:
    plan = _plan()
    assert RunPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_empty_and_missing_settable_variables_stay_apart() -> None:
    steps = RunPlan.from_json(_plan().to_json()).stages[0].jobs[0].steps
    assert steps[1].target is not None
    assert steps[1].target.settable_variables == ()


@pytest.mark.parametrize(
    ("body", "piece"),
    [
        ({"name_format": 1}, "name_format"),
        ({"unknown": 1}, "no field 'unknown'"),
        ({"stages": {}}, "stages"),
        ({}, "missing"),
        ({"lock_behavior": "never"}, "lock_behavior"),
    ],
)
def test_foreign_json_is_refused_by_name(body: dict[str, object], piece: str) -> None:
    with pytest.raises(ValueError, match=piece):
        RunPlan.from_json(body)


def test_stages_and_jobs_are_found_whatever_the_case() -> None:
    plan = _plan()
    job = plan.job("s", "D")
    assert job is not None
    assert job.environment_name == "e"
    assert job.hook("deploy") is not None
    assert job.hook("failure") is None
    assert plan.job("s", "nobody") is None


def test_plans_that_were_stored_with_the_names_of_containers_alone_are_read() -> None:
    before = RunPlan(name_format="", stages=(), triggers=PipelineTriggers()).to_json()
    plan = RunPlan.from_json({**before, "containers": ["py"]})
    assert plan.containers == (ContainerPlan(alias="py"),)
    assert RunPlan.from_json(plan.to_json()) == plan
    assert plan.container("PY").alias == "py"
    assert plan.container("alpine:3") == ContainerPlan(image="alpine:3")
