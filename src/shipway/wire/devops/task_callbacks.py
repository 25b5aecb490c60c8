"""What an agentless task's callee tells of it: its end, lines of its log, output variables.

Source: https://learn.microsoft.com/rest/api/azure/devops/distributedtask/events/post-event,
https://learn.microsoft.com/azure/devops/pipelines/process/invoke-checks
"""

from typing import Any

from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound, NotSupported
from shipway.devops import runs, task_callbacks, task_definitions
from shipway.devops.runs import OutputVariable, Record, Run
from shipway.devops.task_callbacks import CallbackResult, Told
from shipway.store.store import Store
from shipway.wire.devops import plan_logs, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route

# what clients send along and what says nothing that the task does not know itself
_NEUTRAL = frozenset(
    (
        "id", "parentId", "type", "name", "startTime", "currentOperation", "percentComplete",
        "order", "refName", "workerName", "log", "lastModified", "changeId", "details", "location",
        "attempt", "identifier", "task", "errorCount", "warningCount", "url", "previousAttempts",
    )
)  # fmt: skip
_LONGEST_LINE = 65_536
# a person answers these, never a callee or a job that holds the run's token
_ASKING_PEOPLE = ("manualvalidation",)


class TaskCallbacks:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def post_event(self, request: Request) -> Response:
        """POST .../plans/{plan}/events: `TaskCompleted` ends a task that waits for it."""
        run, body = self._run(request), body_of(request)
        name = body.choice("name", task_callbacks.EVENT_NAMES)
        record = self._task(run, body.text("taskId"), "taskId")
        if (record.parent_id or "") != body.text("jobId").lower():
            raise self._missing(run, "job", body.text("jobId"), "jobId")
        if name == "TaskCompleted":
            done = task_callbacks.complete(
                self._store, record, result=_result(body), by_name=request.principal.name
            )
            if not done:
                raise Conflict(
                    f"the task '{record.name}' of run {run.run_id} has been completed already",
                    code="TaskOrchestrationPlanTerminatedException", where="taskId",
                )  # fmt: skip
        return Response(status=200)

    def feed(self, request: Request) -> Response:
        """POST .../records/{record}/feed: lines for the log of a task that waits."""
        run, body = self._run(request), body_of(request)
        record = self._task(run, request.params["record"], "recordId")
        lines = tuple(line[:_LONGEST_LINE] for line in body.texts("value"))
        if lines:
            task_callbacks.tell(self._store, record, Told(lines=lines))
        return Response(status=200)

    def update_records(self, request: Request) -> Response:
        """PATCH .../timelines/{timeline}/records: output variables and issues of tasks."""
        run = self._run(request)
        changed: list[dict[str, Any]] = []
        with self._store.database.transaction():
            for one in body_of(request).children("value"):
                record = self._task(run, one.text("id"), f"{one.path}.id")
                _refuse_state(one)
                told = Told(lines=tuple(_issues(one)), outputs=_outputs(one))
                if told.lines or told.outputs:
                    task_callbacks.tell(self._store, record, told)
                changed.append({"id": record.record_id, "name": record.name,
                                "state": record.state, "type": record.kind})  # fmt: skip
        return shapes.collection(changed)

    def create_log(self, request: Request) -> Response:
        """POST .../plans/{plan}/logs: a log of the run that a callee writes itself."""
        return plan_logs.create(self._store, request, run_id=self._run(request).run_id)

    def append_log(self, request: Request) -> Response:
        """POST .../plans/{plan}/logs/{log}: lines at the end of a log made by `create_log`."""
        run_id = self._run(request).run_id
        return plan_logs.append(self._store, request, run_id=run_id, feed_of="task")

    def _run(self, request: Request) -> Run:
        project = shapes.project_of(self._store, request)
        hub, plan = request.params["hub"], request.params["plan"]
        run = runs.find_by_plan(self._store, plan) if hub.lower() == "build" else None
        if run is None or run.project_id != project.project_id:
            raise NotFound(
                f"No plan found for identifier {plan[:60]}.", where="planId",
                code="TaskOrchestrationPlanNotFoundException",
                hint="Pipelines run in the hub 'build'; the plan is System.PlanId.",
            )  # fmt: skip
        if request.principal.run_id not in (0, run.run_id) or request.principal.check_run_id:
            raise Forbidden(
                f"the access token of a job of run {request.principal.run_id} has no say in run "
                f"{run.run_id}",
                code="AccessDeniedException", where="Authorization",
            )  # fmt: skip
        return run

    def _task(self, run: Run, record_id: str, where: str) -> Record:
        record = runs.find_record(self._store, run.run_id, record_id.lower())
        if record is None or record.kind != "Task":
            raise self._missing(run, "task", record_id, where)
        if record.task_name.lower() in _ASKING_PEOPLE:
            raise Forbidden(
                f"the task '{record.name}' of run {run.run_id} is answered by people only",
                code="AccessDeniedException", where=where,
                hint="PATCH pipelines/approvals, `shipway approve` and `shipway reject` do that.",
            )  # fmt: skip
        major = record.task_version.partition(".")[0]
        known = task_definitions.find(record.task_name, int(major) if major.isdigit() else -1)
        if record.state != "inProgress" or known is None or not known.runs_on_server:
            raise Conflict(
                f"the task '{record.name}' of run {run.run_id} waits for nobody: it is "
                f"{record.state}",
                code="TaskOrchestrationJobNotRunningException", where=where,
                hint="Agentless tasks are told of while they are in progress.",
            )  # fmt: skip
        return record

    def _missing(self, run: Run, what: str, given: str, where: str) -> NotFound:
        return NotFound(
            f"run {run.run_id} has no {what} {given[:60]}", where=where,
            code="TaskOrchestrationJobNotFoundException",
            hint="System.JobId is the job, System.TaskInstanceId the task.",
        )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """As the client library for agentless tasks calls them."""
    noun = TaskCallbacks(store)
    plan = "distributedtask/hubs/{hub}/plans/{plan}"
    records = f"{plan}/timelines/{{timeline}}/records"
    return (
        in_project("POST", f"{plan}/events", noun.post_event, action="job"),
        in_project("POST", f"{records}/{{record}}/feed", noun.feed, action="job"),
        in_project("PATCH", records, noun.update_records, action="job"),
        in_project("POST", f"{plan}/logs", noun.create_log, action="job"),
        in_project("POST", f"{plan}/logs/{{log}}", noun.append_log, action="job"),
    )


