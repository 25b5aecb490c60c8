"""The protected resources that a stage uses: what permissions and checks it meets before it starts.

Environments, service connections, variable groups, agent queues and repositories. Azure finds them
when a pipeline is compiled; a name that is only known at run time is refused there as well.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shipway.azpipelines import macros
from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan, StepPlan
from shipway.azpipelines.plan_resources import ContainerPlan
from shipway.base.errors import Forbidden, NotFound
from shipway.devops import (
    agent_pools,
    checkout_sources,
    checks,
    definitions,
    environment_machines,
    environments,
    github_mirrors,
    pipeline_permissions,
    repositories,
    requester_rights,
    run_progress,
    run_variables,
    service_connections,
    task_definitions,
    variable_groups,
)
from shipway.devops.repositories import Repository
from shipway.devops.runs import Run
from shipway.devops.service_connections import ServiceConnection
from shipway.store.store import Store

# inputs of tasks that name a service connection, in any letter case
_INPUTS = task_definitions.CONNECTION_INPUTS | {
    "azuresubscription", "connectedservicename", "connectedservicenamearm", "serviceconnection",
}  # fmt: skip
_WORDS = {
    "endpoint": "service connection", "environment": "environment", "queue": "agent pool",
    "repository": "repository", "variablegroup": "variable group",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResource:
    """One resource: its type and id as pipeline permissions and checks name it."""

    kind: str
    resource_id: str
    name: str

    def __str__(self) -> str:
        return f"{_WORDS[self.kind]} '{self.name}'"


def of_stage(store: Store, run: Run, plan: RunPlan, stage: StagePlan) -> list[StageResource]:
    """Everything that the stage uses, each once, by type and name.

    Raises `NotFound` for an environment or an agent pool that does not exist.
    """
    found = {
        (one.kind, one.resource_id): one
        for one in (
            *_environments(store, run, stage),
            *_connections(store, run, plan, stage),
            *_groups(store, run, plan, stage),
            *_queues(store, run, plan, stage),
            *_repositories(store, run, plan, stage),
        )
    }
    return sorted(found.values(), key=lambda one: (one.kind, one.name.casefold()))


def unauthorized(store: Store, run: Run, resources: Iterable[StageResource]) -> list[StageResource]:
    """Those that the definition of the run may not use yet.

    Its own repository is never among them: a definition may always read what it is made of.
    """
    own = own_repository(run)
    return [
        one
        for one in resources
        if one.resource_id != own
        and not pipeline_permissions.is_authorized(
            store, resource_type=one.kind, definition_id=run.definition_id,
            resource_id=pipeline_permissions.resource_id_of(
                one.kind, one.resource_id, project_id=run.project_id
            ),
            is_seen=one.kind != "repository"
            or requester_rights.sees(store, run, one.resource_id.partition(".")[0]),
        )
    ]  # fmt: skip


def own_repository(run: Run) -> str:
    """The id of the run's repository as a resource."""
    return f"{run.project_id}.{run.repository_id}"


def connections_of(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan
) -> list[ServiceConnection]:
    """The connections that steps of the stage name, also through variables of the YAML."""
    found: dict[str, ServiceConnection] = {}
    for job in stage.jobs:
        for name in _names(store, run, plan, stage, job):
            made = service_connections.find(store, project_id=run.project_id, name_or_id=name)
            if made is not None:
                found[made.connection_id] = made
    return list(found.values())


def require_named(
    store: Store, *, run: Run, stage_name: str, connection: ServiceConnection
) -> None:
    """Raises `Forbidden` for a connection with checks that the stage does not name."""
    guarding = checks.on(
        store, project_id=run.project_id, resource_type="endpoint",
        resource_id=connection.connection_id,
    )  # fmt: skip
    if all(check.is_disabled for check in guarding):
        return
    plan = run_progress.plan_of(run) if run.plan else None
    stage = plan.stage(stage_name) if plan else None
    named = connections_of(store, run, plan, stage) if plan and stage else []
    if connection.connection_id not in {one.connection_id for one in named}:
        raise Forbidden(
            f"the stage '{stage_name}' does not name the service connection "
            f"'{connection.name}', whose checks have to pass before a stage may use it",
            code="ServiceConnectionNotChecked", where=connection.name,
            hint="Write the connection's name into the step's input; a variable that is set "
            "while the run goes on cannot stand for it.",
        )  # fmt: skip


def _environments(store: Store, run: Run, stage: StagePlan) -> Iterator[StageResource]:
    for job in stage.jobs:
        if job.environment is None:
            continue
        target = job.environment
        found = environments.find(store, project_id=run.project_id, name=target.name)
        if found is None:
            environments.check_name(target.name)
            raise NotFound(
                f"Job {job.name}: Environment {target.name} could not be found. The environment "
                "does not exist or has not been authorized for use.",
                code="EnvironmentNotFound", where=f"environment of job {job.name}",
                hint="Create it, or run the pipeline again: a run makes what is missing.",
            )  # fmt: skip
        environment_machines.chosen(
            store, target, environment_id=found.environment_id, job_name=job.name,
            all_by_default=job.deployment_strategy == "rolling",
        )  # fmt: skip
        yield StageResource(
            kind="environment", resource_id=str(found.environment_id), name=found.name
        )


def _connections(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan
) -> Iterator[StageResource]:
    for one in connections_of(store, run, plan, stage):
        yield StageResource(kind="endpoint", resource_id=one.connection_id, name=one.name)


