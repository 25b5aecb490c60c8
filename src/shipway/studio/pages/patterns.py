"""Every part of a page on one page, for the eye: examples, made up and marked as such."""

from markupsafe import Markup

from shipway.store.store import Store
from shipway.studio import graph_drawing, markdown, plot_drawing
from shipway.studio.contexts import PatternsContext
from shipway.studio.exchange import Answer, Page, Visit
from shipway.studio.graph_drawing import GraphEdge, GraphNode
from shipway.studio.stage_views import JobRunView, StageView, StepView
from shipway.studio.views import (
    ApprovalView,
    ApproverView,
    CheckView,
    CoverageView,
    DeploymentView,
    EndpointView,
    IssueView,
    LogView,
    Moment,
    PermissionView,
    PlotView,
    RunView,
    StationView,
    SummaryView,
    TestsView,
)

_STATES = (
    "pending", "inProgress", "canceling", "succeeded", "succeededWithIssues", "failed", "canceled",
    "skipped", "abandoned", "approved", "deferred", "bypassed", "rejected", "timedOut",
    "NotStarted", "Queued",
    "Preparing", "Running", "Finalizing", "Completed", "Failed", "Canceled", "Succeeded",
    "Creating", "Updating", "Deleting",
)  # fmt: skip
_NEVER = Moment(iso="2026-01-01T00:00:00Z", text="3 min ago")
_SUMMARY = """# flight-delay:4
**Passed**: better than the champion

| | this model | champion |
|---|---|---|
| auc | 0.7312 | 0.7240 |

- data: `flights 2013-01..03`
- [the run](https://example.com)
"""


def show(store: Store, visit: Visit) -> Answer:
    """GET /patterns."""
    del store, visit
    context = PatternsContext(
        states=_STATES,
        run=_run(),
        stages=_stages(),
        approval=_approval(),
        permission=PermissionView(
            message="This pipeline needs permission to access 1 resource before this run can "
            "continue", resources=("variable group 'ml-prod'",), may_permit=True,
        ),
        checks=_checks(),
        log=_log(),
        coverage=(
            CoverageView(
                tool="Cobertura",
                counts=(("Lines", "93.10%", "135 of 145"), ("Branches", "80.00%", "16 of 20")),
            ),
        ),
        tests=(
            TestsView(
                title="Unit tests", passed=41, failed=1, skipped=2,
                failures=(("tests.test_features.test_join", "assert 3 == 4"),),
            ),
        ),
        summary=SummaryView(name="summary.md", html=markdown.to_html(_SUMMARY)),
        plot=PlotView(
            name="loss", last="0.1",
            svg=plot_drawing.line("loss", [(n, 1 / (n + 1)) for n in range(10)]),
        ),
        graph=_graph(),
        endpoint=_endpoint(),
        stations=(
            StationView(kind="commit", title="1a2b3c4d5e", state="pushed", mood="good",
                        when="1 h ago", url="", facts=(("author", "Dana"),)),
            StationView(kind="deployment", title="none yet", state="not deployed",
                        mood="missing", when="", url="", facts=()),
        ),
    )  # fmt: skip
    return Page(template="patterns.html", title="Patterns", context=context)


def _run() -> RunView:
    return RunView(
        number=12, pipeline="prod-ml-pipeline", name="20260101.3", project="ml-platform",
        state="inProgress", branch="main", commit="1a2b3c4d5e6f", reason="individualCI",
        requested_for="dana", when=_NEVER, took="1 min 4 s", waits="waits for approval",
        is_over=False,
    )  # fmt: skip


def _stages() -> tuple[StageView, ...]:
    steps = tuple(
        StepView(record_id=str(n), name=name, state=state, took="0.4 s", has_log=True,
                 is_chosen=n == 1, issues=issues)
        for n, (name, state, issues) in enumerate(
            (("Checkout", "succeeded", ()), ("Unit tests", "inProgress", ()),
             ("Publish", "failed", (IssueView(kind="error", message="no such file"),)))
        )
    )  # fmt: skip
    job = JobRunView(
        name="Lint and unit tests", state="inProgress", took="3.1 s", worker="", issues=(),
        steps=steps,
    )  # fmt: skip
    return (
        StageView(name="Test", state="inProgress", took="3.1 s", waits="", issues=(),
                  jobs=(job,)),
        StageView(name="Approve and deploy", state="pending", took="", waits="needs permission",
                  issues=(), jobs=()),
    )  # fmt: skip


def _approval() -> ApprovalView:
    return ApprovalView(
        approval_id="example", run_number=12, run_title="prod-ml-pipeline 20260101.3",
        stage="Approval", resource="prod-ml-approval", status="pending",
        instructions="Compare the metrics with the champion's.", requester="Dana Requester",
        min_required=1, opened=_NEVER, due=Moment(iso="", text="1 Feb 12:00 UTC"),
        effective="",
        steps=(ApproverView(name="Avery Approver", status="pending", by="", comment="",
                            when=Moment(iso="", text="")),),
        refusal="This is an example; nobody can answer it.", back="/patterns",
    )  # fmt: skip


def _checks() -> tuple[CheckView, ...]:
    shared = {"stage": "Deploy", "resource": "prod", "log": "", "bypass": ""}
    return (
        CheckView(name="Branch control", status="approved", message="", **shared),
        CheckView(name="Business hours", status="running",
                  message="waits for business hours, next at 2026-01-02T08:00:00Z", **shared),
    )  # fmt: skip


def _log() -> LogView:
    return LogView(
        key="example", title="Unit tests", skipped=3, stream="",
        lines=(("section", "Starting: Unit tests"), ("command", "python -m pytest"),
               ("", "41 passed"), ("warning", "one is slow"), ("error", "exit code 1")),
    )  # fmt: skip


def _graph() -> Markup:
    names = (("preprocess", "Completed"), ("train", "Running"), ("evaluate", "NotStarted"))
    nodes = [
        GraphNode(key=name, title=name, note=state, state=state,
                  mark="reused" if name == "preprocess" else "")
        for name, state in names
    ]  # fmt: skip
    edges = [
        GraphEdge(source="preprocess", target="train"),
        GraphEdge(source="preprocess", target="evaluate"),
        GraphEdge(source="train", target="evaluate"),
    ]
    return graph_drawing.draw(nodes, edges, title="An example")


def _endpoint() -> EndpointView:
    def deployment(name: str, share: int, error: str = "") -> DeploymentView:
        return DeploymentView(
            name=name, state="Failed" if error else "Succeeded", model="flight-delay:4",
            model_url="", share=share, mirrored=0, error=error, requests=120, failures=0,
            median_ms="8.2",
        )  # fmt: skip

    return EndpointView(
        name="flight-delay-prod", workspace="mlw-flights-prod", state="Succeeded",
        auth_mode="Key", scoring_uri="https://flight-delay-prod.westeurope.example/score", url="",
        traffic=plot_drawing.shares([("blue", 90), ("green", 10)]),
        deployments=(deployment("blue", 90), deployment("green", 10, "no module named 'model'")),
    )  # fmt: skip
