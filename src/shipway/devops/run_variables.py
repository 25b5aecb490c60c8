"""The variables of a run, in their layers: predefined, definition, YAML root, stage, job.

Later layers win. Secret values come from the secrets and go to the agent only; conditions see
them as `***`. A variable group counts once the definition may use it, and for a stage whose
checkpoint has passed. Knows: definitions, groups, repositories. Must not know: agents, HTTP.
Source: https://learn.microsoft.com/azure/devops/pipelines/build/variables
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shipway.azpipelines import runtime
from shipway.azpipelines.conditions import Dependency, StageDependencies
from shipway.azpipelines.plan import JobPlan, LegPlan, RunPlan, StagePlan, VariablePlan
from shipway.azpipelines.runtime import RuntimeValueError
from shipway.devops import (
    definitions,
    github_mirrors,
    local_choices,
    pipeline_permissions,
    projects,
    pull_request_variables,
    repositories,
    run_engine,
    run_progress,
    runs,
    variable_groups,
)
from shipway.devops.repositories import Repository
from shipway.devops.runs import Run
from shipway.store.store import Store

_REASONS = {"individualCI": "IndividualCI", "batchedCI": "BatchedCI", "manual": "Manual",
            "schedule": "Schedule", "pullRequest": "PullRequest",
            "resourceTrigger": "ResourceTrigger", "buildCompletion": "BuildCompletion"}  # fmt: skip
_HOST = "https://dev.azure.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVariable:
    """A variable as the run defines it; `value` may hold macros and runtime expressions."""

    name: str
    value: str
    is_secret: bool = False
    is_read_only: bool = False


def predefined(store: Store, run: Run) -> list[RunVariable]:
    """Build.* and System.* of a run."""
    project = projects.get(store, run.project_id)
    repository = repositories.by_id(store, run.repository_id)
    commit = repositories.commit(store, repository, run.source_version) if repository else None
    collection = f"{_HOST}/{projects.ORGANIZATION}/"
    branch = run.source_branch
    values = {
        "Build.BuildId": str(run.run_id),
        "Build.BuildNumber": run.run_name,
        "Build.BuildUri": f"vstfs:///Build/Build/{run.run_id}",
        "Build.ContainerId": str(run.run_id),
        "Build.DefinitionName": run.definition_name,
        "Build.DefinitionVersion": "1",
        "Build.QueuedBy": run.requested_by.name,
        "Build.QueuedById": run.requested_by.object_id,
        "Build.RequestedFor": run.requested_for.name,
        "Build.RequestedForId": run.requested_for.object_id,
        "Build.Reason": _REASONS[run.reason],
        "Build.Repository.Clean": "False",
        "Build.SourceBranch": branch,
        "Build.SourceBranchName": branch.rsplit("/", 1)[-1],
        "Build.SourceVersion": run.source_version,
        "Build.SourceVersionMessage": commit.comment.split("\n")[0] if commit else "",
        "System.CollectionId": projects.organization_id(store),
        "System.CollectionUri": collection,
        "System.DefinitionId": str(run.definition_id),
        "System.EnableAccessToken": "SecretVariable",
        "System.HostType": "build",
        "System.PlanId": run.plan_id,
        "System.TeamFoundationCollectionUri": collection,
        "System.TeamFoundationServerUri": collection,
        "System.TeamProject": project.name,
        "System.TeamProjectId": project.project_id,
        "System.TimelineId": run.plan_id,
        "TF_BUILD": "True",
    }
    values |= _of_repository(repository, f"{collection}{project.name}")
    values |= pull_request_variables.of(run, values["Build.Repository.Uri"])
    return [RunVariable(name=n, value=v, is_read_only=True) for n, v in values.items()]


def _of_repository(repository: Repository | None, place: str) -> dict[str, str]:
    """Build.Repository.*; `place` is the project's address."""
    name = repository.name if repository else ""
    if repository is not None and github_mirrors.is_mirror(repository):
        key, provider, uri = name, "GitHub", github_mirrors.url_of(name)
    else:
        key = repository.repository_id if repository else ""
        provider, uri = "TfsGit", f"{place}/_git/{name}".replace(" ", "%20")
    return {
        "Build.Repository.ID": key, "Build.Repository.Name": name,
        "Build.Repository.Provider": provider, "Build.Repository.Uri": uri,
    }  # fmt: skip


def queue_time(store: Store, run: Run, *, stage: StagePlan | None = None) -> list[RunVariable]:
    """Variables of the definition and those given when the run was queued, secrets in clear."""
    definition = definitions.find(store, run.definition_id)
    found: list[RunVariable] = []
    if definition is not None:
        for group_id in definition.variable_group_ids:
            group = variable_groups.find_by_id(store, group_id)
            if group is not None and _may_read(store, run, stage, group):
                found += _group(store, group)
        found += [
            RunVariable(name=name, value=v.value, is_secret=v.is_secret)
            for name, v in definitions.values_of(store, definition).items()
        ]
    found += [RunVariable(name=name, value=value) for name, value in run.variables.items()]
    if run.local is not None:
        secrets = local_choices.secrets_of(store, run.run_id, run.local)
        found += [RunVariable(name=n, value=v, is_secret=True) for n, v in secrets.items()]
    return found


