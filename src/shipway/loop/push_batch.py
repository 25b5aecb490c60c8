"""`batch: true`: pushes that arrive while a run is under way wait and start one run together.

Source: https://learn.microsoft.com/azure/devops/pipelines/repos/azure-repos-git#batching-ci-runs
"""

from collections.abc import Mapping

from shipway.base.messages import Event
from shipway.devops import definitions, rows, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.pushes import RefMove
from shipway.devops.runs import Requester, Run
from shipway.store.store import Store

_KIND = "batched_push"
_CI = ("individualCI", "batchedCI")


def must_wait(store: Store, definition: PipelineDefinition, ref: str) -> bool:
    """Whether a run that a push to this branch started is still under way."""
    found = runs.list_of(store, definition_id=definition.definition_id)
    return any(r.state != "completed" and r.source_branch == ref and r.reason in _CI for r in found)


def hold(
    store: Store, definition: PipelineDefinition, move: RefMove, pusher: Requester,
    facts: Mapping[str, str],
) -> None:  # fmt: skip
    """Keep the newest push of the branch until the run has ended; earlier ones are part of it."""
    body = {"version": move.new, "pusher": rows.body_of(pusher), "facts": dict(facts)}
    store.documents.put(_KIND, _key(definition.definition_id, move.ref), body)


def release(store: Store, event: Event) -> None:
    """A run has ended: queue the one run of the pushes that waited for it, if there are any."""
    ended = runs.get(store, int(event.subject.removeprefix("run/")))
    key = _key(ended.definition_id, ended.source_branch)
    held = store.documents.find(_KIND, key)
    definition = definitions.find(store, ended.definition_id)
    if held is None or definition is None or must_wait(store, definition, ended.source_branch):
        return
    store.documents.delete(_KIND, key)
    if definition.queue_status == "enabled":
        pusher = rows.read(Requester, held.body["pusher"])
        version = str(held.body["version"])
        facts = held.body.get("facts") or {
            "ci.sourceBranch": ended.source_branch, "ci.sourceSha": version,
        }  # fmt: skip
        queue(store, definition, ended.source_branch, version, pusher, facts)


def queue(
    store: Store, definition: PipelineDefinition, ref: str, version: str, pusher: Requester,
    facts: Mapping[str, str],
) -> Run:  # fmt: skip
    """Queue the run of a batch."""
    return runs.queue_run(
        store, definition=definition, branch=ref, version=version, reason="batchedCI",
        requested_by=runs.SERVICE, requested_for=pusher,
        trigger_info=facts,
    )  # fmt: skip


def _key(definition_id: int, ref: str) -> str:
    return f"{definition_id:010}/{ref}"
