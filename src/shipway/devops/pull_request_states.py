"""States of a pull request, of its merge, of its votes and of what policies say of it.

Azure's words: `PullRequestStatus`, `PullRequestAsyncStatus`, `PolicyEvaluationStatus`.
"""

from typing import Literal

from shipway.base.machine import Machine

PullRequestStatus = Literal["active", "abandoned", "completed"]
# active     waits for votes, builds and whoever completes it
# abandoned  given up; may be taken up again
# completed  final: the target branch has its commits

MergeStatus = Literal["notSet", "queued", "succeeded", "conflicts", "failure"]
# notSet     nothing was tried: the pull request is not active
# queued     the branches have moved and were not merged yet
# succeeded  refs/pull/<id>/merge is the merge of both branches
# conflicts  both branches changed the same lines; `conflicts` names the files
# failure    one branch is gone, or they share no past

EvaluationStatus = Literal["queued", "running", "approved", "rejected", "notApplicable", "broken"]
# queued         waits for votes, or for a build that was not queued yet
# running        waits for a run
# approved       holds
# rejected       does not hold: a rejecting vote, a failed or expired run, an open comment
# notApplicable  no changed path is in its filter
# broken         cannot be evaluated: its pipeline is gone

MergeStrategy = Literal["noFastForward", "squash", "rebase", "rebaseMerge"]

ThreadStatus = Literal["unknown", "active", "fixed", "wontFix", "closed", "byDesign", "pending"]
OPEN_THREADS: frozenset[ThreadStatus] = frozenset({"active", "pending"})

APPROVED, APPROVED_WITH_SUGGESTIONS, NO_VOTE, WAITING, REJECTED = 10, 5, 0, -5, -10
VOTES = frozenset({APPROVED, APPROVED_WITH_SUGGESTIONS, NO_VOTE, WAITING, REJECTED})

PULL_REQUEST = Machine(
    name="pull request",
    table={
        ("active", "abandon"): "abandoned",
        ("active", "complete"): "completed",
        ("abandoned", "reactivate"): "active",
    },
    terminal=frozenset({"completed"}),
)
