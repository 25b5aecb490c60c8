"""Event -> station, the one table; the only caller of the stations.

One thread of the server reads the journal after its mark. What a reaction writes and the moved
mark commit together, so a server that dies anywhere has either done a reaction or not begun it.
Reactions look and write rows; they start no process and wait for nothing.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from shipway.base.messages import Event
from shipway.loop import (
    checkpoint,
    deployment,
    ml_job,
    ml_job_failure,
    pipeline_completion,
    push_batch,
    resumption,
    run,
    run_failure,
)
from shipway.loop import timer as timers
from shipway.store.doorbell import Doorbell, ring
from shipway.store.store import Store
from shipway.store.timers import Timer

_LOG = logging.getLogger(__name__)
_BATCH = 32
_TRIES = 3
_LONGEST_WAIT = 30.0
_RETRY_SECONDS = 0.2
_FAILED = "ReactionFailed"

Reaction = Callable[[Store, Event], None]

# event kind -> stations, called in this order; an event without a row is history only
REACTIONS: Mapping[str, tuple[Reaction, ...]] = {
    "JobSubmitted": (ml_job.on_submitted,),
    "JobEnded": (ml_job.on_ended,),
    "JobCancelRequested": (ml_job.on_cancel_requested,),
    "RunQueued": (run.on_queued,),
    "JobRunStarted": (run.on_job_started,),
    "JobRunEnded": (run.on_job_ended,),
    "RunCancelRequested": (run.on_progress,),
    "StageRetryRequested": (run.on_progress,),
    "StageStartRequested": (run.on_progress,),
    "StageCancelRequested": (run.on_progress,),
    "StageCompleted": (resumption.on_stage_completed, pipeline_completion.on_stage_completed),
    "RunCompleted": (push_batch.release, pipeline_completion.on_run_completed),
    "PipelinePermissionGranted": (resumption.on_permission,),
    "ApprovalGranted": (checkpoint.on_approval, run.on_progress),
    "ApprovalRejected": (checkpoint.on_approval, run.on_progress),
    "ApprovalTimedOut": (checkpoint.on_approval, run.on_progress),
    "ApprovalBypassed": (checkpoint.on_approval, run.on_progress),
    "CheckCallEnded": (checkpoint.on_check, run.on_progress),
    "CheckDecided": (checkpoint.on_check, run.on_progress),
    "CheckChanged": (checkpoint.on_check, run.on_progress),
    "ExclusiveLockRequested": (resumption.on_lock,),
    "CheckpointClosed": (run.on_progress,),
    "EndpointRequested": (deployment.settle_endpoint,),
    "ServingReady": (deployment.deployment_ready,),
    "ServingFailed": (deployment.deployment_failed,),
    "ServingStopped": (deployment.deployment_stopped,),
    _FAILED: (run_failure.on_reaction_failed, ml_job_failure.on_reaction_failed),
}


class Reactor:
    """Works through the journal and the timers. `start` once, `stop` once."""

    def __init__(
        self,
        store: Store,
        *,
        reactions: Mapping[str, tuple[Reaction, ...]] = REACTIONS,
        firings: Mapping[str, timers.Firing] = timers.TIMERS,
    ) -> None:
        self._store = store
        self._reactions = reactions
        self._firings = firings
        self._tries: dict[str, int] = {}
        self._stopping = threading.Event()
        self._bell = Doorbell(store.home.sockets, "journal")
        self._thread = threading.Thread(target=self._run, name="reactor", daemon=True)

    def start(self) -> None:
        """Begin with whatever earlier servers left unhandled."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the reaction at hand and end the thread."""
        self._stopping.set()
        ring(self._store.home.sockets, "journal")
        if self._thread.is_alive():
            self._thread.join()
        self._bell.close()

    @property
    def is_alive(self) -> bool:
        """Whether the thread works."""
        return self._thread.is_alive()

    def settle(self) -> None:
        """Handle everything that is there now, in the calling thread. For start-up and tests."""
        while self._pass():
            pass

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self._pass()
            except Exception:
                _LOG.exception("the reactor stumbled and goes on")
                self._stopping.wait(_RETRY_SECONDS)
                continue
            if not busy and not self._stopping.is_set():
                self._bell.wait(self._pause())

    def _pause(self) -> float:
        due = self._store.timers.next_due()
        if due is None:
            return _LONGEST_WAIT
        left = (due - self._store.clock.now()).total_seconds()
        return min(max(left, 0.001), _LONGEST_WAIT)

    def _pass(self) -> bool:
        """One batch of events and the timers that are due; False when there was neither."""
        events = self._store.journal.after(self._store.journal.handled(), limit=_BATCH)
        if events:
            self._handle(events)
        due = self._store.timers.due(self._store.clock.now())
        for timer in due:
            self._fire(timer)
        return bool(events or due)

    def _handle(self, events: Sequence[Event]) -> None:
        """All in one commit; where one fails, each in its own, so that it fails alone."""
        try:
            self._commit(events)
        except Exception:
            if len(events) > 1:
                _LOG.info("a batch of %d events failed; one by one now", len(events))
                for event in events:
                    self._handle([event])
                return
            self._failed(events[0])

    def _commit(self, events: Sequence[Event]) -> None:
        with self._store.database.transaction():
            for event in events:
                for reaction in self._reactions.get(event.kind, ()):
                    reaction(self._store, event)
            self._store.journal.mark_handled(events[-1].number)

    def _failed(self, event: Event) -> None:
        """Try again a few times, then write down that it failed and go on with the next."""
        name = f"event {event.number}"
        _LOG.exception("%s (%s of %s) failed", name, event.kind, event.subject)
        for _ in range(_TRIES - 1):
            self._stopping.wait(_RETRY_SECONDS)
            try:
                self._commit([event])
            except Exception:
                _LOG.exception("%s failed again", name)
            else:
                return
        with self._store.database.transaction():
            # a station that fails on a failure ends here: it would fail on its own failure again
            if event.kind != _FAILED:
                self._note(event.subject, {"event": event.number, "kind": event.kind})
            self._store.journal.mark_handled(event.number)

    def _fire(self, timer: Timer) -> None:
        try:
            timers.fire(self._store, timer, self._firings)
        except Exception:
            _LOG.exception("timer %s (%s of %s) failed", timer.name, timer.kind, timer.subject)
            tries = self._tries[timer.name] = self._tries.get(timer.name, 0) + 1
            self._stopping.wait(_RETRY_SECONDS)
            if tries < _TRIES:
                return
            with self._store.database.transaction():
                self._store.timers.cancel(timer.name)
                self._note(timer.subject, {"timer": timer.name, "kind": timer.kind})
        self._tries.pop(timer.name, None)

    def _note(self, subject: str, data: Mapping[str, object]) -> None:
        now = self._store.clock.now()
        self._store.journal.append(Event(kind=_FAILED, subject=subject, at=now, data=data))
