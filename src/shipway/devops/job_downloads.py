"""The artifacts that a deploy hook begins with: those of the run, and of its pipeline resources.

The plan has one step for it, since which pipelines there are is said elsewhere in the YAML.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/deployment-jobs
"""

from collections.abc import Iterator
from dataclasses import replace

from shipway.azpipelines.plan import JobPlan, RunPlan, StepPlan


def expanded(plan: RunPlan, job: JobPlan) -> JobPlan:
    """The job with a download for every pipeline resource behind the one that nobody wrote."""
    steps = [one for step in job.steps for one in _expanded(plan, step)]
    return replace(job, steps=tuple(steps))


def _expanded(plan: RunPlan, step: StepPlan) -> Iterator[StepPlan]:
    yield step
    if step.implicit and step.shorthand == "download":
        for resource in plan.pipelines:
            yield replace(
                step, ref_name=f"{step.ref_name}_{resource.alias}",
                display_name=f"Download {resource.alias}", inputs={"alias": resource.alias},
            )  # fmt: skip