def _groups(store: Store, run: Run, plan: RunPlan, stage: StagePlan) -> Iterator[StageResource]:
    """Groups that the YAML names, and those that the definition is linked to."""
    definition = definitions.find(store, run.definition_id)
    linked = set(definition.variable_group_ids) if definition else set()
    blocks = (plan.variables, stage.variables, *(job.variables for job in stage.jobs))
    named = {item.group.casefold() for block in blocks for item in block if item.group}
    for one in variable_groups.list_of(store, project_id=run.project_id):
        if one.group_id in linked or one.name.casefold() in named:
            yield StageResource(kind="variablegroup", resource_id=str(one.group_id), name=one.name)


def _queues(store: Store, run: Run, plan: RunPlan, stage: StagePlan) -> Iterator[StageResource]:
    definition = definitions.find(store, run.definition_id)
    usual = definition.queue_number if definition else agent_pools.HOSTED
    for job in stage.jobs:
        for pool in (job.pool, *(hook.pool for hook in job.hooks)):
            if pool.is_server:
                continue
            name = _expanded(store, run, plan, stage, job, pool.name or "")
            number = agent_pools.HOSTED if pool.vm_image else usual
            found = agent_pools.find(name) if name else agent_pools.POOLS[number]
            if found is None:
                raise NotFound(
                    f"Job {job.name}: Could not find a pool with name {name}. The pool does not "
                    "exist or has not been authorized for use.",
                    code="AgentPoolNotFound", where=f"pool of job {job.name}",
                    hint=f"Pools: {', '.join(p.name for p in agent_pools.POOLS.values())}.",
                )  # fmt: skip
            yield StageResource(kind="queue", resource_id=str(found.number), name=found.name)


def _repositories(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan
) -> Iterator[StageResource]:
    own = repositories.by_id(store, run.repository_id)
    yield StageResource(
        kind="repository", resource_id=own_repository(run), name=own.name if own else ""
    )
    templates = {file.rpartition("@")[2] for file in plan.files if "@" in file}
    used = [name for job in stage.jobs for name in _repositories_named(job)]
    for name in dict.fromkeys((*used, *sorted(templates))):
        found = _repository(store, run, plan, name)
        if found is not None and github_mirrors.is_mirror(found):
            yield from _connection_to(store, run, plan, name)  # that is what Azure protects of it
        elif found is not None:
            yield StageResource(
                kind="repository", name=found.name,
                resource_id=f"{found.project_id}.{found.repository_id}",
            )  # fmt: skip
    for job in stage.jobs:
        for source in checkout_sources.used_by(store, run, plan, job):
            yield StageResource(kind="repository", name=source.name, resource_id=source.resource_id)


def _connection_to(store: Store, run: Run, plan: RunPlan, alias: str) -> Iterator[StageResource]:
    resource = plan.repository(alias)
    name = (resource.endpoint if resource else None) or ""
    made = service_connections.find(store, project_id=run.project_id, name_or_id=name)
    if made is not None:
        yield StageResource(kind="endpoint", resource_id=made.connection_id, name=made.name)


def _repository(store: Store, run: Run, plan: RunPlan, name: str) -> Repository | None:
    """What an alias stands for since the run was compiled; else a repository of the project."""
    resource = plan.repository(name)
    if resource is not None and resource.repository_id is not None:
        return repositories.by_id(store, resource.repository_id)
    plain = (resource.name if resource else name).rpartition("/")[2]
    return repositories.find(store, project_id=run.project_id, name_or_id=plain)


def _repositories_named(job: JobPlan) -> Iterator[str]:
    yield from job.uses_repositories
    for step in _steps(job):
        name = step.inputs.get("repository", "self") if step.shorthand == "checkout" else "self"
        if name.lower() not in ("self", "none"):
            yield name


def _names(store: Store, run: Run, plan: RunPlan, stage: StagePlan, job: JobPlan) -> Iterator[str]:
    values = [
        value
        for step in _steps(job)
        for name, value in step.inputs.items()
        if name.lower() in _INPUTS and value
    ]
    values += [one.endpoint for one in _containers(plan, job) if one.endpoint]
    known: macros.ExpandedVariables | None = None
    for value in values:
        if "$(" in value and known is None:
            known = _known(store, run, plan, stage, job)
        name = macros.expand(value, known.values) if known else value
        yield name
        if "," in name:  # an input may name several
            yield from (part.strip() for part in name.split(","))


def _containers(plan: RunPlan, job: JobPlan) -> Iterator[ContainerPlan]:
    """The containers of a job, its services and its steps; their registries ask for a login."""
    for one in (job.container, *job.services.values()):
        if one is not None:
            is_whole = one.alias or one.endpoint or not one.image
            yield one if is_whole else plan.container(one.image or "")
    targets = {step.target.container for step in _steps(job) if step.target is not None}
    yield from (plan.container(name) for name in targets if name not in ("", "host"))


def _expanded(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan, job: JobPlan, text: str
) -> str:
    if "$(" not in text:
        return text
    return macros.expand(text, _known(store, run, plan, stage, job).values)


def _known(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan, job: JobPlan
) -> macros.ExpandedVariables:
    return macros.expand_all(
        run_variables.shown(run_variables.all_of(store, run, plan, stage=stage, job=job)),
        secret_names=(),
    )


def _steps(job: JobPlan) -> Iterator[StepPlan]:
    yield from job.steps
    for hook in job.hooks:
        yield from hook.steps
