"""Deployment jobs: environment, strategy, life-cycle hooks."""

from collections.abc import Iterable
from dataclasses import replace

from shipway.azpipelines import macros
from shipway.azpipelines.convert import pools, steps
from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.diagnostics import Position, did_you_mean
from shipway.azpipelines.plan import (
    HOOK_ORDER,
    DeploymentStrategy,
    EnvironmentTarget,
    HookName,
    HookPlan,
    JobPlan,
    VariablePlan,
)
from shipway.azpipelines.tokens import Mapping, Scalar, Token, is_empty

_STRATEGIES: tuple[DeploymentStrategy, ...] = ("runOnce", "rolling", "canary")
_OPTIONS = {"runOnce": (), "rolling": ("maxParallel",), "canary": ("increments",)}


def complete(
    job: JobPlan, body: Mapping, setting: Setting, *, outer_variables: tuple[VariablePlan, ...]
) -> JobPlan:
    """The job with its environment, strategy and hooks."""
    if job.name == "deploy":
        setting.problems.error(
            "reserved-name",
            "Job name deploy is reserved and cannot name a deployment job",
            job.position,
        )
    known = _known_variables((*outer_variables, *job.variables), setting)
    target = _environment(body.get("environment"), job, setting, known)
    strategy = setting.reader.mapping(body.get("strategy"), allowed=_STRATEGIES)
    if strategy is None or not strategy.entries:
        setting.problems.error(
            "strategy-missing",
            f"Deployment job {job.name} has no strategy",
            job.position,
            hint="Write strategy: runOnce: deploy: steps:.",
        )
        return replace(job, environment=target)
    chosen = strategy.entries[0]
    if chosen.key.text not in _STRATEGIES:
        return replace(job, environment=target)
    name = chosen.key.text
    inner = setting.reader.mapping(chosen.value, allowed=(*HOOK_ORDER, "on", *_OPTIONS[name]))
    if inner is None or inner.get("deploy") is None:
        setting.problems.error(
            "hook-missing",
            f"Deployment job {job.name} has no deploy hook",
            chosen.key.position,
            hint=f"Write {name}: deploy: steps:.",
        )
        return replace(job, environment=target, deployment_strategy=name)
    return replace(
        job,
        environment=target,
        deployment_strategy=name,
        deployment_options=_options(inner, name, setting),
        hooks=tuple(_hooks(inner, job, setting)),
    )


def _options(inner: Mapping, name: str, setting: Setting) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in _OPTIONS[name]:
        texts = setting.reader.texts(inner.get(key))
        if texts:
            found[key] = ",".join(texts)
    return found


def _hooks(inner: Mapping, job: JobPlan, setting: Setting) -> Iterable[HookPlan]:
    for name in HOOK_ORDER:
        if inner.get(name) is not None:
            yield _hook(name, inner.get(name), job, setting)
    outcome = setting.reader.mapping(inner.get("on"), allowed=("success", "failure"))
    for name in ("success", "failure"):
        if outcome is not None and outcome.get(name) is not None:
            yield _hook(name, outcome.get(name), job, setting)


def _hook(name: HookName, token: Token | None, job: JobPlan, setting: Setting) -> HookPlan:
    body = setting.reader.mapping(token, allowed=("steps", "pool"))
    pool = pools.convert(body.get("pool") if body else None, setting, job.pool)
    position = token.position if token else job.position
    wanted = name == "deploy" and not pool.is_server
    implicit = steps.implicit_download(position) if wanted else None
    return HookPlan(
        name=name,
        steps=steps.convert(
            body.get("steps") if body else None, setting, job_name=job.name, implicit=implicit
        ),
        pool=pool,
    )


def _environment(
    token: Token | None, job: JobPlan, setting: Setting, known: dict[str, str]
) -> EnvironmentTarget | None:
    if token is None or is_empty(token):
        setting.problems.error(
            "environment-missing",
            f"Deployment job {job.name} has no environment",
            job.position,
            hint="Write environment: <name>.",
        )
        return None
    reader = setting.reader
    if isinstance(token, Scalar):
        name, _, resource = macros.expand(token.text, known).partition(".")
        _check_environment(name, job, token.position, setting)
        _check_resource(name, resource, job, token.position, setting)
        return EnvironmentTarget(name=name, resource_name=resource or None)
    body = reader.mapping(
        token, allowed=("name", "resourceName", "resourceId", "resourceType", "tags")
    )
    if body is None:
        return None
    written = body.get("name")
    text = macros.expand(reader.needed(written, body.position, "name"), known)
    name, _, resource = text.partition(".")
    _check_environment(name, job, written.position if written else body.position, setting)
    given = body.get("resourceName")
    resource = macros.expand(reader.text(given) or "", known) or resource
    _check_resource(name, resource, job, (given or written or body).position, setting)
    return EnvironmentTarget(
        name=name,
        resource_name=resource or None,
        resource_type=reader.text(body.get("resourceType")),
        tags=_tags(body.get("tags"), setting, known),
    )


def _tags(token: Token | None, setting: Setting, known: dict[str, str]) -> tuple[str, ...]:
    """`tags: web, eu`, or a list."""
    texts = setting.reader.texts(token) if token is not None else ()
    parts = (part.strip() for text in texts for part in macros.expand(text, known).split(","))
    return tuple(part for part in parts if part)


def _check_resource(
    name: str, resource: str, job: JobPlan, position: Position, setting: Setting
) -> None:
    listed = setting.context.environment_resources
    if not resource or listed is None:
        return
    known = next((names for env, names in listed.items() if env.lower() == name.lower()), ())
    if resource.lower() in {one.lower() for one in known}:
        return
    setting.problems.error(
        "unknown-environment-resource",
        f"Job {job.name}: Resource {resource} does not exist in environment {name}.",
        position,
        hint=did_you_mean(resource, known)
        or f"Register it: shipway environments add-machine {name} {resource}",
    )


def _check_environment(name: str, job: JobPlan, position: Position, setting: Setting) -> None:
    """The name must be final now: checks are looked up before the run starts."""
    environments = setting.context.environments
    known = environments is None or name.lower() in {one.lower() for one in environments}
    late = macros.names_in(name)
    if known and not late and "$[" not in name:
        return
    hint = did_you_mean(name, environments or ())
    if late:
        hint = f"'{late[0]}' has no value when the pipeline is compiled."
    setting.problems.error(
        "unknown-environment",
        f"Job {job.name}: Environment {name} could not be found. The environment does not exist "
        "or has not been authorized for use.",
        position,
        hint=hint,
        shown="message",
    )


def _known_variables(plans: Iterable[VariablePlan], setting: Setting) -> dict[str, str]:
    values = setting.context.public_variables()
    for one in plans:
        if one.group is None:
            values[one.name] = one.value
        else:
            values.update(setting.context.group_values(one.group))
    return dict(macros.expand_all(values).values)
