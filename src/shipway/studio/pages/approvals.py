"""What waits for a person: shown to everybody, answered by whom the rules allow.

Who answers is the session's person; a form says only what and why.
"""

from datetime import UTC, datetime

from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput
from shipway.devops import approvals, runs
from shipway.devops.approval_entities import Approval
from shipway.store.store import Store
from shipway.studio import wording
from shipway.studio.contexts import ApprovalsContext
from shipway.studio.exchange import Answer, Page, Redirect, Visit
from shipway.studio.views import ApprovalView, ApproverView, Moment

_ANSWERED_SHOWN = 30


def show_all(store: Store, visit: Visit) -> Answer:
    """GET /approvals."""
    found = approvals.list_of(store)
    over = sorted(
        (a for a in found if a.status != "pending"), key=lambda a: a.updated_at, reverse=True
    )
    context = ApprovalsContext(
        waiting=tuple(
            view(store, one, visit.principal, back="/approvals")
            for one in found if one.status == "pending"
        ),
        answered=tuple(
            view(store, one, visit.principal, back="/approvals") for one in over[:_ANSWERED_SHOWN]
        ),
    )  # fmt: skip
    return Page(template="approvals.html", title="Approvals", context=context)


def approve(store: Store, visit: Visit) -> Answer:
    """POST /approvals/{approval}/approve. Raises what `approvals.approve` raises."""
    back = _back(visit)
    approvals.approve(
        store, approval_id=visit.params["approval"], principal=visit.principal,
        comment=visit.form.get("comment", ""), deferred_to=_moment(visit),
    )  # fmt: skip
    return Redirect(location=back)


def reject(store: Store, visit: Visit) -> Answer:
    """POST /approvals/{approval}/reject. Raises what `approvals.reject` raises."""
    back = _back(visit)
    approvals.reject(
        store, approval_id=visit.params["approval"], principal=visit.principal,
        comment=visit.form.get("comment", ""),
    )  # fmt: skip
    return Redirect(location=back)


def view(store: Store, one: Approval, principal: Principal, *, back: str) -> ApprovalView:
    """An approval as `principal` sees it."""
    now = store.clock.now()
    run = runs.get(store, one.run_id)
    requester = users.find(store, one.requester_id)
    return ApprovalView(
        approval_id=one.approval_id, run_number=one.run_id,
        run_title=f"{run.definition_name} {run.run_name}", stage=one.stage_name,
        resource=one.resource_name, status=one.status, instructions=one.instructions,
        requester=requester.display_name if requester else run.requested_for.name,
        min_required=one.min_required,
        opened=Moment(iso=timestamp(one.created_at), text=wording.ago(one.created_at, now)),
        due=Moment(iso=timestamp(one.due_at), text=one.due_at.strftime("%d %b %H:%M UTC")),
        effective=f"{one.effective_at:%d %b %H:%M UTC}" if one.status == "deferred" else "",
        steps=tuple(
            ApproverView(
                name=step.approver.name, status=step.status, by=step.actual_approver_name,
                comment=step.comment,
                when=Moment(iso=wording.iso(step.answered_at),
                            text=wording.ago(step.answered_at, now)),
            )
            for step in one.steps
        ),
        refusal=_refusal(one, principal), back=back,
    )  # fmt: skip


def _refusal(one: Approval, principal: Principal) -> str:
    """Why there is no button for this person; the rules themselves are asked again on answering."""
    if one.status != "pending" or approvals.may_answer(one, principal):
        return ""
    if one.requester_cannot_approve and principal.object_id == one.requester_id:
        return "You requested this run; another approver has to answer."
    if any(step.actual_approver_id == principal.object_id for step in one.steps):
        return "You have answered; it waits for another approver."
    return "You are not among its approvers."


def _moment(visit: Visit) -> datetime | None:
    """From when on an answer counts; nothing is at once. Raises `BadInput`."""
    text = visit.form.get("deferred_to", "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("the form has no time", where="deferred_to",
                       hint="Such as 2026-12-01T20:00.") from None  # fmt: skip
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _back(visit: Visit) -> str:
    """Where the form was, if that is a page of the studio. Raises `BadInput`."""
    place = visit.form.get("back", "/approvals")
    if not place.startswith("/") or place.startswith(("//", "/\\")) or not place.isprintable():
        raise BadInput("the form wants to lead elsewhere", where="back", hint="Use the page's own.")
    return place
