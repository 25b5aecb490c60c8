"""What follows from an event of a pipeline job."""

from collections.abc import Mapping
from datetime import UTC, datetime

from shipway.base.messages import Event
from shipway.ml import job_engine
from shipway.ml.job_engine import Decision, NodeState, PipelineState

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Pipeline:
    """Plays a graph: edges from node to the nodes that take from it."""

    def __init__(self, edges: Mapping[str, tuple[str, ...]], *, goes_on: bool = True) -> None:
        self.edges = edges
        self.state = PipelineState(left=len(edges), continue_on_step_failure=goes_on)
        waiting = {n: sum(n in after for after in edges.values()) for n in edges}
        self.nodes = {n: NodeState(path=n, waiting_for=w) for n, w in waiting.items()}
        self.orders: list[str] = []

    def handle(self, kind: str, **data: object) -> list[str]:
        """The instructions of an event, as `Kind node`; skipped children end at once."""
        event = Event(kind=kind, subject="job", at=NOW, data=data)
        decision: Decision = job_engine.handle(self.state, self.nodes, event)
        self.state = decision.pipeline
        self.nodes |= {node.path: node for node in decision.nodes}
        told = []
        for order in decision.instructions:
            told.append(f"{order.kind} {order.subject or order.data['status']}")
            if order.kind == job_engine.SKIP:
                told += self.ended(order.subject, "Canceled")
        return told

    def ended(self, node: str, status: str = "Completed") -> list[str]:
        return self.handle("ChildEnded", node=node, status=status, dependents=self.edges[node])


def diamond(**how: bool) -> Pipeline:
    return Pipeline({"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}, **how)


def test_a_diamond_runs_in_order_and_ends() -> None:
    pipeline = diamond()
    assert pipeline.handle("JobPlanned") == ["StartChild a"]
    assert pipeline.ended("a") == ["StartChild b", "StartChild c"]
    assert pipeline.ended("c") == []
    assert pipeline.ended("b") == ["StartChild d"]
    assert pipeline.ended("d") == ["EndPipeline Completed"]


def test_a_failure_skips_its_dependents_and_lets_the_rest_run() -> None:
    pipeline = diamond()
    pipeline.handle("JobPlanned")
    pipeline.ended("a")
    assert pipeline.ended("b", "Failed") == ["SkipChild d"]
    assert pipeline.state.failed == ("b",)
    assert pipeline.ended("c") == ["EndPipeline Failed"]


def test_a_failure_stops_everything_when_the_settings_say_so() -> None:
    pipeline = diamond(goes_on=False)
    pipeline.handle("JobPlanned")
    pipeline.ended("a")
    assert pipeline.ended("b", "Failed") == ["CancelChild c", "SkipChild d"]
    assert pipeline.ended("c", "Canceled") == ["EndPipeline Failed"]


def test_cancel_stops_what_runs_and_skips_what_waits() -> None:
    pipeline = diamond()
    pipeline.handle("JobPlanned")
    pipeline.ended("a")
    assert pipeline.handle("JobCancelRequested") == [
        "CancelChild b", "CancelChild c", "SkipChild d",
    ]  # fmt: skip
    assert pipeline.ended("b", "Canceled") == []
    assert pipeline.ended("c") == ["EndPipeline Canceled"]


def test_an_end_that_is_told_twice_changes_nothing() -> None:
    pipeline = diamond()
    pipeline.handle("JobPlanned")
    pipeline.ended("a")
    before = pipeline.state
    assert pipeline.ended("a") == []
    assert pipeline.state == before


def test_a_child_that_completes_after_a_stop_starts_nothing() -> None:
    pipeline = Pipeline({"a": (), "b": ("c",), "c": ()}, goes_on=False)
    pipeline.handle("JobPlanned")
    assert pipeline.ended("a", "Failed") == ["CancelChild b", "SkipChild c"]
    assert pipeline.ended("b") == ["EndPipeline Failed"]
