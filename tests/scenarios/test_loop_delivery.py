"""The whole loop on one home: push, gate, approval, release, retraining by the clock, rollback.

The tests share a home and build on each other in this order; each asks for what it needs by
fixture, so that any of them runs alone as well.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.loop_home import (
    ENDPOINT,
    MODEL,
    LoopHome,
    copy_of,
    loop_home,
)
from tests.shipway_server import wait_for, wait_until

from shipway.cli.scaffold import generate
from shipway.devops import approvals, artifacts, runs
from shipway.devops.runs import Run
from shipway.loop import lineage, model_version, run
from shipway.ml import model_versions, schedules
from shipway.ml.model_versions import ModelVersion

# the first test of a run also waits for the first push, be the machine ever so busy
pytestmark = pytest.mark.timeout(400)

# the smoke test asks three times, so this is in the middle of the traffic's first tenth
AFTER_THE_SMOKE_TEST = """
_asked = 0
_right = run


def run(raw_data):
    global _asked
    _asked += 1
    if _asked > 4:
        {what}
    return _right(raw_data)
"""
ANSWERS_WRONGLY = (
    "answer = _right(raw_data); "
    'return {**answer, "probabilities": [1 - p for p in answer["probabilities"]]}'
)
DIES = "os._exit(7)"


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopHome]:
    with loop_home(tmp_path_factory.mktemp("loop")) as made:
        yield made


@pytest.fixture(scope="module")
def first(loop: LoopHome) -> Run:
    """The first push to develop, approved and released."""
    started = loop.push("develop", "first")
    assert [one.definition_name for one in started] == ["dev-ml-pipeline"]
    loop.approve(started[0].run_id)
    assert loop.result(started[0].run_id) == "succeeded", loop.told(started[0].run_id)
    return runs.get(loop.server.store, started[0].run_id)


def answered(loop: LoopHome) -> str:
    """The model that answers a caller now."""
    with closing(loop.caller()) as caller:
        status, text = caller.ask()
    assert status == 200, text
    return str(json.loads(text)["model"])


def test_a_push_becomes_an_endpoint_that_answers(loop: LoopHome, first: Run) -> None:
    (version,) = loop.versions()
    assert version.tags["gate"] == "passed"
    assert (version.tags["approval"], version.tags["approval_run"]) == (
        "approved", str(first.run_id)
    )  # fmt: skip
    assert "/datastores/" in version.model_uri
    assert answered(loop) == f"{MODEL}:1"
    chain = lineage.chain_of(loop.server.store, run=first.run_id)
    assert chain.is_complete, chain.missing
    assert tuple(s.kind for s in chain.stations) == lineage.PUSHED
    assert loop.listener.received == []


def test_a_push_to_main_starts_only_prod(loop: LoopHome, first: Run) -> None:
    (started,) = loop.push("main", "to prod")
    dana = loop.person("dana")
    run.cancel(loop.server.store, run_id=started.run_id, principal=dana)
    assert started.definition_name == "prod-ml-pipeline"
    assert loop.result(started.run_id) == "canceled"


def test_a_version_approved_in_dev_is_released_in_prod_by_an_approval_of_its_own(
    loop: LoopHome, first: Run
) -> None:
    """Nothing is trained again: the same files, looked at again by a person, serve in prod."""
    store, prod = loop.server.store, loop.prod_workspace
    for told in (loop.promote("1"), loop.promote("1")):
        assert told.returncode == 0, told.stdout + told.stderr
    assert "is there already" in told.stdout
    (copy,) = model_versions.list_versions(store, workspace=prod, name=MODEL)
    source = loop.version("1")
    assert dict(copy.files) == dict(source.files)
    assert "approval" not in copy.tags
    assert (copy.tags["run"], copy.tags["job"]) == (source.tags["run"], source.tags["job"])
    loop.push("main", "the same code [skip ci]")
    started = loop.server.command(
        "runs", "start", "prod-release-pipeline", "--branch", "main", "--json",
        "--parameter", f"modelVersion={copy.version}",
    )  # fmt: skip
    release = int(json.loads(started.stdout)["run_id"])
    loop.approve(release)
    assert loop.result(release) == "succeeded", loop.told(release)
    chain = lineage.chain_of(store, deployment="flight-delay-prod")
    assert chain.is_complete, chain.missing
    assert tuple(s.kind for s in chain.stations) == lineage.PROMOTED
    own = lineage.chain_of(store, run=first.run_id)
    assert tuple(s.kind for s in own.stations) == lineage.PUSHED


def test_a_version_that_nobody_approved_is_not_promoted(loop: LoopHome, first: Run) -> None:
    version = another_version(loop)
    told = loop.promote(version.version)
    assert (told.returncode, "has no approval recorded" in told.stdout) == (1, True), told.stderr


def test_a_model_that_is_worse_is_never_registered(loop: LoopHome, first: Run) -> None:
    """A feature joined on the wrong key: unit tests green, training well, the gate holds."""
    before = loop.versions()
    subprocess.run(["git", "apply", generate.worse_change()], cwd=loop.folder, check=True)
    (held,) = loop.push("develop", "join the weather by the hour")
    subprocess.run(["git", "apply", "-R", generate.worse_change()], cwd=loop.folder, check=True)
    assert loop.result(held.run_id) == "failed"
    assert loop.stages(held.run_id) == {
        "CI": "succeeded", "CD": "failed", "Approval": "skipped", "Decision": "skipped",
        "Notify": "succeeded",
    }  # fmt: skip
    assert approvals.list_of(loop.server.store, run_id=held.run_id) == []
    job = loop.job_of(held.run_id)
    assert job.status == "Failed"
    assert {node: child.status for node, child in loop.children(job).items()} == {
        "preprocess": "Completed", "train": "Completed", "evaluate": "Completed",
        "gate": "Failed", "register": "Canceled",
    }  # fmt: skip
    assert loop.versions() == before
    both = re.compile(r"AUC (0\.\d+) is below AUC (0\.\d+)")
    told = loop.listener.of_run(held.run_id)
    for text in (job.error["message"], told["reason"]):
        found = both.search(text)
        assert found, text
        assert float(found[1]) < float(found[2]) - 0.01
        assert float(found[2]) == pytest.approx(float(before[-1].tags["auc"]), abs=1e-4)
    assert (told["stage"], told["pipeline"]) == ("CD", "dev-ml-pipeline")


@pytest.fixture(scope="module")
def retrained(loop: LoopHome, first: Run) -> ModelVersion:
    """What the schedule trains when its time has come."""
    store = loop.server.store
    (schedule,) = schedules.list_all(store, workspace=loop.workspace)
    timer = store.timers.find(schedule.subject)
    assert timer is not None
    loop.move_timer(timer)
    name = wait_for(
        lambda: schedules.get(store, workspace=loop.workspace, name=schedule.name).last_job or None
    )
    job = loop.ended_job(name)
    assert job.status == "Completed", job.error
    assert store.timers.find(schedule.subject) is not None
    assert {c.properties.get("azureml.isreused") for c in loop.children(job).values()} == {None}
    found = loop.versions()[-1]
    assert found.tags["started_by"] == "schedule"
    return found


def test_what_a_schedule_trained_is_released_under_load(
    loop: LoopHome, retrained: ModelVersion
) -> None:
    """The release pipeline starts by its own clock; no caller notices anything."""
    store = loop.server.store
    before = {one.run_id for one in runs.list_of(store)}
    release = loop.pipeline("dev-release-pipeline").definition_id
    wanted = {"definition_id": release, "ref": "refs/heads/develop"}
    (timer,) = [t for t in loop.release_timers() if wanted.items() <= t.data.items()]
    loop.move_timer(timer)
    started = wait_for(
        lambda: next((r for r in runs.list_of(store) if r.run_id not in before), None)
    )
    assert (started.reason, started.definition_name) == ("schedule", "dev-release-pipeline")
    loop.approval(started.run_id)
    with loop.load() as load:
        loop.approve(started.run_id)
        assert loop.result(started.run_id) == "succeeded", loop.told(started.run_id)
        wait_until(lambda: load.models[f"{MODEL}:{retrained.version}"] > 50)
    assert load.failures == []
    assert set(load.answers) == {200}
    assert load.models[f"{MODEL}:1"] > 50
    assert answered(loop) == f"{MODEL}:{retrained.version}"
    chain = lineage.chain_of(store, deployment=ENDPOINT)
    assert chain.is_complete, chain.missing
    assert tuple(s.kind for s in chain.stations) == lineage.SCHEDULED


def another_version(loop: LoopHome, **tags: str) -> ModelVersion:
    """The first version once more under the next number, with other tags on it."""
    one = loop.version("1")
    kept = {n: v for n, v in one.tags.items() if not n.startswith("approval")}
    return model_version.register(
        loop.server.store, workspace=one.workspace, name=MODEL, model_uri=one.model_uri,
        model_type=one.model_type, tags={**kept, **tags}, properties=one.properties, job=one.job,
    )  # fmt: skip


def broken_after_the_smoke_test(folder: Path, what: str) -> None:
    script = folder / "endpoint" / "score.py"
    script.write_text(script.read_text() + AFTER_THE_SMOKE_TEST.format(what=what))


def sample_of(loop: LoopHome, first: Run, folder: Path) -> Path:
    """What the first version answered in its evaluation, from the run's artifact."""
    artifact = artifacts.get(loop.server.store, run_id=first.run_id, name="evaluation")
    artifacts.copy_to(loop.server.store, artifact, folder / "evaluation")
    return folder / "evaluation" / "sample.json"


