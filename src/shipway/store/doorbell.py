"""Wakes those who wait for committed rows, across processes, so that nobody has to poll fast.

A listener binds a datagram socket in the home's `run` folder; a ring is one byte to each. A lost
ring costs a listener its timeout, never a row: the rows are the truth.
"""

import contextlib
import socket
from pathlib import Path

from shipway.base import ids


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
    for path in folder.glob(f"bell-{name}-*.sock"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(b"!", str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:  # full: it is awake anyway; or gone meanwhile
                continue
