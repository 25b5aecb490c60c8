"""Builds: the older shape of a run; queue, look, cancel, run again.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/builds
"""

import fnmatch
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from shipway.base.clock import parse_timestamp
from shipway.base.errors import BadInput, NotSupported
from shipway.devops import definitions, run_tags, runs
from shipway.devops.agent_pools import HOSTED
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.projects import Project
from shipway.devops.runs import Reason, Run
from shipway.loop import run as run_station
from shipway.loop import run_retry
from shipway.store.store import Store
from shipway.wire.devops import (
    agent_pools,
    body_fields,
    build_repositories,
    run_requests,
    run_words,
    shapes,
)
from shipway.wire.devops.definitions import reference
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response

_QUERY = (
    "definitions", "buildNumber", "minTime", "maxTime", "requestedFor", "reasonFilter",
    "statusFilter", "resultFilter", "tagFilters", "$top", "continuationToken",
    "maxBuildsPerDefinition", "queryOrder", "branchName", "buildIds", "repositoryId",
    "repositoryType", "deletedFilter",
)  # fmt: skip
_CHANGEABLE = ("status", "buildNumber", "keepForever")
_REASONS: tuple[Reason, ...] = ("manual", "individualCI", "batchedCI", "schedule")


class Builds:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET build/builds."""
        project = shapes.project_of(self._store, request)
        tests = _tests(request)
        found = [
            r for r in runs.list_of(self._store, project_id=project.project_id)
            if all(test(r) for test in tests)
        ]  # fmt: skip
        if request.arg("queryOrder").lower().endswith("ascending"):
            found.reverse()
        most = request.arg("maxBuildsPerDefinition")
        if most:
            found = _at_most(found, shapes.number(most, "maxBuildsPerDefinition"))
        page, following = shapes.paged(request, found)
        values = [shape_of(self._store, request, project, r) for r in page]
        return shapes.collection(values, continuation=following)

    def get(self, request: Request) -> Response:
        """GET build/builds/{id}."""
        project = shapes.project_of(self._store, request)
        return json_response(
            shape_of(self._store, request, project, build_of(self._store, request, project))
        )

    def queue(self, request: Request) -> Response:
        """POST build/builds."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        body_fields.check(body, body_fields.BUILD, body_fields.BUILD_NEUTRAL)
        definition_id = body.child("definition").number(
            "id", shapes.number(request.arg("definitionId") or "0", "definitionId") or None
        )
        definition = definitions.get(
            self._store, project_id=project.project_id, definition_id=definition_id
        )
        _check_queue(body.child("queue"), definition)
        _check_requester(body.child("requestedFor"), request)
        made = run_requests.queue(
            self._store, definition, request.principal,
            branch=body.text("sourceBranch", ""), version=body.text("sourceVersion", ""),
            variables=_parameters(body), parameters=body.child("templateParameters").values,
            reason=body.choice("reason", _REASONS, "manual"),
        )  # fmt: skip
        return json_response(shape_of(self._store, request, project, made))

    def update(self, request: Request) -> Response:
        """PATCH build/builds/{id}: what `_CHANGEABLE` names; `?retry=true`: what failed, again."""
        project = shapes.project_of(self._store, request)
        found = build_of(self._store, request, project)
        if shapes.is_true(request, "retry"):
            retried = run_retry.retry_stages(
                self._store, run_id=found.run_id, principal=request.principal
            )
            return json_response(shape_of(self._store, request, project, retried))
        changed = self._change(request, found, body_of(request))
        return json_response(shape_of(self._store, request, project, changed))

    def _change(self, request: Request, run: Run, body: Fields) -> Run:
        """Raises `BadInput` for a field that stays as it is, or when there is none to change."""
        known = {name.lower() for name in _CHANGEABLE}
        given = [name for name in body.values if body.has(name) and name.lower() != "id"]
        unknown = sorted(name for name in given if name.lower() not in known)
        if unknown or not given:
            raise BadInput(
                f"the field '{unknown[0][:100]}' of a build cannot be changed"
                if unknown else "Value cannot be null. Parameter name: status",
                code="InvalidArgumentValueException", where=(unknown or ["status"])[0][:100],
                hint=f"Can be set: {', '.join(_CHANGEABLE)}; status to cancelling.",
            )  # fmt: skip
        if body.has("status"):
            body.choice("status", ("cancelling",))
        with self._store.database.transaction():
            if body.has("keepForever"):
                kept = body.boolean("keepForever")
                run = runs.set_run(self._store, run.run_id, keep_forever=kept)
            if name := body.text("buildNumber", ""):
                run = runs.set_run(self._store, run.run_id, run_name=name[:255])
            if body.has("status"):
                who = request.principal
                run = run_station.cancel(self._store, run_id=run.run_id, principal=who)
        return run


