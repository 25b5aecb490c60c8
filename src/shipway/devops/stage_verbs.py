"""What may be done to each stage of a run, for whoever shows it: studio, command line.

Knows: plans, progress. Must not know: HTML, HTTP.
"""

from typing import Literal

from shipway.devops import run_engine, run_progress
from shipway.devops.run_attempts import NEEDS_RETRY
from shipway.devops.runs import Run
from shipway.store.store import Store

StageVerb = Literal["start", "retry", "retry-all", "cancel"]
# start      it has `trigger: manual` and nobody has started it yet
# retry      it did not go well: its failed jobs can run again
# retry-all  it is over: all its jobs can run again
# cancel     it runs, or waits at its checks


def of_run(store: Store, run: Run) -> dict[str, tuple[StageVerb, ...]]:
    """The verbs of each stage by its name; none while the run is being canceled or not planned."""
    if run.plan is None or run.state in ("pending", "canceling"):
        return {}
    plan = run_progress.plan_of(run)
    progress = run_progress.progress_of(store, run, plan)
    found: dict[str, tuple[StageVerb, ...]] = {}
    for stage in plan.stages:
        at = progress.stages[stage.name]
        if run_engine.waits_for_start(stage, progress):
            found[stage.name] = ("start",)
        elif at.state == "completed":
            found[stage.name] = (
                ("retry", "retry-all") if at.result in NEEDS_RETRY else ("retry-all",)
            )
        elif run.state == "inProgress" and not at.canceling:
            found[stage.name] = ("cancel",)
    return found


def waiting_for_start(store: Store, run: Run) -> tuple[str, ...]:
    """The stages that somebody has to start by hand."""
    return tuple(name for name, verbs in of_run(store, run).items() if "start" in verbs)
