"""Writes what was decided about a model version into its tags: who, when, with which comment.

Inside the approved stage it must find an approval; with --if-decided it also records a rejection
or a time-out after the stage, so that a version is never asked about twice.
"""

from __future__ import annotations

import argparse
import sys

import arm
import azdo

#: Decisions that end a version's way; a canceled run decides nothing.
FINAL = ("approved", "rejected", "timedOut")


def decision_of(approvals: list[azdo.Approval]) -> str | None:
    """approved when every approval is; else the first other final word; None while open."""
    states = [approval.status for approval in approvals]
    if states and all(state == "approved" for state in states):
        return "approved"
    return next((state for state in states if state in FINAL and state != "approved"), None)


def tags_of(decision: str, approvals: list[azdo.Approval], build_id: str) -> dict[str, str]:
    """The decision as tags of a model version."""
    return {
        "approval": decision,
        "approval_by": ", ".join(sorted({a.decided_by for a in approvals if a.decided_by})),
        "approval_on": max((a.decided_on for a in approvals), default=""),
        "approval_comment": "; ".join(a.comment for a in approvals if a.comment),
        "approval_run": build_id,
        "approval_id": " ".join(a.approval_id for a in approvals),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arm.add_arguments(parser)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--model-version", required=True)
    parser.add_argument("--stage", required=True, help="the stage that the approval protects")
    parser.add_argument("--if-decided", action="store_true", help="an open approval is no error")
    args = parser.parse_args()

    run = azdo.Run.of_this_step()
    approvals = run.approvals(args.stage)
    decision = decision_of(approvals)
    if decision is None and args.if_decided:
        print(f"nothing was decided about {args.model_name}:{args.model_version} in this run")
        return 0
    if decision is None or (decision != "approved" and not args.if_decided):
        azdo.error(
            f"stage {args.stage} has no approval (found: "
            f"{', '.join(a.status for a in approvals) or 'none'}). The environment it deploys to "
            "needs an approval check."
        )
        return 1
    workspace = arm.Workspace.of(args)
    model = workspace.model_version(args.model_name, args.model_version)
    workspace.tag(model, tags_of(decision, approvals, run.build_id))
    people = ", ".join(a.decided_by for a in approvals if a.decided_by) or "nobody"
    print(f"{args.model_name}:{args.model_version}: {decision} by {people}")
    return 0


if __name__ == "__main__":
    sys.exit(azdo.reported(main, arm.ArmError))