def build_of(store: Store, request: Request, project: Project) -> Run:
    """The run that the path names. Raises `NotFound`, `BadInput`."""
    run_id = shapes.number(request.params["build"], "buildId")
    return runs.get(store, run_id, project_id=project.project_id)


def shape_of(store: Store, request: Request, project: Project, run: Run) -> dict[str, Any]:
    """`Build`."""
    place = f"{shapes.project_url(request, project)}/_apis/build"
    definition = definitions.find(store, run.definition_id)
    shape: dict[str, Any] = {
        "id": run.run_id, "buildNumber": run.run_name, "status": run_words.build_status(run),
        "result": run_words.build_result(run), "queueTime": shapes.moment(run.queued_at),
        "startTime": shapes.moment(run.started_at),
        "finishTime": shapes.moment(run.finished_at),
        "definition": reference(request, project, definition) if definition
        else {"id": run.definition_id, "name": run.definition_name},
        "project": shapes.project_reference(request, project),
        "uri": f"vstfs:///Build/Build/{run.run_id}", "url": f"{place}/Builds/{run.run_id}",
        "sourceBranch": run.source_branch, "sourceVersion": run.source_version,
        "reason": run.reason, "priority": "normal", "queue": agent_pools.queue_shape(
            request, project, definition.queue_number if definition else HOSTED),
        "requestedFor": shapes.identity(store, request, run.requested_for),
        "requestedBy": shapes.identity(store, request, run.requested_by),
        "lastChangedDate": shapes.moment(run.updated_at),
        "lastChangedBy": shapes.identity(store, request, run.requested_by),
        "orchestrationPlan": {"planId": run.plan_id}, "plans": [{"planId": run.plan_id}],
        "logs": {"id": 0, "type": "Container", "url": f"{place}/builds/{run.run_id}/logs"},
        "parameters": json.dumps(dict(run.variables)) if run.variables else None,
        "templateParameters": {k: str(v) for k, v in run.parameters.items()},
        "triggerInfo": dict(run.trigger_info), "tags": list(run.tags),
        "keepForever": run.keep_forever, "retainedByRelease": False,
        "validationResults": [
            {"result": "error" if d.get("severity") == "error" else "warning",
             "message": str(d.get("message", ""))}
            for d in run.diagnostics
        ],
        "_links": run_words.links(request, project, run),
    }  # fmt: skip
    if definition is not None:
        shape["repository"] = build_repositories.shape(store, request, project, definition)
    return {name: value for name, value in shape.items() if value is not None}


def routes(store: Store) -> tuple[Route, ...]:
    """Builds."""
    noun = Builds(store)
    one = "build/builds/{build}"
    queue = ("ignoreWarnings", "checkInTicket", "definitionId")
    return (
        in_project("GET", "build/builds", noun.list_all, query=_QUERY),
        in_project("POST", "build/builds", noun.queue, action="contribute", query=queue),
        in_project("GET", one, noun.get, query=("propertyFilters",)),
        in_project("PATCH", one, noun.update, action="contribute", query=("retry",)),
    )


