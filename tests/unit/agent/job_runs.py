"""A job for the runner, on a home of the test's own, and what it left behind."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from shipway.azpipelines.plan import JobPlan, LegPlan, PoolPlan, StagePlan, StepPlan
from shipway.azpipelines.plan import TaskReference as Reference
from shipway.azure.entra import users
from shipway.base import ids
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import definitions, logs, projects, repositories, runs
from shipway.devops.job_work import JobWork
from shipway.devops.runs import Record
from shipway.store.store import Store, open_store


def open_home(folder: Path) -> Store:
    """A store of its own; the front door is said to be somewhere."""
    home = Home(folder / "home")
    home.create()
    facts = {"pid": 1, "proxy_port": 1, "tls_port": 1, "studio_port": 1, "started_at": "now"}
    (home.run / "server.json").write_text(json.dumps(facts))
    return open_store(home, SystemClock())


def bash(name: str, text: str, *, condition: str | None = None, **inputs: str) -> StepPlan:
    return StepPlan(
        ref_name=name, display_name=name, shorthand="bash", condition=condition,
        task=Reference(name="Bash", version="3"),
        inputs={"targetType": "inline", "script": text, **inputs},
    )  # fmt: skip


def task(name: str, reference: str, inputs: Mapping[str, str]) -> StepPlan:
    kind, version = reference.split("@")
    return StepPlan(
        ref_name=name, display_name=name, shorthand="task", inputs=dict(inputs),
        task=Reference(name=kind, version=version),
    )  # fmt: skip


def work_of(store: Store, *steps: StepPlan, **fields: Any) -> JobWork:
    users.ensure_demo_users(store)
    project = projects.create(store, name="ml")
    repository = repositories.create(store, project_id=project.project_id, name="stack")
    definition = definitions.create(
        store, project_id=project.project_id, name="p", repository_id=repository.repository_id
    )
    run = runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version="0" * 40,
        reason="manual", requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip
    job = replace(
        JobPlan(name="J", display_name="J", kind="job", pool=PoolPlan(), steps=steps), **fields
    )
    record = Record(
        # a job ends whatever carries its id, also the steps of tests that run beside this one
        record_id=ids.new_guid(), run_id=run.run_id, kind="Job", name="J",
        identifier="S.J", state="inProgress", started_at=store.clock.now(),
    )  # fmt: skip
    return JobWork(
        run=run, stage=StagePlan(name="S", display_name="S", jobs=(job,)), job=job,
        leg=LegPlan(name=""), record=runs.set_record(store, record), dependencies={},
    )  # fmt: skip


def results(store: Store, work: JobWork) -> dict[str, str | None]:
    found = runs.records_of(store, work.run.run_id)
    return {r.name: r.result for r in found if r.kind == "Task"}


def log_of(store: Store, work: JobWork, name: str) -> str:
    record = next(r for r in runs.records_of(store, work.run.run_id) if r.name == name)
    assert record.log_id is not None
    log = logs.get(store, run_id=work.run.run_id, log_id=record.log_id)
    return "\n".join(logs.read(store, log, with_times=False))
