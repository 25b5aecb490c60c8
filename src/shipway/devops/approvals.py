"""Approvals: opened when a stage meets an approval check, answered by people.

The list of approvers is frozen when an approval opens. Every verb that ends one appends
`ApprovalGranted`, `ApprovalRejected` or `ApprovalTimedOut` to the run's journal in the same
transaction. Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals
"""

from dataclasses import replace
from datetime import datetime, timedelta

from shipway.azure.entra.principals import Principal
from shipway.base import crash_points, ids
from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound
from shipway.base.messages import Event
from shipway.devops import rows, run_progress, runs
from shipway.devops.approval_entities import Approval, ApprovalStep, Approver
from shipway.devops.approval_states import APPROVAL, ApprovalStatus
from shipway.devops.checks import Check
from shipway.devops.runs import Run
from shipway.store.documents import Document
from shipway.store.store import Store

_KIND, _BY_RUN = "approval", "approval_of_run"
TIMER_KIND, EFFECT_TIMER_KIND = "ApprovalDue", "ApprovalEffective"
_COMMENT_LIMIT = 4000


def open_for(
    store: Store, *, run: Run, check: Check, checkpoint_id: str, stage_name: str,
    approvers: tuple[Approver, ...],
) -> Approval:  # fmt: skip
    """Open the approval of `check` for a stage's checkpoint and set its time-out.

    `approvers` are those of the check's settings with names and group members looked up. Opening
    again for the same checkpoint and check gives the one that is there.
    """
    approval_id = ids.guid_from("approval", str(run.run_id), checkpoint_id, str(check.check_id))
    now = store.clock.now()
    with store.database.transaction():
        existing = find(store, approval_id)
        if existing is not None:
            return existing
        settings = check.settings
        in_sequence = settings.get("executionOrder") in ("inSequence", 2)
        least = int(settings.get("minRequiredApprovers") or 0)
        made = Approval(
            approval_id=approval_id, project_id=run.project_id, run_id=run.run_id,
            check_id=check.check_id, checkpoint_id=checkpoint_id, stage_name=stage_name,
            resource_type=check.resource_type, resource_id=check.resource_id,
            resource_name=check.resource_name, status="pending",
            instructions=str(settings.get("instructions") or ""),
            min_required=least or len(approvers),
            execution_order="inSequence" if in_sequence else "anyOrder",
            requester_id=run.requested_for.object_id,
            retrier_id=_retrier_id(store, run, stage_name),
            requester_cannot_approve=bool(settings.get("requesterCannotBeApprover")),
            blocked_ids=tuple(_ids(settings.get("blockedApprovers"))),
            steps=tuple(
                ApprovalStep(
                    approver=a, order=n,
                    status="uninitiated" if in_sequence and n > 1 else "pending",
                )
                for n, a in enumerate(approvers, start=1)
            ),
            created_at=now, due_at=now + timedelta(minutes=check.timeout_minutes), updated_at=now,
        )  # fmt: skip
        store.documents.create(_KIND, approval_id, rows.body_of(made))
        store.documents.create(_BY_RUN, f"{run.run_id:010}/{approval_id}", {})
        store.timers.set(
            _timer(approval_id), due=made.due_at, kind=TIMER_KIND,
            subject=runs.subject(run.run_id), data={"approval_id": approval_id},
        )  # fmt: skip
    return made


def find(store: Store, approval_id: str) -> Approval | None:
    """The approval, or None."""
    found = store.documents.find(_KIND, approval_id.lower())
    return rows.read(Approval, found.body) if found else None


def get(store: Store, approval_id: str, *, project_id: str | None = None) -> Approval:
    """The approval. Raises `NotFound`."""
    found = find(store, approval_id)
    if found is None or project_id not in (None, found.project_id):
        raise NotFound(
            f"Approval with id {approval_id} does not exist.",
            code="ApprovalNotFoundException", where=approval_id,
            hint="`shipway runs` shows what waits for approval.",
        )  # fmt: skip
    return found


