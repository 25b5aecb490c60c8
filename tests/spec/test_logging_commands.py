"""Logging commands by data: `logging_commands/*.json`, one file for each command.

Each case is `{"lines": [...]}` with what must come of them, each key only where it matters:

- `errors`, `warnings`, `log`: what the step shows, whole and in order (commands log nothing).
- `fails`: whether the step fails (false when missing); `result`: what task.complete merged.
- `variables`, `secret`, `read_only`, `outputs`, `path`, `masked`: of the job, after the lines.
- `issues`, `record`, `details`, `run`, `tags`, `attachments`, `artifacts`, `endpoint`,
  `tests`, `coverage`: what is kept.

`{dir}` is the job's default folder with the files `a.txt`, `sub/b.txt`, `junit.xml`,
`cobertura.xml` and the empty folder `none`;
`{run}`, `{connection}` are the run's number and a connection's id.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shipway.agent import command_effects, logging_commands
from shipway.agent import service_connections as endpoint_connections
from shipway.agent.directories import JobDirectories
from shipway.agent.job_context import JobContext
from shipway.agent.masking import Masker
from shipway.agent.step_runner import StepRunner
from shipway.agent.variables import JobVariables
from shipway.azpipelines.plan import StepPlan, StepTarget, TaskReference
from shipway.azure.entra import users
from shipway.base import ids
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.base.sealing import seal
from shipway.devops import (
    artifacts,
    attachments,
    coverage,
    definitions,
    detail_records,
    logs,
    pipeline_permissions,
    projects,
    repositories,
    runs,
    service_connections,
    test_results,
)
from shipway.devops.runs import Record
from shipway.devops.task_definition import TaskDefinition
from shipway.store.store import Store, open_store

FOLDER = Path(__file__).parent / "logging_commands"
KEY = bytes(range(32))
_JUNIT = """<testsuite name="s" tests="2"><testcase name="good" classname="s"/>
<testcase name="bad" classname="s"><failure message="no"/></testcase></testsuite>"""
_COBERTURA = """<coverage line-rate="0.5" lines-valid="4" lines-covered="2"
branches-valid="0" branches-covered="0"><packages/></coverage>"""
RECORD = "22222222-2222-4222-8222-222222222222"
JOB = "11111111-1111-4111-8111-111111111111"


def _cases() -> list[Any]:
    found = []
    for file in sorted(FOLDER.glob("*.json")):
        for index, case in enumerate(json.loads(file.read_text("utf-8"))):
            found.append(pytest.param(case, id=f"{file.stem}-{index}"))
    return found


class Bench:
    """A store for all cases; each case has a run of its own, with one step that takes lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Store = open_store(Home(folder / "home"), SystemClock())
        users.ensure_demo_users(self.store)
        self.dana = users.principal_of(self.store, users.get(self.store, "dana"))
        self.project = projects.create(self.store, name="ml")
        repository = repositories.create(
            self.store, project_id=self.project.project_id, name="stack"
        )
        self.definition = definitions.create(
            self.store, project_id=self.project.project_id, name="p",
            repository_id=repository.repository_id,
        )  # fmt: skip
        self.connection = _connection(self.store, self.project.project_id)
        pipeline_permissions.authorize(
            self.store, resource_type="endpoint", resource_id=self.connection, by="dana"
        )

    @contextmanager
    def step(self, case: dict[str, Any]) -> Iterator[tuple[StepRunner, logs.Log]]:
        run = runs.queue_run(
            self.store, definition=self.definition, branch="refs/heads/main", version="0" * 40,
            reason="manual", requested_by=self.dana,
        )  # fmt: skip
        work = self.folder / f"work{run.run_id}"
        (work / "sub").mkdir(parents=True)
        (work / "none").mkdir()
        (work / "a.txt").write_text("A")
        (work / "sub" / "b.txt").write_text("B")
        (work / "junit.xml").write_text(_JUNIT)
        (work / "cobertura.xml").write_text(_COBERTURA)
        runs.set_record(self.store, Record(record_id=RECORD, run_id=run.run_id, kind="Task",
                                           name="step", parent_id=JOB))  # fmt: skip
        variables = JobVariables()
        variables.define("System.DefaultWorkingDirectory", str(work))
        variables.define("Build.SourcesDirectory", str(work))
        variables.define("Build.Repository.Name", "stack")
        for name, value in case.get("given", {}).items():
            variables.define(name, value)
        job = JobContext(
            store=self.store, run=run, stage_name="S", job_name="J", job_record_id=ids.new_guid(),
            directories=JobDirectories(root=work), variables=variables, masker=Masker(),
            access_token="", sealing_key=KEY, base_environment={"PATH": "/bin"},
        )  # fmt: skip
        plan = StepPlan(
            ref_name=case.get("ref_name", "here"), display_name="step", shorthand="bash",
            task=TaskReference(name="Bash", version="3"), target=_target(case.get("target")),
        )  # fmt: skip
        log = logs.create(self.store, run_id=run.run_id, record_id=RECORD)
        with logs.writer(self.store, log) as writer:
            yield (
                StepRunner(
                    job=job, plan=plan, record_id=RECORD, control=work / "control", log=writer,
                    definition=TaskDefinition(name="Bash", version=3, inputs={}), deadline=None,
                ),
                log,
            )  # fmt: skip


