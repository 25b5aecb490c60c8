"""The state folder on disk: names of every file and folder in it, its README, its lock."""

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shipway.base.errors import BadInput, Conflict

_LONGEST_SOCKET_FOLDER = 75

_README = """\
This folder is shipway's state: one server's database, files, certificates and logs.

shipway.sqlite   resources, runs, jobs, journal (SQLite, WAL)
files/           contents by SHA-256
ca/              the local certificate authority; authority.key is private (0600)
secrets.key      the key that encrypts stored secrets (0600)
repositories/    bare git repositories
jobs/ runs/      working folders of ML jobs and pipeline jobs
environments/    Python environments, by content
logs/            the server's and the workers' own logs
run/             sockets, pid and ports of a running server

Stop the server with `shipway down` before you move or delete it.
"""


class HomeInUse(Conflict):
    """Another server holds this home."""

    default_code = "HomeInUse"


class Home:
    """Paths below one state folder. `create()` makes them; nothing else touches the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "shipway.sqlite"
        self.files = root / "files"
        self.authority = root / "ca"
        self.secrets_key = root / "secrets.key"
        self.repositories = root / "repositories"
        self.jobs = root / "jobs"
        self.runs = root / "runs"
        self.environments = root / "environments"
        self.logs = root / "logs"
        self.run = root / "run"
        self.sockets = _socket_folder(root)
        self.temporary = root / "tmp"
        self.lock = root / "lock"
        self.server_state = root / "run" / "server.json"

    def create(self) -> None:
        """Make every folder (0700) and the README. Safe to call again."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for folder in (
            self.files, self.authority, self.repositories, self.jobs, self.runs,
            self.environments, self.logs, self.run, self.temporary,
        ):  # fmt: skip
            folder.mkdir(exist_ok=True, mode=0o700)
        self._create_sockets()
        readme = self.root / "README"
        if not readme.exists():
            readme.write_text(_README)

    def _create_sockets(self) -> None:
        self.sockets.parent.mkdir(exist_ok=True, mode=0o700)
        self.sockets.mkdir(exist_ok=True, mode=0o700)
        if self.sockets.stat().st_uid != os.getuid() or self.sockets.is_symlink():
            raise Conflict(
                f"{self.sockets} belongs to somebody else",
                code="SocketFolderTaken",
                where=str(self.sockets),
                hint="Give a home with a shorter path in SHIPWAY_HOME, so that it is not needed.",
            )

    def holder(self) -> Mapping[str, Any] | None:
        """Who holds the lock, as written by `acquire`; None when nobody does."""
        if not self.lock.exists():
            return None
        descriptor = os.open(self.lock, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(descriptor, 65536, 0).decode(errors="replace")
            return dict(json.loads(text)) if text.strip() else {}
        finally:
            os.close(descriptor)
        return None

    def acquire(self, facts: Mapping[str, Any]) -> int:
        """Take the lock for the life of the returned descriptor.

        Raises `HomeInUse` naming the holder's process and ports.
        """
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(descriptor, 65536, 0).decode(errors="replace") or "{}"
            os.close(descriptor)
            held = json.loads(text)
            raise HomeInUse(
                f"the home {self.root} is held by process {held.get('pid', '?')}",
                where=str(self.lock),
                hint="Use it (`shipway status`), stop it (`shipway down`), "
                "or give another home with SHIPWAY_HOME.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(dict(facts)).encode(), 0)
        return descriptor

    def hold(self, worker: str) -> int:
        """Be the one worker of that name for the life of the returned descriptor.

        Waits until an earlier one is gone: a server that was killed leaves a worker that takes a
        moment to notice, and both would lease the same work.
        """
        descriptor = os.open(self.run / f"{worker}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor


def _socket_folder(root: Path) -> Path:
    """Where unix sockets lie: in the home, or where its path is too long for a socket's address
    (107 characters in all on Linux), in a folder of the user's own below /tmp."""
    inside = root / "run"
    if len(str(inside)) <= _LONGEST_SOCKET_FOLDER:
        return inside
    name = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    return Path("/tmp") / f"shipway-{os.getuid()}" / name  # noqa: S108  # 0700 and checked


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read (0600), atomically."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def safe_join(folder: Path, relative: str) -> Path:
    """`folder/relative`, refusing whatever would leave `folder` (`..`, absolute, NUL, links).

    Raises `BadInput` with code `PathOutsideFolder`.
    """
    if "\x00" in relative or relative.startswith(("/", "\\")):
        raise BadInput(f"the path {relative!r} is not relative", code="PathOutsideFolder")
    candidate = (folder / relative).resolve()
    if not candidate.is_relative_to(folder.resolve()):
        raise BadInput(f"the path {relative!r} climbs out of its folder", code="PathOutsideFolder")
    return candidate