def _result(body: Fields) -> CallbackResult:
    """A word, or the number that it has in the client library."""
    raw = body.raw("result")
    if isinstance(raw, int) and not isinstance(raw, bool):
        if 0 <= raw < len(task_callbacks.RESULTS):
            return task_callbacks.RESULTS[raw]
        raise BadInput(
            f"the result {raw} is not known", code="InvalidArgumentValueException",
            where="result", hint=f"Known: {', '.join(task_callbacks.RESULTS)}.",
        )  # fmt: skip
    return body.choice("result", task_callbacks.RESULTS)


def _refuse_state(one: Fields) -> None:
    """A record's state and result belong to the run; a task is ended by its event."""
    for name in one.values:
        if name in _NEUTRAL or name in ("issues", "variables"):
            continue
        if name in ("state", "result", "finishTime", "resultCode") and not one.has(name):
            continue
        if name == "state" and one.text("state").lower() in ("inprogress", "1"):
            continue
        raise NotSupported(
            f"'{name}' of a timeline record is not changed over REST",
            code="RecordFieldNotSupported", where=f"{one.path}.{name}",
            hint="POST .../events with TaskCompleted and a result ends a task.",
        )  # fmt: skip


def _issues(one: Fields) -> list[str]:
    return [
        f"##[{issue.choice('type', ('error', 'warning'))}]{issue.text('message', '')}"
        for issue in one.children("issues")
    ]


def _outputs(one: Fields) -> dict[str, OutputVariable]:
    return {
        name: OutputVariable(
            value=variable.text("value", ""), is_secret=variable.boolean("isSecret")
        )
        for name, variable in one.named("variables").items()
    }