def _target(body: dict[str, Any] | None) -> StepTarget | None:
    if body is None:
        return None
    settable = body.get("settable_variables")
    return StepTarget(
        commands=body.get("commands", "any"),
        settable_variables=None if settable is None else tuple(settable),
    )


def _connection(store: Store, project_id: str) -> str:
    made = service_connections.create(
        store, project_id=project_id, name="azure", kind="generic", url="https://old/",
        scheme="UsernamePassword", parameters={"username": "u", "password": "p"},
    )  # fmt: skip
    return made.connection_id


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("commands"))


def _filled(value: Any, step: StepRunner, bench: Bench) -> Any:
    if isinstance(value, str):
        folder = step.job.variables.get("System.DefaultWorkingDirectory")
        for name, text in (
            ("dir", folder), ("run", str(step.job.run.run_id)), ("connection", bench.connection),
        ):  # fmt: skip
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, list):
        return [_filled(one, step, bench) for one in value]
    if isinstance(value, dict):
        return {key: _filled(one, step, bench) for key, one in value.items()}
    return value


def _seen(step: StepRunner, log: logs.Log, name: str) -> Any:
    """What a key of a case speaks of."""
    job, store = step.job, step.job.store
    run = runs.get(store, job.run.run_id)
    record = runs.get_record(store, run.run_id, RECORD)
    known = list(job.variables)
    looks: dict[str, Any] = {
        "errors": lambda: [i.message for i in step.issues if i.kind == "error"],
        "warnings": lambda: [i.message for i in step.issues if i.kind == "warning"],
        "counts": lambda: [step.error_count, step.warning_count, len(step.issues)],
        "log": lambda: list(logs.read(store, log, with_times=False)),
        "result": lambda: step.result,
        "variables": lambda: {v.name: v.value for v in known},
        "secret": lambda: [v.name for v in known if v.is_secret],
        "read_only": lambda: [v.name for v in known if v.is_read_only],
        "environment": job.variables.environment,
        "outputs": lambda: {n: list(v) for n, v in job.outputs.items()},
        "path": lambda: job.path_prefix,
        "task_variables": lambda: {n: list(v) for n, v in step.task_variables.items()},
        "issues": lambda: [
            {"kind": i.kind, "message": i.message, "category": i.category, "data": dict(i.data)}
            for i in step.issues
        ],
        "record": lambda: [record.percent_complete, record.current_operation],
        "details": lambda: [
            [d.name, d.kind, d.state, d.result, d.percent_complete, d.current_operation, d.order]
            for d in detail_records.of_step(
                store, job_record_id=job.job_record_id, step_record_id=RECORD
            )
        ],
        "run": lambda: run.run_name,
        "tags": lambda: list(run.tags),
        "attachments": lambda: {
            f"{a.kind}/{a.name}": attachments.content(store, a).decode()
            for a in attachments.list_of(store, run_id=run.run_id)
        },
        "artifacts": lambda: [
            [a.name, a.kind, a.location, [f.path for f in artifacts.files_of(store, a)]]
            for a in artifacts.list_of(store, run_id=run.run_id)
        ],
        "endpoint": lambda: {".".join(k[1:]): v for k, v in job.endpoint_changes.items()},
        "tests": lambda: [
            [t.title, t.count("Passed"), t.count("Failed")]
            for t in test_results.list_of(store, run_id=run.run_id)
        ],
        "coverage": lambda: [
            [c.tool, [[n.label, n.covered, n.total] for n in c.counts]]
            for c in coverage.list_of(store, run_id=run.run_id)
        ],
        "masked": lambda: "",
    }
    return looks[name]()


