"""The station of checkpoints: permissions first, then checks by category, locks last."""

from pathlib import Path

import pytest
from tests.support import begun_runs
from tests.support.begun_runs import (
    begin,
    definition_of,
    deployment,
    end_jobs,
    is_running,
    job,
    lines,
    settle,
    stage_of,
    stage_record,
)

from shipway.azpipelines.plan import PoolPlan, StepPlan, TaskReference
from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.base.clock import FrozenClock
from shipway.base.errors import Conflict, Forbidden
from shipway.base.home import Home
from shipway.devops import (
    approvals,
    checks,
    environments,
    pipeline_permissions,
    run_progress,
    run_variables,
    runs,
    security_groups,
    service_connections,
    variable_groups,
)
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.variable_groups import GroupVariable
from shipway.loop import checkpoint
from shipway.loop import run as station
from shipway.store.store import Store, open_store


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def store(tmp_path: Path, clock: FrozenClock) -> Store:
    return open_store(Home(tmp_path / "home"), clock)


@pytest.fixture
def definition(store: Store) -> PipelineDefinition:
    return definition_of(store)


def group_of(store: Store, definition: PipelineDefinition, name: str = "g") -> int:
    return variable_groups.create(
        store, project_id=definition.project_id, name=name,
        variables={"word": GroupVariable(value="said"),
                   "key": GroupVariable(value="s3cret", is_secret=True)},
    ).group_id  # fmt: skip


def environment_of(store: Store, definition: PipelineDefinition, *, opened: bool = True) -> str:
    made = environments.create(store, project_id=definition.project_id, name="prod")
    if opened:
        permit(store, "environment", made.environment_id)
    return str(made.environment_id)


def permit(
    store: Store, kind: str, resource_id: object, definition: PipelineDefinition | None = None
) -> None:
    pipeline_permissions.authorize(
        store, resource_type=kind, resource_id=str(resource_id), by="test",
        definition_id=definition.definition_id if definition else None,
    )  # fmt: skip


def check(
    store: Store, definition: PipelineDefinition, kind: str, where: str, **more: object
) -> None:
    checks.create(
        store, project_id=definition.project_id, kind=kind,  # type: ignore[arg-type]
        resource_type="environment", resource_id=where, resource_name="prod", **more,  # type: ignore[arg-type]
    )  # fmt: skip


def approval_by(name: str, store: Store, definition_id: str = "") -> dict[str, object]:
    settings: dict[str, object] = {"approvers": [{"id": users.get(store, name).object_id}]}
    return {**settings, "definitionRef": {"id": definition_id}} if definition_id else settings


def person(store: Store, name: str) -> Principal:
    return users.principal_of(store, users.get(store, name))


# -- permissions ---------------------------------------------------------------------------------


def test_a_stage_waits_for_each_resource_that_its_definition_may_not_use(
    store: Store, definition: PipelineDefinition
) -> None:
    group, environment = (
        group_of(store, definition),
        environment_of(store, definition, opened=False),
    )
    private = deployment("prod", runtime_values={})
    run = begin(store, definition, stage_of("S", private), groups=["G"])
    assert lines(store, run) == ["Checkpoint inProgress", "Checkpoint.Authorization inProgress"]
    assert [str(one) for one in checkpoint.needs_of(store, run.run_id)] == [
        "environment 'prod'", "variable group 'g'",
    ]  # fmt: skip
    (record,) = [
        r for r in runs.records_of(store, run.run_id) if r.kind == "Checkpoint.Authorization"
    ]
    assert record.data["message"] == (
        "This pipeline needs permission to access 2 resources before this run can continue"
    )
    permit(store, "variablegroup", group, definition)
    settle(store)
    assert [str(one) for one in checkpoint.needs_of(store, run.run_id)] == ["environment 'prod'"]
    assert not is_running(store, run, "S")
    permit(store, "environment", environment)
    settle(store)
    assert is_running(store, run, "S")
    assert lines(store, run) == ["Checkpoint succeeded", "Checkpoint.Authorization succeeded"]


