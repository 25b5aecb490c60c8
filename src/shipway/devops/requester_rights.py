"""What who asked for a run may see of other projects than its own.

A run reads files, artifacts and names of other projects for everybody who sees the run, so they
have to be for the eyes of who asked for it. What another project has started was asked for by
nobody here: then the pipeline's maker counts.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/access-tokens
"""

from shipway.azure.entra import users
from shipway.azure.entra.principals import Principal
from shipway.devops import definitions, members, repositories
from shipway.devops.runs import Run
from shipway.store.store import Store


def sees(store: Store, run: Run, project_id: str) -> bool:
    """Whether a run may read what belongs to a project."""
    if project_id == run.project_id:
        return True
    object_id, name = run.requested_for.object_id, run.requested_for.name
    if _is_foreign(store, run):
        made = definitions.find(store, run.definition_id)
        object_id, name = (made.created_by_id, made.created_by_name) if made else ("", "")
    user = users.find(store, object_id) if object_id else None
    asking = users.principal_of(store, user) if user else Principal(
        kind="ServicePrincipal" if object_id else "Anonymous", object_id=object_id, name=name,
        tenant_id="",
    )  # fmt: skip
    return members.may(store, asking, "read", project_id=project_id)


def _is_foreign(store: Store, run: Run) -> bool:
    """Whether a run or a push of another project has started the run."""
    told = run.trigger_info
    pushed = repositories.by_id(store, told.get("ci.triggerRepository", ""))
    places = (told.get("projectId"), pushed.project_id if pushed else None)
    return any(place not in (None, "", run.project_id) for place in places)
