"""What tasks do to the job around them: before its first step, and again for a new agent."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.agent.job_runs import bash, log_of, open_home, results, task, work_of

from shipway.agent.job_runner import JobRunner
from shipway.devops import runs
from shipway.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_home(tmp_path)


class _Lost(JobRunner):
    """An agent that dies when the steps are done: what the job has made stays as it is."""

    def _tidy(self) -> None:
        pass


def test_a_tool_that_a_step_brought_is_there_for_an_agent_that_takes_over(store: Store) -> None:
    kept = store.home.root / "agent-tools" / "terraform" / "9.9.9" / "terraform"
    kept.parent.mkdir(parents=True)
    kept.write_text("#!/bin/sh\necho it is 9.9.9\n")
    kept.chmod(0o755)
    installs = task("installs", "TerraformInstaller@1", {"terraformVersion": "9.9.9"})
    work = work_of(store, installs)
    assert _Lost(store, work, worker="first").run() == "Succeeded"
    uses = bash("uses", 'terraform version; echo "at $TERRAFORMLOCATION"')
    longer = replace(work, job=replace(work.job, steps=(installs, uses)))
    assert JobRunner(store, longer, worker="second").run() == "Succeeded"
    assert "it is 9.9.9" in log_of(store, work, "uses")
    assert "_tool/terraform/terraform" in log_of(store, work, "uses")


def test_an_agent_that_takes_over_goes_by_the_last_attempt_of_a_step(
    store: Store, tmp_path: Path
) -> None:
    kept = store.home.root / "agent-tools" / "terraform" / "9.9.9" / "terraform"
    kept.parent.mkdir(parents=True)
    answer = '{"a": {"type": "string", "value": "b"}}'
    kept.write_text(
        f"#!/bin/sh\n[ $1 = version ] && exit 0\n"
        f"[ -e {tmp_path}/tried ] && echo '{answer}' && exit 0\ntouch {tmp_path}/tried\nexit 1\n"
    )
    kept.chmod(0o755)
    installs = task("installs", "TerraformInstaller@1", {"terraformVersion": "9.9.9"})
    reads = replace(task("reads", "TerraformCLI@0", {"command": "output"}), retry_count=1)
    work = work_of(store, installs, reads)
    assert _Lost(store, work, worker="first").run() == "Succeeded"
    uses = bash("uses", 'echo "a is $(TF_OUT_A)"')
    longer = replace(work, job=replace(work.job, steps=(installs, reads, uses)))
    assert JobRunner(store, longer, worker="second").run() == "Succeeded"
    assert "a is b" in log_of(store, work, "uses")


def test_what_fails_before_the_first_step_fails_the_job(store: Store) -> None:
    vault = {"KeyVaultName": "keys", "azureSubscription": "nowhere", "RunAsPreJob": "true"}
    off = replace(task("off", "AzureKeyVault@2", vault), enabled=False)
    work = work_of(
        store, bash("never", "echo hello"), task("reads", "AzureKeyVault@2", vault), off,
        replace(bash("always", "true"), condition="always()"),
    )  # fmt: skip
    assert JobRunner(store, work, worker="first").run() == "Failed"
    assert results(store, work) == {
        "Pre-job: reads": "failed", "never": "skipped", "reads": "skipped", "off": "skipped",
        "always": "succeeded",
    }  # fmt: skip
    assert "could not be found" in log_of(store, work, "Pre-job: reads")
    found = [r for r in runs.records_of(store, work.run.run_id) if r.kind == "Task"]
    assert [r.name for r in sorted(found, key=lambda r: r.order)][:2] == ["Pre-job: reads", "never"]


def test_a_flag_that_is_neither_true_nor_false_counts_as_false(store: Store) -> None:
    work = work_of(store, bash("warns", "echo hello >&2", failOnStderr="yes"))
    assert JobRunner(store, work, worker="first").run() == "Succeeded"
    assert "The input 'failOnStderr' is 'yes', which counts as false." in log_of(
        store, work, "warns"
    )