def test_a_grant_to_another_definition_lets_nobody_else_on(
    store: Store, definition: PipelineDefinition
) -> None:
    other = definition_of(store, "other")
    permit(store, "environment", environment_of(store, definition, opened=False), other)
    mine = begin(store, definition, stage_of("S", deployment("prod")))
    theirs = begin(store, other, stage_of("S", deployment("prod")))
    assert (is_running(store, mine, "S"), is_running(store, theirs, "S")) == (False, True)


def test_an_environment_that_the_run_makes_is_open_to_its_definition_only(
    store: Store, definition: PipelineDefinition
) -> None:
    first = begin(store, definition, stage_of("S", deployment("fresh")))
    made = environments.find(store, project_id=definition.project_id, name="fresh")
    assert made is not None
    assert is_running(store, first, "S")
    other = begin(store, definition_of(store, "other"), stage_of("S", deployment("fresh")))
    assert [str(n) for n in checkpoint.needs_of(store, other.run_id)] == ["environment 'fresh'"]


def test_variables_of_a_group_are_read_once_it_is_permitted(
    store: Store, definition: PipelineDefinition
) -> None:
    group = group_of(store, definition)
    stage = stage_of("S", job())
    run = begin(store, definition, stage, groups=["g"])
    plan = run_progress.plan_of(run)

    def known() -> dict[str, str]:
        found = run_variables.all_of(store, run, plan, stage=plan.stages[0])
        return {v.name: v.value for v in found if v.name in ("word", "key")}

    assert known() == {}
    assert run_variables.group_values(store, run) == {"g": {}}
    permit(store, "variablegroup", group, definition)
    settle(store)
    assert known() == {"word": "said", "key": "s3cret"}
    pipeline_permissions.revoke(
        store, resource_type="variablegroup", resource_id=str(group), by="test",
        definition_id=definition.definition_id,
    )  # fmt: skip
    assert known() == {"word": "said", "key": "s3cret"}, "its checkpoint has let it through"
    again = begin(store, definition, stage, groups=["g"])
    assert not is_running(store, again, "S")


def test_a_service_connection_and_a_private_pool_need_permission_the_hosted_pool_does_not(
    store: Store, definition: PipelineDefinition
) -> None:
    connection = service_connections.create(
        store, project_id=definition.project_id, name="to-azure", scheme="None", kind="generic",
        url="https://example.org/",
    )  # fmt: skip
    step = StepPlan(
        ref_name="a", display_name="a", shorthand="task",
        task=TaskReference(name="AzureCLI", version="2"),
        inputs={"azureSubscription": "to-azure"},
    )  # fmt: skip
    private = job("P", pool=PoolPlan(name="default"))
    run = begin(store, definition, stage_of("S", job(steps=(step,)), private))
    assert [str(n) for n in checkpoint.needs_of(store, run.run_id)] == [
        "service connection 'to-azure'", "agent pool 'Default'",
    ]  # fmt: skip
    permit(store, "endpoint", connection.connection_id)
    permit(store, "queue", f"{definition.project_id}.2", definition)
    settle(store)
    assert is_running(store, run, "S")


def test_an_unknown_pool_or_environment_fails_the_stage_by_name(
    store: Store, definition: PipelineDefinition
) -> None:
    run = begin(store, definition, stage_of("S", job(pool=PoolPlan(name="nowhere"))))
    record = stage_record(store, run, "S")
    assert record.result == "failed"
    assert "Could not find a pool with name nowhere" in str(record.data["reason"])


