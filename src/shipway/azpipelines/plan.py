"""What a run will do: the compiled pipeline as frozen dataclasses.

A plan is stored with its run and read again after a restart, so every type here goes to JSON and
back (`to_json`, `from_json`). Values that only exist at run time stay text: macros `$(x)` and
runtime expressions `$[ x ]`; typed fields that hold such text are listed in `runtime_values`
under their YAML key, and the field keeps its default until `runtime.resolve_job` fills it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shipway.azpipelines import plan_json
from shipway.azpipelines.diagnostics import NOWHERE, Position
from shipway.azpipelines.plan_resources import (
    BuildResource,
    CheckoutOptions,
    ContainerPlan,
    PackageResource,
    PipelineResource,
    RepositoryResource,
    WebhookResource,
)
from shipway.azpipelines.triggers import PipelineTriggers

CHECKOUT_TASK = "6d15af64-176c-496d-b583-fd2ae21d4df4"
PUBLISH_TASK = "ecdc45f6-832d-4ad9-b52b-ee49e94659be"
DOWNLOAD_TASK = "30f35852-3f7e-4c0c-9a88-e127b4f97211"
"""Ids of the tasks behind `checkout`, `publish` and `download`; each at version 1."""

Shorthand = Literal[
    "task", "script", "bash", "pwsh", "powershell", "checkout", "publish", "download",
    "downloadBuild", "getPackage", "reviewApp",
]  # fmt: skip
JobKind = Literal["job", "deployment"]
DeploymentStrategy = Literal["runOnce", "rolling", "canary"]
HookName = Literal["preDeploy", "deploy", "routeTraffic", "postRouteTraffic", "success", "failure"]
LockBehavior = Literal["runLatest", "sequential"]

IMPLIED_STAGE = "__default"
"""The stage around root jobs or root steps; messages of the service do not name it."""

HOOK_ORDER: tuple[HookName, ...] = ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic")
"""Hooks in the order in which they run; then `success` or `failure`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariablePlan:
    """One item of a `variables:` block, in its order: a value or a whole variable group.

    With `group` set, `name` and `value` are empty and the group's variables stand in its place.
    """

    name: str = ""
    value: str = ""
    is_read_only: bool = False
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReference:
    """`name@version`; the name may be an id or carry its extension's prefix."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTarget:
    """Where a step runs and what it may set.

    `container` is `host`, an alias of `resources: containers`, or empty: where the job runs.
    """

    container: str = "host"
    commands: Literal["any", "restricted"] = "any"
    settable_variables: tuple[str, ...] | None = None
    """None: all; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step; shorthands are already the task that stands behind them.

    Inputs: `downloadBuild` has alias, artifact, path, patterns and those of its `inputs:`,
    `getPackage` alias and path, `reviewApp` resourceName; `upload` is a `publish`.

    `shorthand` says how it was written, so that checkout, publish and download need no id.
    `implicit` steps were not written: the checkout of a job, the download of a deploy hook.
    """

    ref_name: str
    display_name: str
    shorthand: Shorthand
    task: TaskReference
    inputs: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    condition: str | None = None
    enabled: bool = True
    continue_on_error: bool = False
    timeout_in_minutes: int = 0
    retry_count: int = 0
    target: StepTarget | None = None
    implicit: bool = False
    runtime_values: Mapping[str, str] = field(default_factory=dict)
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """Which agents may take a job; `is_server` for agentless jobs."""

    name: str | None = None
    vm_image: str | None = None
    demands: tuple[str, ...] = ()
    is_server: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPlan:
    """One leg of a matrix or slice of `parallel`: its name and its own variables.

    A deployment job has one for each hook that runs: `hook` says which, `wave` when (those of one
    number run side by side), and `machine` on which resource of the environment.
    """

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    hook: str = ""
    wave: int = 0
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """`strategy: matrix` or `parallel`.

    With `matrix_expression` the legs are known at run time: `runtime.matrix_legs` reads them.
    """

    kind: Literal["matrix", "parallel"]
    legs: tuple[LegPlan, ...] = ()
    matrix_expression: str | None = None
    max_parallel: int = 0
    """0 is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlan:
    """One life-cycle hook of a deployment job; each runs as a job of its own on `pool`."""

    name: HookName
    steps: tuple[StepPlan, ...]
    pool: PoolPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentTarget:
    """The AzDO environment that a deployment job meets, and the resource in it."""

    name: str
    resource_name: str | None = None
    resource_type: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """One job: `steps` for kind job, `environment` and `hooks` for kind deployment.

    `condition` None is the default `succeeded()`. `timeout_in_minutes` 0 is the agent's maximum.
    """

    name: str
    display_name: str
    kind: JobKind
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    variables: tuple[VariablePlan, ...] = ()
    pool: PoolPlan
    steps: tuple[StepPlan, ...] = ()
    fan_out: FanOut | None = None
    environment: EnvironmentTarget | None = None
    deployment_strategy: DeploymentStrategy | None = None
    deployment_options: Mapping[str, str] = field(default_factory=dict)
    hooks: tuple[HookPlan, ...] = ()
    timeout_in_minutes: int = 60
    cancel_timeout_in_minutes: int = 5
    continue_on_error: bool = False
    workspace_clean: str | None = None
    container: ContainerPlan | None = None
    """Where its steps run; resources are filled in. None: the agent itself."""
    services: Mapping[str, ContainerPlan] = field(default_factory=dict)
    """Containers beside the job, by the host name under which they are reached."""
    uses_repositories: tuple[str, ...] = ()
    uses_pools: tuple[str, ...] = ()
    """Resources that no step names: a job may use them by a variable or a script."""
    runtime_values: Mapping[str, str] = field(default_factory=dict)
    position: Position = NOWHERE

    @property
    def environment_name(self) -> str | None:
        """The AzDO environment's name, for deployment jobs."""
        return self.environment.name if self.environment else None

    def hook(self, name: HookName) -> HookPlan | None:
        """A hook by its name, or None when the job has none of it."""
        return next((one for one in self.hooks if one.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """One stage. `depends_on` is final: an unwritten one names the stage before.

    `trigger` manual: the stage waits until somebody starts it. A stage that is not `is_skippable`
    cannot be left out when a run is queued. `checks` are the kinds of the old `checks:` list.
    """

    name: str
    display_name: str
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    variables: tuple[VariablePlan, ...] = ()
    jobs: tuple[JobPlan, ...] = ()
    lock_behavior: LockBehavior | None = None
    trigger: Literal["automatic", "manual"] = "automatic"
    is_skippable: bool = True
    checks: tuple[str, ...] = ()
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """The whole run. Stages stand in an order in which each follows what it depends on."""

    name_format: str
    append_commit_message_to_run_name: bool = True
    stages: tuple[StagePlan, ...]
    variables: tuple[VariablePlan, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    triggers: PipelineTriggers
    lock_behavior: LockBehavior | None = None
    repositories: tuple[RepositoryResource, ...] = ()
    pipelines: tuple[PipelineResource, ...] = ()
    containers: tuple[ContainerPlan, ...] = ()
    """`resources: containers`; each has an alias."""
    builds: tuple[BuildResource, ...] = ()
    packages: tuple[PackageResource, ...] = ()
    webhooks: tuple[WebhookResource, ...] = ()
    self_checkout: CheckoutOptions = field(default_factory=CheckoutOptions)
    """The old `resources: - repo: self`: how `self` is checked out where a step says nothing."""
    files: tuple[str, ...] = ()
    """Every file that was read, the entry file first."""
    extends: tuple[str, ...] = ()
    """The templates that the pipeline extends, outermost first: `path`, or `path@alias`."""

    def to_json(self) -> dict[str, object]:
        """Plain dictionaries, lists, texts, numbers and booleans."""
        return plan_json.to_json(self)

    @staticmethod
    def from_json(body: Mapping[str, object]) -> "RunPlan":
        """The plan that `to_json` wrote. Raises `ValueError` for anything else."""
        containers = body.get("containers")
        if isinstance(containers, list) and any(isinstance(one, str) for one in containers):
            # plans were once stored with the aliases alone
            body = {**body, "containers": [{"alias": one} for one in containers]}
        return plan_json.from_json(RunPlan, body)

    def container(self, name: str) -> ContainerPlan:
        """What the text of `container:`, of a service or a step's target means: a resource by its
        alias, whatever the case, else an image."""
        wanted = name.lower()
        known = (one for one in self.containers if (one.alias or "").lower() == wanted)
        return next(known, ContainerPlan(image=name))

    def repository(self, alias: str) -> RepositoryResource | None:
        """A repository resource by its alias, whatever the case."""
        wanted = alias.lower()
        return next((one for one in self.repositories if one.alias.lower() == wanted), None)

    def stage(self, name: str) -> StagePlan | None:
        """A stage by its name, whatever the case."""
        return next((one for one in self.stages if one.name.lower() == name.lower()), None)

    def job(self, stage_name: str, job_name: str) -> JobPlan | None:
        """A job by the names of its stage and itself."""
        stage = self.stage(stage_name)
        jobs = stage.jobs if stage else ()
        return next((one for one in jobs if one.name.lower() == job_name.lower()), None)
