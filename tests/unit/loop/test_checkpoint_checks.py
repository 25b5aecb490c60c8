"""Checks that wait for something: hours, a service's answer, deferred approvals, time-outs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.support.begun_runs import (
    begin,
    definition_of,
    deployment,
    is_running,
    lines,
    settle,
    stage_of,
    stage_record,
)
from tests.support.local_service import answering

from shipway.azpipelines.plan_resources import RepositoryResource
from shipway.azure.entra import personal_access_tokens, tokens, users
from shipway.azure.entra.principals import Principal
from shipway.base.clock import FrozenClock
from shipway.base.errors import BadInput, Conflict, Forbidden
from shipway.base.home import Home
from shipway.devops import (
    approval_changes,
    approvals,
    branch_control,
    check_runs,
    checks,
    environments,
    logs,
    members,
    pipeline_permissions,
    repositories,
    run_progress,
    runs,
    service_connections,
    variable_groups,
)
from shipway.devops.check_runs import CheckRun
from shipway.devops.checks import CheckKind
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import ChosenRun, Run
from shipway.devops.variable_groups import GroupVariable
from shipway.loop import checkpoint_bypass, run_retry
from shipway.loop.check_call import CheckCaller
from shipway.store.store import Store, open_store

# a Monday, nine in the morning
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)


class _Service(BaseHTTPRequestHandler):
    """Answers the next of `answers`, and keeps what it was sent."""

    answers: list[str] = []  # noqa: RUF012  # set anew by each test
    seen: list[dict[str, Any]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(size).decode()
        self.seen.append({"path": self.path, "body": body, "headers": dict(self.headers)})
        answer = self.answers.pop(0) if self.answers else "{}"
        self.send_response(int(answer) if answer.isdecimal() else 200)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with answering(_Service) as url:
        yield url


@pytest.fixture
def service(server: str) -> str:
    _Service.answers, _Service.seen = [], []
    return server


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(MORNING)


@pytest.fixture
def store(tmp_path: Path, clock: FrozenClock) -> Store:
    return open_store(Home(tmp_path / "home"), clock)


@pytest.fixture
def definition(store: Store) -> PipelineDefinition:
    made = definition_of(store)
    environment = environments.create(store, project_id=made.project_id, name="prod")
    pipeline_permissions.authorize(
        store, resource_type="environment", resource_id=str(environment.environment_id), by="me"
    )
    return made


def check(
    store: Store, definition: PipelineDefinition, kind: CheckKind, minutes: int = 1440,
    **settings: Any,
) -> int:  # fmt: skip
    return checks.create(
        store, project_id=definition.project_id, kind=kind, resource_type="environment",
        resource_id="1", resource_name="prod", settings=settings, timeout_minutes=minutes,
    ).check_id  # fmt: skip


def hours(
    store: Store, definition: PipelineDefinition, start: str, end: str, minutes: int = 1440
) -> None:
    inputs = {"businessDays": "Monday, Tuesday", "startTime": start, "endTime": end}
    check(store, definition, "BusinessHours", minutes, inputs=inputs)


def approval(
    store: Store, definition: PipelineDefinition, *people: str, when: str = "",
    minutes: int = 1440,
) -> None:  # fmt: skip
    listed = [{"id": users.get(store, one).object_id} for one in people]
    more: dict[str, Any] = {"definitionRef": {"id": when}} if when else {}
    check(store, definition, "Approval", minutes, approvers=listed, **more)


def call(
    store: Store, definition: PipelineDefinition, url: str, *, minutes: int = 1440,
    retry: int = 0, **inputs: str,
) -> None:  # fmt: skip
    made = service_connections.create(
        store, project_id=definition.project_id, name="gate", kind="generic",
        scheme="UsernamePassword", url=url, parameters={"username": "u", "password": "pass word"},
    )  # fmt: skip
    settings: dict[str, Any] = {
        "inputs": {"connectedServiceName": made.connection_id, "waitForCompletion": "false",
                   **inputs},
        "retryInterval": retry, "displayName": "Gate", "linkedVariableGroup": "linked",
    }  # fmt: skip
    check(store, definition, "RestApi", minutes, **settings)


def person(store: Store, name: str) -> Principal:
    return users.principal_of(store, users.get(store, name))


def deploy(store: Store, definition: PipelineDefinition, **more: Any) -> Run:
    return begin(store, definition, stage_of("S", deployment("prod")), **more)


def statuses(store: Store, run: Run) -> list[str]:
    return [f"{one.check.kind} {one.status}" for one in check_runs.of_run(store, run.run_id)]


def only(store: Store, run: Run) -> CheckRun:
    (one,) = check_runs.of_run(store, run.run_id)
    return one


def reason(store: Store, run: Run) -> str:
    (record,) = [r for r in runs.records_of(store, run.run_id) if r.kind == "Checkpoint"]
    return record.issues[0].message


def later(store: Store, clock: FrozenClock, **time: float) -> None:
    clock.advance(timedelta(**time).total_seconds())
    settle(store)


def work(store: Store) -> None:
    """The thread's work, without the thread."""
    caller = CheckCaller(store)
    try:
        while caller.work():
            settle(store)
    finally:
        caller.stop()


