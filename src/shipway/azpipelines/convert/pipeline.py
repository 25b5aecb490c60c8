"""The root of a document."""

from shipway.azpipelines import triggers
from shipway.azpipelines.context import CompileContext
from shipway.azpipelines.convert import pools, resources, stages, variables
from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.diagnostics import Problems
from shipway.azpipelines.plan import PoolPlan, RunPlan, StagePlan, VariablePlan
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Mapping

DEFAULT_NAME = "$(Date:yyyyMMdd).$(Rev:r)"
_BASE = (
    "name",
    "appendCommitMessageToRunName",
    "trigger",
    "parameters",
    "pr",
    "schedules",
    "resources",
    "variables",
    "lockBehavior",
    "pool",
)
_BODIES = ("stages", "jobs", "phases", "steps")
_ONE_JOB = (
    "strategy",
    "continueOnError",
    "timeoutInMinutes",
    "cancelTimeoutInMinutes",
    "container",
    "services",
    "workspace",
    "queue",
    "server",
)


def convert(
    root: Mapping, *, context: CompileContext, problems: Problems
) -> tuple[RunPlan, Setting]:
    """The plan of an expanded document; dependencies are not checked yet."""
    reader = Reader(problems)
    found = resources.convert(root.get("resources"), reader, context)
    setting = Setting(
        reader=reader,
        context=context,
        repositories=[one.alias for one in found.repositories],
        containers=found.containers,
    )
    _check_root(root, setting)
    pool = pools.convert(root.get("pool"), setting, PoolPlan(name=pools.HOSTED))
    root_variables = variables.convert(root.get("variables"), setting, is_root=True)
    plan = RunPlan(
        name_format=reader.text(root.get("name")) or DEFAULT_NAME,
        append_commit_message_to_run_name=reader.boolean(
            root, "appendCommitMessageToRunName", default=True
        ),
        stages=_stages(root, setting, pool, root_variables),
        variables=root_variables,
        triggers=triggers.read(root, problems=problems),
        lock_behavior=stages.lock_behavior(root, setting),
        repositories=found.repositories,
        pipelines=found.pipelines,
        containers=found.containers,
        builds=found.builds,
        packages=found.packages,
        webhooks=found.webhooks,
        self_checkout=found.self_checkout,
    )
    return plan, setting


def _stages(
    root: Mapping, setting: Setting, pool: PoolPlan, root_variables: tuple[VariablePlan, ...]
) -> tuple[StagePlan, ...]:
    if root.get("stages") is not None:
        return stages.convert(root.get("stages"), setting, pool=pool, root_variables=root_variables)
    if any(root.get(one) is not None for one in _BODIES):
        return stages.implied(root, setting, pool=pool, root_variables=root_variables)
    if not setting.problems.has_errors():  # else the body may be missing because of those
        setting.problems.error(
            "empty-pipeline",
            "The pipeline has no stages, jobs or steps",
            root.position,
            hint="Write one of stages:, jobs:, steps: or extends: at the root.",
        )
    return ()


def _check_root(root: Mapping, setting: Setting) -> None:
    bodies = [entry.key for entry in root.entries if entry.key.text in _BODIES]
    for extra in bodies[1:]:
        setting.problems.error(
            "unexpected-value",
            f"Unexpected value '{extra.text}'",
            extra.position,
            hint=f"The root already has '{bodies[0].text}'.",
        )
    legacy = root.get("queue") is not None or root.get("server") is not None
    one_job = legacy or (bodies and bodies[0].text == "steps")
    allowed = (*_BASE, *_BODIES, "extends", *(_ONE_JOB if one_job else ()))
    setting.reader.check_keys(root, allowed)