def list_of(
    store: Store, *, project_id: str | None = None, run_id: int | None = None,
    status: ApprovalStatus | None = None,
) -> list[Approval]:  # fmt: skip
    """Approvals, newest first."""
    documents = (
        store.documents.list(_KIND, newest_first=True) if run_id is None else _of_run(store, run_id)
    )
    found = (rows.read(Approval, d.body) for d in documents)
    return [
        a
        for a in found
        if project_id in (None, a.project_id)
        and run_id in (None, a.run_id)
        and status in (None, a.status)
    ]


def _of_run(store: Store, run_id: int) -> list[Document]:
    listed = store.documents.list(_BY_RUN, prefix=f"{run_id:010}/", newest_first=True)
    found = (store.documents.find(_KIND, entry.key.partition("/")[2]) for entry in listed)
    return [document for document in found if document is not None]


def may_answer(approval: Approval, principal: Principal) -> bool:
    """Whether `principal` could approve now."""
    if approval.status != "pending" or _is_barred_requester(approval, principal):
        return False
    return _open_step(approval, principal) is not None


def approve(
    store: Store, *, approval_id: str, principal: Principal, comment: str = "",
    deferred_to: datetime | None = None,
) -> Approval:  # fmt: skip
    """One approver agrees; with enough of them the approval is granted.

    With `deferred_to` it counts from then on only. Of one that is deferred an approver may say
    again from when on it counts. Raises `NotFound`, `Conflict` when it is over or this person has
    answered, `Forbidden` for whoever is no approver, whose turn it is not, or who requested the
    run where that bars, `BadInput` for a time that has passed or comes after the time-out.
    """
    with store.database.transaction():
        approval = get(store, approval_id)
        step = _step_for(approval, principal, comment)
        _check_deferral(store, approval, deferred_to)
        answered = _answered(store, step, principal, "approve", comment, deferred_to)
        steps = tuple(answered if s.order == step.order else s for s in approval.steps)
        done = sum(s.status == "approved" for s in steps) >= approval.min_required
        steps = _skip_open(steps) if done else _start_next(approval, steps)
        after = replace(approval, steps=steps, updated_at=store.clock.now())
        if not done:
            save(store, after)
        else:
            after = _grant(store, after, principal, comment)
        crash_points.reach("approve-before-commit")
    crash_points.reach("approve-after-commit")
    return after


def reject(store: Store, *, approval_id: str, principal: Principal, comment: str = "") -> Approval:
    """One approver refuses, which ends the approval. Raises as `approve`."""
    with store.database.transaction():
        approval = get(store, approval_id)
        step = _step_for(approval, principal, comment)
        answered = _answered(store, step, principal, "reject", comment, None)
        steps = tuple(answered if s.order == step.order else s for s in approval.steps)
        after = replace(approval, steps=_skip_open(steps), updated_at=store.clock.now())
        return finish(store, after, "reject", "ApprovalRejected", principal, comment)


def take_effect(store: Store, *, approval_id: str) -> Approval:
    """The time has come to which an approval was deferred. Nothing happens to any other."""
    with store.database.transaction():
        approval = get(store, approval_id)
        if approval.status != "deferred":
            return approval
        return finish(store, approval, "approve", "ApprovalGranted", None, "")


def _grant(store: Store, approval: Approval, principal: Principal, comment: str) -> Approval:
    """Enough have agreed: at once, or at the latest of the times that they have named."""
    times = [s.deferred_to for s in approval.steps if s.deferred_to and s.status == "approved"]
    store.timers.cancel(_effect_timer(approval.approval_id))
    if not times or max(times) <= store.clock.now():
        return finish(store, approval, "approve", "ApprovalGranted", principal, comment)
    status = approval.status
    after = replace(
        approval, effective_at=max(times),
        status=status if status == "deferred" else _next(status, "defer", approval.approval_id),
    )  # fmt: skip
    save(store, after)
    store.timers.set(
        _effect_timer(approval.approval_id), due=max(times), kind=EFFECT_TIMER_KIND,
        subject=runs.subject(approval.run_id), data={"approval_id": approval.approval_id},
    )  # fmt: skip
    return after


