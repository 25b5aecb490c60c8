"""A program for the resident that tells what it finds itself to be, and a resident that has it."""

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from shipway.az import preload, resident


def main(arguments: Sequence[str]) -> int:
    verb, *rest = arguments
    return VERBS[verb](rest)


def _facts(rest: list[str]) -> int:
    mask = os.umask(0)
    print(
        json.dumps(
            {
                "arguments": rest, "argv": sys.argv, "environment": dict(os.environ),
                "folder": str(Path.cwd()), "umask": mask, "pid": os.getpid(),
                "hour": time.localtime(0).tm_hour, "threads": threading.active_count(),
                "command_line": Path("/proc/self/cmdline").read_bytes().decode(),
            }
        )
    )  # fmt: skip
    return 0


def _echo(rest: list[str]) -> int:
    text = sys.stdin.read()
    print(f"out {text}")
    print(f"err {text}", file=sys.stderr)
    return int(rest[0])


def _wait(rest: list[str]) -> int:
    del rest
    print(os.getpid(), flush=True)
    time.sleep(60)
    return 0


def _width(rest: list[str]) -> int:
    """The terminal's width before and after it changes."""
    del rest
    changed = threading.Event()
    signal.signal(signal.SIGWINCH, lambda *_: changed.set())
    print(shutil.get_terminal_size().columns, flush=True)
    deadline = time.monotonic() + 20
    while not changed.is_set() and time.monotonic() < deadline:
        time.sleep(0.01)
    print(os.get_terminal_size(1).columns, flush=True)
    return 0


def _break(rest: list[str]) -> int:
    raise RuntimeError(" ".join(rest))


VERBS: dict[str, Callable[[list[str]], int]] = {
    "facts": _facts, "echo": _echo, "wait": _wait, "width": _width, "break": _break,
}  # fmt: skip


def serve(home: str, idle: str, alone: str, audit: str) -> int:
    """A real resident with this program; what it does with sockets goes to the file `audit`."""
    own = os.getpid()

    def note(event: str, facts: tuple[Any, ...]) -> None:
        network = ("socket.connect", "socket.getaddrinfo", "socket.sendto")
        if event in network and os.getpid() == own:
            with Path(audit).open("a") as file:
                file.write(f"{event} {facts[1:]}\n")

    sys.addaudithook(note)
    sys.modules["shipway.az.programs.probe"] = sys.modules[__name__]
    resident.IDLE_SECONDS, resident.ALONE_SECONDS = float(idle), float(alone)
    package = Path(home) / "package"
    preload.stamp = lambda: package.stat().st_mtime_ns
    return resident.main([home])


if __name__ == "__main__":
    # under its own name, so that the resident's children find this very module
    sys.path.insert(0, str(Path.cwd()))
    from tests.support import az_probe

    sys.exit(az_probe.serve(*sys.argv[1:]))
