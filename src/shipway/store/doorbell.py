"""Wakes those who wait for committed rows, across processes, so that nobody has to poll fast.

A listener binds a datagram socket in the home's `run` folder; a ring is one byte to each. A lost
ring costs a listener its timeout, never a row: the rows are the truth.
"""

import atexit
import contextlib
import os
import socket
from pathlib import Path

from shipway.base import ids
from shipway.base.clock import SystemClock

_SETTLED_SECONDS = 1.0
# folder -> its time of change and its sockets then
_known: dict[str, tuple[int, tuple[str, ...]]] = {}
_sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
_sender.setblocking(False)
atexit.register(_sender.close)  # else Python tells of a socket left open when it ends


class Doorbell:
    """One listener. `wait` returns when somebody rang or `seconds` have passed."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"bell-{name}-{ids.new_guid()[:8]}.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))

    def wait(self, seconds: float) -> bool:
        """Whether somebody rang within `seconds`; rings that piled up count as one."""
        self._socket.settimeout(max(seconds, 0.001))
        try:
            self._socket.recv(1)
        except TimeoutError:
            return False
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(1)
        return True

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def ring(folder: Path, name: str) -> None:
    """Wake every listener called `name`; a listener that died is cleared away."""
    start = f"bell-{name}-"
    for path in _listeners(str(folder)):
        if not os.path.basename(path).startswith(start):  # noqa: PTH119  # rung at every commit
            continue
        try:
            _sender.sendto(b"!", path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)
        except OSError:  # full: it is awake anyway; or gone meanwhile
            continue


def _listeners(folder: str) -> tuple[str, ...]:
    """The sockets of a folder, read again when it has changed."""
    try:
        changed = os.stat(folder).st_mtime_ns  # noqa: PTH116
    except FileNotFoundError:
        return ()
    known = _known.get(folder)
    if known is not None and known[0] == changed:
        return known[1]
    with os.scandir(folder) as entries:
        found = tuple(e.path for e in entries if e.name.startswith("bell-"))
    # a folder's time stands still for some milliseconds: a change just now may be followed by
    # one that it does not show
    if SystemClock().now().timestamp() - changed / 1e9 > _SETTLED_SECONDS:
        _known[folder] = (changed, found)
    return found
