"""A process with the SDKs loaded that forks for each command, so that none waits for imports.

    python -m shipway.az.resident HOME

Single-threaded and without network until it forks. The child takes over the caller's environment,
folder, umask, descriptors and arguments, builds its credentials anew, and ends with the command's
exit code. It ends when idle and when the package behind it changes.
"""

import array
import fcntl
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from shipway.az import preload
from shipway.az.launcher import FORWARDED, user_of
from shipway.base import clock, front_door
from shipway.base.home import Home

IDLE_SECONDS = 30 * 60.0
# with no server on the home there is nothing to speak to
ALONE_SECONDS = 60.0
_HEAD = struct.Struct("!I")
_LARGEST = 32 << 20
_TICK_SECONDS = 2.0


class Resident:
    """Listens, checks who calls, forks."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._stamp = preload.stamp()
        self._children: set[int] = set()
        path = Home(home).sockets / "resident.sock"
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        self._listener.bind(str(path))
        os.umask(mask)
        self._listener.listen(64)
        self._path = path

    def serve(self) -> None:
        """Until nobody has called for a while, or the code on disk is another."""
        selector = selectors.DefaultSelector()
        selector.register(self._listener, selectors.EVENT_READ)
        last = clock.monotonic()
        while self._children or clock.monotonic() - last < self._patience():
            ready = selector.select(timeout=_TICK_SECONDS)
            self._reap()
            if not self._home.is_dir():
                return
            if not ready:
                continue
            last = clock.monotonic()
            connection, _ = self._listener.accept()
            if not self._take(connection):
                return

    def close(self) -> None:
        """Stop listening; commands that run go on."""
        self._path.unlink(missing_ok=True)
        self._listener.close()

    def _patience(self) -> float:
        state = front_door.find_state(Home(self._home))
        is_up = state is not None and Path(f"/proc/{state.pid}").exists()
        return IDLE_SECONDS if is_up else ALONE_SECONDS

    def _take(self, connection: socket.socket) -> bool:
        """One command; False when the resident must end because it is out of date."""
        if user_of(connection) != os.getuid():
            connection.close()
            return True
        if preload.stamp() != self._stamp:
            self.close()  # closed before it began: the caller takes the command to the next one
            connection.close()
            return False
        if preload.thread_count() != 1:
            raise RuntimeError("the resident process has a thread; a fork would not be safe")
        pid = os.fork()
        if pid:
            self._children.add(pid)
            connection.close()
            return True
        self._listener.close()
        _become(connection)
        return True

    def _reap(self) -> None:
        while self._children:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._children.clear()
                return
            if pid == 0:
                return
            self._children.discard(pid)


def _become(connection: socket.socket) -> None:
    """In the child: turn into the command, run it, never come back."""
    code = 3
    try:
        request, descriptors = _receive(connection)
        _take_over(request, descriptors)
        connection.sendall(f"pid {os.getpid()}\n".encode())
        threading.Thread(target=_end_with_caller, args=(connection,), daemon=True).start()
        code = _run(str(request["program"]), list(request["arguments"]))
    except BaseException:  # whatever it is, the caller must get an exit code
        traceback.print_exc()
    finally:
        _flush()
        try:
            connection.sendall(f"exit {code}\n".encode())
        finally:
            os._exit(code & 0xFF)


def _end_with_caller(connection: socket.socket) -> None:
    """Hang up when the caller is gone without a word: killed, so that it could not forward that."""
    try:
        while connection.recv(64):
            continue
    except OSError:
        pass
    os.killpg(0, signal.SIGHUP)
    os._exit(128 + signal.SIGHUP)


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    rights = array.array("i")
    head, ancillary, _, _ = connection.recvmsg(_HEAD.size, socket.CMSG_LEN(3 * rights.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            rights.frombytes(data[: len(data) - len(data) % rights.itemsize])
    (length,) = _HEAD.unpack(head)
    if length > _LARGEST or len(rights) != 3:
        raise ValueError("the caller sent no command")
    body = b""
    while len(body) < length:
        chunk = connection.recv(min(1 << 16, length - len(body)))
        if not chunk:
            raise ValueError("the caller went away")
        body += chunk
    return dict(json.loads(body)), list(rights)


def _take_over(request: dict[str, Any], descriptors: list[int]) -> None:
    os.setpgid(0, 0)
    for number in FORWARDED:
        ignored = number in request.get("ignored", ())
        signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
    if signal.SIGINT not in request.get("ignored", ()):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    preload.replace_environment(request["environment"])
    time.tzset()  # TZ was read when this process began
    os.umask(int(request["umask"]))
    os.chdir(request["folder"])
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)


def _run(program: str, arguments: list[str]) -> int:
    module = importlib.import_module(f"shipway.az.programs.{program}")
    sys.argv = [program, *arguments]
    try:
        return int(module.main(arguments))
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue


def main(arguments: list[str]) -> int:
    """Serve the home that the first argument names; at once 0 when another does."""
    home = Path(arguments[0])
    lock = os.open(home / "run" / "resident.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return 0
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)  # for `shipway down`
    failed = home / "run" / "resident.failed"
    try:
        preload.load(home / "run")
        resident = Resident(home)
    except Exception:
        # whoever waits for this process must not wait for nothing
        failed.write_text(traceback.format_exc())
        raise
    failed.unlink(missing_ok=True)
    try:
        resident.serve()
    finally:
        resident.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
