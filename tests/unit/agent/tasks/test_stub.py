"""A stub runs in the place of a task, and says so."""

from pathlib import Path

import pytest
from tests.unit.agent.tasks.steps import FakeStep, job_of, make_run, open_home, run_task

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import stub
from shipway.base.errors import BadInput, NotSupported
from shipway.devops.task_stubs import TaskStub


@pytest.fixture
def job(tmp_path: Path) -> JobContext:
    store = open_home(tmp_path)
    return job_of(tmp_path, store, make_run(store))


def test_a_stub_that_succeeds_shows_itself_and_the_inputs(job: JobContext) -> None:
    task = stub.task_of(
        TaskStub(name="Delay", version=1, kind="succeed", line=3), ["delayForMinutes"]
    )
    result, step = run_task(job, task, delayForMinutes="5")
    assert result == "succeeded"
    assert "A stub stands in for the task Delay@1 (shipway.yml:3: succeed)." in step.logged[0]
    assert "  delayForMinutes: 5" in step.logged


def test_a_stub_that_fails_names_its_line(job: JobContext) -> None:
    task = stub.task_of(TaskStub(name="Delay", version=1, kind="fail", line=7), [])
    result, step = run_task(job, task)
    assert result == "failed"
    assert step.errors == ["The stub of the task Delay@1 fails, as shipway.yml:7 says."]


def test_a_script_has_the_inputs_and_no_secret_reaches_its_arguments(job: JobContext) -> None:
    job.masker.add("open-sesame")
    told = TaskStub(name="AzureCLI", version=2, kind="script", script="exit 3", shell="sh")
    task = stub.task_of(told, ["scriptType", "inlineScript"])
    result, step = run_task(job, task, scriptType="bash", inlineScript="use open-sesame")
    (order,) = step.orders
    assert (result, step.scripts) == ("succeeded", ["exit 3"])
    assert list(order.command) == ["/bin/sh", "/script-main.sh"]
    assert dict(order.env_vars) == {"INPUT_SCRIPTTYPE": "bash"}
    assert dict(order.secret_env_vars) == {"INPUT_INLINESCRIPT": "use open-sesame"}


def test_a_script_that_fails_fails_the_step(job: JobContext) -> None:
    told = TaskStub(name="AzureCLI", version=2, kind="script", script="exit 3")
    step = FakeStep(job, stub.task_of(told, []), {})
    step.exit_code = 3
    assert stub.task_of(told, []).run(step) == "failed"
    assert step.errors == ["The stub of AzureCLI@2 exited with code '3'."]


def test_a_script_needs_an_agent_and_its_shell(job: JobContext) -> None:
    told = TaskStub(name="Delay", version=1, kind="script", script="x", shell="pwsh")
    if not any((Path(one) / "pwsh").exists() for one in ("/usr/bin", "/bin")):
        with pytest.raises(BadInput, match="pwsh"):
            run_task(job, stub.task_of(told, []))
    job.base_environment = {}
    with pytest.raises(NotSupported, match="agentless job"):
        run_task(job, stub.task_of(told, []))
