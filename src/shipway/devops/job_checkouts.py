"""The checkouts of a job, as the agent gets them: options of the resource filled in, names shown.

Knows: the plan, where repositories are. Must not know: folders, git.
"""

from collections.abc import Mapping
from dataclasses import replace

from shipway.azpipelines.plan import JobPlan, RunPlan, StepPlan
from shipway.base.errors import NotFound, NotSupported
from shipway.devops import checkout_sources
from shipway.devops.runs import Run
from shipway.store.store import Store

_PLAIN = "Checkout"


def prepared(
    store: Store, run: Run, plan: RunPlan, job: JobPlan
) -> tuple[JobPlan, Mapping[str, str]]:
    """The job with its checkouts complete, and the repositories' names by folded alias."""
    checkouts = [s for s in job.steps if s.shorthand == "checkout"]
    several = len(checkouts) > 1
    names: dict[str, str] = {}
    for step in checkouts:
        alias = step.inputs.get("repository", "self")
        try:
            names[alias.lower()] = checkout_sources.of(store, run, plan, alias).name
        except (NotFound, NotSupported):  # its step says so, by name
            continue
    steps = tuple(_complete(store, run, plan, step, several=several) for step in job.steps)
    return replace(job, steps=steps), names


def _complete(store: Store, run: Run, plan: RunPlan, step: StepPlan, *, several: bool) -> StepPlan:
    if step.shorthand != "checkout":
        return step
    alias = step.inputs.get("repository", "self")
    given = {name: value for name, value in step.inputs.items() if value != ""}
    made = replace(step, inputs={**_options(plan, alias), **given})
    if step.display_name != _PLAIN:
        return made
    shown = checkout_sources.display_name(store, run, plan, made, several=several)
    return replace(made, display_name=shown)


def _options(plan: RunPlan, alias: str) -> dict[str, str]:
    """How a repository is checked out where the step says nothing."""
    if alias.lower() == "self":
        return plan.self_checkout.as_inputs()
    for one in plan.repositories:
        if one.alias.casefold() == alias.casefold():
            return one.checkout.as_inputs()
    return {}
