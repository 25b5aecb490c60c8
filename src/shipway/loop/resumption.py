"""Stages that waited at their checkpoint go on: a permission was given, a lock is free.

A thin station between checkpoints, which say what is free, and runs, which go on with it.
"""

from shipway.base.messages import Event
from shipway.loop import checkpoint, run
from shipway.store.store import Store


def on_permission(store: Store, event: Event) -> None:
    """A definition may use a resource now: runs that waited for that go on."""
    del event
    for run_id in checkpoint.recheck_permissions(store):
        run.advance(store, run_id)


def on_lock(store: Store, event: Event) -> None:
    """A stage asks for exclusive locks: give it what is free."""
    del event
    for run_id in checkpoint.settle_locks(store):
        run.advance(store, run_id)


def on_stage_completed(store: Store, event: Event) -> None:
    """A stage is over: the exclusive locks that it held go to who is next."""
    stage = str(event.data["stage"])
    number = int(event.subject.removeprefix("run/"))
    for run_id in checkpoint.release_locks(store, run_id=number, stage_name=stage):
        run.advance(store, run_id)
