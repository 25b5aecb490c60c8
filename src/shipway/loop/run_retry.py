"""Station 2, asked again: the same commit once more.

Source: https://learn.microsoft.com/azure/devops/pipelines/process/runs
"""

from shipway.azure.entra.principals import Principal
from shipway.devops import definitions, runs
from shipway.devops.runs import Run
from shipway.store.store import Store


def rerun(store: Store, *, run_id: int, principal: Principal) -> Run:
    """Queue the same commit of the same definition again, with the same choices."""
    run = runs.get(store, run_id)
    definition = definitions.get(store, project_id=run.project_id, definition_id=run.definition_id)
    return runs.queue_run(
        store,
        definition=definition,
        branch=run.source_branch,
        version=run.source_version,
        reason="manual",
        requested_by=principal,
        variables=run.variables,
        parameters=run.parameters,
        stages_to_skip=run.stages_to_skip,
    )
