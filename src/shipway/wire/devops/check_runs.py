"""Check suites and their check runs: what a stage waits for, bypass and rerun.

Source: https://learn.microsoft.com/rest/api/azure/devops/approvalsandchecks/check-evaluations
"""

from collections.abc import Sequence
from typing import Any

from shipway.base import ids
from shipway.base.errors import NotFound, ShipwayError
from shipway.devops import business_hours, check_runs, checks, runs
from shipway.devops.check_runs import CheckRun
from shipway.devops.projects import Project
from shipway.loop import checkpoint_bypass
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.checks import reference
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response

# the first that any check run has is the suite's
_WORST = ("rejected", "timedOut", "canceled", "running")
_VERBS = {"bypassed": "bypass", "bypass": "bypass", "rerun": "rerun", "queued": "rerun"}


class CheckRuns:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, request: Request) -> Response:
        """GET pipelines/checks/runs/{suite}: that of a stage's checkpoint."""
        project = shapes.project_of(self._store, request)
        run_id = self._run_of(project, request.params["suite"])
        return json_response(self._shape(request, project, run_id, request.params["suite"]))

    def evaluate(self, request: Request) -> Response:
        """POST pipelines/checks/runs {id, resources}: the checks of resources, outside of a run.

        A suite of that id is given as it is. Business hours are judged at once; what needs a run
        to be judged stays queued, with the reason.
        """
        project, body = shapes.project_of(self._store, request), body_of(request)
        suite_id = body.text("id", "").lower() or ids.new_guid()
        if check_runs.run_of_suite(self._store, suite_id) is None:
            self._begin(project, suite_id, body.children("resources"))
        run_id = self._run_of(project, suite_id)
        return json_response(self._shape(request, project, run_id, suite_id))

    def update(self, request: Request) -> Response:
        """PATCH pipelines/checks/runs/{suite}: {check run: {status}}, `bypassed` or `rerun`."""
        project, suite = shapes.project_of(self._store, request), request.params["suite"]
        run_id = self._run_of(project, suite)
        with self._store.database.transaction():
            for check_run_id, one in _updates(request.json_value()):
                found = checkpoint_bypass.get(
                    self._store, check_run_id, project_id=project.project_id
                )
                if found.suite_id != suite.lower():
                    raise no_suite(f"{suite} with check run {check_run_id}")
                word = one.choice("status", tuple(_VERBS))
                if _VERBS[word] == "bypass":
                    checkpoint_bypass.bypass(
                        self._store, check_run_id=check_run_id, principal=request.principal,
                        comment=one.text("resultMessage", ""),
                    )  # fmt: skip
                else:
                    checkpoint_bypass.rerun(
                        self._store, check_run_id=check_run_id, principal=request.principal
                    )
        return json_response(self._shape(request, project, run_id, suite))

    def _begin(self, project: Project, suite_id: str, named: Sequence[Fields]) -> None:
        guarding = [
            check
            for one in named
            for check in checks.on(
                self._store, project_id=project.project_id, resource_type=one.text("type"),
                resource_id=one.text("id"),
            )
            if not check.is_disabled
        ]  # fmt: skip
        with self._store.database.transaction():
            found = check_runs.begin(
                self._store, suite_id=suite_id, project_id=project.project_id, run_id=0,
                stage_name="", guarding=guarding,
            )  # fmt: skip
            for one in found:
                self._judge(one)

    def _judge(self, one: CheckRun) -> None:
        if one.check.kind != "BusinessHours":
            text = "this check is evaluated when a stage of a run meets it"
            check_runs.change(self._store, one, message=text)
            return
        try:
            hours = business_hours.hours_of(checks.inputs_of(one.check.settings))
            now = self._store.clock.now()
            is_open = business_hours.window_at(hours, now).has(now)
            text = "" if is_open else f"outside of business hours ({business_hours.shown(hours)})"
        except ShipwayError as error:
            is_open, text = False, str(error)
        check_runs.change(
            self._store, one, status="approved" if is_open else "rejected", message=text
        )

    def _run_of(self, project: Project, suite_id: str) -> int:
        """The run of a suite, 0 for one outside of any. Raises `NotFound`."""
        run_id = check_runs.run_of_suite(self._store, suite_id)
        if run_id is None:
            raise no_suite(suite_id)
        if run_id:
            runs.get(self._store, run_id, project_id=project.project_id)
        return run_id

    def _shape(
        self, request: Request, project: Project, run_id: int, suite_id: str
    ) -> dict[str, Any]:
        found = check_runs.of_suite(self._store, run_id=run_id, suite_id=suite_id.lower())
        status = _status(found)
        ends = [one.completed_at for one in found if one.completed_at is not None]
        is_over = len(ends) == len(found) and status != "queued"
        place = f"{shapes.project_url(request, project)}/_apis/pipelines/checks/runs"
        shape: dict[str, Any] = {
            "id": suite_id.lower(), "status": status,
            "context": {"runId": run_id, "stageName": found[0].stage_name if found else ""},
            "message": "\n".join(one.message for one in found if one.status == "rejected"),
            "completedDate": shapes.moment(max(ends)) if ends and is_over else None,
            "checkRuns": [self._run_shape(request, project, one) for one in found],
            "_links": {"self": {"href": f"{place}/{suite_id.lower()}"}},
        }  # fmt: skip
        if "resources" in request.arg("$expand").lower():
            told = [one["checkConfigurationRef"]["resource"] for one in shape["checkRuns"]]
            shape["resources"] = list({(one["type"], one["id"]): one for one in told}.values())
        return shape

    def _run_shape(self, request: Request, project: Project, one: CheckRun) -> dict[str, Any]:
        return {
            "id": one.check_run_id, "status": one.status, "resultMessage": one.message,
            "createdDate": shapes.moment(one.created_at),
            "completedDate": shapes.moment(one.completed_at),
            "checkConfigurationRef": reference(request, project, one.check),
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Check suites; before `pipelines/{id}`."""
    noun = CheckRuns(store)
    base, query = "pipelines/checks/runs", ("$expand",)
    return (
        in_project("POST", base, noun.evaluate, action="contribute", query=query),
        in_project("GET", f"{base}/{{suite}}", noun.get, query=query),
        # who administers the checked resource may, whatever else
        in_project("PATCH", f"{base}/{{suite}}", noun.update, query=query),
    )


def _updates(told: Any) -> list[tuple[str, Fields]]:  # noqa: ANN401  # any JSON value
    """The service takes an object of ids; a list of objects with ids says the same."""
    if isinstance(told, dict) and all(isinstance(v, dict) for v in told.values()):
        return [(key, Fields(values=value, path=key)) for key, value in told.items()]
    listed = Fields(values={"updates": told}).children("updates")
    return [(one.text("id"), one) for one in listed]


def _status(found: Sequence[CheckRun]) -> str:
    seen = {one.status for one in found}
    if seen <= set(check_runs.PASSED):
        return "approved"
    for word in _WORST:
        if word in seen:
            return word
    return "queued" if seen == {"queued"} else "running"


def no_suite(suite_id: str) -> NotFound:
    """What is raised for a suite, or a part of one, that is not there."""
    return NotFound(
        f"Check suite {suite_id[:120]} does not exist.", code="CheckSuiteNotFoundException",
        where="checkSuiteId", hint="It is the id of the Checkpoint record in a run's timeline.",
    )  # fmt: skip
