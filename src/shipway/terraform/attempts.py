"""Creates whose outcome Terraform may never have learned, kept so that the next apply goes on.

When Terraform or a provider is killed, or the server goes away, in the middle of a create, the
thing may be there without being in the state. Each create leaves a note before it begins; notes
are dropped when the process ends in order. A note that is left over belongs to a run that was cut
off: the next create of the same thing in the same folder takes it up. Notes hold no secrets.
"""

import contextlib
import itertools
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shipway.base import ids
from shipway.base.clock import SystemClock
from shipway.terraform.resource import Values

_DAYS = 7  # a note that nobody has taken up by then is of a folder that nobody works in


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One create. `made` is what came out of it, as far as it got; empty: nobody knows."""

    path: Path
    made: Values = field(default_factory=dict)


class Attempts:
    """The notes of one provider process; `scope` is the folder and workspace of Terraform."""

    def __init__(self, folder: Path, scope: str) -> None:
        self._folder = folder
        self._scope = scope
        self._own = f"{os.getpid()}-{_started(os.getpid())}"
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._open: dict[Path, bool] = {}
        self._earlier = self._left_over()

    def begin(self, type_name: str, given: Mapping[str, Any]) -> Attempt:
        """Note that a create begins. A folder that cannot be written costs only the note."""
        path = self._folder / f"{self._key(type_name, given)}.{self._own}.{next(self._numbers)}"
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text("{}")
        with self._lock:
            self._open[path] = False
        return Attempt(path=path)

    def note(self, attempt: Attempt, made: Values) -> None:
        """Write down what came out of a create (without secrets)."""
        with contextlib.suppress(OSError, TypeError):
            text = json.dumps(made)
            temporary = attempt.path.with_name(f".{attempt.path.name}")
            temporary.write_text(text)
            temporary.replace(attempt.path)

    def drop(self, attempt: Attempt) -> None:
        """It is certain that nothing came of it."""
        with self._lock:
            self._open.pop(attempt.path, None)
        _remove(attempt.path)

    def keep(self, attempt: Attempt) -> None:
        """Nobody knows what came of it: the note outlives this process."""
        with self._lock:
            self._open[attempt.path] = True

    def take_up(self, type_name: str, given: Mapping[str, Any]) -> Attempt | None:
        """A left-over note of the same create; each is given out once."""
        prefix = f"{self._key(type_name, given)}."
        with self._lock:
            for path in [one for one in self._earlier if one.name.startswith(prefix)]:
                self._earlier.remove(path)
                made = _content(path)
                with contextlib.suppress(OSError):
                    path.unlink()
                    return Attempt(path=path, made=made)
        return None

    def saved(self, identifier: object) -> None:
        """A state holds this id, so that nobody has to look for it."""
        if not self._earlier:
            return
        with self._lock:
            for path in list(self._earlier):
                if identifier and _content(path).get("id") == identifier:
                    self._earlier.remove(path)
                    _remove(path)

    def close(self) -> None:
        """Terraform has ended in order: it knows of everything that it was told."""
        with self._lock:
            for path, is_kept in self._open.items():
                if not is_kept:
                    _remove(path)

    def _key(self, type_name: str, given: Mapping[str, Any]) -> str:
        text = json.dumps([self._scope, type_name, given], sort_keys=True, default=str)
        return ids.digest(text)[:40]

    def _left_over(self) -> list[Path]:
        try:
            found = sorted(self._folder.iterdir())
        except OSError:
            return []
        left_over = [path for path in found if _is_left_over(path.name)]
        oldest = SystemClock().now().timestamp() - _DAYS * 86400
        for path in left_over:
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    _remove(path)
        return left_over


def scope_of(env_vars: Mapping[str, str]) -> str:
    """The folder that Terraform works in, and its workspace."""
    here = Path.cwd()
    data = here / (env_vars.get("TF_DATA_DIR") or ".terraform")
    workspace = env_vars.get("TF_WORKSPACE", "")
    with contextlib.suppress(OSError):
        workspace = workspace or (data / "environment").read_text().strip()
    return f"{here}\n{workspace or 'default'}"


def candidates(given: Mapping[str, Any], message: str) -> Iterator[str]:
    """What a thing that is said to be there already may be imported by."""
    _, found, rest = message.partition('A resource with the ID "')
    if found:
        yield rest.partition('"')[0]
        return
    name = given.get("name") or given.get("display_name")
    if isinstance(name, str) and given.get("project_id"):
        yield f"{given['project_id']}/{name}"
    elif isinstance(name, str):
        yield name


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _content(path: Path) -> Values:
    try:
        told = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _is_left_over(name: str) -> bool:
    """Whether the process that wrote the note is gone."""
    parts = name.split(".")
    if len(parts) != 3 or not parts[0]:
        return False
    pid, _, started = parts[1].partition("-")
    return not pid.isdecimal() or _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a process began, in the system's own count; empty when it is gone.

    One that has ended and that nobody has asked about is gone: in a container without an init it
    stays listed for good.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in ("Z", "X") else fields[19]
    except (OSError, IndexError):
        pass
    try:
        os.kill(pid, 0)
    except OSError:
        return ""
    return "running"
