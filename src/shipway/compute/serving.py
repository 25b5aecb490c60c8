"""Serves online deployments: one supervised process of the official inference server for each.

A `Keeper` (a thread) looks after one deployment: it brings up each generation, asks its probes,
reports to the journal, and restarts a process that died, waiting longer each time. The processes
outlive this one: what is wanted stands in the documents, what runs in the control folders, so a
later supervisor adopts them. Run as `python -m shipway.compute.serving HOME`, or in a thread.
"""

import contextlib
import http.client
import logging
import shutil
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from shipway.base import clock, process
from shipway.base.clock import SystemClock
from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.base.messages import Event
from shipway.compute import deployment_files
from shipway.ml import online_deployments
from shipway.ml.online_deployments import OnlineDeployment, Probe
from shipway.store.doorbell import Doorbell
from shipway.store.store import Store, open_store

_LOG = logging.getLogger(__name__)
BELL = "serving"
_LOOK_SECONDS = 1.0
_PAUSES = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_SECONDS = 60.0
_DRAIN_SECONDS = 1.0
_GRACE_SECONDS = 10.0
_ERROR_LINES = 15

Prepare = Callable[[Store, OnlineDeployment, Path], deployment_files.Prepared]


class Supervisor:
    """Keeps every deployment of a home as its document wants it."""

    def __init__(self, store: Store, *, prepare: Prepare = deployment_files.prepare) -> None:
        self._store = store
        self._prepare = prepare
        self._keepers: dict[str, Keeper] = {}

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping` is set. Deployments' processes are left alive."""
        bell = Doorbell(self._store.home.sockets, BELL)
        try:
            while not stopping.is_set():
                self.look()
                bell.wait(_LOOK_SECONDS)
        finally:
            for keeper in self._keepers.values():
                keeper.stop()
            bell.close()

    def look(self) -> None:
        """One look at what is wanted: a keeper for each deployment, woken."""
        for deployment in online_deployments.list_everywhere(self._store):
            keeper = self._keepers.get(deployment.key)
            if keeper is None or not keeper.is_alive:
                keeper = Keeper(self._store, deployment.key, self._prepare)
                self._keepers[deployment.key] = keeper
                keeper.start()
            keeper.wake(deployment.etag)


class Keeper:
    """Looks after one deployment until it is deleted."""

    def __init__(self, store: Store, key: str, prepare: Prepare) -> None:
        self._store = store
        self._key = key
        self._prepare = prepare
        self._folder = online_deployments.folder(store.home, key)
        self._reported: set[tuple[int, str]] = set()
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._seen = ""
        self._failures = 0
        self._since = 0.0
        self._next_probe = 0.0
        self._missed = 0
        self._thread = threading.Thread(target=self._run, name=f"keeper {key}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; the process lives on."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(5)

    @property
    def is_alive(self) -> bool:
        """Whether it works."""
        return self._thread.is_alive()

    def wake(self, etag: str) -> None:
        """Look again at once when the document has changed."""
        if etag != self._seen:
            self._seen = etag
            self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            deployment = online_deployments.find_by_key(self._store, self._key)
            if deployment is None or deployment.provisioning_state == "Deleting":
                self._clear(deployment)
                return
            try:
                self._tend(deployment)
            except Exception:
                _LOG.exception("the keeper of %s stumbled and goes on", self._key)
                self._woken.wait(_LOOK_SECONDS)

    def _tend(self, deployment: OnlineDeployment) -> None:
        turn = (deployment.generation, deployment.operation_id)
        under_way = deployment.provisioning_state in ("Creating", "Updating")
        if under_way and turn not in self._reported:
            self._bring_up(deployment)
            self._reported.add(turn)
        elif deployment.serving_generation:
            self._keep_alive(deployment)
        else:
            self._woken.wait(_LOOK_SECONDS)

    def _bring_up(self, deployment: OnlineDeployment) -> None:
        """Prepare and start a generation and report what has come of it."""
        generation = deployment.generation
        try:
            if generation != deployment.serving_generation:
                prepared = self._prepare(
                    self._store, deployment, self._generation_folder(generation)
                )
                control = self._attempt(generation, prepared)
                problem = self._await_ready(deployment, control)
                if self._is_interrupted(deployment):
                    return
                if problem:
                    self._end(generation, grace_seconds=0.0)
                    self._report_failure(deployment, "ResourceNotReady", problem)
                    return
        except ShipwayError as error:
            self._note(generation, str(error))
            self._report_failure(deployment, error.code, str(error))
            return
        except Exception as error:
            _LOG.exception("deployment %s could not be prepared", self._key)
            self._report_failure(deployment, "InternalServerError", f"{error!r}")
            return
        self._note(generation, "ready")
        self._since = clock.monotonic()
        self._report("ServingReady", generation, {})

    def _await_ready(self, deployment: OnlineDeployment, control: Path) -> str:
        """Ask until readiness and liveness are satisfied; else why not, with the script's words."""
        live, ready = deployment.liveness_probe, deployment.readiness_probe
        allowed = max(p.initial_delay + p.period * p.failure_threshold for p in (live, ready))
        deadline = clock.monotonic() + allowed
        needed = max(live.success_threshold, ready.success_threshold)
        passed = 0
        path = self._socket(deployment.generation)
        while clock.monotonic() < deadline and not self._is_interrupted(deployment):
            status = process.look(control)
            if status.state in ("ended", "lost"):
                return self._crash_words(control, status)
            if is_healthy(path, timeout=max(live.timeout, ready.timeout)):
                passed += 1
                if passed >= needed:
                    return ""
            else:
                passed = 0
            self._stopping.wait(0.05)
        return (
            f"The deployment did not answer its probes within {allowed:.0f} seconds. Last lines of"
            f" its log:\n{online_deployments.tail(control / 'output', _ERROR_LINES)}"
        )

    def _keep_alive(self, deployment: OnlineDeployment) -> None:
        """One look at the serving process: adopt it, restart it, end older generations."""
        generation = deployment.serving_generation
        self._end_others(deployment)
        control = self._last_attempt(generation)
        status = process.look(control) if control else process.ProcessStatus(state="absent")
        if control is None or status.state in ("ended", "lost", "absent"):
            self._restart(deployment, control, status)
            return
        if clock.monotonic() - self._since > _STEADY_SECONDS:
            self._failures = 0
        self._probe(deployment, control)
        if not self._woken.is_set():
            process.wait(control, seconds=_LOOK_SECONDS)

    def _restart(
        self, deployment: OnlineDeployment, control: Path | None, status: process.ProcessStatus
    ) -> None:
        generation = deployment.serving_generation
        if control is not None and status.state != "absent":
            pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
            how = f"with exit code {status.exit_code}" if status.state == "ended" else "unseen"
            self._note(generation, f"the process ended {how}; it starts again in {pause} s")
            self._failures += 1
            if self._stopping.wait(pause):
                return
        prepared = self._prepare(self._store, deployment, self._generation_folder(generation))
        self._attempt(generation, prepared)
        self._since = self._next_probe = clock.monotonic() + deployment.liveness_probe.initial_delay
        self._missed = 0
        self._report("ServingRestarted", generation, {"failures": self._failures})

    def _probe(self, deployment: OnlineDeployment, control: Path) -> None:
        probe: Probe = deployment.liveness_probe
        now = clock.monotonic()
        if now < self._next_probe:
            return
        self._next_probe = now + probe.period
        if is_healthy(self._socket(deployment.serving_generation), timeout=probe.timeout):
            self._missed = 0
            return
        self._missed += 1
        if self._missed >= probe.failure_threshold:
            self._note(
                deployment.serving_generation,
                f"{self._missed} liveness probes in a row failed; the process is ended",
            )
            process.kill_tree(control)

    def _attempt(self, generation: int, prepared: deployment_files.Prepared) -> Path:
        """The control folder of a process that runs: the last one's, or a new attempt's."""
        last = self._last_attempt(generation)
        if last is not None and process.look(last).state == "running":
            return last
        fresh = last is None or process.look(last).state != "absent"
        number = len(self._attempts(generation)) + 1 if fresh else len(self._attempts(generation))
        control = self._generation_folder(generation) / "attempts" / f"{number:06d}"
        path = self._socket(generation)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        control.mkdir(parents=True, exist_ok=True)
        env_vars = deployment_files.env_vars(self._store, prepared)
        process.start(
            [str(prepared.python), str(deployment_files.LAUNCHER), str(path)],
            control=control, cwd=prepared.app_root, env_vars=env_vars,
        )  # fmt: skip
        return control

    def _end_others(self, deployment: OnlineDeployment) -> None:
        keep = {deployment.serving_generation, deployment.generation}
        for generation in self._generations():
            control = self._last_attempt(generation)
            if generation in keep or control is None:
                continue
            if process.look(control).state == "running":
                # the router has the new address by now; requests under way may finish
                self._stopping.wait(_DRAIN_SECONDS)
                self._end(generation, grace_seconds=_GRACE_SECONDS)
            shutil.rmtree(self._generation_folder(generation), ignore_errors=True)

    def _end(self, generation: int, *, grace_seconds: float) -> None:
        control = self._last_attempt(generation)
        if control is not None:
            process.kill_tree(control, grace_seconds=grace_seconds)
        self._socket(generation).unlink(missing_ok=True)

    def _clear(self, deployment: OnlineDeployment | None) -> None:
        for generation in self._generations():
            self._end(generation, grace_seconds=_GRACE_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)
        if deployment is not None:
            self._report("ServingStopped", deployment.generation, {})

    def _is_interrupted(self, deployment: OnlineDeployment) -> bool:
        """Whether the deployment is wanted otherwise meanwhile, or this supervisor ends."""
        if self._stopping.is_set():
            return True
        now = online_deployments.find_by_key(self._store, self._key)
        return (
            now is None
            or now.generation != deployment.generation
            or now.provisioning_state == "Deleting"
        )

    def _crash_words(self, control: Path, status: process.ProcessStatus) -> str:
        lines = online_deployments.tail(control / "output", _ERROR_LINES, only_traceback=True)
        return (
            "User container has crashed or terminated"
            f" (exit code {status.exit_code}). The end of its log:\n{lines}"
        )

    def _report_failure(self, deployment: OnlineDeployment, code: str, message: str) -> None:
        self._report("ServingFailed", deployment.generation, {"code": code, "message": message})

    def _report(self, kind: str, generation: int, data: dict[str, object]) -> None:
        self._store.journal.append(
            Event(
                kind=kind, subject=f"deployment/{self._key}", at=self._store.clock.now(),
                data={"key": self._key, "generation": generation, **data},
            )
        )  # fmt: skip

    def _note(self, generation: int, text: str) -> None:
        folder = self._generation_folder(generation)
        folder.mkdir(parents=True, exist_ok=True)
        stamp = clock.timestamp(self._store.clock.now())
        with (folder / deployment_files.PREPARING_LOG).open("a") as file:
            file.write(f"{stamp} shipway - {text}\n")

    def _generation_folder(self, generation: int) -> Path:
        return self._folder / str(generation)

    def _generations(self) -> list[int]:
        if not self._folder.exists():
            return []
        return sorted(int(f.name) for f in self._folder.iterdir() if f.name.isdecimal())

    def _attempts(self, generation: int) -> list[Path]:
        folder = self._generation_folder(generation) / "attempts"
        return sorted(folder.iterdir()) if folder.exists() else []

    def _last_attempt(self, generation: int) -> Path | None:
        attempts = self._attempts(generation)
        return attempts[-1] if attempts else None

    def _socket(self, generation: int) -> Path:
        return online_deployments.socket_path(self._store.home, self._key, generation)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def is_healthy(path: Path, *, timeout: float) -> bool:
    """Whether the server behind a socket answers its health route (GET /)."""
    connection = _UnixConnection(path, timeout)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(home_folder: str) -> None:
    """The worker process: serve until standard input ends, which says that the server is gone."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stopping = threading.Event()

    def watch() -> None:
        with contextlib.suppress(OSError, ValueError):
            while sys.stdin.buffer.read(1 << 16):
                continue
        stopping.set()

    threading.Thread(target=watch, daemon=True).start()
    store = open_store(Home(Path(home_folder)), SystemClock())
    store.home.hold(BELL)
    Supervisor(store).run(stopping)


if __name__ == "__main__":
    main(sys.argv[1])
