"""What happens to an approval besides its answers: given to somebody else, passed by.

Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals#bypass-a-check
"""

from dataclasses import replace

from shipway.azure.entra.principals import Principal
from shipway.base.errors import BadInput, Conflict, Forbidden
from shipway.devops import approvals, approver_names, resource_managers
from shipway.devops.approval_entities import Approval, ApprovalStep, Reassignment
from shipway.devops.approval_states import APPROVAL
from shipway.store.store import Store


def may_manage(store: Store, approval: Approval, principal: Principal) -> bool:
    """Whether somebody administers the resource that the approval guards; no pipeline does."""
    return not principal.run_id and resource_managers.may_manage(
        store, principal, project_id=approval.project_id, kind=approval.resource_type,
        resource_id=approval.resource_id,
    )  # fmt: skip


def reassign(
    store: Store, *, approval_id: str, principal: Principal, to: str, of: str = "",
    comment: str = "",
) -> Approval:  # fmt: skip
    """Give an approver's part to another: whose part it is may, and who manages the resource.

    `of` names the approver where there are several. Raises `NotFound`, `Conflict` when nothing of
    it is open, `Forbidden`, `BadInput` for an approver that nobody is.
    """
    with store.database.transaction():
        approval = approvals.get(store, approval_id)
        step = _open_part(store, approval, principal, of)
        found = approver_names.find_approver(store, to)
        if found is None:
            raise BadInput(
                f"the approver '{to[:100]}' is neither a user nor a group",
                code="InvalidApproverException", where="reassignTo.id",
                hint="Use the object id that _apis/identities gives.",
            )  # fmt: skip
        now = store.clock.now()
        noted = Reassignment(
            from_id=step.approver.approver_id, from_name=step.approver.name, comment=comment,
            by_id=principal.object_id, by_name=principal.name, at=now,
        )  # fmt: skip
        given = replace(step, approver=found, history=(*step.history, noted))
        steps = tuple(given if s.order == step.order else s for s in approval.steps)
        after = replace(approval, steps=steps, updated_at=now)
        approvals.save(store, after)
    return after


def bypass(store: Store, *, approval_id: str, principal: Principal, comment: str = "") -> Approval:
    """Let the stage go on without the approval. Raises `NotFound`, `Conflict` when it is over,
    `Forbidden` for whoever does not manage the resource, or asked for what waits and may not
    approve it."""
    with store.database.transaction():
        approval = approvals.get(store, approval_id)
        if APPROVAL.is_terminal(approval.status):
            raise Conflict(
                f"the approval {approval_id} is already {approval.status}",
                code="ApprovalAlreadyCompletedException", where=approval_id,
            )  # fmt: skip
        if not may_manage(store, approval, principal):
            raise refused(principal, approval.resource_name)
        approvals.check_requester(approval, principal)
        steps = tuple(
            s if APPROVAL.is_terminal(s.status) else replace(s, status="skipped")
            for s in approval.steps
        )
        after = replace(
            approval, steps=steps, by_id=principal.object_id, by_name=principal.name,
            updated_at=store.clock.now(),
        )  # fmt: skip
        return approvals.finish(store, after, "skip", "ApprovalBypassed", principal, comment)


def refused(principal: Principal, resource: str) -> Forbidden:
    """Why somebody may not pass a check by."""
    return Forbidden(
        f"{principal.name} does not administer '{resource}' and may not bypass its checks",
        code="AccessDeniedException",
        where=resource,
        hint="Who made it can, and an administrator of the project or of its builds.",
    )


def _open_part(store: Store, approval: Approval, principal: Principal, of: str) -> ApprovalStep:
    is_open = [s for s in approval.steps if s.status in ("pending", "uninitiated")]
    own = [s for s in is_open if approvals.is_for(s, principal)]
    manages = may_manage(store, approval, principal)
    among = is_open if manages else own
    found = [s for s in among if not of or s.approver.approver_id == of] or []
    if approval.status != "pending" or not is_open:
        raise Conflict(
            f"the approval {approval.approval_id} is already {approval.status}",
            code="ApprovalAlreadyCompletedException", where=approval.approval_id,
        )  # fmt: skip
    if not among:
        raise Forbidden(
            f"{principal.name} is not an approver of '{approval.resource_name}'",
            code="ApprovalUnauthorizedException", where=approval.approval_id,
            hint="An approver may give a part away, and who manages the resource.",
        )  # fmt: skip
    own_first = sorted(found, key=lambda s: s not in own)
    if not found or (len(found) > 1 and own_first[0] not in own):
        names = ", ".join(f"{s.approver.name} {s.approver.approver_id}" for s in among)
        raise BadInput(
            "it has to be said whose part is given away", code="ArgumentException",
            where="assignedApprover.id", hint=f"Approvers: {names}.",
        )  # fmt: skip
    return own_first[0]
