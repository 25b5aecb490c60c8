"""Jobs and what ordinary and deployment jobs share."""

import re
from dataclasses import dataclass, replace

from shipway.azpipelines import limits
from shipway.azpipelines.convert import (
    containers,
    deployments,
    legacy,
    pools,
    steps,
    strategies,
    variables,
)
from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.diagnostics import Position, did_you_mean
from shipway.azpipelines.plan import IMPLIED_STAGE, JobPlan, PoolPlan, VariablePlan
from shipway.azpipelines.tokens import Mapping, Scalar, Token

_SHARED = (
    "displayName",
    "dependsOn",
    "condition",
    "continueOnError",
    "timeoutInMinutes",
    "cancelTimeoutInMinutes",
    "variables",
    "strategy",
    "pool",
    "container",
    "services",
    "workspace",
    "uses",
    "templateContext",
)
_JOB_KEYS = ("job", "steps", *_SHARED)
_DEPLOYMENT_KEYS = ("deployment", "environment", *_SHARED)
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_DEFAULT_TIMEOUT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a job inherits from its stage and pipeline."""

    stage_name: str
    pool: PoolPlan
    variables: tuple[VariablePlan, ...]


def convert(token: Token | None, setting: Setting, around: Surroundings) -> tuple[JobPlan, ...]:
    """The jobs of a stage; names are checked for being unique."""
    jobs: list[JobPlan] = []
    taken: set[str] = set()
    for index, item in enumerate(setting.reader.items(token), start=1):
        job = _job(item, setting, around, unnamed=f"Job{index}")
        if job is None:
            continue
        if job.name.lower() in taken:
            _refuse_duplicate(job, around, setting)
        taken.add(job.name.lower())
        jobs.append(job)
    return tuple(jobs)


def implied(body: Mapping, setting: Setting, around: Surroundings) -> JobPlan:
    """The job `Job` of a document that has `steps:` at its root."""
    return _ordinary(body, "Job", setting, around, position=_steps_position(body))


def _refuse_duplicate(job: JobPlan, around: Surroundings, setting: Setting) -> None:
    message = (
        f"Stage {around.stage_name} job {job.name} appears more than once. Job names must be "
        "unique within a stage."
    )
    if around.stage_name == IMPLIED_STAGE:
        message = (
            f"The job name {job.name} appears more than once. Job names must be unique within a "
            "pipeline."
        )
    setting.problems.error("duplicate-name", message, job.position, shown="message")


def check_name(name: str, who: str, position: Position, setting: Setting) -> None:
    """Record a stage's or job's name that the service does not take; `who` has it."""
    if _NAME.match(name) and len(name) <= limits.MAX_NAME_LENGTH:
        return
    setting.problems.error(
        "invalid-name",
        f"{who} has an invalid name. Valid names may only contain alphanumeric characters "
        "and '_' and may not start with a number.",
        position,
        shown="message",
    )


def _job(item: Token, setting: Setting, around: Surroundings, *, unnamed: str) -> JobPlan | None:
    body = setting.reader.item(item)
    if body is None:
        return None
    first = body.entries[0].key
    if first.text not in ("job", "phase", "deployment"):
        _refuse_first(first, body, setting)
        return None
    token = body.get(first.text)
    name = setting.reader.text(token) or ""
    where = token.position if token is not None else body.position
    if name:
        stage = around.stage_name
        who = f"Job {name}" if stage == IMPLIED_STAGE else f"Stage {stage} job {name}"
        check_name(name, who, where, setting)
    if first.text == "deployment":
        setting.reader.check_keys(body, _DEPLOYMENT_KEYS)
        return _deployment(body, name or unnamed, setting, around, position=where)
    if first.text == "phase":
        body = legacy.phase(body, setting)
    else:
        setting.reader.check_keys(body, _JOB_KEYS)
    return _ordinary(body, name or unnamed, setting, around, position=where)


def _refuse_first(first: Scalar, body: Mapping, setting: Setting) -> None:
    kinds = ("job", "deployment", "template")
    kind = next((entry.key.text for entry in body.entries if entry.key.text in kinds), "")
    hint = f"'{kind}' must be the first key of the job." if kind else ""
    setting.problems.error(
        "unexpected-value",
        f"Unexpected value '{first.text}'",
        first.position,
        hint=hint or did_you_mean(first.text, kinds),
    )


def _ordinary(
    body: Mapping, name: str, setting: Setting, around: Surroundings, *, position: Position
) -> JobPlan:
    job = _shared(body, name, setting, around, position=position)
    implicit = None if job.pool.is_server else steps.implicit_checkout(position)
    return replace(
        job,
        fan_out=strategies.convert(body.get("strategy"), setting),
        steps=steps.convert(body.get("steps"), setting, job_name=name, implicit=implicit),
    )


def _deployment(
    body: Mapping, name: str, setting: Setting, around: Surroundings, *, position: Position
) -> JobPlan:
    job = _shared(body, name, setting, around, position=position)
    job = replace(job, kind="deployment")
    return deployments.complete(job, body, setting, outer_variables=around.variables)


def _shared(
    body: Mapping, name: str, setting: Setting, around: Surroundings, *, position: Position
) -> JobPlan:
    reader = setting.reader
    reader.take_late()
    timeout = reader.whole(body, "timeoutInMinutes", default=_DEFAULT_TIMEOUT)
    cancel_timeout = reader.whole(body, "cancelTimeoutInMinutes", default=5)
    continue_on_error = reader.boolean(body, "continueOnError", default=False)
    late = reader.take_late()
    workspace = reader.mapping(body.get("workspace"), allowed=("clean",))
    uses = reader.mapping(body.get("uses"), allowed=("repositories", "pools"))
    return JobPlan(
        name=name,
        display_name=reader.text(body.get("displayName")) or name,
        kind="job",
        depends_on=setting.depends_on(body.get("dependsOn"), around.stage_name, name),
        condition=setting.condition(body),
        variables=variables.convert(body.get("variables"), setting),
        pool=pools.convert(body.get("pool"), setting, around.pool),
        timeout_in_minutes=timeout,
        cancel_timeout_in_minutes=cancel_timeout,
        continue_on_error=continue_on_error,
        workspace_clean=(
            reader.choice(workspace, "clean", ("outputs", "resources", "all"))
            if workspace
            else None
        ),
        container=containers.of_job(body.get("container"), setting),
        services=containers.services(body.get("services"), setting),
        uses_repositories=reader.texts(uses.get("repositories")) if uses else (),
        uses_pools=reader.texts(uses.get("pools")) if uses else (),
        runtime_values=late,
        position=position,
    )


def _steps_position(body: Mapping) -> Position:
    key = body.key("steps")
    return key.position if key else body.position
