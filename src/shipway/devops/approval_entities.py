"""Approvals as they are kept: who may answer, what was answered, until when.

The list of approvers is frozen when an approval opens. Knows nothing of how one goes on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shipway.devops.approval_states import ApprovalStatus

ExecutionOrder = Literal["anyOrder", "inSequence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """A user, or a group with its members as they were when the approval opened."""

    approver_id: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassignment:
    """Whose part it was before somebody gave it to another."""

    from_id: str
    from_name: str
    by_id: str
    by_name: str
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalStep:
    """One approver's part. `deferred_to`: the answer counts from then on."""

    approver: Approver
    order: int
    status: ApprovalStatus
    actual_approver_id: str = ""
    actual_approver_name: str = ""
    comment: str = ""
    answered_at: datetime | None = None
    deferred_to: datetime | None = None
    history: tuple[Reassignment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What waits for people before a stage of a run goes on.

    With status `deferred` it is granted at `effective_at`. `by_name` is who bypassed it.
    `retrier_id` is who asked for this attempt of the stage, or started it by hand.
    """

    approval_id: str
    project_id: str
    run_id: int
    check_id: int
    checkpoint_id: str
    stage_name: str
    resource_type: str
    resource_id: str
    resource_name: str
    status: ApprovalStatus
    instructions: str
    min_required: int
    execution_order: ExecutionOrder
    requester_id: str
    requester_cannot_approve: bool
    retrier_id: str = ""
    blocked_ids: tuple[str, ...] = ()
    steps: tuple[ApprovalStep, ...]
    created_at: datetime
    due_at: datetime
    updated_at: datetime
    effective_at: datetime | None = None
    by_id: str = ""
    by_name: str = ""
