"""The only place where a child process is started.

`start` runs a command in its own session under a few lines of sh that claim the control folder
(a second start in the same folder runs nothing), record who they are, send the output to a file
and leave the exit code behind. The server may die at any moment: a later one finds by `look`
whether the command never started, is running (and adopts it) or has ended.
"""

import os
import select
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shipway.base import clock

# what callers of `spawn` and `run` need besides
Child = subprocess.Popen[bytes]
TimeoutExpired = subprocess.TimeoutExpired
PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL

# claim: noclobber makes the redirection an O_EXCL create, so only one wrapper ever passes it.
# exit: one write of a line that ends in a newline; without the newline a reader does not take it.
_WRAPPER = (
    'cd "$SHIPWAY_CONTROL" || exit 125; '
    "set -C; { true > claim; } 2>/dev/null || exit 0; set +C; "
    'read -r stat < /proc/$$/stat 2>/dev/null || stat="$$"; echo "$stat" > pid; '
    'cd "$SHIPWAY_CWD" || { echo 125 > "$SHIPWAY_CONTROL/exit"; exit; }; '
    'c="$SHIPWAY_CONTROL"; f="$SHIPWAY_FILTER"; '
    "unset SHIPWAY_CONTROL SHIPWAY_CWD SHIPWAY_FILTER OLDPWD; "
    'if [ -n "$f" ]; then '
    # a handled signal (unlike an ignored one) is the default again in what the shell starts
    "trap : TERM; "
    '{ trap : TERM; "$@" 2>&1 < /dev/null; echo $? > "$c/code"; } '
    '| eval "$f" > "$c/output" 2>> "$c/filter" || echo $? > "$c/filter-exit"; '
    'read -r code < "$c/code" || code=137; echo "$code" > "$c/exit"; '
    'else trap : TERM; "$@" > "$c/output" 2>&1 < /dev/null; echo $? > "$c/exit"; fi'
)

# our own children with their control folders, kept until they are collected; how they ended is
# read from the folders
_children: dict[int, tuple[Path, subprocess.Popen[bytes]]] = {}
_children_lock = threading.Lock()

