"""The compute: a process that leases commands, runs them over its slots and reports their ends.

    python -m shipway.compute.worker HOME

One thread decides and is the only one that writes: what ended, what was leased and what is about
to start go into one transaction, so that a step costs few of them. It ends when its standard
input does, which is when the server is gone; processes that run go on and are adopted.
"""

import logging
import os
import platform
import sys
import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from shipway.base import clock, config, crash_points, ids
from shipway.base.clock import SystemClock, timestamp
from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.base.messages import Event
from shipway.compute import command_runner, images, outputs
from shipway.compute.command_runner import CommandRun, Gate, Outcome
from shipway.compute.job_folders import JobFolder
from shipway.compute.job_variables import SharedVariables
from shipway.compute.outputs import Gathered
from shipway.ml import computes, jobs, workspaces
from shipway.store.doorbell import Doorbell, ring
from shipway.store.queue import WorkItem
from shipway.store.store import Store, open_store

_LOG = logging.getLogger(__name__)
QUEUE = "compute"
_LEASE_SECONDS = 3600.0
_IDLE_SECONDS = 15.0
_SOON_SECONDS = 0.05
_MOST_LEASED = 1000
_WARM_WORKSPACES = 4
_BYTECODE_MINUTES = (0.75, 1.0, 3.0, 10.0, 60.0)

Ended = tuple[CommandRun, Outcome]


