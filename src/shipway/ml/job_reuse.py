"""Reuse: whether an earlier child's outputs may stand for a new one's, and why (not).

Two children are the same when command, variables, code, environment and every input are the same
by content. The grounds of each decision are kept, so that `why` can name the file that changed.
Knows: documents. Must not know: HTTP, processes.
Source: https://learn.microsoft.com/azure/machine-learning/how-to-debug-pipeline-reuse-issues
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shipway.base import ids
from shipway.ml import content_manifests, job_nodes, jobs
from shipway.ml.job_plans import PlannedCommand, PlannedInput
from shipway.store.store import Store

_BY_KEY, _LATEST = "job_reuse", "job_reuse_latest"

Grounds = Mapping[str, Any]
Verdict = Literal["reused", "ran", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An earlier child whose outputs fit."""

    job: str
    parent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a child was reused or ran: one sentence, and what differs from the run before."""

    node: str
    child: str
    verdict: Verdict
    reason: str
    compared_with: str = ""
    changes: tuple[str, ...] = ()


def grounds_of(plan: PlannedCommand) -> dict[str, Any]:
    """What decides. An input by digest, by value, or by URL where its content is not known."""
    return {
        "command": ids.digest(
            json.dumps(
                [
                    plan.command,
                    sorted(plan.env_vars.items()),
                    sorted(
                        (o.name, o.type, o.template, o.asset_name, o.asset_version)
                        for o in plan.outputs
                    ),
                ]
            )
        ),
        "code": plan.code_digest,
        "environment": plan.environment_content,
        "environment_name": plan.environment,
        "inputs": {i.name: _input_ground(i) for i in plan.inputs},
    }


def key_of(grounds: Grounds) -> str:
    """One name for all grounds."""
    kept = {name: value for name, value in grounds.items() if name != "environment_name"}
    return ids.digest(json.dumps(kept, sort_keys=True, separators=(",", ":")))


def find(store: Store, *, workspace: str, key: str) -> Candidate | None:
    """An earlier completed child with these grounds whose outputs are still what they were."""
    row = store.documents.find(_BY_KEY, f"{workspace}/{key}")
    if row is None:
        return None
    outputs = jobs.outputs(store, workspace=workspace, name=row.body["job"])
    for output in outputs.values():
        manifest = content_manifests.of_place(store, output.place)
        if content_manifests.digest_of(manifest) != output.digest:
            return None
    return Candidate(job=row.body["job"], parent=row.body["parent"])


def slot_of(plan: PlannedCommand, *, experiment: str, path: str) -> str:
    """What a child is compared with: the newest at this node path in this experiment."""
    del plan
    return f"{experiment}/{path}"


def latest(store: Store, *, workspace: str, slot: str) -> Mapping[str, Any]:
    """The newest child of a slot that completed: `job` and `grounds`; empty: there is none."""
    row = store.documents.find(_LATEST, f"{workspace}/{slot}")
    return row.body if row else {}


def remember(
    store: Store, *, workspace: str, slot: str, key: str, job: str, parent: str, grounds: Grounds
) -> None:
    """A child completed: offer it to later ones."""
    store.documents.put(_BY_KEY, f"{workspace}/{key}", {"job": job, "parent": parent})
    store.documents.put(
        _LATEST, f"{workspace}/{slot}", {"job": job, "parent": parent, "grounds": dict(grounds)}
    )


def why(store: Store, workspace: str, job: str) -> list[Explanation]:
    """For each child of a pipeline job why it was reused or ran, in the order of the definition.

    Raises `NotFound` for an unknown job; a command job has no children and explains itself.
    """
    found = jobs.get(store, workspace=workspace, name=job)
    if found.job_type != "Pipeline":
        reason = "a command job of its own is never reused; only children of pipeline jobs are"
        return [Explanation(node="", child=job, verdict="ran", reason=reason)]
    nodes = job_nodes.list_nodes(store, workspace=workspace, job=job)
    return [_explain(store, node) for node in nodes]


def _explain(store: Store, node: job_nodes.PipelineNode) -> Explanation:
    path, reuse = node.state.path, node.reuse
    if not reuse:
        reason = "it has not started" if node.state.phase == "waiting" else "it never ran"
        return Explanation(node=path, child=node.child, verdict="waiting", reason=reason)
    before = reuse.get("before") or {}
    compared = str(before.get("job", ""))
    if reuse.get("reused"):
        return Explanation(
            node=path, child=node.child, verdict="reused", compared_with=reuse["reused"],
            reason=f"nothing changed since job {reuse['reused']}",
        )  # fmt: skip
    if reuse.get("forced"):
        return Explanation(
            node=path, child=node.child, verdict="ran", compared_with=compared,
            reason=reuse["forced"],
        )  # fmt: skip
    changes = tuple(_changes(store, before.get("grounds") or {}, reuse["grounds"]))
    if not before:
        reason = "no earlier job of this experiment completed this node"
    elif changes:
        reason = f"changed since job {compared}: {changes[0]}"
    else:
        reason = f"the outputs of job {compared} are no longer what it wrote"
    return Explanation(
        node=path, child=node.child, verdict="ran", reason=reason, compared_with=compared,
        changes=changes if before else (),
    )  # fmt: skip


def _changes(store: Store, before: Grounds, after: Grounds) -> list[str]:
    if not before:
        return []
    lines: list[str] = []
    if before["command"] != after["command"]:
        lines.append("the command, its environment variables or its outputs")
    if before["code"] != after["code"]:
        lines += _file_lines(store, "code", before["code"], after["code"])
    if before["environment"] != after["environment"]:
        lines.append(
            f"the environment ({before['environment_name']} -> {after['environment_name']})"
        )
    old, new = before["inputs"], after["inputs"]
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            lines += _input_lines(store, name, old.get(name), new.get(name))
    return lines


def _input_lines(store: Store, name: str, old: str | None, new: str | None) -> list[str]:
    if old is None or new is None:
        return [f"input '{name}' was {'added' if old is None else 'removed'}"]
    old_kind, _, old_text = old.partition(":")
    new_kind, _, new_text = new.partition(":")
    if old_kind == new_kind == "content":
        return _file_lines(store, f"input '{name}'", old_text, new_text)
    return [f"input '{name}' ({old_text!r} -> {new_text!r})"]


def _file_lines(store: Store, what: str, old: str, new: str) -> list[str]:
    before = content_manifests.find(store, old) if old else {}
    after = content_manifests.find(store, new) if new else {}
    if before is None or after is None:
        return [f"{what}: its content ({old[:8] or 'nothing'} -> {new[:8] or 'nothing'})"]
    lines = content_manifests.differences(before, after)
    return [f"{what}: {line}" for line in lines] or [f"{what}: its content"]


def _input_ground(planned: PlannedInput) -> str:
    if planned.is_literal:
        return f"value:{planned.value}"
    if planned.url:
        return f"url:{planned.url}"
    return f"content:{planned.digest}"
