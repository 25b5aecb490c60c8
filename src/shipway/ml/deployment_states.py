"""States of online endpoints and deployments, as their `provisioningState` shows them.

Source: https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints
"""

from typing import Literal

from shipway.base.machine import Machine

# Creating: accepted for the first time, being made.        Updating: accepted again, the older
# form may still answer.  Succeeded: answers.  Failed: does not, `error` says why; a deployment
# that failed keeps its logs.  Deleting: on its way out; afterwards it is not found.
ProvisioningState = Literal["Creating", "Updating", "Succeeded", "Failed", "Deleting"]

_TABLE = {
    ("Creating", "succeed"): "Succeeded",
    ("Creating", "fail"): "Failed",
    ("Updating", "succeed"): "Succeeded",
    ("Updating", "fail"): "Failed",
    ("Succeeded", "update"): "Updating",
    ("Failed", "update"): "Updating",
    ("Creating", "delete"): "Deleting",
    ("Updating", "delete"): "Deleting",
    ("Succeeded", "delete"): "Deleting",
    ("Failed", "delete"): "Deleting",
}
_FINAL: frozenset[str] = frozenset()

ENDPOINT = Machine(name="endpoint", table=_TABLE, terminal=_FINAL)
DEPLOYMENT = Machine(name="deployment", table=_TABLE, terminal=_FINAL)


def is_settled(state: str) -> bool:
    """Whether nothing is under way."""
    return state in ("Succeeded", "Failed")
