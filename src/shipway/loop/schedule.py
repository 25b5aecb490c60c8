"""A schedule's time has come: its job is submitted under a fresh name.

Each schedule that is enabled has one timer. A time that passed while no server ran fires once when
one starts, not once for each time missed; then it goes on from there.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base import ids
from shipway.base.clock import timestamp
from shipway.base.errors import ShipwayError
from shipway.base.messages import Event
from shipway.loop import ml_job
from shipway.ml import jobs, schedules, triggers
from shipway.ml.jobs import MLJob
from shipway.ml.schedules import Schedule
from shipway.store.store import Store
from shipway.store.timers import Timer

TIMER = "schedule"


def put(store: Store, wanted: Schedule) -> tuple[Schedule, bool]:
    """Create or change a schedule and set its timer; True when it is new. Raises `BadInput`."""
    schedules.check(wanted)
    with store.database.transaction():
        old = schedules.find(store, workspace=wanted.workspace, name=wanted.name)
        if old is not None:
            wanted = replace(
                wanted, last_job=old.last_job, last_fired=old.last_fired,
                author=old.author, author_type=old.author_type, author_id=old.author_id,
            )  # fmt: skip
        saved = schedules.save(store, wanted)
        _set_timer(store, saved)
        _note(store, "ScheduleChanged" if old else "ScheduleCreated", saved, {})
        return saved, old is None


def delete(store: Store, *, workspace: str, name: str) -> bool:
    """Remove a schedule and its timer; False when there was none. Its jobs stay."""
    with store.database.transaction():
        schedule = schedules.find(store, workspace=workspace, name=name)
        if schedule is None:
            return False
        store.timers.cancel(schedule.subject)
        schedules.delete(store, schedule)
        _note(store, "ScheduleDeleted", schedule, {})
        return True


def trigger(store: Store, schedule: Schedule) -> MLJob:
    """Submit the job now, beside the schedule's own times. Raises what `ml_job.submit` raises."""
    with store.database.transaction():
        return _submit(store, schedule)


def fire(store: Store, timer: Timer) -> None:
    """Its timer is due: submit and set the next. A job that cannot be submitted is noted."""
    document = store.documents.find(schedules.KIND, str(timer.data["key"]))
    if document is None:
        return
    schedule = Schedule.read(document)
    if not schedule.is_enabled:
        return
    try:
        _submit(store, schedule)
    except ShipwayError as error:
        now = timestamp(store.clock.now())
        schedule = schedules.save(store, replace(schedule, last_fired=now, last_error=str(error)))
        _note(store, "ScheduleFailed", schedule, {"code": error.code, "message": str(error)})
    _set_timer(store, schedule)


def _submit(store: Store, schedule: Schedule) -> MLJob:
    moment = store.clock.now()
    name = f"{schedule.name}-{moment:%Y%m%dT%H%M%SZ}-{ids.new_guid()[:6]}"
    job = ml_job.submit(
        store, workspace=schedule.workspace, name=name, definition=_definition(store, schedule),
        principal=_author(schedule), schedule=schedule.name,
    )  # fmt: skip
    store.growing.add_edge(schedule.subject, "triggered", f"job/{schedule.workspace}/{job.name}")
    schedules.save(
        store, replace(schedule, last_job=job.name, last_fired=timestamp(moment), last_error="")
    )
    _note(store, "ScheduleFired", schedule, {"job": job.name})
    return job


def _definition(store: Store, schedule: Schedule) -> Mapping[str, Any]:
    """The job as sent, or that of the existing job which it names."""
    source = str(schedule.definition.get("sourceJobId") or "")
    if not source or schedule.definition.get("jobs") or schedule.definition.get("command"):
        return schedule.definition
    name = source.rstrip("/").rpartition("/")[2]
    jobs.get(store, workspace=schedule.workspace, name=name)
    own = {n: v for n, v in schedule.definition.items() if v not in (None, {}, [], "")}
    return {**jobs.definition(store, workspace=schedule.workspace, name=name), **own}


def _author(schedule: Schedule) -> Principal:
    kinds = {"Application": "ServicePrincipal", "ManagedIdentity": "ManagedIdentity"}
    kind: Any = kinds.get(schedule.author_type, "User" if schedule.author_id else "Anonymous")
    return replace(ANONYMOUS, kind=kind, name=schedule.author, object_id=schedule.author_id)


def _set_timer(store: Store, schedule: Schedule) -> None:
    now = store.clock.now()
    due = None
    if schedule.is_enabled:
        due = triggers.next_after(schedule.when, now, created_at=schedule.created_at or now)
    if due is None:
        store.timers.cancel(schedule.subject)
    else:
        store.timers.set(
            schedule.subject, due=due, kind=TIMER, subject=schedule.subject,
            data={"key": schedule.key},
        )  # fmt: skip


def _note(store: Store, kind: str, schedule: Schedule, data: Mapping[str, Any]) -> None:
    facts = {"workspace": schedule.workspace, "schedule": schedule.name, **data}
    store.journal.append(
        Event(kind=kind, subject=schedule.subject, at=store.clock.now(), data=facts)
    )
