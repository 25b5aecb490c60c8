"""Follows a step's output file line by line while the step runs."""

from collections.abc import Callable
from pathlib import Path

_CHUNK = 1 << 18


class OutputTail:
    """Gives each whole line to `take` once, in order, from the start of the file."""

    def __init__(self, path: Path, take: Callable[[str], None]) -> None:
        self._path = path
        self._take = take
        self._offset = 0
        self._held = b""

    def pump(self) -> bool:
        """Hand on what is new; whether there was anything."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                chunk = file.read(_CHUNK)
        except FileNotFoundError:
            return False
        self._offset += len(chunk)
        lines = (self._held + chunk).split(b"\n")
        self._held = lines.pop()
        for line in lines:
            self._take(line.decode("utf-8", "replace").rstrip("\r"))
        return bool(chunk)

    def finish(self) -> None:
        """Hand on the rest; a last line without an end counts too."""
        while self.pump():
            pass
        if self._held:
            rest, self._held = self._held, b""
            self._take(rest.decode("utf-8", "replace").rstrip("\r"))
