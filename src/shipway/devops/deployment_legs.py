"""Pure: which jobs a deployment job runs as, and which of them may have begun by now.

Each life-cycle hook is a job of its own, on a fresh machine or on a machine of the environment.
Jobs of one wave run side by side; a wave begins when those before it have succeeded. `success` or
`failure` comes last. Must not know: stores, environments, agents.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/deployment-jobs
"""

import math
from collections.abc import Mapping, Sequence

from shipway.azpipelines.plan import HOOK_ORDER, HookName, JobPlan, LegPlan
from shipway.base.errors import BadInput
from shipway.devops.run_states import Result

_GOOD = ("succeeded", "succeededWithIssues")
_OUTCOMES: tuple[HookName, ...] = ("success", "failure")
_ACTIONS = {"success": "promote", "failure": "reject"}
_CYCLES = {
    "preDeploy": "PreIteration", "success": "PostIteration", "failure": "PostIteration",
}  # fmt: skip


def legs_of(job: JobPlan, machines: Sequence[tuple[str, str]]) -> tuple[LegPlan, ...]:
    """The jobs of a deployment job, in order; `machines` are resources as (name, id).

    Raises `BadInput` for a `rolling` without machines, or with a `maxParallel` that is none.
    """
    if job.deployment_strategy == "canary":
        return _canary(job, machines)
    if job.deployment_strategy == "rolling" and not machines:
        environment = job.environment_name or ""
        raise BadInput(
            f"Job {job.name}: the environment {environment} has no virtual machines for the "
            "strategy rolling.",
            code="NoResources", where=environment,
            hint="Register one: `shipway environments add-machine ENVIRONMENT NAME`.",
        )  # fmt: skip
    if machines:
        return _on_machines(job, machines)
    names = [hook.name for hook in job.hooks]
    is_one = names == ["deploy"]
    return tuple(
        _leg(job, "" if is_one else name, name, wave=number)
        for number, name in enumerate((*HOOK_ORDER, *_OUTCOMES))
        if name in names
    )


def reached(
    planned: Sequence[LegPlan], results: Mapping[str, Result | None]
) -> tuple[LegPlan, ...]:
    """The jobs that may have begun: the wave that is due and all before it.

    `results` has those that were begun, with None while they run.
    """
    found: list[LegPlan] = []
    ordinary = [leg for leg in planned if leg.hook not in _OUTCOMES]
    for wave in sorted({leg.wave for leg in ordinary}):
        batch = [leg for leg in ordinary if leg.wave == wave]
        found += batch
        if any(results.get(leg.name) is None for leg in batch):
            return tuple(found)
        if any(results[leg.name] not in _GOOD for leg in batch):
            break
    is_good = all(results.get(leg.name) in _GOOD for leg in found)
    touched = {leg.machine for leg in found}
    last = "success" if is_good else "failure"
    return (*found, *(leg for leg in planned if leg.hook == last and leg.machine in touched))


def output_prefix(job: JobPlan, leg: LegPlan) -> str:
    """What stands before `step.name` where others read an output of the job.

    The job's name for `runOnce` whatever the hook (`Deploy_RESOURCE` on a resource),
    `HOOK_INCREMENT` for `canary`, `HOOK_RESOURCE` for `rolling`.
    """
    if job.deployment_strategy in ("canary", "rolling"):
        return leg.name
    if leg.machine:
        return f"{leg.hook[:1].upper()}{leg.hook[1:]}_{leg.machine}"
    return job.name


def increments_of(job: JobPlan) -> tuple[str, ...]:
    """The increments of a canary. Raises `BadInput` for what is no whole number."""
    texts = [t.strip() for t in job.deployment_options.get("increments", "").split(",")]
    found = tuple(text for text in texts if text)
    for text in found:
        if not text.isdecimal() or int(text) > 100:
            raise BadInput(
                f"Job {job.name}: the canary increment '{text}' is no percentage",
                code="InvalidInput", where="increments",
            )  # fmt: skip
    return found


def _canary(job: JobPlan, machines: Sequence[tuple[str, str]]) -> tuple[LegPlan, ...]:
    if len(machines) > 1:
        raise BadInput(
            f"Job {job.name}: a canary goes to one resource, and its environment has "
            f"{len(machines)} that fit.",
            code="SeveralResources", where=job.environment_name or "",
            hint="Name one: environment: NAME.RESOURCE. To take several in turn is rolling.",
        )  # fmt: skip
    names = [hook.name for hook in job.hooks]
    place = _place(*machines[0]) if machines else {}
    found: list[LegPlan] = []
    if "preDeploy" in names:
        found.append(_leg(job, "preDeploy", "preDeploy", wave=0, more=place))
    for increment in increments_of(job):
        for name in HOOK_ORDER[1:]:
            if name in names:
                found.append(
                    _leg(job, f"{name}_{increment}", name, wave=len(found),
                         more={"Strategy.Increment": increment, **place})
                )  # fmt: skip
    for name in _OUTCOMES:
        if name in names:
            found.append(_leg(job, name, name, wave=len(found), more=place))
    return tuple(found)


def _on_machines(job: JobPlan, machines: Sequence[tuple[str, str]]) -> tuple[LegPlan, ...]:
    names = [hook.name for hook in job.hooks]
    size = _parallel(job, len(machines))
    batches = [machines[at : at + size] for at in range(0, len(machines), size)]
    order = [(batch, name) for batch in batches for name in HOOK_ORDER if name in names]
    order += [(machines, name) for name in _OUTCOMES if name in names]
    return tuple(
        _leg(job, f"{name}_{machine}", name, wave=wave, machine=machine,
             more=_place(machine, number))
        for wave, (batch, name) in enumerate(order)
        for machine, number in batch
    )  # fmt: skip


def _place(machine: str, number: str) -> dict[str, str]:
    return {"Environment.ResourceName": machine, "Environment.ResourceId": number}


def _parallel(job: JobPlan, count: int) -> int:
    """How many machines at a time: `maxParallel: 2` or `50%`; `runOnce` takes all."""
    if job.deployment_strategy != "rolling":
        return count
    text = job.deployment_options.get("maxParallel", "").strip()
    number = text.removesuffix("%").strip()
    if not text:
        return 1
    if not number.isdecimal() or (text.endswith("%") and int(number) > 100):
        raise BadInput(
            f"Job {job.name}: maxParallel '{text}' is neither a number nor a percentage",
            code="InvalidInput", where="maxParallel",
        )  # fmt: skip
    share = math.floor(count * int(number) / 100) if text.endswith("%") else int(number)
    return max(1, min(share, count))


def _leg(
    job: JobPlan, name: str, hook: str, *, wave: int, machine: str = "",
    more: Mapping[str, str] | None = None,
) -> LegPlan:  # fmt: skip
    action = _ACTIONS.get(hook, "deploy")
    variables = {
        "Strategy.Name": job.deployment_strategy or "runOnce",
        "Strategy.CycleName": _CYCLES.get(hook, "Iteration"),
        **({"Strategy.Action": action} if job.deployment_strategy == "canary" else {}),
        **(more or {}),
    }
    return LegPlan(name=name, variables=variables, hook=hook, wave=wave, machine=machine)