def pending(store: Store, run: Run) -> str:
    (one,) = approvals.list_of(store, run_id=run.run_id, status="pending")
    return one.approval_id


# -- business hours ------------------------------------------------------------------------------


def test_a_stage_waits_until_business_hours_begin(
    store: Store, definition: PipelineDefinition, clock: FrozenClock
) -> None:
    hours(store, definition, "10:00", "12:00")
    run = deploy(store, definition)
    assert lines(store, run) == ["Checkpoint inProgress", "Checkpoint.TaskCheck inProgress"]
    assert "next at 2026-11-23T10:00:00Z" in only(store, run).message
    later(store, clock, minutes=59)
    assert not is_running(store, run, "S")
    later(store, clock, minutes=1)
    assert is_running(store, run, "S")
    assert lines(store, run) == ["Checkpoint succeeded", "Checkpoint.TaskCheck succeeded"]
    assert store.timers.next_due() is None


def test_hours_that_end_while_somebody_is_asked_are_waited_for_again(
    store: Store, definition: PipelineDefinition, clock: FrozenClock
) -> None:
    hours(store, definition, "08:00", "12:00")
    approval(store, definition, "avery")
    run = deploy(store, definition)
    assert statuses(store, run) == ["BusinessHours approved", "Approval running"]
    later(store, clock, hours=3)
    assert statuses(store, run) == ["BusinessHours running", "Approval running"]
    approvals.approve(store, approval_id=pending(store, run), principal=person(store, "avery"))
    settle(store)
    assert not is_running(store, run, "S")
    later(store, clock, hours=20)
    assert is_running(store, run, "S")


def test_hours_that_end_before_a_post_check_approval_count_again(
    store: Store, definition: PipelineDefinition, clock: FrozenClock
) -> None:
    hours(store, definition, "08:00", "12:00")
    approval(store, definition, "avery", when="06441319-13fb-4756-b198-c2da116894a4")
    run = deploy(store, definition)
    later(store, clock, hours=4)
    approvals.approve(store, approval_id=pending(store, run), principal=person(store, "avery"))
    settle(store)
    assert statuses(store, run) == ["BusinessHours running", "Approval approved"]
    later(store, clock, hours=19)
    assert is_running(store, run, "S")


def test_hours_that_do_not_come_within_the_time_out_fail_the_stage(
    store: Store, definition: PipelineDefinition, clock: FrozenClock
) -> None:
    hours(store, definition, "12:00", "13:00", minutes=60)
    run = deploy(store, definition)
    later(store, clock, minutes=60)
    assert stage_record(store, run, "S").result == "failed"
    assert only(store, run).status == "timedOut"
    assert "timed out: waits for business hours" in reason(store, run)


# -- invoke REST API -----------------------------------------------------------------------------


def test_a_service_decides_by_its_answer(
    store: Store, definition: PipelineDefinition, service: str
) -> None:
    variable_groups.create(
        store, project_id=definition.project_id, name="linked",
        variables={"who": GroupVariable(value="ops"),
                   "key": GroupVariable(value="s3cret!", is_secret=True)},
    )  # fmt: skip
    call(store, definition, service, urlSuffix="/gate?who=$(who)", successCriteria="eq(root['ok'], "
         "true)", body='{"run": "$(Build.BuildId)", "key": "$(key)"}')  # fmt: skip
    _Service.answers = ['{"ok": true}']
    run = deploy(store, definition)
    # what a run says of a name of the check's group counts in no letter case
    runs.set_run(store, run.run_id, variables={"who": "me", "WHO": "me", "KEY": "known"})
    assert not is_running(store, run, "S")
    work(store)
    assert is_running(store, run, "S")
    (sent,) = _Service.seen
    assert sent["path"] == "/gate?who=ops"
    assert json.loads(sent["body"]) == {"run": str(run.run_id), "key": "s3cret!"}
    assert sent["headers"]["Authorization"] == "Basic dTpwYXNzIHdvcmQ="
    assert sent["headers"]["HubName"] == "checks"
    one = only(store, run)
    assert sent["headers"]["TaskInstanceId"] == one.check_run_id
    log = logs.get(store, run_id=run.run_id, log_id=one.log_id or 0)
    shown = "\n".join(logs.read(store, log, with_times=False))
    assert "Response Code: OK" in shown
    assert not any(text in shown for text in ("s3cret!", "dTpwYXNz", sent["headers"]["AuthToken"]))


