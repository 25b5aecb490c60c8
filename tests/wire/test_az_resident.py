"""The resident and its thin clients: real processes on a home of their own, no server."""

import fcntl
import json
import os
import pty
import signal
import socket
import stat
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shipway.az import install, launcher, preload
from shipway.base.home import Home

SECONDS = 40.0
REPOSITORY = Path(__file__).parents[2]


class Tools:
    """A home with thin clients, and its resident."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.create()
        self.bin = root / "bin"
        self.bin.mkdir()
        self.audit = root / "audit"
        (root / "package").touch()
        for name in ("probe", "az"):
            install.program(self.home, name, self.bin / name)
        self.started: list[subprocess.Popen[bytes]] = []

    @property
    def socket(self) -> Path:
        return self.home.sockets / "resident.sock"

    def start(self, *, idle: float = 600, alone: float = 600) -> subprocess.Popen[bytes]:
        begun = subprocess.Popen(
            [sys.executable, "-m", "tests.support.az_probe", str(self.home.root), str(idle),
             str(alone), str(self.audit)],
            cwd=REPOSITORY, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.started.append(begun)
        until(lambda: self.socket.exists() or begun.poll() is not None)
        return begun

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / words[0]), *words[1:]], capture_output=True, text=True,
            timeout=SECONDS, check=False, **options,
        )  # fmt: skip

    def open(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.bin / words[0]), *words[1:]], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip

    def residents(self) -> list[int]:
        found = []
        for path in Path("/proc").iterdir():
            if path.name.isdecimal():
                try:
                    words = (path / "cmdline").read_bytes().decode().split("\0")
                    parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
                except OSError:
                    continue
                if str(self.home.root) in words and any("resident" in w for w in words):
                    found.append((int(path.name), int(parent)))
        own = {pid for pid, _ in found}
        return [pid for pid, parent in found if parent not in own]  # without those that it forked

    def close(self) -> None:
        for pid in self.residents():
            os.kill(pid, signal.SIGKILL)
        for begun in self.started:
            begun.kill()
            begun.wait()


def until(is_so: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    made = Tools(tmp_path / "h")
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    made = Tools(tmp_path_factory.mktemp("resident") / "h")
    made.start()
    yield made
    made.close()


def test_one_thread_and_no_network_before_it_forks(shared: Tools) -> None:
    pid = shared.started[0].pid
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    assert not shared.audit.exists(), shared.audit.read_text()
    opened = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    assert len([name for name in opened if name.startswith("socket:")]) == 1  # it listens


def test_the_socket_is_its_owners_alone(shared: Tools) -> None:
    found = shared.socket.stat()
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_uid == os.getuid()
    assert stat.S_IMODE(shared.socket.parent.stat().st_mode) == 0o700


def test_the_child_is_as_its_caller(shared: Tools, tmp_path: Path) -> None:
    env_vars = {"PATH": os.environ["PATH"], "TZ": "XYZ-5", "ONLY_HERE": "ä b\nc"}
    done = shared.run(
        "probe", "facts", "a b", "--query", "x", env=env_vars, cwd=tmp_path, umask=0o027
    )
    told = json.loads(done.stdout)
    assert {**env_vars, **told["environment"]} == told["environment"]
    assert "HOME" not in told["environment"]
    assert told["arguments"] == ["a b", "--query", "x"]
    assert told["argv"] == ["probe", "facts", "a b", "--query", "x"]
    assert told["folder"] == str(tmp_path)
    assert told["umask"] == 0o027
    assert told["hour"] == 5  # TZ was taken over, not only put into the environment
    assert "a b" not in told["command_line"]  # what it was asked is in no process list


def test_descriptors_are_the_callers(shared: Tools) -> None:
    done = shared.run("probe", "echo", "0", input="hello")
    assert (done.stdout, done.stderr) == ("out hello\n", "err hello\n")


def test_a_closed_descriptor_is_no_obstacle(shared: Tools) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"{shared.bin}/probe" facts <&- 2>&-'], capture_output=True, text=True,
        timeout=SECONDS, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["arguments"] == []


@pytest.mark.parametrize("code", [0, 1, 2, 3, 77])
def test_the_exit_code_comes_back(shared: Tools, code: int) -> None:
    assert shared.run("probe", "echo", str(code), input="").returncode == code


def test_a_fault_is_told_and_ends_with_3(shared: Tools) -> None:
    done = shared.run("probe", "break", "the spoon")
    assert done.returncode == 3
    assert "RuntimeError: the spoon" in done.stderr


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_a_signal_reaches_the_child(shared: Tools, number: int, code: int) -> None:
    with shared.open("probe", "wait") as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        running.send_signal(number)
        assert running.wait(SECONDS) == code
        until(lambda: not is_running(child))


def test_an_ignored_signal_stays_ignored(shared: Tools) -> None:
    """As `nohup` has it."""
    with shared.open(
        "probe", "wait", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        running.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.3)
        assert is_running(child)
        running.terminate()


def test_a_killed_caller_takes_its_child_along(shared: Tools) -> None:
    with shared.open("probe", "wait") as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        running.kill()
        running.wait(SECONDS)
        until(lambda: not is_running(child))


def test_the_window_size_is_followed(shared: Tools) -> None:
    ours, theirs = pty.openpty()
    _resize(theirs, 40)
    running = subprocess.Popen(
        [str(shared.bin / "probe"), "width"], stdin=theirs, stdout=theirs, stderr=theirs,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
    )  # fmt: skip
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        assert _line(terminal) == "40"
        _resize(theirs, 133)
        running.send_signal(signal.SIGWINCH)
        assert _line(terminal) == "133"
        assert running.wait(SECONDS) == 0
    os.close(theirs)


def _resize(descriptor: int, columns: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def _line(terminal: Any) -> str:
    held = b""
    while not held.endswith(b"\n"):
        held += terminal.read(1)
    return held.decode().strip()


def test_several_starters_start_one(tools: Tools) -> None:
    begun = [tools.open("az", "version", "-o", "tsv") for _ in range(4)]
    said = {running.communicate(timeout=SECONDS)[0] for running in begun}
    assert [running.returncode for running in begun] == [0] * 4
    assert len(said) == 1
    assert len(tools.residents()) == 1


def test_a_killed_one_is_replaced(tools: Tools) -> None:
    assert tools.run("az", "version").returncode == 0
    (first,) = tools.residents()
    os.kill(first, signal.SIGKILL)
    until(lambda: not is_running(first))
    assert tools.run("az", "version").returncode == 0
    (second,) = tools.residents()
    assert second != first


def test_a_changed_package_starts_it_again(tools: Tools) -> None:
    begun = tools.start()
    assert tools.run("probe", "facts").returncode == 0
    os.utime(tools.home.root / "package", (1, 1))
    assert tools.run("az", "version").returncode == 0
    assert begun.wait(SECONDS) == 0
    (second,) = tools.residents()
    assert second != begun.pid


def test_the_stamp_follows_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("az/commands", "az/programs", "client", "base"):
        (tmp_path / folder).mkdir(parents=True)
    changed = tmp_path / "az" / "commands" / "one.py"
    changed.touch()
    monkeypatch.setattr("shipway.__file__", str(tmp_path / "__init__.py"))
    before = preload.stamp()
    later = time.time() + 1000
    os.utime(changed, (later, later))
    assert preload.stamp() > before


def test_it_ends_when_idle(tools: Tools) -> None:
    begun = tools.start(idle=0.1, alone=0.1)
    assert begun.wait(SECONDS) == 0
    assert not tools.socket.exists()


def test_it_does_not_end_while_a_command_runs(tools: Tools) -> None:
    begun = tools.start(idle=1.0, alone=1.0)
    with tools.open("probe", "wait") as running:
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(3.5)
        assert begun.poll() is None
        running.terminate()
    assert begun.wait(SECONDS) == 0


def test_a_plain_process_where_no_resident_can_be(tmp_path: Path) -> None:
    home = Home(tmp_path / "nowhere")
    install.program(home, "az", tmp_path / "az")
    done = subprocess.run(
        [str(tmp_path / "az"), "version", "--query", "extensions.ml", "-o", "tsv"],
        capture_output=True, text=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    assert done.stdout.count(".") == 2
    assert not home.root.exists()


def test_a_plain_process_where_the_resident_fails(tools: Tools) -> None:
    broken = tools.bin / "python"
    broken.write_text(
        f'#!/bin/sh\ncase "$2" in shipway.az.resident) echo no > {tools.home.run}/resident.failed;'
        f' exit 1;; esac\nexec {sys.executable} "$@"\n'
    )
    broken.chmod(0o700)
    script = tools.bin / "az.py"
    script.write_text(script.read_text().replace(repr(sys.executable), repr(str(broken))))
    assert tools.run("az", "version").returncode == 0
    assert tools.residents() == []


def test_the_peer_is_known_by_its_user(tmp_path: Path) -> None:
    one, other = socket.socketpair()
    with one, other:
        assert launcher.user_of(one) == os.getuid()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can call as another user")
def open_up(request: pytest.FixtureRequest, path: Path, mode: int) -> None:
    """Change a folder's mode until the test is over."""
    before = stat.S_IMODE(path.stat().st_mode)
    request.addfinalizer(lambda: path.chmod(before))
    path.chmod(mode)


