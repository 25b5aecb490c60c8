"""What the service behind a check tells of it: its decision, lines of its log.

The same calls that agentless tasks take, in the hub `checks`: the plan is the check suite, job and
task are the check run. Source: https://learn.microsoft.com/azure/devops/pipelines/process/invoke-checks
"""

from typing import Any

from shipway.base.errors import BadInput, Forbidden
from shipway.devops import check_calls, check_runs, logs
from shipway.devops.check_runs import CheckRun
from shipway.loop import checkpoint_bypass
from shipway.store.store import Store
from shipway.wire.devops import plan_logs, shapes
from shipway.wire.devops.check_runs import no_suite
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route

_EVENTS = ("TaskAssigned", "TaskStarted", "TaskCompleted")
_PASSED = ("succeeded", "succeededwithissues")
# in the order of the numbers that they have in the client library
_RESULTS = (*_PASSED, "failed", "canceled", "skipped", "abandoned")
_LONGEST_LINE = 65_536


class CheckCallbacks:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def post_event(self, request: Request) -> Response:
        """POST .../plans/{plan}/events: `TaskCompleted` decides a check that waits for it."""
        body = body_of(request)
        name, job_id = body.choice("name", _EVENTS), body.text("jobId")
        one = self._run(request, job_id)
        if body.text("taskId").lower() != one.check_run_id:
            raise no_suite(f"{request.params['plan']} with task {body.text('taskId')[:60]}")
        if name == "TaskCompleted":
            result = _result(body)
            checkpoint_bypass.decide(
                self._store, check_run_id=one.check_run_id, passed=result in _PASSED,
                principal=request.principal,
                reason="" if result in _PASSED else f"the service decided: {result}",
            )  # fmt: skip
        return shapes.no_content()

    def feed(self, request: Request) -> Response:
        """POST .../timelines/{timeline}/records/{record}/feed: lines for the check's log."""
        one = self._run(request, request.params["record"])
        self._write(one, [line[:_LONGEST_LINE] for line in body_of(request).texts("value")])
        return shapes.no_content()

    def update_records(self, request: Request) -> Response:
        """PATCH .../timelines/{timeline}/records: which log is the check's, issues as lines."""
        changed: list[dict[str, Any]] = []
        for told in body_of(request).children("value"):
            one = self._run(request, told.text("id"))
            if told.has("log"):
                self._attach(one, told.child("log").number("id"))
            self._write(one, [issue.text("message", "") for issue in told.children("issues")])
            changed.append({"id": one.check_run_id, "name": told.text("name", ""),
                            "type": "Checkpoint.TaskCheck"})  # fmt: skip
        return shapes.collection(changed)

    def create_log(self, request: Request) -> Response:
        """POST .../plans/{plan}/logs: a log that the service writes itself."""
        return plan_logs.create(self._store, request, run_id=self._member(request))

    def append_log(self, request: Request) -> Response:
        """POST .../plans/{plan}/logs/{log}: lines at the end of a log made by `create_log`."""
        run_id = self._member(request)
        return plan_logs.append(self._store, request, run_id=run_id, feed_of="check")

    def _member(self, request: Request) -> int:
        """The run of the plan, for who has a say in it. Raises `NotFound`, `Forbidden`."""
        plan = request.params["plan"]
        run_id = check_runs.run_of_suite(self._store, plan)
        found = check_runs.of_suite(self._store, run_id=run_id or 0, suite_id=plan.lower())
        if not run_id or not found:
            raise no_suite(plan)
        own = (one for one in found if one.check_run_id == request.principal.check_run_id)
        self._require(request, next(own, found[0]))
        return run_id

    def _run(self, request: Request, check_run_id: str) -> CheckRun:
        """The check run, for who has a say in it. Raises `NotFound`, `Forbidden`."""
        project = shapes.project_of(self._store, request)
        one = checkpoint_bypass.get(
            self._store, check_run_id.lower(), project_id=project.project_id
        )  # fmt: skip
        if one.suite_id != request.params["plan"].lower():
            raise no_suite(f"{request.params['plan']} with check run {check_run_id[:60]}")
        self._require(request, one)
        return one

    def _require(self, request: Request, one: CheckRun) -> None:
        if not checkpoint_bypass.has_say(self._store, one, request.principal):
            raise Forbidden(
                f"{request.principal.name} has no say in the checks of run {one.run_id}",
                code="AccessDeniedException", where="Authorization",
                hint="Send the AuthToken that the check was called with.",
            )  # fmt: skip

    def _attach(self, one: CheckRun, log_id: int) -> None:
        log = logs.get(self._store, run_id=one.run_id, log_id=log_id)
        with self._store.database.transaction():
            fresh = check_runs.find(self._store, one.check_run_id) or one
            if fresh.log_id is None and not log.record_id:
                check_runs.change(self._store, fresh, log_id=log.log_id)

    def _write(self, one: CheckRun, lines: list[str]) -> None:
        if not lines:
            return
        store = self._store
        with store.database.transaction():
            fresh = check_runs.find(store, one.check_run_id) or one
            if fresh.log_id is None:
                log = logs.create(store, run_id=one.run_id, record_id=one.check_run_id)
                check_runs.change(store, fresh, log_id=log.log_id)
            else:
                log = logs.get(store, run_id=one.run_id, log_id=fresh.log_id)
            with logs.writer(store, log) as writer:
                writer.write_lines(lines)


def routes(store: Store) -> tuple[Route, ...]:
    """The hub of checks; before the hubs of tasks."""
    noun = CheckCallbacks(store)
    plan = f"distributedtask/hubs/{check_calls.HUB}/plans/{{plan}}"
    records = f"{plan}/timelines/{{timeline}}/records"
    return (
        in_project("POST", f"{plan}/events", noun.post_event, action="job"),
        in_project("POST", f"{records}/{{record}}/feed", noun.feed, action="job"),
        in_project("PATCH", records, noun.update_records, action="job"),
        in_project("POST", f"{plan}/logs", noun.create_log, action="job"),
        in_project("POST", f"{plan}/logs/{{log}}", noun.append_log, action="job"),
    )


def _result(body: Fields) -> str:
    raw = body.raw("result")
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < len(_RESULTS):
        return _RESULTS[raw]
    word = body.text("result").lower()
    if word not in _RESULTS:
        raise BadInput(
            f"the result '{word[:40]}' is not known", code="InvalidArgumentValueException",
            where="result", hint=f"Known: {', '.join(_RESULTS)}.",
        )  # fmt: skip
    return word
