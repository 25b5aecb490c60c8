"""What starts a pipeline: pushes, pull requests, schedules, other pipelines.

Triggers are read from the entry file alone and take no expressions, so that a push can be judged
without compiling. Source: "CI triggers" and "Configure schedules" of the Azure Pipelines docs.
"""

import re
from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from shipway.azpipelines import source
from shipway.azpipelines.budget import Exceeded
from shipway.azpipelines.diagnostics import Diagnostic, Problems
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Mapping, Scalar, Sequence, Token, is_empty

_TRIGGER_KEYS = ("batch", "branches", "paths", "tags")
_PR_KEYS = ("autoCancel", "branches", "paths", "drafts")
_SCHEDULE_KEYS = ("cron", "displayName", "branches", "always", "batch")
_CRON_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_CRON_NAMES = (
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    *("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
)


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
    project: str | None = None
    branches: FilterSet = FilterSet()
    tags: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryTrigger:
    """Starts when a repository of `resources.repositories` is pushed to; of type git only.

    `name` is `repository` or `project/repository`. Runs take the pipeline's own default branch.
    """

    alias: str
    name: str
    trigger: Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineTriggers:
    """Everything that starts a pipeline by itself."""

    push: Trigger = Trigger()
    pull_request: Trigger = Trigger()
    schedules: tuple[Schedule, ...] = ()
    completions: tuple[CompletionTrigger, ...] = ()
    repositories: tuple[RepositoryTrigger, ...] = ()


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


def triggers_of(
    text: str | bytes, *, file: str = "azure-pipelines.yml"
) -> tuple[PipelineTriggers, tuple[Diagnostic, ...]]:
    """The triggers of an entry file, without compiling it.

    A file that cannot be read has the default triggers, so that a push starts a run that shows
    the error, as the service does.
    """
    problems = Problems()
    try:
        root = source.parse(text, file=file, problems=problems)
    except Exceeded:
        root = None
    if not isinstance(root, Mapping):
        return PipelineTriggers(), problems.result()
    return read(root, problems=problems), problems.result()


def read(root: Mapping, *, problems: Problems) -> PipelineTriggers:
    """The triggers in a document's root."""
    reader = Reader(problems)
    return PipelineTriggers(
        push=_trigger(root.get("trigger"), reader, _TRIGGER_KEYS),
        pull_request=_trigger(root.get("pr"), reader, _PR_KEYS),
        schedules=tuple(_schedules(root.get("schedules"), reader)),
        completions=tuple(_completions(root.get("resources"), reader)),
        repositories=tuple(_repositories(root.get("resources"), reader)),
    )


def _trigger(token: Token | None, reader: Reader, keys: tuple[str, ...]) -> Trigger:
    if token is None or is_empty(token):
        return Trigger()
    if isinstance(token, Scalar):
        if token.text == "none":
            return Trigger(enabled=False)
        reader.unexpected(token, ("none",))
        return Trigger()
    if isinstance(token, Sequence):
        return Trigger(branches=FilterSet(include=reader.texts(token)))
    reader.check_keys(token, keys)
    return Trigger(
        batch=reader.boolean(token, "batch", default=False),
        branches=filters(token.get("branches"), reader),
        paths=filters(token.get("paths"), reader),
        tags=filters(token.get("tags"), reader),
        auto_cancel=reader.boolean(token, "autoCancel", default=True),
        drafts=reader.boolean(token, "drafts", default=True),
    )


def filters(token: Token | None, reader: Reader) -> FilterSet:
    """Patterns in a list, or under `include` and `exclude`."""
    if isinstance(token, Sequence):
        return FilterSet(include=reader.texts(token))
    body = reader.mapping(token, allowed=("include", "exclude"))
    if body is None:
        return FilterSet()
    return FilterSet(
        include=reader.texts(body.get("include")), exclude=reader.texts(body.get("exclude"))
    )


def _schedules(token: Token | None, reader: Reader) -> list[Schedule]:
    found: list[Schedule] = []
    for item in reader.items(token):
        body = reader.mapping(item, allowed=_SCHEDULE_KEYS)
        if body is None:
            continue
        cron = reader.needed(body.get("cron"), item.position, "cron")
        if cron and not _is_cron(cron):
            where = body.get("cron")
            reader.problems.error(
                "cron",
                f"Invalid cron syntax '{cron}'",
                where.position if where else item.position,
                hint="Five fields in UTC: minute hour day month weekday, as in '0 3 * * Mon-Fri'.",
            )
        found.append(
            Schedule(
                cron=cron,
                display_name=reader.text(body.get("displayName")) or "",
                branches=filters(body.get("branches"), reader),
                always=reader.boolean(body, "always", default=False),
                batch=reader.boolean(body, "batch", default=False),
            )
        )
    return found


def _completions(token: Token | None, reader: Reader) -> list[CompletionTrigger]:
    pipelines = token.get("pipelines") if isinstance(token, Mapping) else None
    found: list[CompletionTrigger] = []
    for item in pipelines.items if isinstance(pipelines, Sequence) else ():
        completion = _completion(item, reader) if isinstance(item, Mapping) else None
        if completion is not None:
            found.append(completion)
    return found


def is_started(word: Scalar, reader: Reader) -> bool:
    """`trigger: true` or `none` of a resource."""
    if word.text not in ("none", "true"):
        reader.unexpected(word, ("none", "true"))
    return word.text == "true"


def _completion(item: Mapping, reader: Reader) -> CompletionTrigger | None:
    trigger = item.get("trigger")
    if trigger is None or is_empty(trigger):
        return None
    alias = reader.text(item.get("pipeline")) or ""
    source_name = reader.text(item.get("source")) or alias
    project = reader.text(item.get("project")) or None
    if isinstance(trigger, Scalar):
        started = is_started(trigger, reader)
        made = CompletionTrigger(alias=alias, source=source_name, project=project)
        return made if started else None
    body = reader.mapping(trigger, allowed=("enabled", "branches", "stages", "tags"))
    if body is None or not reader.boolean(body, "enabled", default=True):
        return None
    return CompletionTrigger(
        alias=alias,
        source=source_name,
        project=project,
        branches=filters(body.get("branches"), reader),
        tags=reader.texts(body.get("tags")),
        stages=reader.texts(body.get("stages")),
    )


def _repositories(token: Token | None, reader: Reader) -> list[RepositoryTrigger]:
    listed = token.get("repositories") if isinstance(token, Mapping) else None
    found: list[RepositoryTrigger] = []
    for item in listed.items if isinstance(listed, Sequence) else ():
        written = item.get("trigger") if isinstance(item, Mapping) else None
        if not isinstance(item, Mapping) or written is None or is_empty(written):
            continue
        trigger = _trigger(written, reader, _TRIGGER_KEYS)
        alias = reader.text(item.get("repository")) or ""
        name = reader.text(item.get("name")) or alias
        if trigger.enabled and (reader.text(item.get("type")) or "git") == "git":
            found.append(RepositoryTrigger(alias=alias, name=name, trigger=trigger))
    return found


def _is_cron(text: str) -> bool:
    fields = text.split()
    return len(fields) == 5 and all(
        _is_cron_field(one, low, high)
        for one, (low, high) in zip(fields, _CRON_BOUNDS, strict=True)
    )


def _is_cron_field(text: str, low: int, high: int) -> bool:
    for part in text.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdigit() and int(step) > 0):
            return False
        if span == "*":
            continue
        ends = span.split("-")
        if len(ends) > 2 or not all(_is_cron_value(one, low, high) for one in ends):
            return False
    return True


def _is_cron_value(text: str, low: int, high: int) -> bool:
    if text.isdigit():
        return low <= int(text) <= high
    return text.lower()[:3] in _CRON_NAMES and text.isalpha() and high in (12, 7)
