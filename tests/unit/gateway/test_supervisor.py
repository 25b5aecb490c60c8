"""Worker processes: started with a short environment, started again, ended by their input."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shipway.base.home import Home
from shipway.gateway import supervisor
from shipway.gateway.supervisor import Worker

_MODULE = """
import json, os, pathlib, sys
home = pathlib.Path(sys.argv[1])
(home / f"started-{os.getpid()}").write_text(json.dumps(dict(os.environ)))
if (home / "die").exists():
    sys.exit(3)
sys.stdin.buffer.read()
(home / f"ended-{os.getpid()}").touch()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    (tmp_path / "test_worker_module.py").write_text(_MODULE)
    return made


def _worker(home: Home) -> Worker:
    env_vars = {"PATH": os.environ["PATH"], "PYTHONPATH": str(home.root.parent)}
    return Worker("test", "test_worker_module", home=home, env_vars=env_vars)


def _wait(question: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not question():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_worker_ends_when_its_input_does(home: Home) -> None:
    worker = _worker(home)
    worker.start()
    _wait(lambda: bool(list(home.root.glob("started-*"))))
    assert worker.status.pid > 0
    pid = worker.status.pid
    worker.stop()
    assert (home.root / f"ended-{pid}").exists()
    assert worker.status == supervisor.WorkerStatus(name="test", pid=0, starts=1)


def test_a_worker_that_dies_is_started_again(home: Home) -> None:
    (home.root / "die").touch()
    worker = _worker(home)
    worker.start()
    _wait(lambda: len(list(home.root.glob("started-*"))) >= 2)
    (home.root / "die").unlink()
    _wait(lambda: worker.status.pid > 0)
    worker.stop()
    assert worker.status.starts >= 2


def test_a_worker_gets_what_it_needs_of_the_shell_and_no_credential(home: Home) -> None:
    shell = {
        "PATH": "/bin", "HOME": "/me", "UV_INDEX_URL": "https://index", "PIP_INDEX_URL": "x",
        "AZURE_CLIENT_SECRET": "s", "AWS_SECRET_ACCESS_KEY": "s", "GITHUB_TOKEN": "s",
        "LD_PRELOAD": "s", "PYTHONPATH": "s", "HTTPS_PROXY": "http://parent:3128",
    }  # fmt: skip
    kept = supervisor.worker_variables(shell, home)
    assert json.dumps(kept).count('"s"') == 0
    assert kept["UV_INDEX_URL"] == "https://index"
    assert kept["SHIPWAY_HOME"] == str(home.root)
    assert kept["HTTPS_PROXY"] == "http://parent:3128"


def test_presence_of_a_module_is_known_without_importing_it() -> None:
    assert supervisor.is_present("shipway.gateway.proxy")
    assert not supervisor.is_present("shipway.gateway.no_such_worker")
    assert "antigravity" not in sys.modules
    assert supervisor.is_present("antigravity")
    assert "antigravity" not in sys.modules
