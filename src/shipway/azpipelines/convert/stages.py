"""Stages, and the implied ones of documents that begin with jobs or steps."""

from dataclasses import replace
from typing import cast

from shipway.azpipelines.convert import jobs, legacy, pools, variables
from shipway.azpipelines.convert.jobs import Surroundings
from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.diagnostics import did_you_mean
from shipway.azpipelines.plan import (
    IMPLIED_STAGE,
    JobPlan,
    LockBehavior,
    PoolPlan,
    StagePlan,
    VariablePlan,
)
from shipway.azpipelines.tokens import Mapping, Scalar, Token

_KEYS = (
    "stage",
    "group",
    "displayName",
    "pool",
    "dependsOn",
    "condition",
    "variables",
    "jobs",
    "phases",
    "lockBehavior",
    "trigger",
    "isSkippable",
    "templateContext",
    "checks",
)


def convert(
    token: Token | None,
    setting: Setting,
    *,
    pool: PoolPlan,
    root_variables: tuple[VariablePlan, ...],
) -> tuple[StagePlan, ...]:
    """All stages; one without `dependsOn` follows the one before, unless it is started by hand."""
    stages: list[StagePlan] = []
    for index, item in enumerate(setting.reader.items(token), start=1):
        stage = _stage(item, setting, pool, root_variables, unnamed=f"Stage{index}")
        if stage is None:
            continue
        written = isinstance(item, Mapping) and item.get("dependsOn") is not None
        if stages and not written and stage.trigger == "automatic":
            stage = replace(stage, depends_on=(stages[-1].name,))
        stages.append(stage)
    return tuple(stages)


def implied(
    root: Mapping,
    setting: Setting,
    *,
    pool: PoolPlan,
    root_variables: tuple[VariablePlan, ...],
) -> tuple[StagePlan, ...]:
    """The stage `__default` around root jobs or root steps."""
    around = Surroundings(stage_name=IMPLIED_STAGE, pool=pool, variables=root_variables)
    found: tuple[JobPlan, ...]
    if root.get("steps") is not None:
        modern = legacy.without_target(root, setting)
        # variables of the root stay there: the implied job has none of its own
        body = Mapping(
            tuple(one for one in modern.entries if one.key.text != "variables"), root.position
        )
        found = (jobs.implied(body, setting, around),)
    else:
        found = jobs.convert(root.get("jobs") or root.get("phases"), setting, around)
    return (
        StagePlan(
            name=IMPLIED_STAGE, display_name=IMPLIED_STAGE, jobs=found, position=root.position
        ),
    )


def _stage(
    item: Token,
    setting: Setting,
    pool: PoolPlan,
    root_variables: tuple[VariablePlan, ...],
    *,
    unnamed: str,
) -> StagePlan | None:
    reader = setting.reader
    body = reader.item(item)
    if body is None:
        return None
    first = body.entries[0].key
    if first.text != "stage":
        _refuse_first(first, body, setting)
        return None
    reader.check_keys(body, _KEYS)
    token = body.get("stage")
    name = reader.text(token) or ""
    position = token.position if token is not None else body.position
    if name:
        jobs.check_name(name, f"Stage {name}", position, setting)
    name = name or unnamed
    own = variables.convert(body.get("variables"), setting)
    stage_pool = pools.convert(body.get("pool"), setting, pool)
    around = Surroundings(stage_name=name, pool=stage_pool, variables=(*root_variables, *own))
    checks = body.get("checks")
    if checks is not None:
        setting.refuse("checks", "Checks of a stage", checks.position)
    manual = reader.choice(body, "trigger", ("manual", "automatic")) == "manual"
    depends_on = setting.depends_on(body.get("dependsOn"), name)
    if manual and depends_on:
        wanted = body.get("dependsOn")
        setting.problems.error(
            "manual-stage",
            "Manually triggered stages cannot have dependencies. Please remove the dependsOn "
            "property.",
            wanted.position if wanted is not None else position,
        )
    return StagePlan(
        name=name,
        display_name=reader.text(body.get("displayName")) or name,
        depends_on=depends_on,
        condition=setting.condition(body),
        variables=own,
        jobs=jobs.convert(body.get("jobs") or body.get("phases"), setting, around),
        lock_behavior=lock_behavior(body, setting),
        trigger="manual" if manual else "automatic",
        is_skippable=reader.boolean(body, "isSkippable", default=True),
        checks=_checks(checks, setting),
        position=position,
    )


def _refuse_first(first: Scalar, body: Mapping, setting: Setting) -> None:
    hint = "'stage' must be the first key of a stage."
    if body.get("stage") is None:
        hint = did_you_mean(first.text, ("stage", "template"))
    message = f"Unexpected value '{first.text}'"
    setting.problems.error("unexpected-value", message, first.position, hint=hint)


def _checks(token: Token | None, setting: Setting) -> tuple[str, ...]:
    """The kinds in the old list `checks:`; the service knows one."""
    found: list[str] = []
    for item in setting.reader.items(token):
        body = setting.reader.mapping(item, allowed=("type",))
        kind = body and setting.reader.choice(body, "type", ("productionReadinessPolicy",))
        if kind:
            found.append(kind)
    return tuple(found)


def lock_behavior(body: Mapping, setting: Setting) -> LockBehavior | None:
    """`lockBehavior:` of a pipeline or stage."""
    word = setting.reader.choice(body, "lockBehavior", ("runLatest", "sequential"))
    return cast("LockBehavior | None", word)
