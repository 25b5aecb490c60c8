"""Tasks of agentless jobs: who answers, how long they wait, what a call comes to."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.support.local_service import answering
from tests.unit.agent.tasks.steps import FakeStep, job_of, make_run, open_home, run_task

from shipway.agent.job_context import JobContext
from shipway.agent.task import StepResult, Task
from shipway.agent.tasks import delay, manual_validation, rest_call
from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.base import clock
from shipway.base.errors import BadInput, ShipwayError
from shipway.devops import (
    approvals,
    pipeline_permissions,
    security_groups,
    service_connections,
    task_callbacks,
)
from shipway.devops.approval_entities import Approval
from shipway.devops.runs import OutputVariable, Record, set_record
from shipway.devops.task_callbacks import CallbackResult, Told
from shipway.store.store import Store

SECONDS = 20


class _Service(BaseHTTPRequestHandler):
    """Answers what it was asked, as JSON; counts the calls."""

    calls = 0

    def do_POST(self) -> None:
        type(self).calls += 1
        length = int(self.headers.get("Content-Length", "0"))
        told = {
            "status": "successful", "path": self.path, "body": self.rfile.read(length).decode(),
            "task": self.headers.get("TaskInstanceId", ""),
            "authorization": self.headers.get("Authorization", ""),
        }  # fmt: skip
        content = json.dumps(told).encode()
        self.send_response(404 if self.path.startswith("/missing") else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with answering(_Service) as url:
        yield url


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_home(tmp_path)


@pytest.fixture
def job(tmp_path: Path, store: Store) -> JobContext:
    return job_of(tmp_path, store, make_run(store))


class Running:
    """A task in a thread of its own."""

    def __init__(self, job: JobContext, task: Task, **inputs: str) -> None:
        self.step = FakeStep(job, task, inputs)
        self.results: list[StepResult] = []
        self._thread = threading.Thread(target=self._run, args=(task,), daemon=True)
        self._thread.start()

    def _run(self, task: Task) -> None:
        self.results.append(task.run(self.step))

    def result(self) -> StepResult:
        self._thread.join(SECONDS)
        return self.results[0]

    def question(self) -> Approval:
        def opened() -> list[Approval]:
            return approvals.list_of(self.step.job.store, status="pending")

        wait_for(lambda: bool(opened()))
        return opened()[0]


def wait_for(holds: Callable[[], bool]) -> None:
    end = clock.monotonic() + SECONDS
    while not holds():
        assert clock.monotonic() < end
        clock.sleep(0.01)


def task_record(job: JobContext) -> Record:
    """The line of the timeline that a FakeStep has."""
    return Record(
        record_id="0f0e0d0c-0000-4000-8000-000000000001", run_id=job.run.run_id, kind="Task",
        name="t", parent_id=job.job_record_id, state="inProgress",
        started_at=job.store.clock.now(), task_name="InvokeRESTAPI", task_version="1",
    )  # fmt: skip


def person(store: Store, name: str) -> Principal:
    return users.principal_of(store, users.get(store, name))


def test_a_manual_validation_goes_on_when_somebody_resumes_it(
    store: Store, job: JobContext
) -> None:
    # what a callee says of the task is not asked for: people answer
    task_callbacks.complete(store, task_record(job), result="failed", by_name="a job")
    running = Running(
        job, manual_validation.VALIDATION_0, notifyUsers="a@x.org", instructions="Look at it."
    )
    opened = running.question()
    assert (opened.instructions, opened.resource_name) == ("Look at it.", "the step")
    approvals.approve(
        store, approval_id=opened.approval_id, principal=person(store, "dana"), comment="fine"
    )
    assert running.result() == "succeeded"
    assert f"Resumed by {person(store, 'dana').name}: fine" in running.step.logged


def test_a_rejected_manual_validation_fails_with_who_and_why(store: Store, job: JobContext) -> None:
    running = Running(job, manual_validation.VALIDATION_1)
    opened = running.question()
    approvals.reject(
        store, approval_id=opened.approval_id, principal=person(store, "avery"), comment="not yet"
    )
    assert running.result() == "failed"
    by = person(store, "avery").name
    assert running.step.errors == [f"The manual validation was rejected by {by}: not yet"]


def test_only_the_named_approvers_may_answer_and_not_their_own_run(
    store: Store, job: JobContext
) -> None:
    avery, dana = users.get(store, "avery"), users.get(store, "dana")
    running = Running(
        job, manual_validation.VALIDATION_1,
        approvers=f"{avery.principal_name}, {dana.display_name}",
        allowApproversToApproveTheirOwnRuns="false",
    )  # fmt: skip
    opened = running.question()
    stranger = users.principal_of(store, users.create(store, name="stranger"))
    for nobody in (stranger, person(store, "dana")):  # dana has queued the run
        with pytest.raises(ShipwayError):
            approvals.approve(store, approval_id=opened.approval_id, principal=nobody)
    approvals.approve(
        store, approval_id=opened.approval_id, principal=users.principal_of(store, avery)
    )
    assert running.result() == "succeeded"


def test_a_team_answers_and_an_approver_who_is_not_there_is_named(
    store: Store, job: JobContext
) -> None:
    team = security_groups.default_team(store, job.run.project_id)
    running = Running(job, manual_validation.VALIDATION_1, approvers=rf"[ml]\{team.name}")
    opened = running.question()
    assert opened.steps[0].approver.approver_id == team.group_id
    approvals.cancel(store, approval_id=opened.approval_id)
    assert running.result() == "canceled"
    with pytest.raises(BadInput, match="nobody@"):
        run_task(job, manual_validation.VALIDATION_1, approvers="nobody@x.org")


@pytest.mark.parametrize(("choice", "result"), [("reject", "failed"), ("resume", "succeeded")])
def test_nobody_answers_in_time(
    store: Store, job: JobContext, choice: str, result: StepResult
) -> None:
    running = Running(job, manual_validation.VALIDATION_0, onTimeout=choice)
    opened = running.question()
    assert opened.due_at - opened.created_at == timedelta(days=30)
    approvals.time_out(store, approval_id=opened.approval_id)
    assert running.result() == result


def test_an_agent_that_takes_over_asks_no_second_time(store: Store, job: JobContext) -> None:
    running = Running(job, manual_validation.VALIDATION_0)
    opened = running.question()
    approvals.approve(store, approval_id=opened.approval_id, principal=person(store, "avery"))
    assert running.result() == "succeeded"
    again, _ = run_task(job, manual_validation.VALIDATION_0)
    assert again == "succeeded"
    assert len(approvals.list_of(store)) == 1


def test_a_canceled_job_takes_its_question_back(store: Store, job: JobContext) -> None:
    running = Running(job, manual_validation.VALIDATION_0)
    opened = running.question()
    running.step.is_canceled = True
    job.stop.set()
    assert running.result() == "canceled"
    assert approvals.get(store, opened.approval_id).status == "canceled"


def test_a_delay_counts_from_when_the_step_began(store: Store, job: JobContext) -> None:
    begun = store.clock.now() - timedelta(minutes=5)
    record = task_record(job)
    set_record(store, Record(record_id=record.record_id, run_id=record.run_id, kind="Task",
                             name="t", state="inProgress", started_at=begun))  # fmt: skip
    result, step = run_task(job, delay.DELAY, delayForMinutes="5")
    assert result == "succeeded"
    assert step.logged[0].startswith("Waiting for 5 minutes")
    with pytest.raises(BadInput, match="delayForMinutes"):
        run_task(job, delay.DELAY, delayForMinutes="soon")


def test_a_canceled_delay_ends_at_once(job: JobContext) -> None:
    running = Running(job, delay.DELAY, delayForMinutes="60")
    running.step.is_canceled = True
    job.stop.set()
    assert running.result() == "canceled"


@pytest.fixture
def connection(store: Store, job: JobContext, service: str) -> str:
    made = service_connections.create(
        store, project_id=job.run.project_id, name="outside", kind="generic",
        scheme="UsernamePassword", url=f"{service}/base",
        parameters={"username": "me", "password": "open-sesame"},
    )  # fmt: skip
    pipeline_permissions.authorize(
        store, resource_type="endpoint", resource_id=made.connection_id, by="owner",
        definition_id=job.run.definition_id,
    )  # fmt: skip
    return made.name


def test_a_call_succeeds_when_its_answer_meets_the_criteria(
    job: JobContext, connection: str
) -> None:
    job.variables.define("word", "hello")
    result, step = run_task(
        job, rest_call.INVOKE, connectionType="connectedServiceName", serviceConnection=connection,
        body='{"said": "$(word)"}', urlSuffix="/2?x=1",
        successCriteria="and(eq(root['status'], 'successful'), contains(root['body'], 'hello'))",
    )  # fmt: skip
    assert result == "succeeded", step.errors
    assert any("/base/2?x=1" in line for line in step.logged)
    assert not any("open-sesame" in line for line in step.logged)


def test_a_call_fails_by_its_status_or_its_criteria(
    job: JobContext, connection: str, service: str
) -> None:
    given = {"serviceConnection": connection}
    result, step = run_task(
        job, rest_call.INVOKE, given, successCriteria="eq(root['status'], 'no')"
    )
    assert (result, len(step.errors)) == ("failed", 1)
    with pytest.raises(BadInput, match="connectedServiceNameARM"):
        run_task(job, rest_call.INVOKE, given, connectionType="connectedServiceNameARM")
    result, step = run_task(job, rest_call.FUNCTION_1, function=f"{service}/missing", key="k")
    assert (result, "(404)" in step.errors[0]) == ("failed", True)


def test_a_connection_that_is_missing_is_named(job: JobContext) -> None:
    with pytest.raises(BadInput, match="'nowhere'"):
        run_task(job, rest_call.INVOKE, serviceConnection="nowhere")
    with pytest.raises(ShipwayError, match="connectedServiceNameAzureDevOps"):
        run_task(job, rest_call.INVOKE, connectionType="connectedServiceNameAzureDevOps")


def test_a_function_is_called_with_its_key_which_the_log_hides(
    job: JobContext, service: str
) -> None:
    result, step = run_task(
        job, rest_call.FUNCTION_1, function=f"{service}/api/f", key="k3y/v4lue==",
        queryParameters="a=1", successCriteria="endsWith(root['path'], 'a=1')",
    )  # fmt: skip
    assert result == "succeeded", step.errors
    assert any("/api/f?code=***&a=1" in line for line in step.logged)


@pytest.mark.parametrize("end", ["succeeded", "failed"])
def test_a_callback_ends_the_call_with_its_lines_and_outputs(
    store: Store, job: JobContext, service: str, end: CallbackResult
) -> None:
    record = set_record(store, task_record(job))
    before = _Service.calls
    running = Running(
        job, rest_call.FUNCTION_1, function=f"{service}/f", key="k", waitForCompletion="true"
    )
    wait_for(lambda: task_callbacks.was_called(store, record.run_id, record.record_id))
    told = Told(lines=("half done",), outputs={"score": OutputVariable(value="7")})
    task_callbacks.tell(store, record, told)
    assert task_callbacks.complete(store, record, result=end, by_name="function")
    assert not task_callbacks.complete(store, record, result="failed", by_name="function")
    assert running.result() == end
    assert "half done" in running.step.logged
    assert job.outputs["ref.score"] == ("7", False)
    # who takes over does not call again; who tries a failure again does
    again = Running(
        job, rest_call.FUNCTION_1, function=f"{service}/f", key="k", waitForCompletion="true"
    )
    if end == "failed":
        wait_for(lambda: _Service.calls == before + 2)
        task_callbacks.complete(store, record, result="succeeded", by_name="function")
    assert again.result() == "succeeded"
    assert _Service.calls == before + (2 if end == "failed" else 1)
