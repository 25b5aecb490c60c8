"""A compute's size bounds how many jobs run on it at once, also when it is changed meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ml_lab import Lab, lab, make_workspace
from tests.shipway_server import wait_until

from shipway.loop import ml_job
from shipway.ml import computes, workspaces
from shipway.ml.jobs import MLJob

_SOON = 8.0  # well below the worker's own idle look around

# says that it runs, then waits for the file `stop`, but not forever
WAIT = "touch {folder}/$$.up; for n in $(seq 200); do [ -e {stop} ] && break; sleep 0.1; done"


@pytest.fixture(scope="module")
def ml(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("limits"), slots=3) as made:
        yield made


def cluster(ml: Lab, name: str, most: int, *, workspace: str = "") -> None:
    computes.create(
        ml.store, workspace=workspace or ml.workspace, name=name, compute_type="AmlCompute",
        location="westeurope", settings={"scaleSettings": {"maxNodeCount": most}},
    )  # fmt: skip


def submit(ml: Lab, command: str, compute: str, *, workspace: str = "") -> MLJob:
    return ml_job.submit(
        ml.store, workspace=workspace or ml.workspace, name="",
        definition={"jobType": "Command", "command": command, "computeId": compute,
                    "environmentId": "azureml:local:1"},
    )  # fmt: skip


def test_a_cluster_without_nodes_runs_a_job_as_soon_as_it_has_one(ml: Lab, tmp_path: Path) -> None:
    cluster(ml, "none", 0)
    marker = tmp_path / "ran"
    job = submit(ml, f"touch {marker}", "none")
    other = submit(ml, "true", "local")  # there are slots: it is the cluster that has no room
    assert ml.ended(other.name).status == "Completed"
    assert (ml.get(job.name).status, marker.exists()) == ("Queued", False)
    cluster(ml, "none", 1)
    assert ml.ended(job.name, seconds=_SOON).status == "Completed"


def test_a_cluster_that_grows_runs_more_at_once(ml: Lab, tmp_path: Path) -> None:
    cluster(ml, "grows", 1)
    stop = tmp_path / "stop"
    wait = WAIT.format(folder=tmp_path, stop=stop)
    found = [submit(ml, wait, "grows") for _ in range(3)]
    wait_until(lambda: len(list(tmp_path.glob("*.up"))) == 1)
    running = [ml.get(job.name).status for job in found]
    assert running.count("Running") <= 1
    cluster(ml, "grows", 2)
    wait_until(lambda: len(list(tmp_path.glob("*.up"))) == 2, seconds=_SOON)
    stop.touch()
    assert [ml.ended(job.name).status for job in found] == ["Completed"] * 3


def test_clusters_of_one_name_in_two_workspaces_have_room_of_their_own(
    ml: Lab, tmp_path: Path
) -> None:
    second = make_workspace(ml.store, name="second")
    for workspace in (ml.workspace, second):
        cluster(ml, "same", 1, workspace=workspace)
    stop = tmp_path / "stop"
    wait = WAIT.format(folder=tmp_path, stop=stop)
    submit(ml, wait, "same", workspace=second)
    here = submit(ml, wait, "same")
    wait_until(lambda: len(list(tmp_path.glob("*.up"))) == 2, seconds=_SOON)
    stop.touch()
    assert ml.ended(here.name).status == "Completed"


def test_a_stopped_instance_runs_nothing_until_it_is_started(ml: Lab) -> None:
    computes.create(
        ml.store, workspace=ml.workspace, name="mine", compute_type="ComputeInstance",
        location="westeurope",
    )  # fmt: skip
    computes.set_instance_state(ml.store, workspace=ml.workspace, name="mine", state="Stopped")
    job = submit(ml, "true", "mine")
    assert ml.ended(submit(ml, "true", "local").name).status == "Completed"
    assert ml.get(job.name).status == "Queued"
    computes.set_instance_state(ml.store, workspace=ml.workspace, name="mine", state="Running")
    assert ml.ended(job.name, seconds=_SOON).status == "Completed"


def test_a_deleted_workspace_ends_its_jobs_and_the_compute_goes_on(ml: Lab, tmp_path: Path) -> None:
    gone = make_workspace(ml.store, name="gone")
    up = tmp_path / "up"
    job = submit(ml, f"touch {up}; sleep 60", "local", workspace=gone)
    wait_until(up.exists)
    workspaces.delete(ml.store, gone)
    wait_until(lambda: ml.store.queue.find(job.subject) is None, seconds=_SOON)
    assert ml.ended(submit(ml, "true", "local").name).status == "Completed"
    failed = [e for e in ml.store.journal.after(0, limit=10_000) if e.kind == "ReactionFailed"]
    assert failed == []
