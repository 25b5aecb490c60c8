"""The agent: a process that leases jobs, runs each in a thread and reports to the journal.

    python -m shipway.agent.worker HOME

It ends when its standard input does, which is when the server is gone; steps that run go on, and
the next server's agent adopts them. Jobs for the `server` pool take no slot.
"""

import logging
import os
import platform
import sys
import threading
from pathlib import Path

from shipway.agent import python_venvs
from shipway.agent.job_runner import JobRunner
from shipway.base import config, crash_points, ids
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.base.messages import Event
from shipway.devops import job_work, run_engine, runs
from shipway.store.doorbell import Doorbell, ring
from shipway.store.queue import WorkItem
from shipway.store.store import Store, open_store

_LOG = logging.getLogger(__name__)
QUEUE = "agent"
_LEASE_SECONDS = 60.0
_IDLE_SECONDS = 15.0
_SERVER_JOBS = 64


class Worker:
    """Leases and runs jobs until `stop`."""

    def __init__(self, store: Store, *, slots: int) -> None:
        self._store = store
        self._slots = slots
        self._name = f"{platform.node()}-{ids.new_guid()[:8]}"
        self._running: dict[str, tuple[JobRunner | None, bool]] = {}
        self._lock = threading.Lock()
        self._bell = Doorbell(store.home.sockets, QUEUE)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until told to stop."""
        self._store.queue.give_back(QUEUE)
        while not self._stopping.is_set():
            self._cancel()
            self._take()
            self._store.queue.renew(holder=self._name, seconds=_LEASE_SECONDS)
            self._bell.wait(_IDLE_SECONDS)

    def stop(self) -> None:
        """End the loop; jobs that run are left to their threads and processes."""
        self._stopping.set()
        ring(self._store.home.sockets, QUEUE)

    def _take(self) -> None:
        items = self._store.queue.lease(
            QUEUE, holder=self._name, seconds=_LEASE_SECONDS, limit=max(self._free(), 0)
        )
        servers = [bool(item.payload.get("server")) for item in items]
        with self._lock:
            for item, server in zip(items, servers, strict=True):
                self._running[item.item] = (None, server)
        for item in items:
            threading.Thread(target=self._work, args=(item,), daemon=True).start()
        if any(servers):  # these took no slot
            self._take()

    def _free(self) -> int:
        with self._lock:
            taken = sum(1 for _, server in self._running.values() if not server)
            waits = len(self._running) - taken
        return self._slots - taken if waits < _SERVER_JOBS else 0

    def _cancel(self) -> None:
        for item in self._store.queue.cancelled(holder=self._name):
            with self._lock:
                runner = self._running.get(item, (None, False))[0]
            if runner is not None:
                runner.stop()

    def _work(self, item: WorkItem) -> None:
        crash_points.reach("agent-after-lease")
        try:
            self._job(item)
        except Exception as error:
            _LOG.exception("the job %s could not be run", item.item)
            self._report(item, result="failed", issues=[("error", f"The agent failed: {error}")])
        finally:
            with self._lock:
                self._running.pop(item.item, None)
            ring(self._store.home.sockets, QUEUE)

    def _job(self, item: WorkItem) -> None:
        run_id, record_id = int(item.payload["run_id"]), str(item.payload["record_id"])
        self._store.journal.append(
            Event(
                kind="JobRunStarted",
                subject=runs.subject(run_id),
                at=self._store.clock.now(),
                data={"record_id": record_id, "worker": self._name},
            )
        )
        work = job_work.of_record(self._store, run_id=run_id, record_id=record_id)
        runner = JobRunner(self._store, work, worker=self._name)
        with self._lock:
            self._running[item.item] = (runner, bool(item.payload.get("server")))
        if item.cancel_requested:
            runner.stop()
        result = runner.run()
        crash_points.reach("agent-before-report")
        self._report(
            item,
            result=run_engine.timeline_word(result),
            issues=runner.job.issues,
            outputs=dict(runner.outputs()),
        )

    def _report(
        self,
        item: WorkItem,
        *,
        result: str,
        issues: list[tuple[str, str]],
        outputs: dict[str, tuple[str, bool]] | None = None,
    ) -> None:
        store = self._store
        run_id, record_id = int(item.payload["run_id"]), str(item.payload["record_id"])
        shown = {}
        with store.database.transaction():
            for name, (value, secret) in (outputs or {}).items():
                if secret:
                    store.secrets.put(job_work.secret_name(run_id, record_id, name), value)
                shown[name] = {"value": "" if secret else value, "is_secret": secret}
            data = {
                "record_id": record_id,
                "result": result,
                "outputs": shown,
                "issues": [{"kind": kind, "message": text} for kind, text in issues],
            }
            store.journal.append(
                Event(
                    kind="JobRunEnded",
                    subject=runs.subject(run_id),
                    at=store.clock.now(),
                    data=data,
                )
            )
            store.queue.complete(item.item)


def _watch_server(worker: Worker) -> None:
    """Standard input ends when the server does, however it does."""
    while os.read(0, 1):
        continue
    worker.stop()
    os._exit(0)


def main(arguments: list[str]) -> int:
    """Run an agent on the home that the first argument names."""
    home = Home(Path(arguments[0]))
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s agent %(levelname)s %(message)s",
    )
    store = open_store(home, SystemClock())
    home.hold(QUEUE)
    threading.Thread(target=python_venvs.sweep, args=(home.runs,), daemon=True).start()
    worker = Worker(store, slots=config.read_settings(home=home.root).slots)
    threading.Thread(target=_watch_server, args=(worker,), daemon=True).start()
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