def _check_deferral(store: Store, approval: Approval, moment: datetime | None) -> None:
    if moment is None or store.clock.now() < moment <= approval.due_at:
        return
    raise BadInput(
        f"the approval cannot be deferred to {moment:%Y-%m-%dT%H:%M:%SZ}",
        code="InvalidApprovalDeferralException", where="deferredTo",
        hint=f"Name a time to come, until its time-out at {approval.due_at:%Y-%m-%dT%H:%M:%SZ}.",
    )  # fmt: skip


def time_out(store: Store, *, approval_id: str) -> Approval:
    """Nobody answered in time. Does nothing to an approval that is over. Raises `NotFound`."""
    return _end(store, approval_id, "time out", "ApprovalTimedOut")


def cancel(store: Store, *, approval_id: str) -> Approval:
    """The run was canceled while it waited. Does nothing to an approval that is over."""
    return _end(store, approval_id, "cancel", "")


def _end(store: Store, approval_id: str, verb: str, kind: str) -> Approval:
    with store.database.transaction():
        approval = get(store, approval_id)
        if APPROVAL.is_terminal(approval.status):
            return approval
        steps = tuple(
            s if APPROVAL.is_terminal(s.status)
            else replace(s, status=_next(s.status, verb))
            for s in approval.steps
        )  # fmt: skip
        after = replace(approval, steps=steps, updated_at=store.clock.now())
        return finish(store, after, verb, kind, None, "")


def finish(
    store: Store, approval: Approval, verb: str, kind: str, principal: Principal | None,
    comment: str,
) -> Approval:  # fmt: skip
    """End an approval and say `kind` in the journal, in the caller's transaction."""
    after = replace(approval, status=_next(approval.status, verb, approval.approval_id))
    save(store, after)
    store.timers.cancel(_timer(approval.approval_id))
    store.timers.cancel(_effect_timer(approval.approval_id))
    if kind:
        facts = {
            "approval_id": approval.approval_id, "checkpoint_id": approval.checkpoint_id,
            "stage_name": approval.stage_name, "comment": comment,
            "by_id": principal.object_id if principal else "",
            "by_name": principal.name if principal else "",
        }  # fmt: skip
        store.journal.append(
            Event(kind=kind, subject=runs.subject(approval.run_id), at=store.clock.now(),
                  data=facts)
        )  # fmt: skip
    return after


def _step_for(approval: Approval, principal: Principal, comment: str) -> ApprovalStep:
    if len(comment) > _COMMENT_LIMIT:
        raise BadInput(
            f"the comment has {len(comment)} characters, at most {_COMMENT_LIMIT} are kept",
            code="InvalidApprovalCommentException", where="comment",
        )  # fmt: skip
    if approval.status not in ("pending", "deferred"):
        raise Conflict(
            f"the approval {approval.approval_id} is already {approval.status}",
            code="ApprovalAlreadyCompletedException", where=approval.approval_id,
        )  # fmt: skip
    check_requester(approval, principal)
    step = _deferred_step(approval, principal) or _open_step(approval, principal)
    if step is None:
        raise _refusal(approval, principal)
    return step


def _refusal(approval: Approval, principal: Principal) -> Conflict | Forbidden:
    names = ", ".join(s.approver.name for s in approval.steps)
    if any(s.actual_approver_id == principal.object_id for s in approval.steps):
        return Conflict(
            f"{principal.name} has answered the approval {approval.approval_id} already",
            code="ApprovalAlreadyCompletedException", where=approval.approval_id,
            hint="Another approver has to answer.",
        )  # fmt: skip
    if any(_may_act(s, principal, approval.blocked_ids) for s in approval.steps):
        return Forbidden(
            f"it is not yet the turn of {principal.name}",
            code="ApprovalUnauthorizedException", where=approval.approval_id,
            hint=f"The approvers answer in sequence: {names}.",
        )  # fmt: skip
    return Forbidden(
        f"{principal.name} is not an approver of '{approval.resource_name}'",
        code="ApprovalUnauthorizedException", where=approval.approval_id,
        hint=f"Approvers: {names}.",
    )  # fmt: skip


