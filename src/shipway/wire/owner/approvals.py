"""What waits for a person, and the answer of one."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from shipway.base.errors import BadInput, Conflict
from shipway.devops import approvals, runs
from shipway.devops.approval_entities import Approval
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people
from shipway.wire.owner import runs as shapes

_STATES = ("pending", "deferred", "approved", "rejected", "skipped", "canceled", "timedOut", "all")


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
    """`POST /api/v1/approvals/{target}/approve` {as, comment, until}; target: approval or run.

    With `until` it counts from that time on.
    """
    until = people.text(request, "until")
    return _answer(store, request, partial(approvals.approve, deferred_to=_moment(until)))


def reject(store: Store, request: Request) -> Response:
    """`POST /api/v1/approvals/{target}/reject` {as, comment}."""
    return _answer(store, request, approvals.reject)


def _answer(store: Store, request: Request, verb: Callable[..., Approval]) -> Response:
    target = target_of(store, request.params["target"])
    after = verb(
        store, approval_id=target.approval_id, principal=people.acting(store, request),
        comment=people.text(request, "comment"),
    )  # fmt: skip
    return json_response(shapes.approval(after))


def target_of(store: Store, text: str) -> Approval:
    """The approval of an id or of a run's number. Raises `NotFound`, `Conflict`, `BadInput`."""
    if not text.isdecimal():
        return approvals.get(store, text)
    run = runs.get(store, int(text))
    waiting = approvals.list_of(store, run_id=run.run_id, status="pending")
    waiting = waiting or approvals.list_of(store, run_id=run.run_id, status="deferred")
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


def _moment(text: str) -> datetime | None:
    """A time in words that people write, UTC without a zone. Raises `BadInput`."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"'{text[:60]}' is no time", where="until",
                       hint="Write it such as 2026-12-01T20:00 (UTC).") from None  # fmt: skip
    return found if found.tzinfo else found.replace(tzinfo=UTC)
