"""What follows from an event of a pipeline job: which children start, which never run, the end.

Pure: no clock, no store. The caller hands over the neighbourhood of the event (the child and
those that take from it; everything, when everything is concerned) and gets back changed states and
instructions. A step costs as much as it has dependents, whatever the size of the pipeline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from shipway.base.messages import Event, Instruction

# waiting: for other nodes; active: queued or running; ended: completed, failed, or never to run
NodePhase = Literal["waiting", "active", "ended"]

START, SKIP, CANCEL, END = "StartChild", "SkipChild", "CancelChild", "EndPipeline"
_MOST_FAILURES_KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """Where a node stands. `waiting_for` counts the nodes before it that have not ended."""

    path: str
    phase: NodePhase = "waiting"
    waiting_for: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineState:
    """Where the whole stands. `left` counts nodes that have not ended; `failed` names the first
    that failed; `stopping` holds back whatever has not started."""

    left: int
    continue_on_step_failure: bool = True
    failed: tuple[str, ...] = ()
    stopping: str = ""
    cancel_requested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be written and done."""

    pipeline: PipelineState
    nodes: tuple[NodeState, ...] = ()
    instructions: tuple[Instruction, ...] = ()


def handle(pipeline: PipelineState, nodes: Mapping[str, NodeState], event: Event) -> Decision:
    """The answer to an event.

    `JobPlanned` (`nodes`: all of them) starts what waits for nothing. `ChildEnded` (data `node`,
    `status`, `dependents`; `nodes`: the node, its dependents, and all when the pipeline stops)
    goes on. `JobCancelRequested` (`nodes`: all) stops everything.
    """
    if event.kind == "JobPlanned":
        ready = [n for n in nodes.values() if n.phase == "waiting" and n.waiting_for == 0]
        return _started(pipeline, ready)
    if event.kind == "JobCancelRequested":
        stopped = replace(pipeline, stopping="the pipeline job was canceled", cancel_requested=True)
        return _stop(stopped, list(nodes.values()))
    return _child_ended(pipeline, nodes, event)


def stops_after(pipeline: PipelineState, status: str) -> bool:
    """Whether a child that ends so stops the rest, so that `handle` needs to see all nodes."""
    return status == "Failed" and not pipeline.continue_on_step_failure and not pipeline.stopping


def status_of(pipeline: PipelineState) -> str:
    """What a pipeline job ends as, folded from its children: canceled before failed."""
    if pipeline.cancel_requested:
        return "Canceled"
    return "Failed" if pipeline.failed else "Completed"


def _child_ended(pipeline: PipelineState, nodes: Mapping[str, NodeState], event: Event) -> Decision:
    node, status = nodes[str(event.data["node"])], str(event.data["status"])
    if node.phase == "ended":
        return Decision(pipeline=pipeline)
    ended = replace(node, phase="ended")
    stops = stops_after(pipeline, status)
    pipeline = replace(pipeline, left=pipeline.left - 1)
    if status == "Failed":
        failed = (*pipeline.failed, node.path)[:_MOST_FAILURES_KEPT]
        pipeline = replace(pipeline, failed=failed)
    if stops:
        pipeline = replace(pipeline, stopping=f"'{node.path}' failed")
        rest = [n for n in nodes.values() if n.path != node.path]
        return _with(_stop(pipeline, rest), ended)
    dependents = [nodes[path] for path in event.data["dependents"]]
    waiting = [n for n in dependents if n.phase == "waiting"]
    if status != "Completed":
        because = f"'{node.path}' {'failed' if status == 'Failed' else 'did not run to its end'}"
        return _with(_skipped(pipeline, waiting, because), ended)
    counted = [replace(n, waiting_for=n.waiting_for - 1) for n in waiting]
    ready = [n for n in counted if n.waiting_for == 0 and not pipeline.stopping]
    held = [n for n in counted if n not in ready]
    return _with(_started(pipeline, ready), ended, *held)


def _started(pipeline: PipelineState, ready: Sequence[NodeState]) -> Decision:
    active = tuple(replace(n, phase="active") for n in ready)
    orders = [Instruction(kind=START, subject=n.path) for n in ready]
    return Decision(pipeline=pipeline, nodes=active, instructions=(*orders, *_end(pipeline)))


def _skipped(pipeline: PipelineState, nodes: Sequence[NodeState], because: str) -> Decision:
    """Nodes that never run; each comes back as its own `ChildEnded`."""
    orders = [Instruction(kind=SKIP, subject=n.path, data={"because": because}) for n in nodes]
    return Decision(pipeline=pipeline, instructions=(*orders, *_end(pipeline)))


def _stop(pipeline: PipelineState, nodes: Sequence[NodeState]) -> Decision:
    waiting = [n for n in nodes if n.phase == "waiting"]
    active = [Instruction(kind=CANCEL, subject=n.path) for n in nodes if n.phase == "active"]
    skipped = _skipped(pipeline, waiting, pipeline.stopping)
    return replace(skipped, instructions=(*active, *skipped.instructions))


def _end(pipeline: PipelineState) -> tuple[Instruction, ...]:
    if pipeline.left > 0:
        return ()
    return (Instruction(kind=END, subject="", data={"status": status_of(pipeline)}),)


def _with(decision: Decision, *more: NodeState) -> Decision:
    return replace(decision, nodes=(*decision.nodes, *more))
