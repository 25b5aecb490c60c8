"""Runs of pipeline definitions and the records of their timelines.

A timeline is a tree of records: Stage > Checkpoint, Phase > Job > Task. Stored as documents
keyed `<run id, ten digits>/<record id>`. Knows: documents, journal. Must not know: HTTP, YAML.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from shipway.azure.entra.principals import Principal
from shipway.base import ids
from shipway.base.errors import Conflict, NotFound
from shipway.base.messages import Event, Json
from shipway.devops import local_choices, rows
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.local_choices import LocalChoices
from shipway.devops.run_states import RecordState, Result, RunState
from shipway.store.documents import Document
from shipway.store.store import Store

_PAGE = 200
_RUN = "run"
_PLAN = "run_plan"
_PLAN_ID = "orchestration_plan"
_RECORD = "run_record"

Reason = Literal["individualCI", "batchedCI", "manual", "schedule", "pullRequest",
                 "resourceTrigger", "buildCompletion"]  # fmt: skip
RecordKind = Literal[
    "Stage", "Checkpoint", "Checkpoint.Authorization", "Checkpoint.Approval",
    "Checkpoint.ExclusiveLock", "Checkpoint.TaskCheck", "Checkpoint.ExtendsCheck", "Phase", "Job",
    "Task",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asked for a run: the pusher, the person who queued it, or the service itself."""

    object_id: str
    name: str


