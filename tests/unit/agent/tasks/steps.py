"""A step for a task to run in, on folders of the test's own, with no agent around it."""

import json
from collections.abc import Sequence
from pathlib import Path

from shipway.agent.directories import JobDirectories
from shipway.agent.job_context import JobContext
from shipway.agent.masking import Masker
from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.agent.variables import JobVariables
from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import definitions, projects, runs, task_definitions
from shipway.devops.runs import Run
from shipway.store.store import Store, open_store


def open_home(folder: Path) -> Store:
    """A store of its own."""
    home = Home(folder / "home")
    home.create()
    facts = {"pid": 1, "proxy_port": 1, "tls_port": 1, "studio_port": 1, "started_at": "now"}
    (home.run / "server.json").write_text(json.dumps(facts))
    return open_store(home, SystemClock())


def make_run(store: Store, *, pipeline: str = "p", branch: str = "refs/heads/main") -> Run:
    """A run of a pipeline of the one project; both are made when they are missing."""
    users.ensure_demo_users(store)
    project = next(iter(projects.list_all(store)), None) or projects.create(store, name="ml")
    known = definitions.list_of(store, project_id=project.project_id)
    definition = next((d for d in known if d.name == pipeline), None) or definitions.create(
        store, project_id=project.project_id, name=pipeline, repository_id="r"
    )
    return runs.queue_run(
        store, definition=definition, branch=branch, version="0" * 40, reason="manual",
        requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip


class FakeStep:
    """What a task sees of a step; keeps what it was told and the processes it asked for."""

    def __init__(self, job: JobContext, task: Task, inputs: dict[str, str]) -> None:
        definition = task_definitions.find(task.name, task.version)
        assert definition is not None
        self._aliases = {a.lower(): real.lower() for a, real in definition.aliases.items()}
        self._inputs = {n.lower(): v for n, v in definition.inputs.items()}
        for name, value in inputs.items():
            folded = self._aliases.get(name.lower(), name.lower())
            assert folded in self._inputs, f"{task.name} has no input {name}"
            self._inputs[folded] = value
        self.job = job
        self.name = "the step"
        self.ref_name = "ref"
        self.record_id = "0f0e0d0c-0000-4000-8000-000000000001"
        self.is_canceled = False
        self.time_limit_minutes = 0
        self.logged: list[str] = []
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.orders: list[ProcessOrder] = []
        self.scripts: list[str] = []
        self.exit_code = 0

    def input(self, name: str, default: str = "") -> str:
        folded = self._aliases.get(name.lower(), name.lower())
        return self.job.variables.expand(self._inputs.get(folded, "")) or default

    def flag(self, name: str, *, default: bool = False) -> bool:
        text = self.input(name).lower()
        return default if text == "" else text == "true"

    def set_output(self, name: str, value: str, *, is_secret: bool) -> None:
        self.job.outputs[f"{self.ref_name}.{name}"] = (value, is_secret)

    def log(self, line: str) -> None:
        self.logged.append(line)

    def error(self, message: str) -> None:
        self.errors.append(message)

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def run_process(self, order: ProcessOrder) -> int:
        self.orders.append(order)
        return self.exit_code

    def script(self, text: str, *, suffix: str, label: str = "main") -> tuple[str, Sequence[int]]:
        self.scripts.append(text)
        return f"/script-{label}{suffix}", ()

    def should_stop(self) -> bool:
        return self.is_canceled


def job_of(folder: Path, store: Store, run: Run) -> JobContext:
    """A job whose folders lie below `folder`."""
    directories = JobDirectories(root=folder / f"job{run.run_id}")
    directories.create()
    variables = JobVariables()
    for name, path in {
        "System.DefaultWorkingDirectory": directories.sources,
        "Pipeline.Workspace": directories.workspace,
        "Build.ArtifactStagingDirectory": directories.artifacts,
        "Build.BinariesDirectory": directories.binaries,
        "System.ArtifactsDirectory": directories.artifacts,
        "Agent.TempDirectory": directories.temporary,
    }.items():
        variables.define(name, str(path))
    variables.define("Build.BuildId", str(run.run_id))
    return JobContext(
        store=store, run=run, stage_name="s", job_name="j", job_record_id=f"job-{run.run_id}",
        directories=directories, variables=variables, masker=Masker([]), access_token="",
        sealing_key=store.home.secrets_key.read_bytes() if store.home.secrets_key.exists() else b"",
        base_environment={"PATH": "/usr/bin"},
    )  # fmt: skip


def run_task(
    job: JobContext, task: Task, inputs: dict[str, str] | None = None, **more: str
) -> tuple[StepResult, FakeStep]:
    """The result of a task, and the step with what it said."""
    step = FakeStep(job, task, {**(inputs or {}), **more})
    typed: StepRun = step
    return task.run(typed), step


def write(folder: Path, files: dict[str, str]) -> None:
    """Files by path below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def listing(folder: Path) -> list[str]:
    """The files below a folder by path."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
