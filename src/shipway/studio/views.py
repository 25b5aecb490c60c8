"""Parts of pages as plain data: what the templates print, in words that are ready to be read.

`state` is always one of the states of its world; the style sheet gives each its colour.
"""

from dataclasses import dataclass

from markupsafe import Markup

from shipway.studio.exchange import LogLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time: for machines, and for people (`3 min ago`)."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run in a list or at the head of its page."""

    number: int
    pipeline: str
    name: str
    project: str
    state: str
    branch: str
    commit: str
    reason: str
    requested_for: str
    when: Moment
    took: str
    waits: str
    is_over: bool
    tags: tuple[str, ...] = ()
    may_retry: bool = False
    """Some of its stages did not go well and can be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueView:
    """An error or warning of a stage, job or step, or of the YAML (then with its place)."""

    kind: str
    message: str
    place: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionView:
    """The resources that a run's pipeline may not use yet; `may_permit`: the one who looks may."""

    message: str
    resources: tuple[str, ...]
    may_permit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardView:
    """A check as it is configured; `switch` is where a form turns it on or off, for who may."""

    number: int
    project: str
    kind: str
    resource: str
    name: str
    category: str
    timeout: str
    is_disabled: bool
    switch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A check that a stage has met; `bypass` is where a form lets it pass, for who may."""

    stage: str
    resource: str
    name: str
    status: str
    message: str
    log: str
    bypass: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproverView:
    """One approver's part."""

    name: str
    status: str
    by: str
    comment: str
    when: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """An approval. `refusal` says why the signed-in person may not answer; empty: they may."""

    approval_id: str
    run_number: int
    run_title: str
    stage: str
    resource: str
    status: str
    instructions: str
    requester: str
    min_required: int
    opened: Moment
    due: Moment
    effective: str
    steps: tuple[ApproverView, ...]
    refusal: str
    back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestView:
    """A pull request as a row or a head; `commit` is its merge, or where the target went."""

    number: int
    title: str
    state: str
    merge: str
    repository: str
    project: str
    source: str
    target: str
    author: str
    closed_by: str
    auto_complete_by: str
    source_commit: str
    commit: str
    when: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerView:
    """A reviewer and the word for their vote."""

    name: str
    vote: str
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """A policy on a pull request; `run_number` 0 for one without a run."""

    name: str
    kind: str
    status: str
    reason: str
    is_blocking: bool
    run_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentView:
    """A comment and the state of its thread."""

    author: str
    content: str
    path: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogView:
    """A log: what is there, and where the rest streams from (empty: nothing follows)."""

    key: str
    title: str
    lines: tuple[LogLine, ...]
    skipped: int
    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryView:
    """A page that a step wrote in Markdown, as safe HTML."""

    name: str
    html: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsView:
    """Published test results, the failures with their message."""

    __test__ = False  # not a test of pytest's

    title: str
    passed: int
    failed: int
    skipped: int
    failures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageView:
    """Published code coverage: for each count its label, its share and how many of how many."""

    tool: str
    counts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactFileView:
    """One file of an artifact."""

    path: str
    size: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactView:
    """A published artifact."""

    name: str
    size: str
    files: tuple[ArtifactFileView, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MLJobView:
    """An ML job or a child of one. `mark` is `reused` or empty; `why` says why it (was not)."""

    name: str
    title: str
    node: str
    job_type: str
    state: str
    experiment: str
    workspace: str
    when: Moment
    took: str
    url: str
    mark: str
    why: str
    error: str
    schedule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotView:
    """A metric: its last value and, where it has several, its line."""

    name: str
    last: str
    svg: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputView:
    """An output that was written."""

    name: str
    kind: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """A schedule with its next time."""

    name: str
    workspace: str
    trigger: str
    state: str
    next: str
    last_job: str
    last_job_url: str
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersionView:
    """A registered version. `tags` by name; `approval` is the decision that its tags carry."""

    name: str
    version: str
    workspace: str
    kind: str
    approval: str
    auc: str
    author: str
    when: Moment
    job: str
    job_url: str
    url: str
    lineage_url: str
    tags: tuple[tuple[str, str], ...]
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentView:
    """A deployment behind an endpoint; shares in percent."""

    name: str
    state: str
    model: str
    model_url: str
    share: int
    mirrored: int
    error: str
    requests: int
    failures: int
    median_ms: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """An endpoint with its deployments and its traffic drawn."""

    name: str
    workspace: str
    state: str
    auth_mode: str
    scoring_uri: str
    url: str
    traffic: Markup
    deployments: tuple[DeploymentView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringRequestView:
    """One request that an endpoint answered; `mirrored` ones no caller saw."""

    when: Moment
    deployment: str
    status: int
    state: str
    milliseconds: str
    mirrored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StationView:
    """A station of a chain of lineage."""

    kind: str
    title: str
    state: str
    mood: str
    when: str
    url: str
    facts: tuple[tuple[str, str], ...]