def test_another_user_is_refused(tools: Tools, request: pytest.FixtureRequest) -> None:
    tools.start()
    for folder in (tools.home.root, *tools.home.root.parents, *tools.socket.parents):
        open_up(request, folder, folder.stat().st_mode | 0o011)
    tools.socket.chmod(0o666)
    call = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "sys.stdout.write(repr(s.recv(100)))"
    )
    words = ["/usr/bin/python3", "-I", "-c", call, str(tools.socket)]
    done = subprocess.run(
        words, user=65534, group=65534, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    assert done.stdout == "b''"
    assert tools.run("probe", "facts").returncode == 0


def test_a_client_refuses_a_resident_of_another_user(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.start()
    monkeypatch.setattr(launcher, "user_of", lambda _: os.getuid() + 1)
    caller = launcher.Launcher(str(tools.home.root), str(tools.home.sockets), "probe", "", [])
    assert caller._connect() is None


def test_a_command_costs_little_before_its_own_work(shared: Tools) -> None:
    """150 ms is the aim, 60 to 90 the measure. A time is no test, but whoever imported the SDK
    anew for each command would need more than a second on any machine."""
    took = []
    for _ in range(7):
        began = time.perf_counter()
        shared.run("probe", "echo", "0", input="")
        took.append(time.perf_counter() - began)
    assert min(took) < 1.0, took