def test_an_answer_that_does_not_pass_is_final_without_a_retry_interval(
    store: Store, definition: PipelineDefinition, service: str
) -> None:
    call(store, definition, service, successCriteria="eq(root['ok'], true)")
    _Service.answers = ['{"ok": false}']
    run = deploy(store, definition)
    work(store)
    assert stage_record(store, run, "S").result == "failed"
    assert "Evaluation of expression 'eq(root['ok'], true)' failed." in reason(store, run)


def test_with_a_retry_interval_a_service_is_asked_again_until_all_pass_at_once(
    store: Store, definition: PipelineDefinition, service: str, clock: FrozenClock
) -> None:
    call(store, definition, service, retry=5)
    approval(store, definition, "avery")
    _Service.answers = ["503", "200", "500", "200"]
    run = deploy(store, definition)
    work(store)
    assert statuses(store, run) == ["RestApi running", "Approval running"]
    later(store, clock, minutes=5)
    work(store)
    assert statuses(store, run) == ["RestApi approved", "Approval running"]
    later(store, clock, minutes=5)
    work(store)
    approvals.approve(store, approval_id=pending(store, run), principal=person(store, "avery"))
    settle(store)
    assert statuses(store, run) == ["RestApi running", "Approval approved"]
    assert not is_running(store, run, "S")
    later(store, clock, minutes=5)
    work(store)
    assert is_running(store, run, "S")
    assert len(_Service.seen) == 4


def test_a_service_that_never_passes_skips_the_stage_when_its_time_is_over(
    store: Store, definition: PipelineDefinition, service: str, clock: FrozenClock
) -> None:
    call(store, definition, service, retry=5, minutes=8)
    _Service.answers = ["503"] * 9
    run = deploy(store, definition)
    for _ in range(3):
        work(store)
        later(store, clock, minutes=4)
    assert stage_record(store, run, "S").result == "skipped"
    assert "(503)" in reason(store, run)


def test_a_service_may_decide_later_by_an_event_with_the_token_it_was_given(
    store: Store, definition: PipelineDefinition, service: str
) -> None:
    call(store, definition, service, waitForCompletion="true")
    run = deploy(store, definition)
    work(store)
    one = only(store, run)
    assert (one.status, one.waits_for) == ("running", "callback")
    other = personal_access_tokens.build_service(store, run_id=run.run_id, check_run_id="another")
    # a job of the run has a token as well, and does not let its own run pass
    job = personal_access_tokens.build_service(store, run_id=run.run_id)
    for stranger in (other, job):
        with pytest.raises(Forbidden):
            checkpoint_bypass.decide(
                store, check_run_id=one.check_run_id, passed=True, reason="", principal=stranger
            )
    sent = _Service.seen[0]["headers"]["AuthToken"]
    own = tokens.check(store, sent, audiences=[personal_access_tokens.JOB_AUDIENCE])
    checkpoint_bypass.decide(
        store, check_run_id=one.check_run_id, passed=False, reason="not today", principal=own
    )
    settle(store)
    assert stage_record(store, run, "S").result == "failed"
    assert reason(store, run) == "Gate: not today"
    with pytest.raises(Conflict):
        checkpoint_bypass.decide(
            store, check_run_id=one.check_run_id, passed=True, reason="", principal=own
        )