def serving(loop: LoopHome) -> tuple[dict[str, int], dict[str, str]]:
    """The traffic as it is, and the models that it goes to."""
    traffic = dict(loop.endpoint().traffic)
    return traffic, {n: m for n, m in loop.deployed().items() if traffic.get(n)}


def test_a_version_that_answers_wrongly_is_rolled_back(
    loop: LoopHome, first: Run, tmp_path: Path
) -> None:
    approved = {"approval": "approved", "approval_by": "Avery", "approval_run": "0"}
    version = another_version(loop, **approved)
    before = serving(loop)
    source = copy_of(loop.folder, tmp_path / "stack")
    broken_after_the_smoke_test(source, ANSWERS_WRONGLY)
    with loop.load() as load:
        done = loop.release(source, version.version, sample_of(loop, first, tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "answers other than it did in its evaluation" in done.stdout
    assert "'green': 10" in done.stdout or "'blue': 10" in done.stdout
    assert serving(loop) == before
    assert load.failures == []
    assert set(load.answers) == {200}


def test_a_version_that_dies_under_traffic_is_rolled_back_and_told_of(
    loop: LoopHome, first: Run
) -> None:
    """The same through the release pipeline: the run fails and the webhook hears of it."""
    version = another_version(loop)
    before = serving(loop)
    broken_after_the_smoke_test(loop.folder, DIES)
    # from develop, since no other branch may use the connection of dev
    assert loop.push("develop", "dying [skip ci]") == []
    loop.server.git(loop.folder, "reset", "-q", "--hard", "HEAD~1")
    started = loop.queue("dev-release-pipeline", branch="develop", modelVersion=version.version)
    loop.approve(started)
    assert loop.result(started) == "failed", loop.told(started)
    assert loop.stages(started) == {
        "Find": "succeeded", "Approval": "failed", "Decision": "succeeded", "Notify": "succeeded",
    }  # fmt: skip
    said = loop.log(started, "Deploy the approved version")
    assert "'green': 10" in said or "'blue': 10" in said
    assert serving(loop) == before
    told = loop.listener.of_run(started)
    assert (told["stage"], told["pipeline"]) == ("Approval", "dev-release-pipeline")
    assert "HTTP 5" in told["reason"] or "no answer" in told["reason"]
    assert answered(loop)
