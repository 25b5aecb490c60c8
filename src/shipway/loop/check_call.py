"""Calls of invoke REST API checks: a thread that makes what the checkpoints have queued.

Each call is made once by each server that lives to see it; what was answered goes into the check's
log and the journal, in one commit. What the answer means is the station's to say.
"""

import logging
import threading

from shipway.base import ids
from shipway.base.errors import ShipwayError
from shipway.base.messages import Event
from shipway.devops import check_calls, check_runs, logs, rest_calls, runs
from shipway.devops.check_runs import CheckRun
from shipway.devops.rest_calls import RestOutcome
from shipway.loop.checkpoint_checks import QUEUE
from shipway.loop.queue_thread import QueueThread
from shipway.store.queue import WorkItem
from shipway.store.store import Store

_LOG = logging.getLogger(__name__)
_LEASE_SECONDS = 300.0
_AT_ONCE = 8
_JOIN_SECONDS = 5.0


class CheckCaller:
    """Empties the queue. `start` once, `stop` once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holder = f"check caller {ids.new_guid()[:8]}"
        self._thread = QueueThread(store, QUEUE, self.work, name="check calls")

    def start(self) -> None:
        """Begin with what an earlier server left."""
        self._thread.start()

    def stop(self) -> None:
        """End after the calls at hand, or without them when they take long."""
        self._thread.stop(seconds=_JOIN_SECONDS)

    def work(self) -> bool:
        """Make what waits, some at once, and be back when all have ended; False: nothing did."""
        found = self._store.queue.lease(
            QUEUE, holder=self._holder, seconds=_LEASE_SECONDS, limit=_AT_ONCE
        )  # fmt: skip
        if len(found) == 1:
            self._make(found[0])
            return True
        # threads that a server which stops need not wait for: the next one makes the call again
        calls = [
            threading.Thread(target=self._make_logged, args=(item,), name="check call", daemon=True)
            for item in found
        ]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        return bool(found)

    def _make_logged(self, item: WorkItem) -> None:
        try:
            self._make(item)
        except Exception:
            _LOG.exception("%s failed", item.item)

    def _make(self, item: WorkItem) -> None:
        store, number = self._store, int(item.payload["call"])
        one = check_runs.find(store, str(item.payload["check_run_id"]))
        if one is None or one.waits_for != "call" or one.calls != number:
            store.queue.complete(item.item)  # the stage has gone on without it
            return
        done = self._outcome(one)
        with store.database.transaction():
            now = store.clock.now()
            self._note(one, number, done)
            facts = {
                "check_run_id": one.check_run_id, "call": number, "passed": done.passed,
                "reason": done.reason,
            }  # fmt: skip
            store.journal.append(
                Event(kind="CheckCallEnded", subject=runs.subject(one.run_id), at=now, data=facts)
            )
            store.queue.complete(item.item)

    def _outcome(self, one: CheckRun) -> RestOutcome:
        try:
            prepared = check_calls.prepare(self._store, one)
        except ShipwayError as error:
            return RestOutcome(passed=False, reason=error.message, log=(str(error),))
        return rest_calls.perform(
            self._store.home, prepared.call, criteria=prepared.criteria
        )  # fmt: skip

    def _note(self, one: CheckRun, number: int, done: RestOutcome) -> None:
        """Write the call into the log of the check."""
        store = self._store
        fresh = check_runs.find(store, one.check_run_id) or one  # the service may have made a log
        if fresh.log_id is None:
            log = logs.create(store, run_id=one.run_id, record_id=one.check_run_id)
            check_runs.change(store, fresh, log_id=log.log_id)
        else:
            log = logs.get(store, run_id=one.run_id, log_id=fresh.log_id)
        with logs.writer(store, log) as out:
            out.write(f"Evaluation {number}")
            for line in done.log:
                out.write(line)