# the identity that Azure shows as Build.RequestedBy of a run that nobody asked for by hand
SERVICE = Requester(
    object_id="00000002-0000-8888-8000-000000000000", name="Microsoft.VisualStudio.Services.TFS"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRun:
    """The run that an alias of `resources.pipelines` stands for."""

    alias: str
    run_id: int
    names_project: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryChoice:
    """A branch or tag, or a commit of it, that was chosen when a run was queued."""

    ref: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a definition at one commit.

    `run_name` is Build.BuildNumber; `variables` and `parameters` are those given when it was
    queued; `diagnostics` are what compiling said (Azure's words, `file (Line: n, Col: m): ...`).
    `plan` (the JSON of a RunPlan) is filled by `get` only, not in lists. `local` is there for a
    run of a working tree: nothing follows from such a run but what it does itself.
    """

    run_id: int
    project_id: str
    definition_id: int
    definition_name: str
    repository_id: str
    run_name: str
    source_branch: str
    source_version: str
    reason: Reason
    requested_by: Requester
    requested_for: Requester
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    updated_at: datetime
    state: RunState = "pending"
    result: Result | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Json] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()
    """Variables given when it was queued whose values lie in the secrets."""
    stages_to_skip: tuple[str, ...] = ()
    diagnostics: tuple[Mapping[str, Json], ...] = ()
    trigger_info: Mapping[str, str] = field(default_factory=dict)
    local: LocalChoices | None = None
    tags: tuple[str, ...] = ()
    keep_forever: bool = False
    attempts: Mapping[str, int] = field(default_factory=dict)
    """Which attempt of a stage, job or leg counts, by `run_progress.attempt_key`; 1 without one."""
    pipelines: tuple[ChosenRun, ...] = ()
    """The runs behind `resources.pipelines`, chosen when it begins."""
    pipeline_versions: Mapping[str, str] = field(default_factory=dict)
    repository_choices: Mapping[str, RepositoryChoice] = field(default_factory=dict)
    """Other versions of `resources.repositories` than the YAML names, by alias in lower case."""
    """Which runs of them were asked for when it was queued, by alias."""
    started_stages: tuple[str, ...] = ()
    """The stages with `trigger: manual` that somebody has started."""
    plan_id: str
    plan: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An error or warning that a record shows."""

    kind: Literal["error", "warning"]
    message: str
    category: str = "General"
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputVariable:
    """An output variable; a secret's value lies in the secrets under `secret_name`."""

    value: str = ""
    is_secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousAttempt:
    """Where an earlier try of a record stands; `timeline_id` is the record id of its stage."""

    attempt: int
    timeline_id: str
    record_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of a run's timeline.

    `identifier` is Azure's dotted path of names (`Build.Job.step`), `ref_name` the last of them;
    `outputs` are the variables set with isOutput; `data` is free for the engine and the agent.
    `error_count` and `warning_count` count those that are too many to be kept, too; `details_id`
    is the timeline that the step made of its own.
    """

    record_id: str
    run_id: int
    parent_id: str | None = None
    kind: RecordKind
    name: str
    ref_name: str = ""
    identifier: str = ""
    order: int = 1
    state: RecordState = "pending"
    result: Result | None = None
    attempt: int = 1
    previous: tuple[PreviousAttempt, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    log_id: int | None = None
    issues: tuple[Issue, ...] = ()
    error_count: int = 0
    warning_count: int = 0
    percent_complete: int | None = None
    current_operation: str = ""
    details_id: str = ""
    outputs: Mapping[str, OutputVariable] = field(default_factory=dict)
    worker_name: str = ""
    task_name: str = ""
    task_version: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)


def queue_run(  # noqa: PLR0913  # one argument for each field that a client may set
    store: Store,
    *,
    definition: PipelineDefinition,
    branch: str,
    version: str,
    reason: Reason,
    requested_by: Requester | Principal,
    requested_for: Requester | Principal | None = None,
    variables: Mapping[str, str] | None = None,
    parameters: Mapping[str, Json] | None = None,
    stages_to_skip: tuple[str, ...] = (),
    trigger_info: Mapping[str, str] | None = None,
    local: LocalChoices | None = None,
    pipeline_versions: Mapping[str, str] | None = None,
    repository_choices: Mapping[str, RepositoryChoice] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Run:
    """Queue a run of `definition` at commit `version`; the journal gets its RunQueued.

    Raises `Conflict` when the definition is disabled or paused.
    """
    if definition.queue_status != "enabled":
        raise Conflict(
            f"the pipeline '{definition.name}' is {definition.queue_status}",
            code="DefinitionDisabledException", where=definition.name,
            hint="Enable it in its settings to queue runs.",
        )  # fmt: skip
    now = store.clock.now()
    by = _requester(requested_by)
    with store.database.transaction():
        run = Run(
            run_id=store.documents.next_number("run"), project_id=definition.project_id,
            definition_id=definition.definition_id, definition_name=definition.name,
            repository_id=definition.repository_id,
            run_name=next_name(store, definition.definition_id), source_branch=branch,
            source_version=version, reason=reason, requested_by=by,
            requested_for=_requester(requested_for) if requested_for else by,
            queued_at=now, updated_at=now, variables=dict(variables or {}),
            parameters=dict(parameters or {}), stages_to_skip=stages_to_skip,
            trigger_info=dict(trigger_info or {}), local=local, secret_names=tuple(secrets or ()),
            pipeline_versions=dict(pipeline_versions or {}),
            repository_choices=dict(repository_choices or {}), plan_id=ids.new_guid(),
        )  # fmt: skip
        local_choices.keep_secrets(store, run.run_id, secrets or {})
        store.documents.create(_RUN, _key(run.run_id), _run_body(run))
        store.documents.create(_PLAN_ID, run.plan_id, {"run_id": run.run_id})
        facts = {
            "definition_id": run.definition_id, "branch": branch, "version": version,
            "reason": reason, "requested_by": by.object_id,
        }  # fmt: skip
        store.journal.append(Event(kind="RunQueued", subject=subject(run.run_id), at=now,
                                   data=facts))  # fmt: skip
    return run


def get(store: Store, run_id: int, *, project_id: str | None = None) -> Run:
    """The run with its plan. Raises `NotFound` in Azure's words."""
    found = store.documents.find(_RUN, _key(run_id))
    if found is None or (project_id is not None and found.body["project_id"] != project_id):
        raise NotFound(
            f"The requested build {run_id} could not be found.",
            code="BuildNotFoundException", where=str(run_id),
        )  # fmt: skip
    plan = store.documents.find(_PLAN, _key(run_id))
    return rows.read(Run, {**found.body, "plan": plan.body["plan"] if plan else None})


def find_by_plan(store: Store, plan_id: str) -> Run | None:
    """The run of an orchestration plan's id, or None."""
    found = store.documents.find(_PLAN_ID, plan_id.lower())
    return get(store, int(found.body["run_id"])) if found else None


def list_of(
    store: Store, *, project_id: str | None = None, definition_id: int | None = None,
    state: RunState | None = None, limit: int | None = None,
) -> list[Run]:  # fmt: skip
    """Runs, newest first, without their plans."""
    found: list[Run] = []
    for document in _newest_first(store):
        body = document.body
        if project_id not in (None, body["project_id"]):
            continue
        if definition_id not in (None, body["definition_id"]) or state not in (None, body["state"]):
            continue
        found.append(rows.read(Run, body))
        if limit is not None and len(found) >= limit:
            break
    return found


def _newest_first(store: Store) -> Iterator[Document]:
    """Runs from the newest down, read page by page: most callers want the first few."""
    newest = store.documents.list(_RUN, newest_first=True, limit=1)
    end = int(newest[0].key) if newest else 0
    while end > 0:
        begin = max(0, end - _PAGE)
        page = store.documents.list(_RUN, after=_key(begin), limit=end - begin)
        yield from (document for document in reversed(page) if document.key <= _key(end))
        end = begin


def set_run(store: Store, run_id: int, **changes: Any) -> Run:  # noqa: ANN401  # fields of Run
    """Change fields of a run (`state=`, `result=`, `plan=` ...). Raises `NotFound`."""
    with store.database.transaction():
        if "plan" in changes:
            store.documents.put(_PLAN, _key(run_id), {"plan": changes["plan"]})
        run = replace(get(store, run_id), **changes, updated_at=store.clock.now())
        store.documents.put(_RUN, _key(run_id), _run_body(run))
    return run


def set_record(store: Store, record: Record) -> Record:
    """Write a record, new or changed."""
    store.documents.put(_RECORD, _record_key(record.run_id, record.record_id), rows.body_of(record))
    return record


def change_record(store: Store, run_id: int, record_id: str, **changes: Any) -> Record:  # noqa: ANN401
    """Change fields of a record. Raises `NotFound`."""
    with store.database.transaction():
        return set_record(store, replace(get_record(store, run_id, record_id), **changes))


def get_record(store: Store, run_id: int, record_id: str) -> Record:
    """One record. Raises `NotFound`."""
    found = find_record(store, run_id, record_id)
    if found is None:
        raise NotFound(
            f"The timeline record {record_id} of build {run_id} could not be found.",
            code="TimelineRecordNotFoundException", where=record_id,
        )  # fmt: skip
    return found


def find_record(store: Store, run_id: int, record_id: str) -> Record | None:
    """One record, or None."""
    found = store.documents.find(_RECORD, _record_key(run_id, record_id))
    return rows.read(Record, found.body) if found else None


def records_of(store: Store, run_id: int) -> list[Record]:
    """All records of a run; parents come before children, siblings by their order."""
    found = store.documents.list(_RECORD, prefix=f"{_key(run_id)}/")
    return in_order([rows.read(Record, d.body) for d in found])


def in_order(records: Sequence[Record]) -> list[Record]:
    """Records as `records_of` gives them."""
    children: dict[str | None, list[Record]] = {}
    known = {r.record_id for r in records}
    for record in records:
        parent = record.parent_id if record.parent_id in known else None
        children.setdefault(parent, []).append(record)
    ordered: list[Record] = []

    def walk(parent: str | None) -> None:
        for record in sorted(children.get(parent, ()), key=lambda r: (r.order, r.name, r.attempt)):
            ordered.append(record)
            walk(record.record_id)

    walk(None)
    return ordered


def delete_records(store: Store, run_id: int, record_ids: tuple[str, ...]) -> None:
    """Take records away (a stage that is tried again gets new ones)."""
    with store.database.transaction():
        for record_id in record_ids:
            store.documents.delete(_RECORD, _record_key(run_id, record_id))


def subject(run_id: int) -> str:
    """The journal's subject of a run."""
    return f"run/{run_id}"


def next_name(store: Store, definition_id: int) -> str:
    """Azure's default `name`: `$(Date:yyyyMMdd).$(Rev:r)`, counted per definition and day."""
    day = store.clock.now().strftime("%Y%m%d")
    return f"{day}.{next_revision(store, definition_id, day)}"


def next_revision(store: Store, definition_id: int, prefix: str) -> int:
    """`$(Rev:r)`: counts from 1 for each text before it."""
    return store.documents.next_number(f"run name {definition_id} {prefix}")


def _requester(who: Requester | Principal) -> Requester:
    if isinstance(who, Requester):
        return who
    return Requester(object_id=who.object_id, name=who.name)


def _run_body(run: Run) -> dict[str, Any]:
    body = rows.body_of(run)
    del body["plan"]
    return body


def _record_key(run_id: int, record_id: str) -> str:
    return f"{_key(run_id)}/{record_id}"


def _key(run_id: int) -> str:
    return f"{run_id:010}"