def _deferred_step(approval: Approval, principal: Principal) -> ApprovalStep | None:
    """Whoever has deferred an approval may think again until it counts."""
    own = (
        s for s in approval.steps
        if s.deferred_to is not None and s.actual_approver_id == principal.object_id
    )  # fmt: skip
    return next(own, None) if approval.status == "deferred" and not principal.run_id else None


def _open_step(approval: Approval, principal: Principal) -> ApprovalStep | None:
    if any(s.actual_approver_id == principal.object_id for s in approval.steps):
        return None  # once each, also for a member of several groups
    own = (
        s for s in approval.steps
        if s.status == "pending" and _may_act(s, principal, approval.blocked_ids)
    )  # fmt: skip
    return next(own, None)


def is_for(step: ApprovalStep, principal: Principal) -> bool:
    """Whether a part is somebody's own, or that of a group of theirs."""
    return _may_act(step, principal)


def _may_act(step: ApprovalStep, principal: Principal, blocked: tuple[str, ...] = ()) -> bool:
    # a pipeline's own token is nobody's hand, whoever's name it runs under
    if not principal.object_id or principal.run_id or principal.object_id in blocked:
        return False
    return principal.object_id in (step.approver.approver_id, *step.approver.members)


def _ids(listed: object) -> list[str]:
    """The ids of `[{"id": ...}]`; `checks` has looked at their shape."""
    entries = listed if isinstance(listed, list) else []
    return [str(item["id"]) for item in entries]


def check_requester(approval: Approval, principal: Principal) -> None:
    """Raises `Forbidden` for who asked for the run or for the stage, where the check bars them."""
    if _is_barred_requester(approval, principal):
        raise Forbidden(
            f"{principal.name} requested run {approval.run_id} and may not approve it",
            code="ApprovalUnauthorizedException", where=approval.approval_id,
            hint="The check says that the requester cannot be the approver; ask another approver.",
        )  # fmt: skip


def _is_barred_requester(approval: Approval, principal: Principal) -> bool:
    asked = (approval.requester_id, approval.retrier_id)
    return approval.requester_cannot_approve and principal.object_id in asked


def _retrier_id(store: Store, run: Run, stage_name: str) -> str:
    stage = runs.find_record(store, run.run_id, run_progress.stage_id(run, stage_name))
    return str(stage.data.get("requested_by_id", "")) if stage else ""


def _answered(
    store: Store, step: ApprovalStep, principal: Principal, verb: str, comment: str,
    deferred_to: datetime | None,
) -> ApprovalStep:  # fmt: skip
    before: ApprovalStatus = "pending" if step.deferred_to else step.status
    return replace(
        step, status=_next(before, verb), actual_approver_id=principal.object_id,
        actual_approver_name=principal.name, comment=comment, answered_at=store.clock.now(),
        deferred_to=deferred_to,
    )  # fmt: skip


def _skip_open(steps: tuple[ApprovalStep, ...]) -> tuple[ApprovalStep, ...]:
    return tuple(
        s if APPROVAL.is_terminal(s.status) else replace(s, status=_next(s.status, "skip"))
        for s in steps
    )


def _start_next(approval: Approval, steps: tuple[ApprovalStep, ...]) -> tuple[ApprovalStep, ...]:
    if approval.execution_order == "anyOrder" or any(s.status == "pending" for s in steps):
        return steps
    first = next((s.order for s in steps if s.status == "uninitiated"), 0)
    return tuple(
        replace(s, status=_next(s.status, "start")) if s.order == first else s for s in steps
    )


def _next(status: ApprovalStatus, verb: str, about: str = "") -> ApprovalStatus:
    return APPROVAL.step(status, verb, subject=about)  # type: ignore[return-value]  # the table's words


def save(store: Store, approval: Approval) -> None:
    """Keep an approval as it is now."""
    store.documents.put(_KIND, approval.approval_id, rows.body_of(approval))


def _effect_timer(approval_id: str) -> str:
    return f"approval-effect/{approval_id}"


def _timer(approval_id: str) -> str:
    return f"approval/{approval_id}"
