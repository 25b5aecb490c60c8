"""Station 4, when shipway itself fails on a job: it ends Failed and says so, with its children.

A reaction that failed for good has left nothing behind, so no later event would ever move the job:
without this it would be shown as running for ever.
"""

import contextlib

from shipway.base.errors import NotFound
from shipway.base.messages import Event
from shipway.loop import ml_job
from shipway.ml import jobs
from shipway.ml.jobs import MLJob
from shipway.store.store import Store


def on_reaction_failed(store: Store, event: Event) -> None:
    """`ReactionFailed` of a job: what runs is asked to stop, what waits never runs."""
    if not event.subject.startswith("job/"):
        return
    workspace, _, name = event.subject.removeprefix("job/").rpartition("/")
    with contextlib.suppress(NotFound):
        failed = jobs.get_stored(store, workspace=workspace, name=name)
        reason = {
            "code": "InternalServerError",
            "message": f"shipway failed while it handled {event.data['kind']} of the job {name}; "
            "the cause stands in logs/server.log of its home. Submit the job again.",
        }
        # whose process has ended reports nothing more; the others still do
        _end(store, failed, reason, is_over=event.data["kind"] == "JobEnded")
        if failed.parent:
            parent = jobs.get_stored(store, workspace=workspace, name=failed.parent)
            _end(store, parent, reason, is_over=True)


def _end(store: Store, job: MLJob, reason: dict[str, str], *, is_over: bool) -> None:
    for child in jobs.children(store, workspace=job.workspace, name=job.name):
        # as its document has it: what a compute notes beside it may be ahead
        stored = jobs.get_stored(store, workspace=job.workspace, name=child.name)
        _end(store, stored, reason, is_over=False)
    if job.is_terminal:
        return
    if not is_over and store.queue.request_cancel(job.subject):
        if job.status != "CancelRequested":
            jobs.step(store, job, "request_cancel")
        return
    ended = jobs.step(store, job, "fail" if is_over else "cancel", error=reason)
    if not ended.parent:
        ml_job.announce(store, ended)
