"""The variables of a run, in their layers: predefined, definition, YAML root, stage, job.

Later layers win. Secret values come from the secrets and go to the agent only; conditions see
them as `***`. A variable group counts once the definition may use it, and for a stage whose
checkpoint has passed. Knows: definitions, groups, repositories. Must not know: agents, HTTP.
Source: https://learn.microsoft.com/azure/devops/pipelines/build/variables
"""

from collections.abc import Iterable, Mapping, Sequence

from shipway.azpipelines import macros, runtime
from shipway.azpipelines.plan import JobPlan, LegPlan, RunPlan, StagePlan, VariablePlan
from shipway.devops import (
    definitions,
    local_choices,
    pipeline_permissions,
    predefined_variables,
    run_engine,
    run_progress,
    runs,
    runtime_values,
    variable_groups,
)
from shipway.devops.runs import Run
from shipway.devops.runtime_values import RunVariable
from shipway.store.store import Store


def predefined(store: Store, run: Run, *, stage: StagePlan | None = None) -> list[RunVariable]:
    """Build.* and System.* of a run, and those of a stage of it."""
    values = predefined_variables.of_run(store, run)
    if stage is not None:
        values |= predefined_variables.of_stage(store, run, stage)
    return [RunVariable(name=n, value=v, is_read_only=True) for n, v in values.items()]


def in_templates(store: Store, run: Run) -> list[RunVariable]:
    """What `${{ variables }}` sees of a run before its own YAML is read."""
    given = [v for v in predefined(store, run) if predefined_variables.in_templates(v.name)]
    return _unlocked(given, queue_time(store, run))


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
    kept = local_choices.kept_secrets(store, run.run_id, run.secret_names)
    found += [RunVariable(name=n, value=v, is_secret=True) for n, v in kept.items()]
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
    given = queue_time(store, run, stage=stage)
    given += _block(store, run, stage, plan.variables, scope="")
    if stage is not None:
        given += _block(store, run, stage, stage.variables, scope=stage.name)
    if stage is not None and job is not None:
        scope = f"{stage.name}/{job.name}"
        given += _block(store, run, stage, job.variables, scope=scope)
    return _unlocked(predefined(store, run, stage=stage), given)


def _unlocked(system: list[RunVariable], given: list[RunVariable]) -> list[RunVariable]:
    """System variables, then what people set, without what would take a system variable's place."""
    locked = {v.name.lower() for v in system} - predefined_variables.SETTABLE
    return system + [v for v in given if v.name.lower() not in locked]


def shown(variables: Iterable[RunVariable]) -> dict[str, str]:
    """Name to value with secrets masked: what conditions and the compiler see."""
    folded: dict[str, tuple[str, str]] = {}
    for variable in variables:
        folded[variable.name.lower()] = (
            variable.name,
            "***" if variable.is_secret else variable.value,
        )
    return dict(folded.values())


def of_name(store: Store, run: Run, plan: RunPlan) -> dict[str, str]:
    """What `name:` may use: variables of the whole run, expanded among themselves.

    An expression that cannot be evaluated keeps its text.
    """
    known = runtime_values.resolved(
        store, run, all_of(store, run, plan), plan=plan, is_lenient=True
    )
    return dict(macros.expand_all(shown(known)).values)


def seen_by_stage(store: Store, run: Run, plan: RunPlan, stage: StagePlan) -> dict[str, str]:
    """What the condition of a stage sees in `variables`."""
    return _seen(store, run, plan, stage, None)


def seen_by_job(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan, job: JobPlan
) -> dict[str, str]:
    """What the condition of a job sees in `variables`."""
    return _seen(store, run, plan, stage, job)


def _seen(
    store: Store, run: Run, plan: RunPlan, stage: StagePlan, job: JobPlan | None
) -> dict[str, str]:
    """An expression that cannot be evaluated keeps its text: the job itself fails by its name."""
    known = all_of(store, run, plan, stage=stage, job=job)
    if not any(runtime.is_runtime_expression(one.value) for one in known):
        return shown(known)
    progress = run_progress.progress_of(store, run, plan)
    views = run_engine.job_views(stage, progress.stages[stage.name], job.depends_on) if job else {}
    return shown(
        runtime_values.resolved(
            store, run, known, plan=plan, dependencies=views, is_lenient=True,
            stage_dependencies=run_engine.stage_job_views(plan, progress, stage),
        )
    )  # fmt: skip


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


def legs_of(
    store: Store, run: Run, plan: RunPlan, *, stage: StagePlan, job: JobPlan
) -> tuple[LegPlan, ...]:
    """The legs of a job; none for a job without `strategy`. Raises `RuntimeValueError`."""
    if job.fan_out is None:
        return ()
    if job.fan_out.matrix_expression is None:
        return job.fan_out.legs
    progress = run_progress.progress_of(store, run, plan)
    dependencies = run_engine.job_views(stage, progress.stages[stage.name], job.depends_on)
    stage_dependencies = run_engine.stage_job_views(plan, progress, stage)
    known = runtime_values.resolved(
        store, run, all_of(store, run, plan, stage=stage, job=job), plan=plan,
        dependencies=dependencies, stage_dependencies=stage_dependencies,
    )  # fmt: skip
    text = runtime.evaluate(
        job.fan_out.matrix_expression,
        variables=shown(known),
        dependencies=dependencies,
        stage_dependencies=stage_dependencies,
        pipeline={"startTime": predefined_variables.start_time(run)},
    )
    return runtime.matrix_legs(text)


def _block(
    store: Store, run: Run, stage: StagePlan | None, block: Sequence[VariablePlan], *, scope: str
) -> list[RunVariable]:
    found: list[RunVariable] = []
    for item in block:
        if item.group is None:
            found.append(
                RunVariable(
                    name=item.name, value=item.value, is_read_only=item.is_read_only, scope=scope
                )
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
