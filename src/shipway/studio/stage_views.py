"""The stages of a run as plain data: their jobs and steps, what can be done to them.

`state` is always one of the states of its world, as in `views.py`.
"""

from dataclasses import dataclass

from shipway.studio.views import IssueView


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step; `record_id` names it in the page's address."""

    record_id: str
    name: str
    state: str
    took: str
    has_log: bool
    is_chosen: bool
    issues: tuple[IssueView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRunView:
    """A job of a stage with its steps."""

    name: str
    state: str
    took: str
    worker: str
    issues: tuple[IssueView, ...]
    steps: tuple[StepView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageVerbView:
    """A button of a stage."""

    verb: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """An earlier attempt of a stage; `timeline_id` names it in the page's address."""

    number: int
    timeline_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """A stage. `waits` says for what: an approval, a permission, an exclusive lock."""

    name: str
    state: str
    took: str
    waits: str
    issues: tuple[IssueView, ...]
    jobs: tuple[JobRunView, ...]
    ref_name: str = ""
    attempt: int = 1
    earlier: tuple[AttemptView, ...] = ()
    verbs: tuple[StageVerbView, ...] = ()