def _check_queue(queue: Fields, definition: PipelineDefinition) -> None:
    """Jobs go where the YAML or the definition says. Raises `NotSupported` for another queue."""
    number = queue.number("id", definition.queue_number)
    if number != definition.queue_number:
        raise NotSupported(
            f"queueing into another queue ({number}) than the pipeline's is not supported",
            code="FieldNotSupportedException", status=400, where="queue.id",
            hint="Name the pool in the YAML.",
        )  # fmt: skip


def _check_requester(person: Fields, request: Request) -> None:
    if person.text("id", request.principal.object_id) != request.principal.object_id:
        raise NotSupported(
            "queueing a build for somebody else is not supported",
            code="FieldNotSupportedException", status=400, where="requestedFor.id",
            hint="They queue it with a token of their own.",
        )  # fmt: skip


def _parameters(body: Fields) -> dict[str, str]:
    """`parameters`: variables as a JSON object in a text, as the older API has them."""
    text = body.text("parameters", "")
    if not text:
        return {}
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"'parameters' is not a JSON object in a text: {error.msg} at column {error.colno}",
            code="InvalidArgumentValueException", where="parameters",
            hint='Such as "{\\"name\\": \\"value\\"}".',
        ) from None  # fmt: skip
    return Fields(values={"parameters": values}).flat("parameters")


def _tests(request: Request) -> list[Callable[[Run], bool]]:
    """What a run has to be to be listed, one test for each parameter that was given."""
    found: list[Callable[[Run], bool]] = []

    def numbers(name: str) -> set[int]:
        return {shapes.number(part, name) for part in request.arg(name).split(",") if part}

    def words(name: str) -> set[str]:
        return {part.strip().lower() for part in request.arg(name).split(",") if part.strip()}

    if given := numbers("definitions"):
        found.append(lambda r: r.definition_id in given)
    if build_ids := numbers("buildIds"):
        found.append(lambda r: r.run_id in build_ids)
    if statuses := words("statusFilter") - {"all"}:
        found.append(lambda r: run_words.build_status(r).lower() in statuses)
    if results := words("resultFilter"):
        found.append(lambda r: (run_words.build_result(r) or "").lower() in results)
    if reasons := words("reasonFilter") - {"all"}:
        found.append(lambda r: r.reason.lower() in reasons)
    if tags := words("tagFilters"):
        found.append(lambda r: run_tags.has_all(r, tags))
    return found + _name_tests(request) + _time_tests(request)


def _name_tests(request: Request) -> list[Callable[[Run], bool]]:
    found: list[Callable[[Run], bool]] = []
    if branch := request.arg("branchName"):
        ref = definitions.full_branch(branch)
        found.append(lambda r: r.source_branch == ref)
    if name := request.arg("buildNumber"):
        found.append(lambda r: fnmatch.fnmatchcase(r.run_name, name))
    if person := request.arg("requestedFor").lower():
        found.append(lambda r: person in (r.requested_for.name.lower(), r.requested_for.object_id))
    if repository := request.arg("repositoryId").lower():
        found.append(lambda r: r.repository_id == repository)
    return found


def _time_tests(request: Request) -> list[Callable[[Run], bool]]:
    found: list[Callable[[Run], bool]] = []
    if text := request.arg("minTime"):
        earliest = _moment(text, "minTime")
        found.append(lambda r: r.queued_at >= earliest)
    if text := request.arg("maxTime"):
        latest = _moment(text, "maxTime")
        found.append(lambda r: r.queued_at <= latest)
    return found


def _moment(text: str, name: str) -> datetime:
    try:
        return parse_timestamp(text)
    except ValueError:
        raise BadInput(
            f"The value '{text[:60]}' is not valid for parameter '{name}'",
            code="InvalidArgumentValueException", where=name,
            hint="Such as 2026-01-31T10:00:00Z.",
        ) from None  # fmt: skip


def _at_most(found: list[Run], most: int) -> list[Run]:
    counts: dict[int, int] = {}
    kept: list[Run] = []
    for run in found:
        counts[run.definition_id] = counts.get(run.definition_id, 0) + 1
        if counts[run.definition_id] <= most:
            kept.append(run)
    return kept
