"""A real server on a home of its own, for scenarios: started, killed and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from shipway.azure.entra import personal_access_tokens, users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import definitions, projects, repositories, runs
from shipway.devops.runs import Record, Run
from shipway.store.store import Store, open_store
from tests.support.running_server import RunningServer, plain_environment

Found = TypeVar("Found")
SHIPWAY = [sys.executable, "-m", "shipway"]


@dataclass(kw_only=True)
class ShipwayServer:
    """A home with a server on it. `store` looks into the same home from outside."""

    home: Path
    store: Store

    def environment(self) -> dict[str, str]:
        return {**os.environ, "SHIPWAY_HOME": str(self.home)}

    def command(
        self, *arguments: str, check: bool = True, **env_vars: str
    ) -> subprocess.CompletedProcess[str]:
        """A shipway command on this home."""
        return subprocess.run(
            [*SHIPWAY, *arguments], env={**self.environment(), **env_vars}, capture_output=True,
            text=True, check=check, timeout=120,
        )  # fmt: skip

    def up(self, **env_vars: str) -> None:
        self.command("up", check=True, **env_vars)

    def door(self) -> RunningServer:
        """The same server as plain HTTP sees it."""
        told = json.loads((self.home / "run" / "server.json").read_text())
        return RunningServer(
            home=self.home, pid=told["pid"], proxy_port=told["proxy_port"],
            studio_port=told["studio_port"], env_vars=plain_environment(self.home),
        )  # fmt: skip

    def down(self) -> None:
        self.command("down", check=False)

    def kill(self) -> None:
        """kill -9 of the server, and wait until its workers have noticed."""
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{pid}/cmdline").exists()
                   or not Path(f"/proc/{pid}/cmdline").read_bytes())  # fmt: skip

    def pid(self) -> int:
        """The server's process."""
        return int(json.loads((self.home / "run" / "server.json").read_text())["pid"])

    def token(self, user: str = "dana") -> str:
        """A personal access token."""
        return personal_access_tokens.create(self.store, user=user, display_name="test").text

    def git(self, folder: Path, *arguments: str) -> str:
        """git in `folder`, as a person with the front door's variables."""
        done = subprocess.run(
            [*SHIPWAY, "exec", "--", "git", "-c", "user.name=Dana", "-c",
             "user.email=dana@shipway.local", *arguments],
            cwd=folder, env=self.environment(), capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def project(self, name: str = "ml") -> "ProjectRepository":
        """A project with an empty repository and a pipeline that reads azure-pipelines.yml."""
        users.ensure_demo_users(self.store)
        project = projects.create(self.store, name=name)
        repository = repositories.create(self.store, project_id=project.project_id, name="stack")
        definitions.create(
            self.store, project_id=project.project_id, name=f"{name}-pipeline",
            repository_id=repository.repository_id,
        )  # fmt: skip
        folder = self.home.parent / f"clone-{name}"
        folder.mkdir()
        self.git(folder, "init", "-q", "-b", "main")
        return ProjectRepository(server=self, project_id=project.project_id, name=name,
                                 folder=folder)  # fmt: skip

    def finished(self, run_id: int, *, seconds: float = 60) -> Run:
        """The run once it has completed."""
        wait_until(lambda: runs.get(self.store, run_id).state == "completed", seconds=seconds)
        return runs.get(self.store, run_id)

    def records(self, run_id: int, kind: str) -> list[Record]:
        return [r for r in runs.records_of(self.store, run_id) if r.kind == kind]


@dataclass(kw_only=True)
class ProjectRepository:
    """A clone of a project's repository."""

    server: ShipwayServer
    project_id: str
    name: str
    folder: Path

    def push(self, yaml: str, *, branch: str = "main") -> int:
        """Commit `yaml` as azure-pipelines.yml, push it, and give the run that it started."""
        (self.folder / "azure-pipelines.yml").write_text(yaml)
        before = {r.run_id for r in runs.list_of(self.server.store)}
        self.server.git(self.folder, "add", "-A")
        self.server.git(self.folder, "commit", "-q", "--allow-empty", "-m", "change")
        url = f"https://any:{self.server.token()}@dev.azure.com/shipway/{self.name}/_git/stack"
        self.server.git(self.folder, "push", "-q", url, f"HEAD:{branch}")
        made = [r.run_id for r in runs.list_of(self.server.store) if r.run_id not in before]
        assert len(made) == 1, made
        return made[0]


def wait_until(holds: Callable[[], object], *, seconds: float = 30) -> None:
    """Look until `holds` does; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"still waiting after {seconds} s"
        time.sleep(0.02)


def wait_for(find: Callable[[], Found | None], *, seconds: float = 30) -> Found:
    """What `find` gives once it gives something."""
    found: list[Found] = []

    def look() -> bool:
        value = find()
        if value is not None:
            found.append(value)
        return value is not None

    wait_until(look, seconds=seconds)
    return found[-1]


@contextmanager
def running(folder: Path, **env_vars: str) -> Iterator[ShipwayServer]:
    """A fresh home below `folder` with a server, started in a shell that has `env_vars` too; both
    are gone afterwards."""
    home = folder / "home"
    store = open_store(Home(home), SystemClock())
    server = ShipwayServer(home=home, store=store)
    server.up(**env_vars)
    try:
        yield server
    finally:
        server.command("down", "--kill", check=False)
        store.database.close()
