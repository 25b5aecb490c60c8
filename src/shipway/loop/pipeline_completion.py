"""Station 2, after a run: the pipelines that start when a run of another one has gone well.

A run ends, or the stages that a trigger names do; whatever listens is queued once for it. Branch
filters are those of the listener's default branch. In the same repository it runs the very commit
of the run that ended, in another one the tip of its own default branch.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/pipeline-triggers
"""

from shipway.azpipelines import triggers
from shipway.azpipelines.triggers import CompletionTrigger
from shipway.base.messages import Event
from shipway.devops import pipeline_resources, run_tags, runs, trigger_index
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.pipeline_resources import ALIAS, GOOD, TRIGGERING_RUN
from shipway.devops.runs import Run
from shipway.store.store import Store

_STARTED = "pipeline_completion"


def on_run_completed(store: Store, event: Event) -> None:
    """A run has ended: start what waits for whole runs."""
    if event.data["result"] in GOOD:  # it may go on by now, with a stage started by hand
        run = runs.get(store, int(event.subject.removeprefix("run/")))
        _start_listeners(store, run, is_over=True)


def on_stage_completed(store: Store, event: Event) -> None:
    """A stage has ended: start what waits for just these stages."""
    if event.data["result"] in GOOD:
        run = runs.get(store, int(event.subject.removeprefix("run/")))
        _start_listeners(store, run, is_over=False)


def _start_listeners(store: Store, run: Run, *, is_over: bool) -> None:
    if run.local is not None:
        return
    for definition, known in trigger_index.listening(store):
        if definition.definition_id == run.definition_id:
            continue
        for trigger in known.completions:
            is_of = _is_of(store, run, definition, trigger)
            if is_of and _matches(store, run, trigger, is_over=is_over):
                _start(store, run, definition, trigger)
                break


def _is_of(
    store: Store, run: Run, listener: PipelineDefinition, trigger: CompletionTrigger
) -> bool:
    found = pipeline_resources.definition_of(
        store, trigger.source, trigger.project, project_id=listener.project_id
    )
    return found is not None and found.definition_id == run.definition_id


def _matches(store: Store, run: Run, trigger: CompletionTrigger, *, is_over: bool) -> bool:
    """All filters hold: the branch, every tag, every stage; without stages the run is over."""
    if not triggers.matches_branch(trigger.branches, run.source_branch):
        return False
    if not run_tags.has_all(run, trigger.tags):
        return False
    if not trigger.stages:
        return is_over
    good = {
        record.ref_name.casefold()
        for record in runs.records_of(store, run.run_id)
        if record.kind == "Stage" and record.result in GOOD
    }
    return good.issuperset(name.casefold() for name in trigger.stages)


def _start(
    store: Store, run: Run, definition: PipelineDefinition, trigger: CompletionTrigger
) -> None:
    key = f"{definition.definition_id:010}/{run.run_id:010}"
    if store.documents.find(_STARTED, key) is not None:
        return  # it was started when a stage ended, or before a stage was tried again
    branch, version = run.source_branch, run.source_version
    if definition.repository_id != run.repository_id:
        branch, version = definition.default_branch, trigger_index.tip_of(store, definition)
    made = runs.queue_run(
        store, definition=definition, branch=branch, version=version, reason="resourceTrigger",
        requested_by=runs.SERVICE, requested_for=run.requested_for,
        trigger_info={
            "artifactType": "Pipeline", ALIAS: trigger.alias, "source": run.definition_name,
            "version": run.run_name, TRIGGERING_RUN: str(run.run_id),
            "definitionId": str(run.definition_id), "projectId": run.project_id,
            "pipelineTriggerType": "PipelineCompletion",
        },
    )  # fmt: skip
    store.documents.put(_STARTED, key, {"run_id": made.run_id})
