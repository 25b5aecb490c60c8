"""Which jobs a deployment job runs as, and when each may begin."""

from collections.abc import Mapping

import pytest

from shipway.azpipelines.plan import (
    DeploymentStrategy,
    EnvironmentTarget,
    HookName,
    HookPlan,
    JobPlan,
    PoolPlan,
)
from shipway.base.errors import BadInput
from shipway.devops import deployment_legs
from shipway.devops.run_states import Result

ALL: tuple[HookName, ...] = (
    "preDeploy", "deploy", "routeTraffic", "postRouteTraffic", "success", "failure",
)  # fmt: skip
VMS = (("vm1", "1"), ("vm2", "2"), ("vm3", "3"))


def job(strategy: DeploymentStrategy, hooks: tuple[HookName, ...] = ALL, **options: str) -> JobPlan:
    return JobPlan(
        name="Ship", display_name="Ship", kind="deployment", pool=PoolPlan(),
        environment=EnvironmentTarget(name="prod"), deployment_strategy=strategy,
        deployment_options=options,
        hooks=tuple(HookPlan(name=name, steps=(), pool=PoolPlan()) for name in hooks),
    )  # fmt: skip


def played(plan: JobPlan, ends: Mapping[str, Result], machines: tuple[tuple[str, str], ...] = ()
           ) -> list[list[str]]:  # fmt: skip
    """The waves in which the jobs of a deployment begin, when each ends as `ends` says."""
    planned = deployment_legs.legs_of(plan, machines)
    results: dict[str, Result | None] = {}
    waves: list[list[str]] = []
    while True:
        due = [x.name for x in deployment_legs.reached(planned, results) if x.name not in results]
        if not due:
            return waves
        waves.append(due)
        results |= {name: ends.get(name, "succeeded") for name in due}


def test_a_lone_deploy_hook_is_a_job_without_a_name_of_its_own() -> None:
    (leg,) = deployment_legs.legs_of(job("runOnce", ("deploy",)), ())
    assert (leg.name, leg.hook, leg.variables["Strategy.CycleName"]) == ("", "deploy", "Iteration")


def test_run_once_takes_its_hooks_in_order_and_then_success() -> None:
    order = ["preDeploy", "deploy", "routeTraffic", "postRouteTraffic", "success"]
    assert played(job("runOnce"), {}) == [[name] for name in order]


def test_what_fails_is_followed_by_the_failure_hook_alone() -> None:
    found = played(job("runOnce"), {"deploy": "failed"})
    assert found == [["preDeploy"], ["deploy"], ["failure"]]
    assert played(job("runOnce", ("preDeploy", "deploy")), {"preDeploy": "canceled"}) == [
        ["preDeploy"]
    ]


def test_a_canary_repeats_its_hooks_for_each_increment() -> None:
    plan = job("canary", ("preDeploy", "deploy", "postRouteTraffic", "success"), increments="10,20")
    assert played(plan, {}) == [
        ["preDeploy"], ["deploy_10"], ["postRouteTraffic_10"], ["deploy_20"],
        ["postRouteTraffic_20"], ["success"],
    ]  # fmt: skip
    legs = {leg.name: leg for leg in deployment_legs.legs_of(plan, ())}
    assert legs["deploy_20"].variables["Strategy.Increment"] == "20"
    assert legs["success"].variables["Strategy.Action"] == "promote"
    assert "Strategy.Increment" not in legs["preDeploy"].variables


def test_a_canary_that_fails_stops_before_the_next_increment() -> None:
    plan = job("canary", ("deploy", "failure"), increments="10,20")
    assert played(plan, {"deploy_10": "failed"}) == [["deploy_10"], ["failure"]]


@pytest.mark.parametrize(
    ("parallel", "batches"),
    [("", [1, 1, 1]), ("2", [2, 1]), ("50%", [1, 1, 1]), ("67%", [2, 1]), ("100%", [3]),
     ("9", [3]), ("1%", [1, 1, 1])],
)  # fmt: skip
def test_rolling_takes_so_many_machines_at_a_time(parallel: str, batches: list[int]) -> None:
    options = {"maxParallel": parallel} if parallel else {}
    found = played(job("rolling", ("deploy",), **options), {}, VMS)
    assert [len(wave) for wave in found] == batches


def test_rolling_ends_each_batch_before_the_next_and_tells_every_machine() -> None:
    plan = job("rolling", ("deploy", "routeTraffic", "success"), maxParallel="2")
    assert played(plan, {}, VMS) == [
        ["deploy_vm1", "deploy_vm2"], ["routeTraffic_vm1", "routeTraffic_vm2"],
        ["deploy_vm3"], ["routeTraffic_vm3"], ["success_vm1", "success_vm2", "success_vm3"],
    ]  # fmt: skip


def test_rolling_fails_on_the_machines_that_were_touched() -> None:
    plan = job("rolling", ("deploy", "success", "failure"), maxParallel="2")
    assert played(plan, {"deploy_vm2": "failed"}, VMS) == [
        ["deploy_vm1", "deploy_vm2"], ["failure_vm1", "failure_vm2"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("strategy", "machines", "expected"),
    [
        ("runOnce", (), ["Ship"]),
        ("runOnce", VMS[:1], ["Deploy_vm1"]),
        ("rolling", VMS[:2], ["deploy_vm1", "deploy_vm2"]),
        ("canary", (), ["deploy_10"]),
    ],
)
def test_outputs_stand_under_the_name_that_the_language_gives_them(
    strategy: DeploymentStrategy, machines: tuple[tuple[str, str], ...], expected: list[str]
) -> None:
    plan = job(strategy, ("deploy",), increments="10")
    legs = deployment_legs.legs_of(plan, machines)
    assert [deployment_legs.output_prefix(plan, leg) for leg in legs] == expected


@pytest.mark.parametrize(
    ("plan", "machines", "named"),
    [
        (job("rolling"), (), "prod"),
        (job("rolling", maxParallel="many"), VMS, "many"),
        (job("rolling", maxParallel="120%"), VMS, "120%"),
        (job("canary", increments="10,half"), (), "half"),
        (job("canary", increments="10"), VMS, "Name one"),
    ],
)
def test_what_cannot_be_rolled_out_is_named(
    plan: JobPlan, machines: tuple[tuple[str, str], ...], named: str
) -> None:
    with pytest.raises(BadInput, match=named):
        deployment_legs.legs_of(plan, machines)
