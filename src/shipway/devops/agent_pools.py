"""Agent pools, and the queues by which a project uses them; ids are the same for both.

There is one agent here, under the names that pipelines ask for. Must not know: HTTP, YAML.
Source: https://learn.microsoft.com/azure/devops/pipelines/agents/pools-queues
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPool:
    """A pool; every project has a queue of the same number for it."""

    number: int
    name: str
    is_hosted: bool


HOSTED = 1
# a hosted pool and a private one; jobs of both run on this machine, each as on a fresh one
POOLS = {
    HOSTED: AgentPool(number=HOSTED, name="Azure Pipelines", is_hosted=True),
    2: AgentPool(number=2, name="Default", is_hosted=False),
}


def find(name: str) -> AgentPool | None:
    """The pool of that name, in any letter case."""
    return next((p for p in POOLS.values() if p.name.casefold() == name.casefold()), None)
