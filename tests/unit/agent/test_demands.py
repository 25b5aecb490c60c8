"""Whether this machine's agent has what a job demands."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from shipway.agent import demands
from shipway.agent.job_runner import JobRunner
from shipway.azpipelines.plan import JobPlan, LegPlan, PoolPlan, StagePlan, VariablePlan
from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import definitions, projects, repositories, runs
from shipway.devops.job_work import JobWork
from shipway.devops.runs import Record
from shipway.devops.runtime_values import RunVariable
from shipway.store.store import open_store

HAVE = {"git": "/usr/bin/git", "Agent.OS": "Linux", "Agent.Version": "4.255.0", "Special": "A b"}


@pytest.mark.parametrize(
    ("demand", "met"),
    [
        ("GIT", True), ("msbuild", False), ("agent.os -equals linux", True),
        ("Agent.OS -equals Windows_NT", False), ("special -equals a B", True),
        ("Special -equals 'A b'", False), ("nothing -equals x", False),
        ("Agent.Version -gtVersion 2.163.1", True), ("Agent.Version -gtversion 5.0", False),
        ("git -unknown x", False), ("", False),
    ],
)  # fmt: skip
def test_a_demand_is_met(demand: str, met: bool) -> None:
    assert demands.is_met(demand, HAVE) is met


def test_a_job_whose_demand_no_agent_meets_fails_by_name_and_runs_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    facts = {"pid": 1, "proxy_port": 1, "tls_port": 1, "studio_port": 1, "started_at": "now"}
    (home.run / "server.json").write_text(json.dumps(facts))
    store = open_store(home, SystemClock())
    users.ensure_demo_users(store)
    project = projects.create(store, name="ml")
    repository = repositories.create(store, project_id=project.project_id, name="r")
    run = runs.queue_run(
        store, branch="refs/heads/main", version="0" * 40, reason="manual",
        definition=definitions.create(
            store, project_id=project.project_id, name="p", repository_id=repository.repository_id
        ),
        requested_by=users.principal_of(store, users.get(store, "dana")),
    )  # fmt: skip
    pool = PoolPlan(name="Default", demands=("Agent.OS -equals Linux", "Gpu -equals $(kind)"))
    job = JobPlan(name="J", display_name="J", kind="job", pool=pool, variables=(VariablePlan(),))
    record = Record(
        record_id="11111111-1111-4111-8111-111111111111", run_id=run.run_id, kind="Job", name="J",
        identifier="S.J", state="inProgress", started_at=store.clock.now(),
    )  # fmt: skip
    work = JobWork(
        run=run, stage=StagePlan(name="S", display_name="S", jobs=(job,)), job=job,
        leg=LegPlan(name=""), record=runs.set_record(store, record), dependencies={},
        variables=(RunVariable(name="kind", value="big"),),
    )  # fmt: skip
    runner = JobRunner(store, work, worker="w")
    assert runner.run() == "Failed"
    assert runner.job.issues == [
        ("error", "No agent found in pool Default which satisfies the following demand: Gpu. "
         "All demands: Agent.OS -equals Linux, Gpu -equals big, Agent.Version -gtVersion 2.163.1")
    ]  # fmt: skip
    (home.root / ".capabilities").write_text("gpu=Big\nAgent.Name=mine\n\n=x\n")
    named = replace(pool, demands=(*pool.demands, "agent.name -equals mine", "python"))
    again = JobRunner(store, replace(work, job=replace(job, pool=named)), worker="w")
    assert again.run() == "Succeeded"
    on_server = replace(job, pool=PoolPlan(is_server=True, demands=("nothing",)))
    assert JobRunner(store, replace(work, job=on_server), worker="w").run() == "Succeeded"
