"""A seeded home with the stack pushed to it, for scenarios of the whole loop."""

import http.client
import json
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shipway.azure.entra import tenant, users
from shipway.azure.entra.principals import Principal
from shipway.base import front_door
from shipway.base.home import Home
from shipway.cli.scaffold import generate
from shipway.devops import approvals, definitions, projects, repositories, runs
from shipway.devops.approval_entities import Approval
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import Run
from shipway.loop import pipeline_schedule
from shipway.ml import jobs, model_versions, online_deployments, online_endpoints, workspaces
from shipway.ml.jobs import MLJob
from shipway.ml.model_versions import ModelVersion
from shipway.ml.online_endpoints import OnlineEndpoint
from shipway.store.timers import Timer
from tests.shipway_server import ShipwayServer, running, wait_for, wait_until

PROJECT, REPOSITORY, MODEL, ENDPOINT = "flights", "flights", "flight-delay", "flight-delay-dev"
_TERMINAL = ("Completed", "Failed", "Canceled")


class Listener:
    """A webhook on loopback; `received` has what was posted to it."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of_run(self, run_id: int) -> dict[str, Any]:
        """The one notification about a run."""
        (found,) = [one for one in self.received if one["run"] == str(run_id)]
        return found


@dataclass(kw_only=True)
class Load:
    """Callers of an endpoint who never stop; `answers` by status, `models` by who answered."""

    answers: Counter[int] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Caller:
    """A client of an endpoint, through the front door; it opens a connection for every 50 calls."""

    def __init__(self, home: Home, url: str, key: str, content: bytes) -> None:
        parts = urlsplit(url)
        context = ssl.create_default_context(cafile=str(front_door.bundle(home)))
        port = front_door.state(home).proxy_port
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=60, context=context
        )
        self.connection.set_tunnel(parts.netloc, 443)
        self._path, self._content, self._calls = parts.path, content, 0
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ask(self) -> tuple[int, str]:
        """One request: status and answer."""
        self._calls += 1
        if self._calls % 50 == 0:
            self.connection.close()
        self.connection.request("POST", self._path, body=self._content, headers=self._headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def close(self) -> None:
        self.connection.close()


@dataclass(kw_only=True)
class LoopHome:
    """A running server, seeded for the stack; `folder` is a clone of it."""

    server: ShipwayServer
    folder: Path
    listener: Listener

    # -- pushing ---------------------------------------------------------------------------

    def push(self, branch: str, message: str = "change") -> list[Run]:
        """Commit what has changed and push it; the runs that it started."""
        before = {run.run_id for run in runs.list_of(self.server.store)}
        self.server.git(self.folder, "add", "-A")
        self.server.git(self.folder, "commit", "-q", "--allow-empty", "-m", message)
        url = f"https://any:{self.server.token()}@dev.azure.com/shipway/{PROJECT}/_git/{REPOSITORY}"
        self.server.git(self.folder, "push", "-q", url, f"HEAD:{branch}")
        self.put_off_release_timers()
        return [run for run in runs.list_of(self.server.store) if run.run_id not in before]

    def put_off_release_timers(self) -> None:
        """The hourly look for versions happens when a test says so, not at the full hour."""
        later = self.server.store.clock.now() + timedelta(days=1)
        for timer in self.release_timers():
            self.move_timer(timer, later - self.server.store.clock.now())

    def release_timers(self) -> list[Timer]:
        """The timers of the pipelines that start by the clock."""
        store = self.server.store
        due = store.timers.due(store.clock.now() + timedelta(days=400))
        return [timer for timer in due if timer.kind == pipeline_schedule.TIMER]

    def move_timer(self, timer: Timer, ahead: timedelta = timedelta()) -> None:
        """Make a timer due now, or later."""
        store = self.server.store
        store.timers.set(
            timer.name, due=store.clock.now() + ahead, kind=timer.kind, subject=timer.subject,
            data=timer.data,
        )  # fmt: skip

    def pipeline(self, name: str) -> PipelineDefinition:
        project = projects.get(self.server.store, PROJECT)
        found = definitions.list_of(self.server.store, project_id=project.project_id)
        return next(one for one in found if one.name == name)

    def queue(self, pipeline: str, *, branch: str, **parameters: str) -> int:
        """Run a pipeline by hand on a branch; the run's number."""
        store, definition = self.server.store, self.pipeline(pipeline)
        repository = repositories.by_id(store, definition.repository_id)
        assert repository is not None
        version = repositories.resolve(store, repository, f"refs/heads/{branch}")
        assert version is not None
        started = runs.queue_run(
            store, definition=definition, branch=f"refs/heads/{branch}", version=version,
            reason="manual", requested_by=self.person("dana"), parameters=parameters,
        )  # fmt: skip
        return started.run_id

    # -- runs ------------------------------------------------------------------------------

    def approval(self, run_id: int, *, seconds: float = 300) -> Approval:
        """The approval that a run waits for. Fails when the run ends without one."""

        def find() -> Approval | None:
            found = approvals.list_of(self.server.store, run_id=run_id, status="pending")
            if not found:
                state = runs.get(self.server.store, run_id).state
                assert state != "completed", self.told(run_id)
            return found[0] if found else None

        return wait_for(find, seconds=seconds)

    def approve(self, run_id: int) -> None:
        """Avery approves."""
        approval = self.approval(run_id)
        approvals.approve(
            self.server.store, approval_id=approval.approval_id, principal=self.person("avery"),
            comment="good",
        )  # fmt: skip

    def person(self, name: str) -> Principal:
        return users.principal_of(self.server.store, users.get(self.server.store, name))

    def result(self, run_id: int, *, seconds: float = 300) -> str:
        """How a run ended."""
        return str(self.server.finished(run_id, seconds=seconds).result)

    def stages(self, run_id: int) -> dict[str, str | None]:
        """How each stage of a run ended."""
        return {r.ref_name: r.result for r in self.server.records(run_id, "Stage")}

    def told(self, run_id: int) -> str:
        """A run as `shipway runs show` and `shipway logs` tell of it."""
        shown = self.server.command("runs", "show", str(run_id), check=False).stdout
        return shown + self.server.command("logs", str(run_id), check=False).stdout[-1500:]

    def log(self, run_id: int, step: str) -> str:
        """What the steps of that name printed."""
        return self.server.command("logs", str(run_id), "--step", step).stdout

    # -- what it made ----------------------------------------------------------------------

    @property
    def workspace(self) -> str:
        """The key of the workspace of dev."""
        (found,) = [d for d in self._workspaces() if d.endswith("-dev")]
        return found

    @property
    def prod_workspace(self) -> str:
        """The key of the workspace of prod."""
        (found,) = [d for d in self._workspaces() if d.endswith("-prod")]
        return found

    def promote(self, version: str) -> subprocess.CompletedProcess[str]:
        """Run the stack's promotion of a version from dev to prod."""
        subscription, group, workspace = self.prod_workspace.split("/")
        _, from_group, from_workspace = self.workspace.split("/")
        names: Mapping[str, str] = {
            "subscription": subscription, "resource-group": group, "workspace": workspace,
            "from-resource-group": from_group, "from-workspace": from_workspace,
            "model-name": MODEL, "model-version": version,
        }  # fmt: skip
        flags = [word for name, value in names.items() for word in (f"--{name}", value)]
        script = self.folder / "scripts" / "promote_model.py"
        return self.server.command("exec", "--", sys.executable, str(script), *flags, check=False)

    def _workspaces(self) -> list[str]:
        subscription = tenant.facts(self.server.store).subscription_id
        found = workspaces.list_all(self.server.store, subscription=subscription)
        return [one.key for one in found]

    def versions(self) -> list[ModelVersion]:
        """The model's versions, the oldest first."""
        found = model_versions.list_versions(
            self.server.store, workspace=self.workspace, name=MODEL
        )
        return list(reversed(found))

    def version(self, number: str) -> ModelVersion:
        return model_versions.get(
            self.server.store, workspace=self.workspace, name=MODEL, version=number
        )

    def job_of(self, run_id: int) -> MLJob:
        """The pipeline job that a run submitted."""
        (record,) = [r for r in self.server.records(run_id, "Job") if r.ref_name == "Submit"]
        name = record.outputs["submit.jobName"].value
        return jobs.get(self.server.store, workspace=self.workspace, name=name)

    def children(self, job: MLJob) -> dict[str, MLJob]:
        found = jobs.children(self.server.store, workspace=job.workspace, name=job.name)
        return {child.node: child for child in found}

    def ended_job(self, name: str, *, seconds: float = 200) -> MLJob:
        def look() -> MLJob:
            return jobs.get(self.server.store, workspace=self.workspace, name=name)

        wait_until(lambda: look().status in _TERMINAL, seconds=seconds)
        return look()

    # -- the endpoint ----------------------------------------------------------------------

    def endpoint(self) -> OnlineEndpoint:
        return online_endpoints.get(self.server.store, workspace=self.workspace, name=ENDPOINT)

    def deployed(self) -> dict[str, str]:
        """The model of each deployment."""
        found = online_deployments.list_of(
            self.server.store, workspace=self.workspace, endpoint=ENDPOINT
        )
        return {d.name: d.model_key.rpartition("/")[2] for d in found}

    def caller(self) -> "Caller":
        """Somebody who sends the stack's sample flights to the endpoint."""
        endpoint = self.endpoint()
        key = online_endpoints.keys(self.server.store, endpoint)["primary"]
        content = (self.folder / "endpoint" / "sample-request.json").read_bytes()
        return Caller(Home(self.server.home), endpoint.scoring_uri, key, content)

    @contextmanager
    def load(self, callers: int = 2) -> Iterator[Load]:
        """Requests all along, from several callers."""
        seen, stop = Load(), threading.Event()

        def call() -> None:
            with closing(self.caller()) as caller:
                while not stop.is_set():
                    status, text = caller.ask()
                    seen.answers[status] += 1
                    if status == 200:
                        seen.models[json.loads(text)["model"]] += 1
                    else:
                        seen.failures.append(text)
                    time.sleep(0.02)

        threads = [threading.Thread(target=call) for _ in range(callers)]
        for thread in threads:
            thread.start()
        try:
            yield seen
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def release(self, source: Path, version: str, sample: Path) -> subprocess.CompletedProcess[str]:
        """Run a stack's release script on the endpoint of dev."""
        subscription, group, workspace = self.workspace.split("/")
        names: Mapping[str, str] = {
            "subscription": subscription, "resource-group": group, "workspace": workspace,
            "endpoint-name": ENDPOINT, "model-name": MODEL, "model-version": version,
            "sample": str(sample), "step-seconds": "1",
        }  # fmt: skip
        flags = [word for name, value in names.items() for word in (f"--{name}", value)]
        script = source / "scripts" / "deploy_approved_model.py"
        return self.server.command("exec", "--", sys.executable, str(script), *flags, check=False)


@contextmanager
def loop_home(folder: Path) -> Iterator[LoopHome]:
    """A seeded home below `folder`, and a clone of the stack that nothing was pushed from yet."""
    listener = Listener()
    with running(folder) as server:
        server.command("seed", "--step-seconds", "1", "--webhook", listener.url)
        clone = folder / "flights"
        generate.copy(clone)
        server.git(clone, "init", "-q", "-b", "develop")
        yield LoopHome(server=server, folder=clone, listener=listener)
    listener.server.shutdown()
    listener.server.server_close()


def copy_of(source: Path, target: Path) -> Path:
    """A copy of a clone, without its history."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".git"))
    return target
