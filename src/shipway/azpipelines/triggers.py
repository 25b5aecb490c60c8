"""What starts a pipeline: pushes, pull requests, schedules, other pipelines.

Triggers are read from the entry file alone and take no expressions, so that a push can be judged
without compiling. Source: "CI triggers" and "Configure schedules" of the Azure Pipelines docs.
"""

import re
from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSet:
    """Patterns to take in and to leave out; nothing taken in means everything."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def is_empty(self) -> bool:
        """Whether there is no pattern at all."""
        return not self.include and not self.exclude


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """CI or pull request trigger. The default is every branch and every path."""

    enabled: bool = True
    batch: bool = False
    branches: FilterSet = FilterSet()
    paths: FilterSet = FilterSet()
    tags: FilterSet = FilterSet()
    auto_cancel: bool = True
    drafts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One cron entry, in UTC; without `always` it starts only when the branch changed."""

    cron: str
    display_name: str = ""
    branches: FilterSet = FilterSet()
    always: bool = False
    batch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionTrigger:
    """Starts when a run of another pipeline (`resources.pipelines`) completes."""

    alias: str
    source: str
    branches: FilterSet = FilterSet()
    tags: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineTriggers:
    """Everything that starts a pipeline by itself."""

    push: Trigger = Trigger()
    pull_request: Trigger = Trigger()
    schedules: tuple[Schedule, ...] = ()
    completions: tuple[CompletionTrigger, ...] = ()


SkipReason = Literal["disabled", "branch", "paths", "tag"]


def override(
    branch_filters: ListOf[str], path_filters: ListOf[str] = (), *, batch: bool = False
) -> Trigger:
    """The trigger of a definition that overrides its YAML: `+refs/heads/main`, `-docs/*`.

    A filter without a sign takes in. It replaces the YAML trigger as a whole, paths included.
    """
    return Trigger(batch=batch, branches=_signed(branch_filters), paths=_signed(path_filters))


def with_branches(trigger: Trigger, branch_filters: ListOf[str]) -> Trigger:
    """The YAML trigger with its branches narrowed by a definition's branch filter."""
    return Trigger(
        enabled=trigger.enabled,
        batch=trigger.batch,
        branches=_signed(branch_filters),
        paths=trigger.paths,
        tags=trigger.tags,
    )


def matches_push(
    trigger: Trigger, *, branch: str, changed_paths: ListOf[str] | None = None
) -> bool:
    """Whether a push starts the pipeline.

    `branch` is a ref (`refs/heads/main`, `refs/tags/v1`) or a branch name; `changed_paths` None
    means unknown, and then path filters let the push through.
    """
    return why_not(trigger, ref=branch, changed_paths=changed_paths) is None


def why_not(
    trigger: Trigger, *, ref: str, changed_paths: ListOf[str] | None = None
) -> SkipReason | None:
    """What keeps a push from starting the pipeline, or None when it starts."""
    if not trigger.enabled:
        return "disabled"
    if ref.startswith("refs/tags/"):
        return None if _matches_tag(trigger, ref) else "tag"
    if not matches_branch(trigger.branches, ref):
        return "branch"
    if changed_paths is None or trigger.paths.is_empty():
        return None
    return None if any(_matches_path(trigger.paths, one) for one in changed_paths) else "paths"


def matches_branch(filters: FilterSet, ref: str) -> bool:
    """Whether a branch is taken in and not left out; names may be short or full refs."""
    name = _short(ref)
    include = [one for one in filters.include if not one.startswith("refs/tags/")]
    taken = not filters.include or any(_glob(_short(one)).match(name) for one in include)
    return taken and not any(_glob(_short(one)).match(name) for one in filters.exclude)


def _matches_tag(trigger: Trigger, ref: str) -> bool:
    name = ref.removeprefix("refs/tags/")
    listed = [
        one.removeprefix("refs/tags/")
        for one in trigger.branches.include
        if one.startswith("refs/tags/")
    ]
    include = [*trigger.tags.include, *listed]
    exclude = trigger.tags.exclude
    if not include and not exclude:
        return False
    taken = not include or any(_glob(one.removeprefix("refs/tags/")).match(name) for one in include)
    return taken and not any(_glob(one.removeprefix("refs/tags/")).match(name) for one in exclude)


def _matches_path(filters: FilterSet, path: str) -> bool:
    """The deepest filter that matches decides: `exclude: docs` yields to `include: docs/api`."""
    path = path.strip("/")
    taken = max((len(one.strip("/")) for one in filters.include if _under(one, path)), default=-1)
    left = max((len(one.strip("/")) for one in filters.exclude if _under(one, path)), default=-1)
    if taken < 0 and left < 0:
        return not filters.include
    return taken > left


def _under(pattern: str, path: str) -> bool:
    pattern = pattern.strip("/")
    return pattern in ("", "*", "**") or _path_glob(pattern).match(path) is not None


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")


def _signed(filters: ListOf[str]) -> FilterSet:
    return FilterSet(
        include=tuple(one.removeprefix("+") for one in filters if not one.startswith("-")),
        exclude=tuple(one.removeprefix("-") for one in filters if one.startswith("-")),
    )


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    body = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(rf"^{body}$", re.DOTALL)


@lru_cache(maxsize=1024)
def _path_glob(pattern: str) -> re.Pattern[str]:
    body = re.escape(pattern)
    body = body.replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    body = body.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return re.compile(rf"^{body}(?:/.*)?$", re.DOTALL)
