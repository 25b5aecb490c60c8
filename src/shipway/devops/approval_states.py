"""States of an approval and of each approver's part in it.

Azure's words: `ApprovalStatus` of `pipelinesapproval`.
"""

from typing import Literal

from shipway.base.machine import Machine

ApprovalStatus = Literal[
    "uninitiated", "pending", "deferred", "approved", "rejected", "skipped", "canceled", "timedOut"
]  # fmt: skip
# uninitiated  an approver whose turn has not come (in sequence)
# pending      waits for a person
# deferred     approved, from a later time on
# approved     final: enough approvers agreed
# rejected     final: one approver refused
# skipped      final: an approver's part that was no longer needed, an approval that was bypassed
# canceled     final: the run was canceled while it waited
# timedOut     final: nobody answered in time

APPROVAL = Machine(
    name="approval",
    table={
        ("uninitiated", "start"): "pending",
        ("uninitiated", "skip"): "skipped",
        ("uninitiated", "cancel"): "canceled",
        ("uninitiated", "time out"): "timedOut",
        ("pending", "approve"): "approved",
        ("pending", "reject"): "rejected",
        ("pending", "skip"): "skipped",
        ("pending", "cancel"): "canceled",
        ("pending", "time out"): "timedOut",
        ("pending", "defer"): "deferred",
        ("deferred", "approve"): "approved",
        ("deferred", "reject"): "rejected",
        ("deferred", "skip"): "skipped",
        ("deferred", "cancel"): "canceled",
        ("deferred", "time out"): "timedOut",
    },
    terminal=frozenset({"approved", "rejected", "skipped", "canceled", "timedOut"}),
)
