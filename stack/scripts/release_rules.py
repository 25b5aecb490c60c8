"""What may be deployed, and which of the two deployments it goes to. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import arm

COLOURS = ("blue", "green")


class Refused(Exception):
    """The version may not be deployed; the message says why."""


@dataclass(frozen=True)
class Plan:
    """What is about to change on an endpoint."""

    endpoint: str
    before: dict[str, int]
    serving: str | None
    new: str


def check_approval(model: arm.ModelVersion, run_id: str | None) -> None:
    """Raises Refused unless the version passed the gate and was approved, in this run if named."""
    label = f"{model.name}:{model.version}"
    if model.tags.get("gate") != "passed":
        raise Refused(f"{label} did not pass the gate")
    if model.tags.get("approval") != "approved" or not model.tags.get("approval_by"):
        raise Refused(
            f"{label} has no approval recorded for it (approval: "
            f"{model.tags.get('approval', 'none')})"
        )
    if run_id and model.tags.get("approval_run") != run_id:
        raise Refused(
            f"{label} was approved in run {model.tags.get('approval_run')}, not in run {run_id}"
        )


def plan(endpoint: str, traffic: dict[str, int], deployed: set[str]) -> Plan:
    """The colour that does not serve gets the new version.

    Raises Refused where traffic is split between both: an earlier release is not finished.
    """
    shares = {name: share for name, share in traffic.items() if share}
    serving = max(shares, key=lambda name: shares[name]) if shares else None
    free = [colour for colour in COLOURS if not shares.get(colour)]
    if not free or len(shares) > 1:
        raise Refused(
            f"the traffic of {endpoint} is split ({traffic}): an earlier release is not finished"
        )
    unused = [colour for colour in free if colour not in deployed]
    return Plan(endpoint, dict(traffic), serving, (unused or free)[0])
