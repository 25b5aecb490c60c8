"""Pipelines that start by the clock: the `schedules` of a YAML file, one timer for each branch.

A branch's own file says when that branch runs. `arm` reads it when the branch moved or the
definition changed, `fire` queues the run and sets the timer again. Times are UTC.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/scheduled-triggers
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from shipway.azpipelines import triggers
from shipway.azpipelines.triggers import Schedule
from shipway.devops import definitions, pushes, repositories, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.repositories import Repository
from shipway.store.store import Store
from shipway.store.timers import Timer

TIMER = "PipelineScheduleDue"
_KIND = "pipeline_schedule"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """The schedules of one branch's file, read before the transaction that sets the timers."""

    definition_id: int
    ref: str
    schedules: tuple[Schedule, ...]


def read(store: Store, definition: PipelineDefinition, ref: str, version: str) -> Armed:
    """The schedules of a branch; none when the branch, the file or a valid schedule is missing."""
    repository = repositories.by_id(store, definition.repository_id)
    found: tuple[Schedule, ...] = ()
    if repository is not None and version != repositories.ZERO and ref.startswith("refs/heads/"):
        path = definition.yaml_path
        content = repositories.read_file(store, repository, version=version, path=path)
        if content is not None:
            parsed, _ = triggers.triggers_of(content, file=path)
            found = tuple(
                s for s in parsed.schedules if triggers.matches_branch(s.branches, ref)
                and _is_cron(s.cron)
            )  # fmt: skip
    return Armed(definition_id=definition.definition_id, ref=ref, schedules=found)


def arm(store: Store, armed: Armed) -> None:
    """Set the timers of a branch's schedules and drop those that it no longer has."""
    place = f"{armed.definition_id}/{armed.ref}"
    with store.database.transaction():
        before = store.documents.find(_KIND, place)
        for number in range(before.body["count"] if before else 0):
            store.timers.cancel(_timer(place, number))
        if armed.schedules:
            store.documents.put(_KIND, place, {"count": len(armed.schedules)})
        elif before:
            store.documents.delete(_KIND, place)
        for number, one in enumerate(armed.schedules):
            facts = {
                "definition_id": armed.definition_id, "ref": armed.ref, "cron": one.cron,
                "always": one.always, "batch": one.batch, "display_name": one.display_name,
                "number": number,
            }  # fmt: skip
            _set(store, facts)


def arm_definition(store: Store, definition: PipelineDefinition) -> None:
    """Set the timers of every branch; for a definition that was made or changed."""
    repository = repositories.by_id(store, definition.repository_id)
    if repository is None:
        return
    for one in read_all(store, repository, [definition]):
        arm(store, one)


def read_all(
    store: Store, repository: Repository, found: Sequence[PipelineDefinition]
) -> list[Armed]:
    """The schedules of every accepted branch."""
    refs = pushes.known_refs(store, repository)
    return [read(store, d, ref, version) for d in found for ref, version in refs.items()]


def fire(store: Store, timer: Timer) -> None:
    """A schedule is due: queue its run if there is something new to run, and set it again."""
    facts = timer.data
    definition = definitions.find(store, int(facts["definition_id"]))
    repository = repositories.by_id(store, definition.repository_id) if definition else None
    if definition is None or repository is None:
        return
    ref = str(facts["ref"])
    version = pushes.known_refs(store, repository).get(ref)
    if version is None:
        return
    _set(store, dict(facts))
    is_wanted = facts["always"] or _has_news(
        store, definition, ref, version, alone=bool(facts.get("batch"))
    )
    if definition.queue_status == "enabled" and is_wanted:
        runs.queue_run(
            store, definition=definition, branch=ref, version=version, reason="schedule",
            requested_by=runs.SERVICE,
            trigger_info={"schedule.displayName": str(facts["display_name"])},
        )  # fmt: skip


def _has_news(
    store: Store, definition: PipelineDefinition, ref: str, version: str, *, alone: bool
) -> bool:
    """Whether a branch or the pipeline changed since the last scheduled run that went well.

    `alone` (`batch: true`): and no scheduled run of the branch is under way.
    """
    scheduled = [
        run
        for run in runs.list_of(store, definition_id=definition.definition_id)
        if (run.reason, run.source_branch) == ("schedule", ref)
    ]
    if alone and any(run.state != "completed" for run in scheduled):
        return False
    last = next((r for r in scheduled if r.result in ("succeeded", "succeededWithIssues")), None)
    if last is None or last.source_version != version:
        return True
    return definition.updated_at > last.queued_at


def _set(store: Store, facts: dict[str, object]) -> None:
    place = f"{facts['definition_id']}/{facts['ref']}"
    number = int(str(facts["number"]))
    due = next(CronSim(str(facts["cron"]), store.clock.now()), None)
    if due is None:
        return  # a day that no calendar has
    store.timers.set(
        _timer(place, number), due=due, kind=TIMER,
        subject=f"definition/{facts['definition_id']}", data=facts,
    )  # fmt: skip


def _timer(place: str, number: int) -> str:
    return f"pipeline-schedule/{place}/{number}"


def _is_cron(text: str) -> bool:
    try:
        CronSim(text, _EPOCH)
    except CronSimError:
        return False
    return True
