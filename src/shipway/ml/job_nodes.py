"""The nodes of a pipeline job as they stand in documents, and one unit of work over them.

`Board` reads each document at most once and writes back only what changed; `job_engine.py`
decides. Knows: documents. Must not know: HTTP, processes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shipway.ml.job_engine import NodeState, PipelineState
from shipway.ml.job_plans import PlannedCommand
from shipway.ml.job_specs import OutputSpec, PromotedOutput
from shipway.ml.jobs import NODE
from shipway.store.store import Store

PIPELINE = "job_pipeline"


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineNode:
    """A node: its state, the child job that runs it, its plan and who takes from it.

    `reuse` is the reuse decision with its grounds, once it was made.
    """

    state: NodeState
    child: str
    position: int
    dependents: tuple[str, ...]
    plan: PlannedCommand
    reuse: Mapping[str, Any] = field(default_factory=dict)


class Board:
    """The nodes and the state of one pipeline job during one transaction."""

    def __init__(self, store: Store, *, workspace: str, job: str) -> None:
        self._store = store
        self.workspace = workspace
        self.job = job
        self._prefix = f"{workspace}/{job}/"
        self._nodes: dict[str, PipelineNode] = {}
        self._changed: set[str] = set()
        self._all = False
        body = store.documents.get(PIPELINE, f"{workspace}/{job}").body
        self._body = body
        self.pipeline = PipelineState(
            left=body["left"], continue_on_step_failure=body["continue_on_step_failure"],
            failed=tuple(body["failed"]), stopping=body["stopping"],
            cancel_requested=body["cancel_requested"],
        )  # fmt: skip

    @property
    def force_rerun(self) -> bool:
        """Whether nothing may be reused."""
        return bool(self._body["force_rerun"])

    @property
    def promoted(self) -> dict[str, PromotedOutput]:
        """The outputs of the whole."""
        return {
            name: PromotedOutput(node=node, output=output, spec=OutputSpec(type=kind))
            for name, (node, output, kind) in self._body["promoted"].items()
        }

    def node(self, path: str) -> PipelineNode:
        """One node."""
        if path not in self._nodes:
            self._nodes[path] = _read(self._store.documents.get(NODE, self._prefix + path).body)
        return self._nodes[path]

    def states(self, paths: Sequence[str]) -> dict[str, NodeState]:
        """The states of some nodes."""
        return {path: self.node(path).state for path in paths}

    def all_states(self) -> dict[str, NodeState]:
        """The states of all nodes, in the order of the definition."""
        if not self._all:
            for row in self._store.documents.list(NODE, prefix=self._prefix):
                self._nodes.setdefault(row.key.removeprefix(self._prefix), _read(row.body))
            self._all = True
        ordered = sorted(self._nodes.items(), key=lambda item: item[1].position)
        return {path: node.state for path, node in ordered}

    def put(self, node: PipelineNode) -> None:
        """Change a node."""
        self._nodes[node.state.path] = node
        self._changed.add(node.state.path)

    def apply(self, pipeline: PipelineState, nodes: Sequence[NodeState]) -> None:
        """Take over what the engine decided."""
        self.pipeline = pipeline
        for state in nodes:
            self.put(replace(self.node(state.path), state=state))

    def save(self) -> None:
        """Write what changed."""
        for path in self._changed:
            self._store.documents.put(NODE, self._prefix + path, _body(self._nodes[path]))
        self._changed.clear()
        pipeline = self.pipeline
        changes = {
            "left": pipeline.left, "failed": list(pipeline.failed),
            "stopping": pipeline.stopping, "cancel_requested": pipeline.cancel_requested,
        }  # fmt: skip
        if any(self._body[name] != value for name, value in changes.items()):
            self._body = {**self._body, **changes}
            self._store.documents.put(PIPELINE, f"{self.workspace}/{self.job}", self._body)


def create(  # one per field of the document
    store: Store,
    *,
    workspace: str,
    job: str,
    nodes: Sequence[PipelineNode],
    continue_on_step_failure: bool,
    force_rerun: bool,
    promoted: Mapping[str, PromotedOutput],
) -> None:
    """Write the nodes of a new pipeline job."""
    for node in nodes:
        store.documents.put(NODE, f"{workspace}/{job}/{node.state.path}", _body(node))
    body = {
        "left": len(nodes), "continue_on_step_failure": continue_on_step_failure, "failed": [],
        "stopping": "", "cancel_requested": False, "force_rerun": force_rerun,
        "promoted": {n: [p.node, p.output, p.spec.type] for n, p in promoted.items()},
    }  # fmt: skip
    store.documents.put(PIPELINE, f"{workspace}/{job}", body)


def find(store: Store, *, workspace: str, job: str, path: str) -> PipelineNode | None:
    """One node, for reading."""
    row = store.documents.find(NODE, f"{workspace}/{job}/{path}")
    return _read(row.body) if row else None


def list_nodes(store: Store, *, workspace: str, job: str) -> list[PipelineNode]:
    """All nodes in the order of the definition, for reading."""
    rows = store.documents.list(NODE, prefix=f"{workspace}/{job}/")
    return sorted((_read(row.body) for row in rows), key=lambda node: node.position)


def _body(node: PipelineNode) -> dict[str, Any]:
    state = node.state
    return {
        "path": state.path, "phase": state.phase, "waiting_for": state.waiting_for,
        "child": node.child, "position": node.position, "dependents": list(node.dependents),
        "plan": node.plan.as_body(), "reuse": dict(node.reuse),
    }  # fmt: skip


def _read(body: Mapping[str, Any]) -> PipelineNode:
    return PipelineNode(
        state=NodeState(path=body["path"], phase=body["phase"], waiting_for=body["waiting_for"]),
        child=body["child"], position=body["position"], dependents=tuple(body["dependents"]),
        plan=PlannedCommand.read(body["plan"]), reuse=body["reuse"],
    )  # fmt: skip