class Worker:
    """Leases and runs commands until `stop`."""

    def __init__(self, store: Store, *, slots: int) -> None:
        self._store = store
        self._slots = slots
        self._holder = f"{platform.node()}-{ids.new_guid()[:8]}"
        self._shared = SharedVariables(store)
        self._bell = Doorbell(store.home.sockets, QUEUE)
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(max_workers=slots * 2 + 8, thread_name_prefix="command")
        self._leased: dict[str, CommandRun] = {}
        self._building: set[str] = set()
        self._builders: list[threading.Thread] = []
        self._needs_no_slot = False  # whether something ready was adopted or canceled
        self._ready: deque[CommandRun] = deque()
        self._ended: SimpleQueue[Ended] = SimpleQueue()
        self._built: SimpleQueue[tuple[CommandRun, ShipwayError | None]] = SimpleQueue()
        self._activity: dict[str, tuple[CommandRun, str]] = {}
        self._lock = threading.Lock()
        self._processes: Counter[str] = Counter()  # by workspace and compute, "" for all
        self._limits: dict[str, int | None] = {}  # as they were when this round began

    def run(self) -> None:
        """Work until told to stop."""
        self._sweep()
        self._threads.submit(self._warm_up)
        self._store.queue.give_back(QUEUE)
        renewed = self._store.clock.now()
        while not self._stopping.is_set():
            self.turn()
            now = self._store.clock.now()
            if (now - renewed).total_seconds() > _LEASE_SECONDS / 4:
                self._store.queue.renew(holder=self._holder, seconds=_LEASE_SECONDS)
                renewed = now
            self._bell.wait(_SOON_SECONDS if self._activity else _IDLE_SECONDS)

    def turn(self) -> None:
        """One round: start what was leased before, report, lease, start what was leased now."""
        self._take_built()
        at_once = Gate()
        at_once.open()
        self._submit(self._choose(), at_once)
        ended = self._drain()
        if ended or self._activity or self._store.queue.is_waiting(QUEUE):
            gate = Gate()
            try:
                with self._store.database.transaction():
                    self._report(ended)
                    self._lease()
                    chosen = self._choose()
                    self._note()
                    # while the commit goes to disk, the folders of what it leases are prepared
                    self._submit(chosen, gate)
                if self._leased:
                    crash_points.reach("compute-after-lease")
                gate.open()
            except ShipwayError as error:
                _LOG.info("a report failed (%s); one by one now", error)
                self._report_alone(ended)
                self._wake()
                return
            finally:
                gate.shut()
            self._clear(ended)
        self._cancel()

    def _warm_up(self) -> None:
        """Do beforehand what the first job would wait for."""
        images.look_around()
        for workspace in self._store.documents.list(workspaces.KIND, limit=_WARM_WORKSPACES):
            self._shared.run_token(workspace.key)

    def _sweep(self) -> None:
        """Remove folders of jobs whose end an earlier worker reported but did not clear away."""
        for root in self._store.home.jobs.iterdir():
            folder = JobFolder(root=root)
            item = folder.work_item()
            if item and self._store.queue.find(item) is None:
                folder.remove()

    def stop(self) -> None:
        """End the loop; processes that run are left alone."""
        self._stopping.set()
        self._wake()

    def close(self) -> None:
        """Wait for its threads and give up what it holds; after `run` has returned."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        for builder in self._builders:
            builder.join()
        self._bell.close()

    def _lease(self) -> None:
        room = _MOST_LEASED - len(self._leased)
        for item in self._store.queue.lease(
            QUEUE, holder=self._holder, seconds=_LEASE_SECONDS, limit=room
        ):
            self._accept(item)

    def _accept(self, item: WorkItem) -> None:
        try:
            run = CommandRun(self._store, item, self._shared)
        except (ShipwayError, KeyError, TypeError, ValueError) as error:
            _LOG.exception("the work item %s cannot be read", item.item)
            self._refuse(item, error)
            return
        self._leased[item.item] = run
        try:
            if run.was_started or run.is_canceled or run.has_image():
                self._needs_no_slot |= run.was_started or run.is_canceled
                self._ready.append(run)
                return
        except ShipwayError as error:
            self._ended.put((run, run.failed(error)))
            self._wake()
            return
        self._activity[run.item] = (run, "Preparing")
        self._building.add(run.item)
        builder = threading.Thread(target=self._build, args=(run,), daemon=True)
        self._builders = [thread for thread in self._builders if thread.is_alive()] + [builder]
        builder.start()

    def _refuse(self, item: WorkItem, error: Exception) -> None:
        """An item that cannot be read: its job has failed, in the caller's transaction."""
        store, now = self._store, self._store.clock.now()
        data = {
            "workspace": item.payload["workspace"], "name": item.payload["name"],
            "status": "Failed", "ended_at": timestamp(now),
            "error": {"code": "ComputeError", "message": f"The job cannot be read: {error}"},
        }  # fmt: skip
        store.journal.append(Event(kind="JobEnded", subject=item.item, at=now, data=data))
        store.queue.complete(item.item)

    def _build(self, run: CommandRun) -> None:
        failure: ShipwayError | None = None
        try:
            run.build_image()
        except ShipwayError as error:
            failure = error
        except Exception as error:
            _LOG.exception("the environment of %s cannot be built", run.name)
            failure = ShipwayError(f"the build failed: {error}", code="ImageBuildFailure")
        self._built.put((run, failure))
        self._wake()

    def _take_built(self) -> None:
        while not self._built.empty():
            run, failure = self._built.get()
            if run.item not in self._building:
                continue  # canceled, and reported, while it was being built
            self._building.discard(run.item)
            if failure is None:
                self._ready.append(run)
            else:
                self._ended.put((run, run.failed(failure)))

    def _choose(self) -> list[CommandRun]:
        """What fits into the slots and below each compute's own limit, its slot taken."""
        if self._processes[""] >= self._slots and not self._needs_no_slot:
            return []
        self._needs_no_slot = False
        self._limits.clear()
        waiting: deque[CommandRun] = deque()
        chosen = []
        while self._ready:
            run = self._ready.popleft()
            if self._take_slot(run):
                chosen.append(run)
                self._activity[run.item] = (run, "Running")
            else:
                waiting.append(run)
        self._ready = waiting
        return chosen

    def _submit(self, chosen: list[CommandRun], gate: Gate) -> None:
        for run in chosen:
            self._threads.submit(self._execute, run, gate)

    def _take_slot(self, run: CommandRun) -> bool:
        place, limit = _place_of(run), self._limit_of(run)
        with self._lock:
            is_full = self._processes[""] >= self._slots or (
                limit is not None and self._processes[place] >= limit
            )
            if is_full and not run.was_started and not run.is_canceled:
                return False
            self._processes[""] += 1
            self._processes[place] += 1
        return True

    def _limit_of(self, run: CommandRun) -> int | None:
        """How many may run on its compute, as the compute is now, not as it was when submitted."""
        place = _place_of(run)
        if place not in self._limits:
            found = computes.find(self._store, workspace=run.workspace, name=run.plan.compute)
            self._limits[place] = None if found is None else computes.most_at_once(found)
        return self._limits[place]

    def _execute(self, run: CommandRun, gate: Gate) -> None:
        def free(*, is_large: bool) -> None:
            with self._lock:
                self._processes[""] -= 1
                self._processes[_place_of(run)] -= 1
            if is_large:
                self._activity[run.item] = (run, "Finalizing")
            if self._ready or is_large:
                self._wake()

        try:
            outcome = run.execute(free, gate)
        except Exception as error:
            _LOG.exception("the job %s could not be run", run.name)
            outcome = run.failed(ShipwayError(f"the compute failed: {error}", code="ComputeError"))
        self._ended.put((run, outcome))
        self._wake()

    def _drain(self) -> list[Ended]:
        found = []
        while not self._ended.empty():
            found.append(self._ended.get())
        return found

    def _report(self, ended: list[Ended]) -> None:
        """Name the outputs and say that they ended; in the caller's transaction."""
        for run, outcome in ended:
            self._activity.pop(run.item, None)
            self._report_one(run, outcome)

    def _report_alone(self, ended: list[Ended]) -> None:
        """Each in its own commit; where the outputs cannot be stored, the job has failed."""
        for run, outcome in ended:
            try:
                with self._store.database.transaction():
                    self._report_one(run, outcome)
            except ShipwayError as error:
                self._report_without_outputs(run, outcome, error)
        self._clear(ended)

    def _report_without_outputs(
        self, run: CommandRun, outcome: Outcome, error: ShipwayError
    ) -> None:
        """With its logs; without them where there is no place for these either, as when its
        workspace was deleted meanwhile."""
        said = {"code": error.code, "message": f"The outputs cannot be stored: {error}"}
        kept = Gathered(outputs={}, artifacts=outcome.gathered.artifacts)
        failed = replace(outcome, status="Failed", error=said, gathered=kept)
        try:
            with self._store.database.transaction():
                self._report_one(run, failed)
        except ShipwayError as again:
            _LOG.info("the logs of %s cannot be stored: %s", run.name, again)
            bare = replace(failed, gathered=Gathered(outputs={}, artifacts={}))
            with self._store.database.transaction():
                self._report_one(run, bare)

    def _clear(self, ended: list[Ended]) -> None:
        for run, _ in ended:
            self._leased.pop(run.item, None)
            self._activity.pop(run.item, None)
            self._threads.submit(run.clear)

    def _report_one(self, run: CommandRun, outcome: Outcome) -> None:
        store = self._store
        outputs.commit(
            store, run.plan, outcome.gathered, workspace=run.workspace, job=run.name
        )  # fmt: skip
        run.drop_identity()
        store.journal.append(
            Event(
                kind="JobEnded", subject=run.item, at=store.clock.now(),
                data=command_runner.ended_data(run, outcome),
            )
        )  # fmt: skip
        store.queue.complete(run.item)

    def _note(self) -> None:
        """Tell clients what the leased jobs do just now."""
        for run, status in list(self._activity.values()):
            jobs.note_activity(self._store, workspace=run.workspace, name=run.name, status=status)
        self._activity.clear()

    def _cancel(self) -> None:
        for item in self._store.queue.cancelled(holder=self._holder):
            run = self._leased.get(item)
            if run is not None and not run.is_canceled:
                self._threads.submit(self._cancel_one, run)

    def _cancel_one(self, run: CommandRun) -> None:
        run.cancel()
        if run.item in self._building:  # the build goes on: others may want it
            self._building.discard(run.item)
            self._ended.put((run, run.failed(ShipwayError("canceled"))))
        self._needs_no_slot = True  # one that waits for a slot needs none any more
        self._wake()

    def _wake(self) -> None:
        ring(self._store.home.sockets, QUEUE)


def _place_of(run: CommandRun) -> str:
    # two workspaces may each have a compute of that name
    return f"{run.workspace}/{run.plan.compute}".lower()


def _watch_server(worker: Worker) -> None:
    """Standard input ends when the server does, however it does."""
    while os.read(0, 1):
        continue
    worker.stop()
    os._exit(0)


def _keep_bytecode(store: Store) -> None:
    """Now and then, and ever more rarely, what the environments' users have imported."""
    for minutes in _BYTECODE_MINUTES:
        clock.sleep(minutes * 60)
        images.keep_bytecode(store)


def main(arguments: list[str]) -> int:
    """Run a compute on the home that the first argument names."""
    home = Home(Path(arguments[0]))
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr,
        format="%(asctime)s compute %(levelname)s %(message)s",
    )  # fmt: skip
    store = open_store(home, SystemClock())
    home.hold(QUEUE)
    worker = Worker(store, slots=config.read_settings(home=home.root).slots)
    threading.Thread(target=_watch_server, args=(worker,), daemon=True).start()
    threading.Thread(target=_keep_bytecode, args=(store,), daemon=True).start()
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
