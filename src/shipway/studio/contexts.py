"""The contract of the templates: one dataclass per page, each field a variable of its template.

`tests/unit/studio` holds that a template uses exactly the fields of its dataclass and that each
is explained here.
"""

from dataclasses import dataclass

from markupsafe import Markup

from shipway.studio.stage_views import StageView
from shipway.studio.views import (
    ApprovalView,
    ArtifactView,
    CheckView,
    CommentView,
    CoverageView,
    EndpointView,
    GuardView,
    IssueView,
    LogView,
    MLJobView,
    ModelVersionView,
    OutputView,
    PermissionView,
    PlotView,
    PolicyView,
    PullRequestView,
    ReviewerView,
    RunView,
    ScheduleView,
    ScoringRequestView,
    StationView,
    SummaryView,
    TestsView,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameContext:
    """What is around every page, as `frame`.

    `title`: of the page; `section`: the first part of its path; `sections`: (path, name) of the
    navigation, empty for whoever is not signed in; `user`: who is signed in; `csrf_token`: what
    each form has to carry.
    """

    title: str
    section: str
    sections: tuple[tuple[str, str], ...]
    user: str
    csrf_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorContext:
    """error.html: a refusal in three parts.

    `status`, `name`: of HTTP; `message`, `where`, `hint`: what, where, what to do; `is_sign_in`:
    whether nobody is signed in; `path`: what was asked for.
    """

    status: int
    name: str
    message: str
    where: str
    hint: str
    is_sign_in: bool
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInContext:
    """signed_in.html: the moment between a link and the page that it leads to.

    `page`: that page.
    """

    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsContext:
    """runs.html: the newest runs.

    `runs`: newest first; `total`: how many there are.
    """

    runs: tuple[RunView, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """run.html: one run with everything that it shows.

    `run`: its head; `diagnostics`: what the compiler said; `stages`: with jobs and steps;
    `approvals`: opened by it, those that wait first; `log`: of the chosen step, else of the one
    that runs or failed; `summaries`, `tests`, `coverage`, `artifacts`: what its steps published;
    `permission`: what its pipeline may not use yet, if it waits for that; `checks`: what its
    stages have met, if one of these is more than an approval;
    `may_change`: whether the signed-in person may cancel it or run it again.
    """

    run: RunView
    diagnostics: tuple[IssueView, ...]
    stages: tuple[StageView, ...]
    approvals: tuple[ApprovalView, ...]
    log: LogView | None
    summaries: tuple[SummaryView, ...]
    tests: tuple[TestsView, ...]
    coverage: tuple[CoverageView, ...]
    artifacts: tuple[ArtifactView, ...]
    permission: PermissionView | None
    checks: tuple[CheckView, ...]
    may_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsContext:
    """approvals.html: what waits for a person, and what was answered.

    `waiting`: open ones; `answered`: the newest of those that are over.
    """

    waiting: tuple[ApprovalView, ...]
    answered: tuple[ApprovalView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksContext:
    """checks.html: what guards resources.

    `guards`: the checks, by resource and in the order of evaluation.
    """

    guards: tuple[GuardView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestsContext:
    """pull_requests.html: those that are active, then the others, newest first.

    `pull_requests`: the first of them; `total`: how many there are.
    """

    pull_requests: tuple[PullRequestView, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestContext:
    """pull_request.html: one pull request.

    `pull_request`: its head; `description`: in its author's words; `reviewers`: with their votes;
    `policies`: of its target branch and what they say; `conflicts`: files, none when it can be
    merged; `comments`: of its threads; `strategies`: how it may be merged; `waits`: what has to
    happen first; `may_vote`, `may_complete`, `may_change`, `may_requeue`: what the signed-in person
    may do now.
    """

    pull_request: PullRequestView
    description: str
    reviewers: tuple[ReviewerView, ...]
    policies: tuple[PolicyView, ...]
    conflicts: tuple[str, ...]
    comments: tuple[CommentView, ...]
    strategies: tuple[str, ...]
    waits: tuple[str, ...]
    may_vote: bool
    may_complete: bool
    may_change: bool
    may_requeue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MLJobsContext:
    """ml_jobs.html: jobs of every workspace, and what starts them by itself.

    `jobs`: the newest first, without children; `schedules`: by name.
    """

    jobs: tuple[MLJobView, ...]
    schedules: tuple[ScheduleView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MLJobContext:
    """ml_job.html: one job.

    `job`: its head; `parent_url`: of the pipeline job around it, empty for none; `graph`: its
    nodes drawn, empty for a command job; `children`: in the order of the definition; `plots`: its
    metrics, also those of its children; `inputs`, `tags`, `params`: by name; `outputs`: written
    so far; `log`: of its process, none for a pipeline job.
    """

    job: MLJobView
    parent_url: str
    graph: Markup
    children: tuple[MLJobView, ...]
    plots: tuple[PlotView, ...]
    inputs: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    params: tuple[tuple[str, str], ...]
    outputs: tuple[OutputView, ...]
    log: LogView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsContext:
    """models.html: the newest version of each model.

    `models`: one per model and workspace.
    """

    models: tuple[ModelVersionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelContext:
    """model.html: one model.

    `name`, `workspace`: which; `versions`: newest first, with their tags.
    """

    name: str
    workspace: str
    versions: tuple[ModelVersionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointsContext:
    """endpoints.html: every endpoint with its traffic.

    `endpoints`: by name.
    """

    endpoints: tuple[EndpointView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointContext:
    """endpoint.html: one endpoint.

    `endpoint`: with its deployments; `requests`: the newest; `logs`: the last words of each
    deployment.
    """

    endpoint: EndpointView
    requests: tuple[ScoringRequestView, ...]
    logs: tuple[LogView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageContext:
    """lineage.html: the chain from commit to deployment.

    `asked`: what was named, empty for the newest; `graph`: the chain drawn; `stations`: with
    their facts; `is_complete`: whether nothing is missing; `missing`: what is; `problem`: why
    there is no chain, empty when there is one.
    """

    asked: str
    graph: Markup
    stations: tuple[StationView, ...]
    is_complete: bool
    missing: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternsContext:
    """patterns.html: every part of a page on one page, for the eye.

    `states`: each word that a badge can show; `run`, `stages`, `approval`, `permission`,
    `checks`, `log`, `tests`, `coverage`, `summary`, `plot`, `graph`, `endpoint`, `stations`: an
    example of each part.
    """

    states: tuple[str, ...]
    run: RunView
    stages: tuple[StageView, ...]
    approval: ApprovalView
    permission: PermissionView
    checks: tuple[CheckView, ...]
    log: LogView
    tests: tuple[TestsView, ...]
    coverage: tuple[CoverageView, ...]
    summary: SummaryView
    plot: PlotView
    graph: Markup
    endpoint: EndpointView
    stations: tuple[StationView, ...]
