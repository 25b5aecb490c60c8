"""`azuredevops_branch_policy_min_reviewers`: how many must agree to a pull request."""

from typing import Any

from shipway.terraform.resource import Values
from shipway.terraform.resources.azuredevops import branch_policies
from shipway.terraform.resources.azuredevops.attributes import flag, number

_FLAGS = {
    "submitter_can_vote": "creatorVoteCounts",
    "allow_completion_with_rejects_or_waits": "allowDownvotes",
    "on_last_iteration_require_vote": "requireVoteOnLastIteration",
    "on_each_iteration_require_vote": "requireVoteOnEachIteration",
    "on_push_reset_approved_votes": "resetOnSourcePush",
    "on_push_reset_all_votes": "resetRejectionsOnSourcePush",
    "last_pusher_cannot_approve": "blockLastPusherVote",
}


def expand(settings: Values) -> dict[str, Any]:
    """The settings as the service has them."""
    told: dict[str, Any] = {there: flag(settings, here) for here, there in _FLAGS.items()}
    if told["resetRejectionsOnSourcePush"]:
        told["resetOnSourcePush"] = True
    return told | {"minimumApproverCount": number(settings, "reviewer_count")}


def flatten(told: dict[str, Any], before: Values) -> Values:
    """The attributes that settings say."""
    shown: Values = {here: bool(told.get(there)) for here, there in _FLAGS.items()}
    if shown["on_push_reset_all_votes"] and before.get("on_push_reset_approved_votes") is False:
        # resetting all votes resets the approving ones as well, without being asked for it
        shown["on_push_reset_approved_votes"] = False
    return shown | {"reviewer_count": told.get("minimumApproverCount")}


RESOURCE = branch_policies.resource(
    branch_policies.PolicyKind(
        type_name="azuredevops_branch_policy_min_reviewers",
        policy_type="fa4e907d-c16b-4a4c-9dfa-4906e5d171dd",
        expand=expand,
        flatten=flatten,
    )
)