def test_who_may_not_manage_builds_may_not_permit(
    store: Store, definition: PipelineDefinition
) -> None:
    environment_of(store, definition, opened=False)
    run = begin(store, definition, stage_of("S", deployment("prod")))
    with pytest.raises(Forbidden, match="dana may not permit"):
        checkpoint.permit(store, run_id=run.run_id, principal=person(store, "dana"))
    builders = security_groups.well_known(
        store, "Build Administrators", project_id=definition.project_id
    )
    dana = person(store, "dana")
    security_groups.add_member(store, group_id=builders.group_id, member_id=dana.object_id)
    given = checkpoint.permit(store, run_id=run.run_id, principal=dana)
    assert [str(one) for one in given] == ["environment 'prod'"]
    settle(store)
    assert is_running(store, run, "S")
    with pytest.raises(Conflict, match="does not wait"):
        checkpoint.permit(store, run_id=run.run_id, principal=dana)


def test_a_run_that_is_canceled_waits_for_no_permission_any_more(
    store: Store, definition: PipelineDefinition
) -> None:
    environment = environment_of(store, definition, opened=False)
    run = begin(store, definition, stage_of("S", deployment("prod")))
    station.cancel(store, run_id=run.run_id, principal=person(store, "dana"))
    settle(store)
    assert runs.get(store, run.run_id).result == "canceled"
    assert checkpoint.runs_without_permission(store) == []
    permit(store, "environment", environment)
    settle(store)
    assert stage_record(store, run, "S").result == "canceled"


# -- checks --------------------------------------------------------------------------------------


def test_checks_are_evaluated_category_by_category(
    store: Store, definition: PipelineDefinition
) -> None:
    where = environment_of(store, definition)
    check(store, definition, "Approval", where,
          settings=approval_by("avery", store, "06441319-13fb-4756-b198-c2da116894a4"))  # fmt: skip
    check(store, definition, "Approval", where, settings=approval_by("avery", store))
    check(store, definition, "Approval", where,
          settings=approval_by("avery", store, "0f52a19b-c67e-468f-b8eb-0ae83b532c99"))  # fmt: skip
    run = begin(store, definition, stage_of("S", deployment("prod")))
    asked = []
    for _ in range(3):
        (pending,) = approvals.list_of(store, run_id=run.run_id, status="pending")
        asked.append(pending.check_id)
        assert not is_running(store, run, "S")
        approvals.approve(store, approval_id=pending.approval_id, principal=person(store, "avery"))
        settle(store)
    assert asked == [3, 2, 1]
    assert is_running(store, run, "S")


def test_a_branch_that_is_not_allowed_is_refused_before_anybody_is_asked(
    store: Store, definition: PipelineDefinition
) -> None:
    where = environment_of(store, definition)
    check(store, definition, "Approval", where, settings=approval_by("avery", store))
    check(store, definition, "BranchControl", where,
          settings={"inputs": {"allowedBranches": "refs/heads/release/*"}})  # fmt: skip
    run = begin(store, definition, stage_of("S", deployment("prod")))
    assert stage_record(store, run, "S").result == "failed"
    assert approvals.list_of(store, run_id=run.run_id) == []


def test_an_approver_may_be_a_group_of_the_organization(
    store: Store, definition: PipelineDefinition
) -> None:
    where = environment_of(store, definition)
    team = security_groups.create(store, name="Deciders", project_id=definition.project_id)
    avery = person(store, "avery")
    security_groups.add_member(store, group_id=team.group_id, member_id=avery.object_id)
    check(store, definition, "Approval", where, settings={"approvers": [{"id": team.group_id}]})
    run = begin(store, definition, stage_of("S", deployment("prod")))
    (pending,) = approvals.list_of(store, run_id=run.run_id, status="pending")
    assert pending.steps[0].approver.name == "Deciders"
    with pytest.raises(Forbidden, match="is not an approver"):
        approvals.approve(store, approval_id=pending.approval_id, principal=person(store, "dana"))
    approvals.approve(store, approval_id=pending.approval_id, principal=avery)
    settle(store)
    assert is_running(store, run, "S")


# -- exclusive locks -----------------------------------------------------------------------------