@pytest.mark.parametrize("case", _cases())
def test_command(case: dict[str, Any], bench: Bench) -> None:
    with bench.step(case) as (step, log):
        for line in _filled(case["lines"], step, bench):
            step.take(line)
        _judge(case, step, log, bench)


def _judge(case: dict[str, Any], step: StepRunner, log: logs.Log, bench: Bench) -> None:
    wanted = _filled({k: v for k, v in case.items() if k in KEYS}, step, bench)
    for name in ("variables", "environment"):
        for key, value in wanted.pop(name, {}).items():
            assert _seen(step, log, name).get(key) == value, f"{name}: {key}"
    for text in wanted.pop("masked", []):
        assert step.job.masker.mask(f"<{text}>") == "<***>"
    assert (step.result == "Failed") == wanted.pop("fails", False)
    assert {name: _seen(step, log, name) for name in wanted} == wanted


KEYS = (
    "errors", "warnings", "counts", "log", "fails", "result", "variables", "secret", "read_only",
    "environment", "outputs", "path", "task_variables", "masked", "issues", "record", "details",
    "run", "tags", "attachments", "artifacts", "endpoint", "tests", "coverage",
)  # fmt: skip
FREE = ("lines", "given", "target", "ref_name", "note")


def test_cases_say_nothing_that_is_not_looked_at() -> None:
    for case in _cases():
        assert set(case.values[0]) <= {*KEYS, *FREE}


def test_every_command_has_cases() -> None:
    files = {file.stem for file in FOLDER.glob("*.json")}
    aliases = {"task.issue"}
    assert set(command_effects.EFFECTS) - aliases <= files


def test_the_page_tells_of_every_command() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/pipeline-variables.md").read_text("utf-8")
    assert [name for name in command_effects.EFFECTS if f"`{name}`" not in page] == []


def test_a_sealed_command_is_opened(bench: Bench) -> None:
    line = "##vso[task.setvariable variable=x;issecret=true]hush"
    with bench.step({}) as (step, log):
        step.take(f"{logging_commands.SEALED}{seal(line, KEY)}")
        assert step.job.variables.get("x") == "hush"
        assert step.job.masker.mask("hush!") == "***!"
        forged = f"{logging_commands.SEALED}{seal(line, bytes(32))}"
        for other in (forged, f"{logging_commands.SEALED}nonsense"):
            step.take(other)
        assert len(list(logs.read(bench.store, log))) == 2
        assert step.issues == []


def test_a_changed_connection_is_what_later_steps_see(bench: Bench) -> None:
    with bench.step({}) as (step, _):
        for change in ("field=url]https://new/", "field=authParameter;key=Password]other",
                       "field=dataParameter;key=extra]x"):  # fmt: skip
            step.take(f"##vso[task.setendpoint id={bench.connection};{change}")
        found = endpoint_connections.connection_of(step.job, "azure")
        assert (found.url, found.data) == ("https://new/", {"extra": "x"})
        assert endpoint_connections.secret_of(step.job, found, "password") == "other"
        assert service_connections.get(bench.store, bench.connection).url == "https://old/"


def test_every_command_parses() -> None:
    for name in command_effects.EFFECTS:
        assert logging_commands.parse(f"##vso[{name} a=b]c") is not None