def test_functions_are_asked_side_by_side_with_their_keys_hidden(
    store: Store, definition: PipelineDefinition, service: str
) -> None:
    for name in ("one", "two"):
        inputs = {"function": f"{service}/{name}", "key": "k/e+y=", "queryParameters": "a=b",
                  "successCriteria": "eq(root['ok'], 1)"}  # fmt: skip
        check(store, definition, "AzureFunction", inputs=inputs)
    _Service.answers = ['{"ok": 1}', '{"ok": 1}']
    run = deploy(store, definition)
    work(store)
    assert is_running(store, run, "S")
    assert {sent["path"] for sent in _Service.seen} == {
        "/one?code=k/e%2By=&a=b", "/two?code=k/e%2By=&a=b",
    }  # fmt: skip
    for one in check_runs.of_run(store, run.run_id):
        log = logs.get(store, run_id=run.run_id, log_id=one.log_id or 0)
        shown = "\n".join(logs.read(store, log))
        assert "Response Code: OK" in shown
        assert "k/e%2By=" not in shown


def test_a_call_is_made_although_the_server_died_before_it(
    store: Store, definition: PipelineDefinition, service: str
) -> None:
    call(store, definition, service)
    run = deploy(store, definition)
    assert store.queue.lease("check-call", holder="dead", seconds=300)
    again = open_store(store.home, store.clock)
    again.queue.give_back("check-call")
    work(again)
    assert is_running(again, run, "S")
    again.database.close()


def test_a_check_over_a_connection_that_is_gone_fails_by_its_name(
    store: Store, definition: PipelineDefinition, service: str
) -> None:
    call(store, definition, service)
    (gate,) = service_connections.list_of(store, project_id=definition.project_id)
    service_connections.delete(store, gate.connection_id)
    run = deploy(store, definition)
    work(store)
    assert "of the check 'Gate' was not found" in reason(store, run)


# -- bypass, rerun, deferral, reassignment -------------------------------------------------------


def test_who_administers_a_resource_lets_a_stage_pass_its_checks(
    store: Store, definition: PipelineDefinition
) -> None:
    hours(store, definition, "12:00", "13:00")
    approval(store, definition, "avery")
    run = deploy(store, definition)
    owner = users.owner(store)
    pipeline = personal_access_tokens.build_service(store, run_id=run.run_id)
    for one in check_runs.of_run(store, run.run_id):
        for barred in (person(store, "dana"), pipeline):
            with pytest.raises(Forbidden, match="may not bypass"):
                checkpoint_bypass.bypass(store, check_run_id=one.check_run_id, principal=barred)
        checkpoint_bypass.bypass(
            store, check_run_id=one.check_run_id, principal=owner, comment="hotfix"
        )
        settle(store)
    assert is_running(store, run, "S")
    assert statuses(store, run) == ["BusinessHours bypassed", "Approval bypassed"]
    (asked,) = approvals.list_of(store, run_id=run.run_id)
    assert (asked.status, asked.by_name) == ("skipped", owner.name)
    with pytest.raises(Conflict):
        checkpoint_bypass.bypass(store, check_run_id=asked.approval_id, principal=owner)


@pytest.mark.parametrize("again", [False, True])
def test_who_asked_for_a_release_lets_it_pass_neither_by_retry_nor_by_bypass(
    store: Store, definition: PipelineDefinition, *, again: bool
) -> None:
    owner, avery = users.owner(store), person(store, "avery")
    listed = [{"id": one.object_id} for one in (owner, avery)]
    check(store, definition, "Approval", approvers=listed, minRequiredApprovers=1,
          requesterCannotBeApprover=True)  # fmt: skip
    run = deploy(store, definition)
    if again:  # dana's run becomes a release of the owner's
        approvals.reject(store, approval_id=pending(store, run), principal=avery)
        settle(store)
        run_retry.retry_stages(store, run_id=run.run_id, principal=owner)
        settle(store)
        barred = owner
    else:
        barred = person(store, "dana")
        members.add(store, object_id=barred.object_id, role="Administrator")
    approval_id = approvals.list_of(store, run_id=run.run_id, status="pending")[0].approval_id
    with pytest.raises(Forbidden, match="requested run"):
        checkpoint_bypass.bypass(store, check_run_id=approval_id, principal=barred)
    with pytest.raises(Forbidden, match="requested run"):
        approvals.approve(store, approval_id=approval_id, principal=barred)
    approvals.approve(store, approval_id=approval_id, principal=avery)
    settle(store)
    assert is_running(store, runs.get(store, run.run_id), "S")