def test_a_locked_environment_takes_one_run_and_then_the_latest(
    store: Store, definition: PipelineDefinition
) -> None:
    check(store, definition, "ExclusiveLock", environment_of(store, definition))
    first, second, third = (
        begin(store, definition, stage_of("S", deployment("prod"))) for _ in range(3)
    )
    assert [is_running(store, r, "S") for r in (first, second, third)] == [True, False, False]
    assert lines(store, second) == ["Checkpoint inProgress", "Checkpoint.ExclusiveLock inProgress"]
    end_jobs(store, first)
    assert runs.get(store, first.run_id).result == "succeeded"
    assert runs.get(store, second.run_id).result == "canceled"
    assert is_running(store, third, "S")


def test_with_sequential_each_run_has_its_turn_also_after_a_restart(
    store: Store, definition: PipelineDefinition
) -> None:
    check(store, definition, "ExclusiveLock", environment_of(store, definition))
    first, second, third = (
        begin(store, definition, stage_of("S", deployment("prod")), lock_behavior="sequential")
        for _ in range(3)
    )
    again = open_store(store.home, store.clock)
    end_jobs(again, first)
    assert [is_running(again, r, "S") for r in (second, third)] == [True, False]
    end_jobs(again, second, "failed")
    assert is_running(again, third, "S")
    again.database.close()


def test_what_a_stage_says_of_locks_counts_more_than_what_its_pipeline_says(
    store: Store, definition: PipelineDefinition
) -> None:
    check(store, definition, "ExclusiveLock", environment_of(store, definition))
    stage = stage_of("S", deployment("prod"), lock_behavior="runLatest")
    first, second, third = (
        begin(store, definition, stage, lock_behavior="sequential") for _ in range(3)
    )
    end_jobs(store, first)
    assert runs.get(store, second.run_id).result == "canceled"
    assert is_running(store, third, "S")


def test_a_lock_is_free_when_its_stage_is_over_not_its_run(
    store: Store, definition: PipelineDefinition
) -> None:
    check(store, definition, "ExclusiveLock", environment_of(store, definition))
    stages = (stage_of("S", deployment("prod")), stage_of("Tail", job(), after=("S",)))
    first, second = (begin(store, definition, *stages) for _ in range(2))
    end_jobs(store, first)
    assert runs.get(store, first.run_id).state == "inProgress"
    assert is_running(store, second, "S")


def test_a_stage_s_own_lock_counts_runs_of_its_branch(
    store: Store, definition: PipelineDefinition
) -> None:
    locked = stage_of("S", job(), lock_behavior="sequential")
    first, second = (begin(store, definition, locked) for _ in range(2))
    elsewhere = begin(store, definition, locked, branch="refs/heads/other")
    assert [is_running(store, r, "S") for r in (first, second, elsewhere)] == [True, False, True]


def test_a_lock_that_is_not_free_in_time_skips_the_stage(
    store: Store, definition: PipelineDefinition, clock: FrozenClock
) -> None:
    where = environment_of(store, definition)
    check(store, definition, "ExclusiveLock", where, timeout_minutes=5)
    _, second = (begin(store, definition, stage_of("S", deployment("prod"))) for _ in range(2))
    clock.advance(301)
    settle(store)
    assert stage_record(store, second, "S").result == "skipped"


def test_a_canceled_run_leaves_the_queue_of_a_lock(
    store: Store, definition: PipelineDefinition
) -> None:
    check(store, definition, "ExclusiveLock", environment_of(store, definition))
    first, second, third = (
        begin(store, definition, stage_of("S", deployment("prod")), lock_behavior="sequential")
        for _ in range(3)
    )
    station.cancel(store, run_id=second.run_id, principal=person(store, "dana"))
    begun_runs.settle(store)
    end_jobs(store, first)
    assert runs.get(store, second.run_id).result == "canceled"
    assert is_running(store, third, "S")
