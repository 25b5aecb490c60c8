"""Station 2, when shipway itself fails on a run: it ends failed and says so.

A reaction that failed for good has left nothing behind, so no later event would ever move the run:
without this it would be shown as running for ever.
"""

from shipway.base.errors import NotFound
from shipway.base.messages import Event
from shipway.devops import runs
from shipway.devops.runs import Issue
from shipway.loop import run_instructions
from shipway.store.store import Store


def on_reaction_failed(store: Store, event: Event) -> None:
    """`ReactionFailed` of a run: its jobs are asked to stop, whatever is open ends with it."""
    if not event.subject.startswith("run/"):
        return
    try:
        run = runs.get(store, int(event.subject.removeprefix("run/")))
    except NotFound:
        return
    if run.state == "completed":
        return
    reason = (
        f"shipway failed while it handled {event.data['kind']} of this run; the cause stands in "
        "logs/server.log of its home. Run it again."
    )
    now = store.clock.now()
    for record in runs.records_of(store, run.run_id):
        if record.state == "completed":
            continue
        store.queue.request_cancel(run_instructions.item_of(run.run_id, record.record_id))
        issues = (Issue(kind="error", message=reason),) if record.kind == "Stage" else ()
        runs.change_record(
            store, run.run_id, record.record_id, state="completed",
            result="failed" if record.kind == "Stage" else "canceled", finished_at=now,
            issues=(*record.issues, *issues),
        )  # fmt: skip
    told = ({"severity": "error", "message": reason},)
    runs.set_run(
        store, run.run_id, state="completed", result="failed", finished_at=now,
        diagnostics=(*run.diagnostics, *told),
    )  # fmt: skip
    data = {"result": "failed", "reason": reason}
    subject = runs.subject(run.run_id)
    store.journal.append(Event(kind="RunCompleted", subject=subject, at=now, data=data))
