"""Tables that speak of the same things say the same."""

from shipway.agent.all_tasks import TASKS
from shipway.devops.task_definitions import KNOWN


def test_each_task_that_compiles_can_run_and_the_other_way_round() -> None:
    """A task without a definition has no inputs; one without a runner fails when it starts."""
    compiled = {(name.lower(), version) for name, versions in KNOWN.items() for version in versions}
    assert compiled == set(TASKS)
