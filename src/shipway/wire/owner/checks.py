"""Checks as they are configured, and as the stages of a run meet them."""

from collections.abc import Callable
from typing import Any

from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.devops import approval_changes, check_runs, checks, projects, runs
from shipway.devops.check_runs import CheckRun
from shipway.devops.checks import Check
from shipway.loop import checkpoint_bypass
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import approvals, people
from shipway.wire.owner import runs as shapes


def get_all(store: Store, request: Request) -> Response:
    """`GET /api/v1/checks?project=`: what stands on resources, in the order of evaluation."""
    wanted = request.arg("project")
    found = [
        {**_check(check), "project": project.name}
        for project in projects.list_all(store)
        if wanted in ("", project.name, project.project_id)
        for check in sorted(
            checks.on(store, project_id=project.project_id),
            key=lambda c: (c.resource_type, c.resource_name, _order(c), c.check_id),
        )
    ]
    return json_response({"value": found})


def enable(store: Store, request: Request) -> Response:
    """`POST /api/v1/checks/{check}/enable`: it counts for stages that begin from now on."""
    return _switch(store, request, is_disabled=False)


def disable(store: Store, request: Request) -> Response:
    """`POST /api/v1/checks/{check}/disable`: stages that begin from now on pass it by."""
    return _switch(store, request, is_disabled=True)


def of_run(store: Store, request: Request) -> Response:
    """`GET /api/v1/runs/{run}/checks`: what its stages have met, in that order."""
    run = shapes.run_of(store, request)
    found = check_runs.of_run(store, run.run_id)
    return json_response({"value": [_run_shape(store, one) for one in found]})


def bypass(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/checks/{check}/bypass` {as, comment}; check `-`: what waits."""
    one = _target(store, request, "running")
    after = checkpoint_bypass.bypass(
        store, check_run_id=one.check_run_id, principal=people.acting(store, request),
        comment=people.text(request, "comment"),
    )  # fmt: skip
    return json_response(_run_shape(store, after))


def rerun(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/checks/{check}/rerun` {as}: ask a service again."""
    one = _target(store, request, "approved")
    after = checkpoint_bypass.rerun(
        store, check_run_id=one.check_run_id, principal=people.acting(store, request)
    )
    return json_response(_run_shape(store, after))


def reassign(store: Store, request: Request) -> Response:
    """`POST /api/v1/approvals/{target}/reassign` {as, to, of, comment}: names or object ids."""
    approval = approvals.target_of(store, request.params["target"])
    after = approval_changes.reassign(
        store, approval_id=approval.approval_id, principal=people.acting(store, request),
        to=people.object_id(store, people.text(request, "to")),
        of=people.object_id(store, people.text(request, "of")),
        comment=people.text(request, "comment"),
    )  # fmt: skip
    return json_response(shapes.approval(after))


def _switch(store: Store, request: Request, *, is_disabled: bool) -> Response:
    number = shapes.number(request.params["check"], "check")
    for project in projects.list_all(store):
        for check in checks.on(store, project_id=project.project_id):
            if check.check_id == number:
                after = checks.update(
                    store, project_id=project.project_id, check_id=number,
                    settings=check.settings, is_disabled=is_disabled,
                )  # fmt: skip
                return json_response({**_check(after), "project": project.name})
    raise NotFound(
        f"there is no check {number}", where="check", hint="`shipway checks` lists them."
    )


def _target(store: Store, request: Request, status: str) -> CheckRun:
    """The check run of an id or of a check's number; with `-` the only one in that status."""
    run = shapes.run_of(store, request)
    found, name = check_runs.of_run(store, run.run_id), request.params["check"]
    of_status: Callable[[CheckRun], bool] = lambda one: one.status == status  # noqa: E731
    if name == "-":
        possible = [one for one in found if of_status(one)]
    else:
        possible = [
            one for one in found if name.lower() in (one.check_run_id, str(one.check.check_id))
        ]
        possible = [one for one in possible if of_status(one)] or possible[-1:]
    if not possible:
        raise Conflict(
            f"run {run.run_id} has no check that is {status}", code="NothingToBypass",
            where=f"run {run.run_id}", hint=f"`shipway checks show {run.run_id}` says what it met.",
        )  # fmt: skip
    if len(possible) > 1:
        listed = ", ".join(
            f"{one.check.check_id} ({checks.name_of(one.check)})" for one in possible
        )
        raise BadInput(
            f"run {run.run_id} has {len(possible)} checks that are {status}", code="SeveralChecks",
            where=f"run {run.run_id}", hint=f"Name one: {listed}.",
        )  # fmt: skip
    return possible[0]


def _order(check: Check) -> int:
    return checks.CATEGORIES.index(checks.category_of(check))


def _check(check: Check) -> dict[str, Any]:
    return {
        "check_id": check.check_id, "kind": check.kind, "name": checks.name_of(check),
        "category": checks.category_of(check), "resource_type": check.resource_type,
        "resource": check.resource_name or check.resource_id,
        "timeout_minutes": check.timeout_minutes, "is_disabled": check.is_disabled,
    }  # fmt: skip


def _run_shape(store: Store, one: CheckRun) -> dict[str, Any]:
    run = runs.get(store, one.run_id)
    return {
        **_check(one.check), "check_run_id": one.check_run_id, "run_id": one.run_id,
        "pipeline": run.definition_name, "stage": one.stage_name, "status": one.status,
        "message": one.message, "by": one.by_name, "log_id": one.log_id,
        "due_at": timestamp(one.due_at) if one.due_at else None,
        "next_at": timestamp(one.next_at) if one.next_at else None,
        "can_bypass": checkpoint_bypass.is_bypassable(store, one),
    }  # fmt: skip
