"""The service connections that a stage names: what its checks hang on before it starts.

A connection with checks may be used only by a stage that named it, for nobody asked the approvers
about any other. Azure finds them when a pipeline is compiled; a name that is only known at run time
is refused there as well.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals
"""

from collections.abc import Iterator

from shipway.azpipelines import macros
from shipway.azpipelines.plan import JobPlan, RunPlan, StagePlan, StepPlan
from shipway.base.errors import Forbidden
from shipway.devops import checks, run_progress, run_variables, service_connections
from shipway.devops.runs import Run
from shipway.devops.service_connections import ServiceConnection
from shipway.store.store import Store

# inputs of tasks that name a service connection, in any letter case
_INPUTS = (
    "azuresubscription", "connectedservicename", "connectedservicenamearm", "serviceconnection",
)  # fmt: skip


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


def _names(store: Store, run: Run, plan: RunPlan, stage: StagePlan, job: JobPlan) -> Iterator[str]:
    values = [
        value
        for step in _steps(job)
        for name, value in step.inputs.items()
        if name.lower() in _INPUTS and value
    ]
    known: macros.ExpandedVariables | None = None
    for value in values:
        if "$(" in value and known is None:
            known = macros.expand_all(
                run_variables.shown(
                    run_variables.all_of(store, run, plan, stage=stage, job=job)
                ),
                secret_names=(),
            )  # fmt: skip
        yield macros.expand(value, known.values) if known else value


def _steps(job: JobPlan) -> Iterator[StepPlan]:
    yield from job.steps
    for hook in job.hooks:
        yield from hook.steps