ProcessState = Literal["absent", "running", "ended", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStatus:
    """What a control folder says.

    `absent`: never started. `running`: alive under `pid`. `ended`: `exit_code` is there.
    `lost`: it was started and is gone without an exit code (killed from outside, or the
    machine stopped).
    """

    state: ProcessState
    pid: int = 0
    exit_code: int = -1


def start(
    command: Sequence[str],
    *,
    control: Path,
    cwd: Path,
    env_vars: Mapping[str, str],
    output_filter: Sequence[str] = (),
    pass_fds: Sequence[int] = (),
) -> None:
    """Start `command` in `cwd` with exactly `env_vars`; output goes to `control/output`.

    `output_filter` is a command through which the output passes on its way to that file; it finds
    the command's exit code in `control/code` once it has ended. `pass_fds` are descriptors that
    both inherit. Idempotent per control folder: a command that was started there before is not
    started again. Raises `OSError` when the process cannot be made.
    """
    control.mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen(
        ["/bin/sh", "-c", _WRAPPER, "shipway-step", *command],
        env={
            **env_vars,
            "SHIPWAY_CONTROL": str(control),
            "SHIPWAY_CWD": str(cwd),
            "SHIPWAY_FILTER": shlex.join(output_filter),
        },
        pass_fds=tuple(pass_fds),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        close_fds=True,
    )
    with _children_lock:
        _children[child.pid] = (control, child)


def look(control: Path) -> ProcessStatus:
    """The state of the command of a control folder, from its files and the process table."""
    code = _exit_code(control)
    if code is not None:
        return ProcessStatus(state="ended", exit_code=code)
    try:
        recorded = (control / "pid").read_text()
    except OSError:
        recorded = ""
    if not recorded.endswith("\n"):
        claimed = (control / "claim").exists()
        return ProcessStatus(state="lost" if claimed and not _settle(control) else "absent")
    pid = int(recorded.split()[0])
    if _is_same_process(pid, recorded):
        return ProcessStatus(state="running", pid=pid)
    code = _exit_code(control)
    if code is not None:
        return ProcessStatus(state="ended", exit_code=code)
    return ProcessStatus(state="lost", pid=pid)


def filter_failure(control: Path) -> str:
    """How the output filter of a command that has ended failed; empty when it did not."""
    try:
        code = (control / "filter-exit").read_text().strip()
    except FileNotFoundError:
        return ""
    said = (control / "filter").read_text(errors="replace").strip().splitlines()
    return f"it ended with {code}" + (f": {said[-1]}" if said else "")


def wait(control: Path, *, seconds: float | None = None) -> ProcessStatus:
    """Hold the thread until the command has ended, or `seconds` have passed.

    Works for commands that another process started. Uses a pidfd where the system has one.
    """
    deadline = None if seconds is None else clock.monotonic() + seconds
    pause = 0.001
    _wait_own(control, seconds)
    while True:
        status = look(control)
        if status.state in ("ended", "lost"):
            _reap()
            return status
        left = None if deadline is None else deadline - clock.monotonic()
        if left is not None and left <= 0:
            return status
        if status.state == "running" and _wait_pidfd(status.pid, left):
            continue
        clock.sleep(pause)
        pause = min(pause * 2, 0.05)


def kill_tree(control: Path, *, grace_seconds: float = 0.0) -> None:
    """End the command and everything that it started, also what left its session.

    SIGTERM first when `grace_seconds` is given, then SIGKILL; returns when all are gone. The
    wrapper is spared the SIGTERM, so that it can still leave the exit code. Safe to call when the
    command has ended.
    """
    status = look(control)
    if not status.pid:
        return
    if grace_seconds > 0:
        _signal_all([pid for pid in _family(status.pid) if pid != status.pid], signal.SIGTERM)
        end = clock.monotonic() + grace_seconds
        while _family(status.pid) and clock.monotonic() < end:
            clock.sleep(0.01)
    for _ in range(400):  # a family that forks while it is killed needs more than one look
        family = _family(status.pid)
        if not family:
            break
        _signal_all(family, signal.SIGKILL)
        clock.sleep(0.005)
    _reap()
    if _exit_code(control) is None:
        (control / "exit").write_text("137\n")


def kill_marked(marker: str) -> list[str]:
    """Kill every process of this user whose environment holds `NAME=value`; who they were.

    Finds what has left its session and its parents, as a daemon does. Looks until none is left.
    """
    killed: dict[int, str] = {}
    for _ in range(20):
        found = _marked(f"\0{marker}\0".encode())
        if not found:
            break
        killed |= found
        _signal_all(list(found), signal.SIGKILL)
        clock.sleep(0.005)
    _reap()
    return [f"pid ({pid}) ({name})" for pid, name in sorted(killed.items())]


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env_vars: Mapping[str, str] | None = None,
    input_bytes: bytes | None = None,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a short command to its end and return its output; never raises on an exit code.

    Raises `subprocess.TimeoutExpired` past `seconds` and `OSError` when it cannot be started.
    """
    return subprocess.run(
        list(command), cwd=cwd, env=None if env_vars is None else dict(env_vars),
        input=input_bytes, stdin=None if input_bytes is not None else subprocess.DEVNULL,
        capture_output=True, timeout=seconds, check=False,
    )  # fmt: skip


def spawn(
    command: Sequence[str],
    *,
    env_vars: Mapping[str, str],
    cwd: Path | None = None,
    **streams: Any,  # noqa: ANN401  # stdin, stdout, stderr, pass_fds as Popen takes them
) -> subprocess.Popen[bytes]:
    """A child whose streams the caller handles itself (a worker, git, a resident process)."""
    return subprocess.Popen(list(command), cwd=cwd, env=dict(env_vars), **streams)


def _exit_code(control: Path) -> int | None:
    try:
        text = (control / "exit").read_text()
    except OSError:
        return None
    return int(text) if text.endswith("\n") and text.strip() else None


def _settle(control: Path) -> bool:
    """Give a wrapper that has just claimed its folder the moment it needs to say who it is."""
    for _ in range(50):
        if (control / "pid").exists():
            return True
        clock.sleep(0.002)
    return False


def _is_same_process(pid: int, recorded: str) -> bool:
    try:
        present = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc/self").exists():
            return False
        return _signal_zero(pid)
    state_and_on = present.rpartition(")")[2].split()
    then = recorded.rpartition(")")[2].split()
    if state_and_on[0] in ("Z", "X"):
        return False
    return len(then) < 20 or state_and_on[19] == then[19]


def _signal_zero(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _wait_own(control: Path, seconds: float | None) -> None:
    """Wait for a wrapper that this process has started; returns at once for any other."""
    with _children_lock:  # nobody collects it meanwhile, so that its number is still its own
        pid = next((pid for pid, (own, _) in _children.items() if own == control), None)
        descriptor = None if pid is None else _pidfd(pid)
    if descriptor is not None:
        _poll(descriptor, seconds)


def _wait_pidfd(pid: int, seconds: float | None) -> bool:
    """Wait on a pidfd; False where the system has none or the process is gone."""
    descriptor = _pidfd(pid)
    if descriptor is None:
        return False
    _poll(descriptor, seconds)
    return True


def _pidfd(pid: int) -> int | None:
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _poll(descriptor: int, seconds: float | None) -> None:
    """Wait until a pidfd's process has ended, and close it."""
    try:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        poller.poll(None if seconds is None else max(0.0, seconds) * 1000)
    finally:
        os.close(descriptor)


def _reap() -> None:
    """Collect children that have ended, so that none stays a zombie."""
    with _children_lock:
        for pid in [p for p, (_, child) in _children.items() if child.poll() is not None]:
            del _children[pid]


def _family(root: int) -> list[int]:
    """Processes in the session of `root`, and all that descend from one of them."""
    parents: dict[int, int] = {}
    members: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] in ("Z", "X"):
            continue
        pid = int(entry.name)
        parents[pid] = int(fields[1])
        if int(fields[3]) == root or pid == root:
            members.add(pid)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in members} - members
        members |= more
        grown = bool(more)
    return sorted(members)


def _marked(text: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if text in b"\0" + (entry / "environ").read_bytes() + b"\0":
                found[int(entry.name)] = (entry / "comm").read_text().strip()
        except OSError:  # it has ended, or is another user's
            continue
    return found


def _signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
