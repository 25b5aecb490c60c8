"""Keeps the worker processes alive: starts them, starts them again when they die.

A worker's standard input is a pipe that the server holds open; its end tells the worker that the
server is gone, however that happened. Steps that a worker started live on and are adopted.
"""

import importlib.util
import logging
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from shipway.base import clock, process
from shipway.base.home import Home

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0
_STEADY_SECONDS = 60.0  # a worker that lived this long starts the pauses anew
_STOP_SECONDS = 5.0
_LOG_LIMIT = 10 << 20

# what a worker needs of the shell that started the server; uv's and pip's own settings say where
# packages come from
_PASSED = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "SHIPWAY_SLOTS",
    "XDG_CACHE_HOME", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY",
    "all_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
_PASSED_PREFIXES = ("UV_", "PIP_")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """One worker: `pid` 0 while it is down."""

    name: str
    pid: int
    starts: int


def worker_variables(env_vars: Mapping[str, str], home: Home) -> dict[str, str]:
    """A worker's environment: a short list of the server's variables, nothing else."""
    kept = {
        name: value
        for name, value in env_vars.items()
        if name in _PASSED or name.startswith(_PASSED_PREFIXES)
    }
    return {**kept, "SHIPWAY_HOME": str(home.root), "MALLOC_ARENA_MAX": "2"}


def is_present(module: str) -> bool:
    """Whether a worker's module can be run."""
    return importlib.util.find_spec(module) is not None


class Worker:
    """One supervised worker process: `python -m <module> <home>`."""

    def __init__(self, name: str, module: str, *, home: Home, env_vars: Mapping[str, str]) -> None:
        self.name = name
        self._command = [sys.executable, "-m", module, str(home.root)]
        self._home = home
        self._env_vars = env_vars
        self._stopping = threading.Event()
        self._child: process.Child | None = None
        self._starts = 0
        self._thread = threading.Thread(target=self._run, name=f"worker {name}", daemon=True)

    def start(self) -> None:
        """Start the process and begin to watch it."""
        self._thread.start()

    def stop(self) -> None:
        """Close its input, wait a moment, then end it. What it started is left alone."""
        self._stopping.set()
        child = self._child
        if child is not None and child.poll() is None:
            _close(child)
            try:
                child.wait(_STOP_SECONDS)
            except process.TimeoutExpired:
                _LOG.warning("worker %s did not end by itself", self.name)
                child.kill()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def status(self) -> WorkerStatus:
        """How it is now."""
        child = self._child
        pid = child.pid if child is not None and child.poll() is None else 0
        return WorkerStatus(name=self.name, pid=pid, starts=self._starts)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            began = clock.monotonic()
            code = self._live()
            if self._stopping.is_set():
                return
            if clock.monotonic() - began > _STEADY_SECONDS:
                pause = _FIRST_PAUSE
            _LOG.error("worker %s ended (%s); again in %.1f s", self.name, code, pause)
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _live(self) -> int | str:
        """One life of the process; its exit code, or why it could not be started."""
        try:
            with self._log() as log:
                child = process.spawn(
                    self._command, env_vars=self._env_vars, cwd=self._home.root,
                    stdin=process.PIPE, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            return str(error)
        self._starts += 1
        self._child = child
        if self._stopping.is_set():  # stop() may have looked before this child was there
            _close(child)
        code = child.wait()
        _close(child)
        return code

    def _log(self) -> IO[bytes]:
        path = self._home.logs / f"{self.name}.log"
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")


def _close(child: process.Child) -> None:
    if child.stdin is not None:
        child.stdin.close()