def test_a_service_that_has_passed_is_asked_again_while_somebody_thinks(
    store: Store, definition: PipelineDefinition, service: str
) -> None:
    call(store, definition, service)
    approval(store, definition, "avery", when="06441319-13fb-4756-b198-c2da116894a4")
    run = deploy(store, definition)
    work(store)
    assert statuses(store, run) == ["RestApi approved", "Approval running"]
    one = check_runs.of_run(store, run.run_id)[0]
    owner = users.owner(store)
    checkpoint_bypass.rerun(store, check_run_id=one.check_run_id, principal=owner)
    settle(store)
    _Service.answers = ["500"]
    work(store)
    assert stage_record(store, run, "S").result == "failed"
    (asked,) = approvals.list_of(store, run_id=run.run_id)
    assert asked.status == "canceled"


def test_a_deferred_approval_counts_from_its_time_on(
    store: Store, definition: PipelineDefinition, clock: FrozenClock
) -> None:
    approval(store, definition, "avery")
    run = deploy(store, definition)
    approval_id, avery = pending(store, run), person(store, "avery")
    for wrong in (MORNING, MORNING + timedelta(days=2)):
        with pytest.raises(BadInput, match="cannot be deferred"):
            approvals.approve(
                store, approval_id=approval_id, principal=avery, deferred_to=wrong
            )  # fmt: skip
    evening = MORNING + timedelta(hours=9)
    held = approvals.approve(store, approval_id=approval_id, principal=avery, deferred_to=evening)
    assert (held.status, held.effective_at) == ("deferred", evening)
    settle(store)
    later(store, clock, hours=8)
    assert not is_running(store, run, "S")
    later(store, clock, hours=1)
    assert is_running(store, run, "S")


def test_who_has_deferred_may_think_again(store: Store, definition: PipelineDefinition) -> None:
    approval(store, definition, "avery")
    first, second = deploy(store, definition), deploy(store, definition)
    avery, evening = person(store, "avery"), MORNING + timedelta(hours=9)
    for run in (first, second):
        approvals.approve(
            store, approval_id=pending(store, run), principal=avery, deferred_to=evening
        )
    held = [
        a.approval_id for r in (first, second) for a in approvals.list_of(store, run_id=r.run_id)
    ]
    approvals.approve(store, approval_id=held[0], principal=avery)
    approvals.reject(store, approval_id=held[1], principal=avery)
    settle(store)
    assert is_running(store, first, "S")
    assert stage_record(store, second, "S").result == "failed"


def test_an_approver_gives_a_part_to_somebody_else(
    store: Store, definition: PipelineDefinition
) -> None:
    approval(store, definition, "avery")
    users.create(store, name="kim")
    run = deploy(store, definition)
    approval_id, kim = pending(store, run), users.get(store, "kim")
    with pytest.raises(Forbidden, match="dana is not an approver"):
        approval_changes.reassign(
            store, approval_id=approval_id, principal=person(store, "dana"), to=kim.object_id
        )
    after = approval_changes.reassign(
        store, approval_id=approval_id, principal=person(store, "avery"), to=kim.object_id,
        comment="on leave",
    )  # fmt: skip
    (step,) = after.steps
    assert (step.approver.approver_id, step.history[0].comment) == (kim.object_id, "on leave")
    with pytest.raises(Forbidden):
        approvals.approve(store, approval_id=approval_id, principal=person(store, "avery"))
    approvals.approve(store, approval_id=approval_id, principal=person(store, "kim"))
    settle(store)
    assert is_running(store, run, "S")


# -- static checks, permissions, what is fixed ---------------------------------------------------


def template(store: Store, definition: PipelineDefinition, **more: str) -> None:
    wanted = {"repositoryType": "git", "repositoryName": "ml/shared",
              "repositoryRef": "refs/heads/main", "templatePath": "/safe.yml", **more}  # fmt: skip
    check(store, definition, "RequiredTemplate", extendsChecks=[wanted])


@pytest.mark.parametrize(
    ("extends", "branch", "passes"),
    [
        (("safe.yml@Shared",), "refs/heads/main", True),
        (("outer.yml", "safe.yml@Shared"), "refs/heads/main", True),
        ((), "refs/heads/main", False),
        (("safe.yml",), "refs/heads/main", False),
        (("other.yml@Shared",), "refs/heads/main", False),
        (("safe.yml@Shared",), "refs/heads/dev", False),
    ],
)
def test_a_pipeline_has_to_extend_the_required_template(
    store: Store, definition: PipelineDefinition, extends: tuple[str, ...], branch: str,
    passes: bool,
) -> None:  # fmt: skip
    shared = repositories.create(store, project_id=definition.project_id, name="shared")
    template(store, definition)
    resource = RepositoryResource(
        alias="Shared", name="shared", repository_id=shared.repository_id, branch=branch
    )
    run = deploy(store, definition, extends=extends, repositories=(resource,))
    assert is_running(store, run, "S") == passes
    if not passes:
        assert "it has to extend safe.yml of ml/shared (refs/heads/main)" in reason(store, run)
    assert lines(store, run)[1].startswith("Checkpoint.ExtendsCheck")


