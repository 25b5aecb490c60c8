"""How a job ends: canceled, out of time, taken over; what its steps' inputs ask for."""

import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.agent.job_runs import bash, log_of, open_home, results, task, work_of

from shipway.agent.job_runner import JobRunner
from shipway.azpipelines.plan import (
    StepTarget,
)
from shipway.base import clock
from shipway.devops import runs
from shipway.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_home(tmp_path)


def content_of(path: Path) -> bytes:
    """Nothing for what went away with the folders of its job."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


def wait_for(path: Path) -> None:
    end = clock.monotonic() + 30
    while not path.exists():
        assert clock.monotonic() < end
        clock.sleep(0.02)


def test_steps_whose_condition_holds_still_run_when_the_job_is_canceled(
    store: Store, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    work = work_of(
        store,
        bash("long", f"touch {begun}; sleep 60"),
        bash("default", "echo no"),
        bash("cleanup", "sleep 0.5; echo cleaned $AGENT_JOBSTATUS", condition="always()"),
        bash("told", "echo told", condition="canceled()"),
    )
    runner = JobRunner(store, work, worker="w")
    thread = threading.Thread(target=runner.run)
    thread.start()
    wait_for(begun)
    runner.stop()
    thread.join(30)
    assert results(store, work) == {
        "long": "canceled", "default": "skipped", "cleanup": "succeeded", "told": "succeeded",
    }  # fmt: skip
    assert "cleaned Canceled" in log_of(store, work, "cleanup")


def test_a_running_always_step_outlives_the_cancel(store: Store, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    work = work_of(
        store, bash("always", f"touch {begun}; sleep 1; echo done", condition="always()")
    )
    runner = JobRunner(store, work, worker="w")
    told: list[str] = []
    thread = threading.Thread(target=lambda: told.append(runner.run()))
    thread.start()
    wait_for(begun)
    runner.stop()
    thread.join(30)
    assert results(store, work) == {"always": "succeeded"}
    assert told == ["Canceled"]


def test_the_grace_of_a_cancel_is_its_time_out(store: Store, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    work = work_of(
        store,
        bash("always", f"touch {begun}; sleep 60", condition="always()"),
        cancel_timeout_in_minutes=0,
    )
    runner = JobRunner(store, work, worker="w")
    thread = threading.Thread(target=runner.run)
    thread.start()
    wait_for(begun)
    runner.stop()
    thread.join(30)
    assert results(store, work) == {"always": "canceled"}


def test_a_job_is_canceled_when_its_time_is_up_counted_over_restarts(store: Store) -> None:
    work = work_of(
        store, bash("long", "sleep 60"), bash("cleanup", "echo x", condition="always()"),
        timeout_in_minutes=5,
    )  # fmt: skip
    since = store.clock.now() - timedelta(minutes=5) + timedelta(seconds=3)
    work = replace(work, record=replace(work.record, started_at=since))
    runner = JobRunner(store, work, worker="w")
    assert runner.run() == "Canceled"
    assert results(store, work) == {"long": "canceled", "cleanup": "succeeded"}
    assert any("maximum time of 5 minutes" in text for _, text in runner.job.issues)


def test_a_step_that_has_begun_is_adopted_although_the_job_is_canceled(
    store: Store, tmp_path: Path
) -> None:
    mark, begun = tmp_path / "mark", tmp_path / "begun"
    work = work_of(store, bash("slow", f"echo once >> {mark}; echo $$ > {begun}; sleep 60"))
    lost = JobRunner(store, work, worker="first")
    threading.Thread(target=lost.run, daemon=True).start()
    wait_for(begun)
    clock.sleep(0.1)
    heir = JobRunner(store, work, worker="second")
    heir.stop()
    assert heir.run() == "Canceled"
    assert results(store, work) == {"slow": "canceled"}
    assert mark.read_text().split() == ["once"]
    assert not Path(f"/proc/{begun.read_text().strip()}").exists()


def test_what_a_step_leaves_running_ends_with_its_job(store: Store, tmp_path: Path) -> None:
    left, seen = tmp_path / "left", tmp_path / "seen"
    work = work_of(
        store,
        bash("leaves", f"setsid sh -c 'echo $$ > {left}; exec sleep 300' >/dev/null 2>&1 &\n"
             f"while [ ! -s {left} ]; do sleep 0.01; done"),
        bash("looks", f"kill -0 $(cat {left}) && touch {seen}"),
    )  # fmt: skip
    assert JobRunner(store, work, worker="w").run() == "Succeeded"
    assert seen.exists()
    stat = Path(f"/proc/{left.read_text().strip()}/stat")
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_nothing_of_a_job_is_left_when_it_is_over(store: Store) -> None:
    work = work_of(store, bash("leaves", "touch ~/left $PIPELINE_WORKSPACE/left"))
    assert JobRunner(store, work, worker="w").run() == "Succeeded"
    root = store.home.runs / str(work.run.run_id) / work.record.record_id
    # os.walk, since the job's environments are taken away beside the test and may go while it looks
    folders = {name for _, names, _ in os.walk(root) for name in names}
    assert folders & {"work", "home", "azure", "_temp"} == set()


@pytest.mark.parametrize(
    ("flag", "text", "expected"),
    [
        ("true", "echo fine; echo oops >&2; exit 0", "failed"),
        ("true", "echo fine", "succeeded"),
        ("true", "exit 3", "failed"),
        ("false", "echo oops >&2", "succeeded"),
    ],
)
def test_fail_on_stderr(store: Store, flag: str, text: str, expected: str) -> None:
    work = work_of(store, bash("one", text, failOnStderr=flag))
    JobRunner(store, work, worker="w").run()
    assert results(store, work) == {"one": expected}
    if "oops" in text:
        assert "oops" in log_of(store, work, "one")


@pytest.mark.parametrize(
    ("target", "text", "result", "value"),
    [
        (StepTarget(), "##vso[task.setvariable variable=x]1", "succeeded", "1"),
        (StepTarget(settable_variables=()), "##vso[task.setvariable variable=x]1", "succeeded", ""),
        (StepTarget(settable_variables=("X*",)), "##vso[task.setvariable variable=x]1",
         "succeeded", "1"),
        (StepTarget(settable_variables=("y",)), "##vso[task.setvariable variable=x]1",
         "succeeded", ""),
        (StepTarget(commands="restricted"), "##vso[task.setvariable variable=x]1",
         "succeeded", "1"),
        (StepTarget(commands="restricted"), "##vso[build.updatebuildnumber]forged",
         "succeeded", ""),
        (StepTarget(settable_variables=()), "##vso[task.prependpath]/tmp", "succeeded", ""),
    ],
)  # fmt: skip
def test_a_target_limits_what_a_step_may_set(
    store: Store, target: StepTarget, text: str, result: str, value: str
) -> None:
    work = work_of(store, replace(bash("one", f"echo '{text}'"), target=target))
    runner = JobRunner(store, work, worker="w")
    runner.run()
    assert results(store, work) == {"one": result}
    assert runner.job.variables.get("x") == value
    assert runs.get(store, work.run.run_id).run_name != "forged"


@pytest.mark.parametrize(
    "inputs",
    [
        {"lfs": "true"}, {"submodules": "all"}, {"fetchDepth": "all"},
        {"sparseCheckoutDirectories": "'src"}, {"path": "../../elsewhere"},
    ],
)  # fmt: skip
def test_a_checkout_refuses_by_name_what_it_does_not_do(
    store: Store, inputs: dict[str, str]
) -> None:
    step = task("get", "6d15af64-176c-496d-b583-fd2ae21d4df4@1", {"repository": "self", **inputs})
    work = work_of(store, step)
    assert JobRunner(store, work, worker="w").run() == "Failed"
    assert next(iter(inputs)) in log_of(store, work, "get")


def test_a_cache_is_kept_when_the_job_has_succeeded(store: Store) -> None:
    inputs = {"key": '"k"', "path": "$(Pipeline.Workspace)/kept"}
    work = work_of(
        store, task("Cache", "Cache@2", inputs),
        bash("fill", "mkdir ../kept && echo x > ../kept/file"),
    )  # fmt: skip
    assert JobRunner(store, work, worker="w").run() == "Succeeded"
    assert results(store, work)["Post-job: Cache"] == "succeeded"
    assert "Saved item" in log_of(store, work, "Post-job: Cache")


def test_tasks_with_files_work_together_in_a_job(store: Store) -> None:
    junit = '<testsuite name="S"><testcase name="a"/></testsuite>'
    made = f"mkdir -p d/e && echo hi > d/e/f.txt && echo '{junit}' > TEST-a.xml"
    work = work_of(
        store, bash("make", made),
        task("copy", "CopyFiles@2", {
            "SourceFolder": "d", "TargetFolder": "$(Build.ArtifactStagingDirectory)", "odd": "1",
        }),
        task("pack", "ArchiveFiles@2", {
            "rootFolderOrFile": "d", "archiveFile": "$(Build.ArtifactStagingDirectory)/d.zip",
        }),
        task("keep", "PublishBuildArtifacts@1", {}),
        task("fetch", "DownloadBuildArtifacts@1", {
            "artifactName": "drop", "downloadPath": "$(Build.BinariesDirectory)",
        }),
        task("tests", "PublishTestResults@2", {}),
        task("look", "PythonScript@0", {
            "scriptSource": "inline", "arguments": '"$(Build.BinariesDirectory)" x',
            "script": "import os, sys\n"
                      "print(sorted(os.listdir(sys.argv[1] + '/drop')), sys.argv[2:])",
        }),
    )  # fmt: skip
    assert JobRunner(store, work, worker="w").run() == "Succeeded"
    assert set(results(store, work).values()) == {"succeeded"}
    assert "['d.zip', 'e'] ['x']" in log_of(store, work, "look")
    assert "##[warning]The task CopyFiles@2 has no input 'odd'." in log_of(store, work, "copy")


def test_the_secrets_of_earlier_steps_stay_out_of_the_output_files(store: Store) -> None:
    masks = 'a=hunt; echo "##vso[task.setsecret]${a}er22"; '
    declares = 'echo "##vso[task.setvariable variable=pw;issecret=true]${a}er33"'
    changes = 'a=hunt; echo ${a}er22 ${a}er33; echo "##vso[task.setvariable variable=pw]${a}er44"'
    work = work_of(
        store, bash("first", masks + declares), bash("second", changes),
        bash("third", "a=hunt; echo $(pw) ${a}er44"),
        replace(bash("fourth", 'echo "${TASK_DISPLAYNAME:5}"'), display_name="with $(pw)"),
    )  # fmt: skip
    assert JobRunner(store, work, worker="w").run() == "Succeeded"
    assert "*** ***" in log_of(store, work, "second")
    assert "*** ***" in log_of(store, work, "third")
    assert "##[section]Starting: with ***\n" in log_of(store, work, "with ***")
    written = [Path(at, name) for at, _, names in os.walk(store.home.root) for name in names]
    assert [p for p in written if p.name == "output"]
    assert [p for p in written if b"hunter" in content_of(p)] == []


def test_a_step_whose_output_cannot_be_read_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shipway.agent.step_runner.seal", lambda text, key: "no seal")
    work = work_of(store, bash("says", "exit 0"))
    assert JobRunner(store, work, worker="w").run() == "Failed"
    assert "The output of the step is lost" in log_of(store, work, "says")


def test_an_artifact_is_published_once_in_a_job(store: Store) -> None:
    make = bash("makes", "mkdir o; echo 1 > o/a", workingDirectory="$(Agent.BuildDirectory)")
    publish = {"targetPath": "$(Agent.BuildDirectory)/o", "artifact": "art"}
    again = task("again", "PublishPipelineArtifact@1", publish)
    work = work_of(store, make, task("once", "PublishPipelineArtifact@1", publish), again)
    assert JobRunner(store, work, worker="w").run() == "Failed"
    assert results(store, work) == {"makes": "succeeded", "once": "succeeded", "again": "failed"}
    assert "Artifact art already exists" in log_of(store, work, "again")
