"""What waits for a person, and the answer of one."""

from collections.abc import Callable

from shipway.base.errors import BadInput, Conflict
from shipway.devops import approvals, runs
from shipway.devops.approval_entities import Approval
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people
from shipway.wire.owner import runs as shapes

_STATES = ("pending", "approved", "rejected", "canceled", "timedOut", "all")


def get_all(store: Store, request: Request) -> Response:
    """`GET /api/v1/approvals?state=`: those that wait, newest first; `state=all` for every one."""
    state = request.arg("state", "pending")
    if state not in _STATES:
        raise BadInput(f"'{state}' is no state of an approval", where="state",
                       hint=f"Known: {', '.join(_STATES)}.")  # fmt: skip
    found = approvals.list_of(store)
    return json_response(
        {"value": [shapes.approval(a) for a in found if state in ("all", a.status)]}
    )


def approve(store: Store, request: Request) -> Response:
    """`POST /api/v1/approvals/{target}/approve` {as, comment}; target: approval or run."""
    return _answer(store, request, approvals.approve)


def reject(store: Store, request: Request) -> Response:
    """`POST /api/v1/approvals/{target}/reject` {as, comment}."""
    return _answer(store, request, approvals.reject)


def _answer(store: Store, request: Request, verb: Callable[..., Approval]) -> Response:
    target = _target(store, request.params["target"])
    after = verb(
        store, approval_id=target.approval_id, principal=people.acting(store, request),
        comment=people.text(request, "comment"),
    )  # fmt: skip
    return json_response(shapes.approval(after))


def _target(store: Store, text: str) -> Approval:
    """The approval of an id or of a run's number. Raises `NotFound`, `Conflict`, `BadInput`."""
    if not text.isdecimal():
        return approvals.get(store, text)
    run = runs.get(store, int(text))
    waiting = approvals.list_of(store, run_id=run.run_id, status="pending")
    if not waiting:
        told = f"it is {run.result}" if run.state == "completed" else f"it is {run.state}"
        raise Conflict(
            f"run {run.run_id} waits for no approval: {told}", code="NothingToApprove",
            where=f"run {run.run_id}", hint=f"shipway runs show {run.run_id}",
        )  # fmt: skip
    if len(waiting) > 1:
        listed = ", ".join(f"{a.approval_id} ({a.resource_name})" for a in waiting)
        raise BadInput(
            f"run {run.run_id} waits for {len(waiting)} approvals", code="SeveralApprovals",
            where=f"run {run.run_id}", hint=f"Name one: {listed}.",
        )  # fmt: skip
    return waiting[0]