def test_branch_control_looks_at_every_repository_of_the_run(
    store: Store, definition: PipelineDefinition
) -> None:
    check(store, definition, "BranchControl", inputs={"allowedBranches": "refs/heads/main"})
    fine = deploy(store, definition)
    other = RepositoryResource(alias="t", name="templates", branch="refs/tags/v1")
    wrong = deploy(store, definition, repositories=(other,))
    assert is_running(store, fine, "S")
    assert "refs/tags/v1 of templates is not among the allowed" in reason(store, wrong)


def test_branch_control_looks_at_the_runs_that_a_run_uses(
    store: Store, definition: PipelineDefinition
) -> None:
    used = begin(store, definition, stage_of("S", deployment("prod")), branch="refs/heads/dev")
    run = replace(deploy(store, definition), pipelines=(ChosenRun(alias="m", run_id=used.run_id),))
    refused = branch_control.refusal(
        store, run, run_progress.plan_of(run), {"allowedBranches": "refs/heads/main"}
    )
    assert "refs/heads/dev of pipeline p is not among the allowed" in refused


def test_a_branch_is_written_in_full(store: Store, definition: PipelineDefinition) -> None:
    check(store, definition, "BranchControl", inputs={"allowedBranches": "main"})
    run = deploy(store, definition)
    assert reason(store, run).endswith("written in full, such as refs/heads/main")


def test_a_disabled_check_does_not_count_and_one_made_later_neither(
    store: Store, definition: PipelineDefinition
) -> None:
    approval(store, definition, "avery")
    first = checks.on(store, project_id=definition.project_id)[0]
    waiting = deploy(store, definition)
    checks.update(
        store, project_id=definition.project_id, check_id=first.check_id, settings=first.settings,
        is_disabled=True,
    )  # fmt: skip
    assert is_running(store, deploy(store, definition), "S")
    hours(store, definition, "12:00", "13:00")
    approvals.approve(store, approval_id=pending(store, waiting), principal=person(store, "avery"))
    settle(store)
    assert is_running(store, waiting, "S"), "its checks were fixed when it met them"


def test_a_permission_that_nobody_gives_skips_the_stage(
    store: Store, definition: PipelineDefinition, clock: FrozenClock
) -> None:
    environments.create(store, project_id=definition.project_id, name="closed")
    run = begin(store, definition, stage_of("S", deployment("closed")))
    later(store, clock, days=29)
    assert runs.get(store, run.run_id).state == "inProgress"
    later(store, clock, days=1)
    assert stage_record(store, run, "S").result == "skipped"
    assert "nobody permitted" in reason(store, run)


def test_a_canceled_run_leaves_no_check_open(
    store: Store, definition: PipelineDefinition, service: str
) -> None:
    call(store, definition, service)
    approval(store, definition, "avery")
    run = deploy(store, definition)
    approvals.reject(store, approval_id=pending(store, run), principal=person(store, "avery"))
    settle(store)
    assert statuses(store, run) == ["RestApi canceled", "Approval rejected"]
    work(store)
    assert _Service.seen == []
    assert store.timers.next_due() is None


def test_a_stage_that_nobody_approved_in_time_is_tried_again_and_asks_again(
    store: Store, definition: PipelineDefinition, clock: FrozenClock
) -> None:
    approval(store, definition, "avery", minutes=60)
    hours(store, definition, "08:00", "20:00")
    run = deploy(store, definition)
    first = pending(store, run)
    later(store, clock, hours=1)
    assert stage_record(store, run, "S").result == "skipped"
    assert statuses(store, run) == ["Approval timedOut", "BusinessHours approved"]
    run_retry.retry_stages(
        store, run_id=run.run_id, stages=["S"], all_jobs=True, principal=person(store, "dana")
    )
    settle(store)
    run = runs.get(store, run.run_id)
    again = pending(store, run)
    assert again != first
    approvals.approve(store, approval_id=again, principal=person(store, "avery"))
    settle(store)
    assert is_running(store, run, "S")
    suites = {one.suite_id for one in check_runs.of_run(store, run.run_id)}
    assert len(suites) == 2
    assert store.timers.next_due() is None
