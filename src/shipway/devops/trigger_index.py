"""What starts a pipeline from elsewhere: runs of other pipelines, pushes to other repositories.

Read from the YAML of a definition's default branch, as the service does, and kept with the commit
that it was read at, so that a run that ends need not read every repository again. Knows:
definitions, repositories, pushes. Must not know: what is started.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/pipeline-triggers
"""

from contextlib import suppress

from shipway.azpipelines import plan_json, triggers
from shipway.azpipelines.triggers import PipelineTriggers
from shipway.base.errors import ShipwayError
from shipway.devops import definitions, pushes, repositories
from shipway.devops.definitions import PipelineDefinition
from shipway.store.store import Store

_KIND = "trigger_index"
_FORM = 1


def listening(store: Store) -> list[tuple[PipelineDefinition, PipelineTriggers]]:
    """The definitions that something elsewhere may start, with what does."""
    found = []
    for definition in definitions.list_everywhere(store):
        if definition.queue_status != "enabled" or definition.is_local:
            continue
        known = of_definition(store, definition)
        if known.completions or known.repositories:
            found.append((definition, known))
    return found


def tip_of(store: Store, definition: PipelineDefinition) -> str:
    """The commit of a definition's default branch; empty when it has none."""
    repository = repositories.by_id(store, definition.repository_id)
    if repository is None:
        return ""
    tip = pushes.known_refs(store, repository).get(definition.default_branch, "")
    return "" if tip == repositories.ZERO else tip


def of_definition(store: Store, definition: PipelineDefinition) -> PipelineTriggers:
    """The triggers of the default branch's YAML that look elsewhere; none without such a file."""
    tip = tip_of(store, definition)
    at = {"form": _FORM, "tip": tip, "path": definition.yaml_path}
    key = f"{definition.definition_id:010}"
    before = store.documents.find(_KIND, key)
    if before is not None and before.body["at"] == at:
        with suppress(ValueError):  # written by another version
            return plan_json.from_json(PipelineTriggers, before.body["triggers"])
    found = _read(store, definition, tip)
    kept = PipelineTriggers(completions=found.completions, repositories=found.repositories)
    store.documents.put(_KIND, key, {"at": at, "triggers": plan_json.to_json(kept)})
    return kept


def _read(store: Store, definition: PipelineDefinition, tip: str) -> PipelineTriggers:
    repository = repositories.by_id(store, definition.repository_id)
    if repository is None or not tip:
        return PipelineTriggers()
    path = definition.yaml_path
    try:
        content = repositories.read_file(store, repository, version=tip, path=path)
    except ShipwayError:
        content = None  # one broken repository must not keep others from being pushed to
    if content is None:
        return PipelineTriggers()
    found, _ = triggers.triggers_of(content, file=path)
    return found
