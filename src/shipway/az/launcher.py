"""The thin client: hands a command to the resident process and takes its exit code.

Written to a file of its own by `az/install.py` and started with `python -I -S`, so it imports
nothing but a few modules of the standard library and costs one interpreter start. What it hands
over: arguments, environment, folder, umask and the three descriptors. Signals go to the child that
runs the command. Where there is no resident, it starts one; where there can be none, it runs the
command in a plain process.
"""

import array
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import time

HOME = "@HOME@"
SOCKETS = "@SOCKETS@"
PROGRAM = "@PROGRAM@"
PYTHON = "@PYTHON@"
START_SECONDS = 60.0


def run_plain() -> None:
    """The command in this process's place."""
    os.environ["SHIPWAY_RESIDENT_HOME"] = HOME
    module = f"shipway.az.programs.{PROGRAM}"
    os.execv(PYTHON, [PYTHON, "-m", module, *sys.argv[1:]])


def connect() -> "socket.socket | None":
    """The resident, when it answers and belongs to this user."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(f"{SOCKETS}/resident.sock")
    except OSError:
        connection.close()
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    if struct.unpack("3i", raw)[1] != os.getuid():
        connection.close()
        return None
    return connection


def start() -> None:
    """Start the resident in a session of its own; one of several starters wins, the others wait."""
    lock = os.open(f"{HOME}/run/resident.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return
    os.close(lock)
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    log = os.open(f"{HOME}/logs/resident.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir("/")
    clean = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    os.execve(PYTHON, [PYTHON, "-m", "shipway.az.resident", HOME], clean)


def connected() -> "socket.socket | None":
    """A connection, after starting a resident if there was none."""
    found = connect()
    if found is not None:
        return found
    end = time.monotonic() + START_SECONDS
    failed = f"{HOME}/run/resident.failed"
    begun = time.time()
    pause, next_start = 0.01, 0.0
    while time.monotonic() < end:
        # again and again: a resident that ends holds the lock for a moment, so a start may not take
        if time.monotonic() >= next_start:
            start()
            next_start = time.monotonic() + 0.5
        found = connect()
        if found is not None:
            return found
        if os.path.exists(failed) and os.path.getmtime(failed) >= begun - 1:
            return None
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    return None


def hand_over(connection: socket.socket) -> None:
    """Send the command and the descriptors."""
    mask = os.umask(0)
    os.umask(mask)
    request = {
        "program": PROGRAM,
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "umask": mask,
    }
    body = json.dumps(request).encode()
    rights = array.array("i", [0, 1, 2])
    head = struct.pack("!I", len(body))
    connection.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    connection.sendall(body)


def lines(connection: socket.socket) -> "list[str]":
    """What the child says: `pid N` when it begins, `exit N` when it is done."""
    held = b""
    child = 0
    code = None

    def forward(number: int, _frame: object) -> None:
        if child:
            try:
                os.kill(child, number)
            except ProcessLookupError:
                return

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH, signal.SIGQUIT):
        signal.signal(number, forward)
    while True:
        try:
            chunk = connection.recv(4096)
        except InterruptedError:
            continue
        if not chunk:
            break
        held += chunk
        while b"\n" in held:
            line, held = held.split(b"\n", 1)
            word, _, value = line.decode().partition(" ")
            if word == "pid":
                child = int(value)
            elif word == "exit":
                code = int(value)
            elif word == "stale":
                return ["stale"]
    return ["exit", str(1 if code is None else code)]


def main() -> int:
    """Run the command; its exit code."""
    for _ in range(3):
        connection = connected()
        if connection is None:
            break
        try:
            hand_over(connection)
            said = lines(connection)
        except (BrokenPipeError, ConnectionResetError):
            said = ["stale"]
        if said[0] == "exit":
            return int(said[1])
        time.sleep(0.05)
    run_plain()
    return 1


if __name__ == "__main__":
    sys.exit(main())
