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
# to the child as they come; what stops or ends this process must stop or end that one
FORWARDED = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGWINCH,
    signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip


class Launcher:
    """One command for the resident of one home."""

    def __init__(
        self, home: str, sockets: str, program: str, python: str, arguments: "list[str]"
    ) -> None:
        self._home = home
        self._sockets = sockets
        self._program = program
        self._python = python
        self._arguments = arguments
        self._child = 0
        self._last_signal = 0

    def run(self) -> int:
        """The command's exit code; 128 and the signal's number when a signal ended it."""
        for _ in range(3):
            connection = self._connected()
            if connection is None:
                break
            try:
                self._hand_over(connection)
                code = self._outcome(connection)
            except (BrokenPipeError, ConnectionResetError):
                code = None
            if code is not None:
                return code
            time.sleep(0.02)  # a resident that ends: the next one takes the command
        self._run_plain()
        return 1

    def _run_plain(self) -> None:
        """The command in this process's place."""
        for number in FORWARDED:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        os.environ["SHIPWAY_RESIDENT_HOME"] = self._home
        module = f"shipway.az.programs.{self._program}"
        os.execv(self._python, [self._python, "-m", module, *self._arguments])

    def _connected(self) -> "socket.socket | None":
        """A connection, after starting a resident if there was none."""
        found = self._connect()
        if found is not None:
            return found
        if not os.access(f"{self._home}/run", os.W_OK):
            return None
        end = time.monotonic() + START_SECONDS
        failed = f"{self._home}/run/resident.failed"
        begun = time.time()
        pause, next_start = 0.01, 0.0
        while time.monotonic() < end:
            # again and again: a resident that ends holds the lock for a moment more
            if time.monotonic() >= next_start:
                self._start()
                next_start = time.monotonic() + 0.5
            found = self._connect()
            if found is not None:
                return found
            if os.path.exists(failed) and os.path.getmtime(failed) >= begun - 1:
                return None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)
        return None

    def _connect(self) -> "socket.socket | None":
        """The resident, when it answers and belongs to this user."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(f"{self._sockets}/resident.sock")
        except OSError:
            connection.close()
            return None
        if user_of(connection) != os.getuid():
            connection.close()
            return None
        return connection

    def _start(self) -> None:
        """Start the resident in a session of its own; of several starters one wins."""
        lock = os.open(f"{self._home}/run/resident.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        finally:
            os.close(lock)
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            return
        os.setsid()
        if os.fork():
            os._exit(0)
        os.umask(0o077)
        log = os.open(f"{self._home}/logs/resident.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(3, 256)
        os.chdir("/")
        kept = ("PATH", "LANG", "LC_ALL", "HOME")
        clean = {name: os.environ[name] for name in kept if name in os.environ}
        os.execve(self._python, [self._python, "-m", "shipway.az.resident", self._home], clean)

    def _hand_over(self, connection: socket.socket) -> None:
        """Send the command and the descriptors."""
        mask = os.umask(0)
        os.umask(mask)
        request = {
            "program": self._program,
            "arguments": self._arguments,
            "environment": dict(os.environ),
            "folder": os.getcwd(),
            "umask": mask,
            "ignored": [n for n in FORWARDED if signal.getsignal(n) == signal.SIG_IGN],
        }
        body = json.dumps(request).encode()
        rights = array.array("i", open_descriptors())
        head = struct.pack("!I", len(body))
        connection.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        connection.sendall(body)

    def _outcome(self, connection: socket.socket) -> "int | None":
        """The exit code, or None when the command never began.

        The resident's child says `pid N` when it begins and `exit N` when it is done.
        """
        for number in FORWARDED:
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup, a shell's background
                signal.signal(number, self._forward)
        held = b""
        while True:
            chunk = connection.recv(4096)
            if not chunk:
                break
            held += chunk
            while b"\n" in held:
                line, held = held.split(b"\n", 1)
                word, _, value = line.decode().partition(" ")
                if word == "pid":
                    self._child = int(value)
                    if self._last_signal:
                        self._forward(self._last_signal, None)
                elif word == "exit":
                    return int(value)
        if not self._child:
            return None
        if self._last_signal:
            return 128 + self._last_signal
        sys.stderr.write("ERROR: the command's process ended without an exit code\n")
        return 1

    def _forward(self, number: int, _frame: object) -> None:
        if number != signal.SIGWINCH:
            self._last_signal = number
        if self._child:
            try:
                os.killpg(self._child, number)
            except ProcessLookupError:
                return


def user_of(connection: socket.socket) -> int:
    """The user id of the process at the other end."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", raw)[1])


def open_descriptors() -> "list[int]":
    """Standard input, output and error; /dev/null for one that the caller has closed."""
    found = []
    for number in (0, 1, 2):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            found.append(os.open("/dev/null", os.O_RDWR))
    return found


def main() -> int:
    """Run the command; its exit code."""
    return Launcher(HOME, SOCKETS, PROGRAM, PYTHON, sys.argv[1:]).run()


if __name__ == "__main__":
    sys.exit(main())