def all_of(
    store: Store,
    run: Run,
    plan: RunPlan,
    *,
    stage: StagePlan | None = None,
    job: JobPlan | None = None,
) -> list[RunVariable]:
    """Every variable of a job (or stage, or the run), weakest first, secrets in clear."""
    found = predefined(store, run) + queue_time(store, run, stage=stage)
    blocks: list[Sequence[VariablePlan]] = [plan.variables]
    if stage is not None:
        blocks.append(stage.variables)
    if job is not None:
        blocks.append(job.variables)
    for block in blocks:
        found += _block(store, run, stage, block)
    return found


def shown(variables: Iterable[RunVariable]) -> dict[str, str]:
    """Name to value with secrets masked: what conditions and the compiler see."""
    folded: dict[str, tuple[str, str]] = {}
    for variable in variables:
        folded[variable.name.lower()] = (
            variable.name,
            "***" if variable.is_secret else variable.value,
        )
    return dict(folded.values())


def group_values(store: Store, run: Run) -> Mapping[str, Mapping[str, str]]:
    """The groups of the project for the compiler: public values, secrets empty.

    A group that the definition may not use has a name and no values.
    """
    return {
        group.name: {n: "" if v.is_secret else v.value for n, v in group.variables.items()}
        if _may_read(store, run, None, group)
        else {}
        for group in variable_groups.list_of(store, project_id=run.project_id)
    }


def resolve(
    variables: Sequence[RunVariable],
    *,
    dependencies: Mapping[str, Dependency],
    stage_dependencies: StageDependencies,
) -> list[RunVariable]:
    """Variables with their runtime expressions evaluated, each seeing those before it.

    Raises `RuntimeValueError` naming the variable.
    """
    found: dict[str, RunVariable] = {}
    for variable in variables:
        value = variable.value
        if runtime.is_runtime_expression(value):
            try:
                value = runtime.evaluate(
                    value,
                    variables={v.name: v.value for v in found.values()},
                    dependencies=dependencies,
                    stage_dependencies=stage_dependencies,
                )
            except RuntimeValueError as error:
                raise RuntimeValueError(f"variable '{variable.name}': {error}") from None
        found[variable.name.lower()] = replace(variable, value=value)
    return list(found.values())


def legs_of(
    store: Store, run: Run, plan: RunPlan, *, stage: StagePlan, job: JobPlan
) -> tuple[LegPlan, ...]:
    """The legs of a job; none for a job without `strategy`. Raises `RuntimeValueError`."""
    if job.fan_out is None:
        return ()
    if job.fan_out.matrix_expression is None:
        return job.fan_out.legs
    progress = run_progress.progress_of(store, run, plan)
    text = runtime.evaluate(
        job.fan_out.matrix_expression,
        variables=shown(all_of(store, run, plan, stage=stage, job=job)),
        dependencies=run_engine.job_views(stage, progress.stages[stage.name], job.depends_on),
        stage_dependencies=run_engine.stage_job_views(plan, progress, stage),
    )
    return runtime.matrix_legs(text)


def _block(
    store: Store, run: Run, stage: StagePlan | None, block: Sequence[VariablePlan]
) -> list[RunVariable]:
    found: list[RunVariable] = []
    for item in block:
        if item.group is None:
            found.append(
                RunVariable(name=item.name, value=item.value, is_read_only=item.is_read_only)
            )
            continue
        group = variable_groups.find(store, project_id=run.project_id, name=item.group)
        if group is not None and _may_read(store, run, stage, group):
            found += _group(store, group)
    return found


def _may_read(
    store: Store, run: Run, stage: StagePlan | None, group: variable_groups.VariableGroup
) -> bool:
    # a definition may link any number; the checkpoint asks about groups of its project alone
    if group.project_id != run.project_id:
        return False
    if pipeline_permissions.is_authorized(
        store, resource_type="variablegroup", resource_id=str(group.group_id),
        definition_id=run.definition_id,
    ):  # fmt: skip
        return True
    # what a checkpoint has let through stays so for its stage, also when it is taken back later
    if stage is None:
        return False
    checkpoint = run_progress.checkpoint_id(run, stage.name)
    record = runs.find_record(store, run.run_id, checkpoint)
    return record is not None and record.result == "succeeded"


def _group(store: Store, group: variable_groups.VariableGroup) -> list[RunVariable]:
    return [
        RunVariable(name=name, value=v.value, is_secret=v.is_secret, is_read_only=v.is_read_only)
        for name, v in variable_groups.values_of(store, group).items()
    ]
