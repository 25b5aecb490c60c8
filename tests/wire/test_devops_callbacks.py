"""What a callee tells of an agentless task: by which token, of which task, to what effect."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.devops.v7_1.task.models import TaskLog
from azure.devops.v7_1.task.task_client import TaskClient
from msrest.authentication import BasicAuthentication
from tests.devops_door import Door, open_door

from shipway.azure.entra import personal_access_tokens
from shipway.devops import definitions, logs, projects, repositories, runs, task_callbacks
from shipway.devops.runs import Record, Run

JOB = "5f0d5b5e-0000-4000-8000-000000000001"
CALL = "5f0d5b5e-0000-4000-8000-000000000002"
SCRIPT = "5f0d5b5e-0000-4000-8000-000000000003"
QUESTION = "5f0d5b5e-0000-4000-8000-000000000004"


@dataclass(frozen=True)
class Scene:
    door: Door
    run: Run

    @property
    def plan(self) -> str:
        return f"{self.door.url}/flights/_apis/distributedtask/hubs/build/plans/{self.run.plan_id}"

    @property
    def job_token(self) -> str:
        return personal_access_tokens.issue_job_token(self.door.store, run_id=self.run.run_id)

    def send(self, method: str, tail: str, body: Any, *, token: str = "") -> Any:
        return requests.request(
            method, f"{self.plan}/{tail}?api-version=7.1", json=body,
            auth=("", token or self.job_token), timeout=30,
        )  # fmt: skip

    def event(self, token: str = "", **changes: object) -> Any:
        body = {"name": "TaskCompleted", "jobId": JOB, "taskId": CALL, "result": "succeeded"}
        return self.send("POST", "events", body | changes, token=token)

    def told(self) -> task_callbacks.Callback | None:
        return task_callbacks.find(self.door.store, self.run.run_id, CALL)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("callbacks")) as running:
        project = projects.create(running.store, name="flights")
        repository = repositories.create(running.store, project_id=project.project_id, name="r")
        definitions.create(
            running.store, project_id=project.project_id, name="ml",
            repository_id=repository.repository_id,
        )  # fmt: skip
        yield running


@pytest.fixture
def scene(door: Door) -> Scene:
    """A run with a call that waits and a script that runs."""
    store = door.store
    (project,) = projects.list_all(store)
    (definition,) = definitions.list_of(store, project_id=project.project_id)
    run = runs.queue_run(
        store, definition=definition, branch="refs/heads/main", version="0" * 40,
        reason="manual", requested_by=door.user,
    )  # fmt: skip
    runs.set_record(store, Record(record_id=JOB, run_id=run.run_id, kind="Job", name="J"))
    tasks = (
        (CALL, "InvokeRESTAPI", "1"),
        (SCRIPT, "Bash", "3"),
        (QUESTION, "ManualValidation", "1"),
    )
    for record_id, name, version in tasks:
        runs.set_record(
            store,
            Record(
                record_id=record_id, run_id=run.run_id, kind="Task", name=name, parent_id=JOB,
                state="inProgress", task_name=name, task_version=version,
            ),
        )  # fmt: skip
    return Scene(door=door, run=run)


@pytest.mark.parametrize("result", ["failed", 2, "Failed"])
def test_the_jobs_token_ends_a_task_that_waits_once(scene: Scene, result: object) -> None:
    assert scene.event(result=result).status_code == 200
    told = scene.told()
    assert told is not None
    assert told.result == "failed"
    again = scene.event()
    assert (again.status_code, "already" in again.json()["message"]) == (409, True)


def test_who_may_queue_builds_ends_it_as_well_and_another_run_does_not(scene: Scene) -> None:
    assert scene.event(name="TaskStarted").status_code == 200
    assert scene.told() is None
    store = scene.door.store
    other = personal_access_tokens.issue_job_token(store, run_id=scene.run.run_id + 1)
    assert scene.event(token=other).status_code in (403, 404)
    assert scene.told() is None
    assert scene.event(token=scene.door.user_token).status_code == 200
    assert scene.told() == task_callbacks.Callback(result="succeeded", by_name=scene.door.user.name)


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"taskId": SCRIPT}, 409, "waits for nobody"),
        ({"taskId": "no-task"}, 404, "no-task"),
        ({"jobId": SCRIPT}, 404, SCRIPT),
        ({"name": "TaskForgotten"}, 400, "TaskForgotten"),
        ({"result": "perhaps"}, 400, "perhaps"),
        ({"result": 17}, 400, "17"),
    ],
)
def test_what_no_task_waits_for_is_named(
    scene: Scene, changes: dict[str, Any], status: int, word: str
) -> None:
    said = scene.event(**changes)
    assert (said.status_code, word in said.json()["message"]) == (status, True)
    assert scene.told() is None


def test_nothing_but_a_persons_answer_ends_a_manual_validation(scene: Scene) -> None:
    records = f"timelines/{scene.run.plan_id}/records"
    for token in (scene.job_token, scene.door.user_token):
        said = scene.event(token=token, taskId=QUESTION)
        assert (said.status_code, "people only" in said.json()["message"]) == (403, True)
    lines = {"value": ["Instructions: all is well"]}
    assert scene.send("POST", f"{records}/{QUESTION}/feed", lines).status_code == 403
    told = {"value": [{"id": QUESTION, "variables": {"ok": {"value": "1"}}}]}
    assert scene.send("PATCH", records, told).status_code == 403
    store, run_id = scene.door.store, scene.run.run_id
    assert task_callbacks.find(store, run_id, QUESTION) is None
    assert task_callbacks.take(store, run_id, QUESTION) == []


def test_lines_and_outputs_reach_the_task(scene: Scene) -> None:
    records = f"timelines/{scene.run.plan_id}/records"
    lines = {"value": ["one", "two"], "count": 2}
    assert scene.send("POST", f"{records}/{CALL}/feed", lines).status_code == 200
    changed = {
        "id": CALL, "percentComplete": 50,
        "variables": {"score": {"value": "7", "isSecret": True}},
        "issues": [{"type": "warning", "message": "slow"}],
    }  # fmt: skip
    said = scene.send("PATCH", records, {"value": [changed], "count": 1})
    assert said.json()["value"][0]["id"] == CALL
    first, second = task_callbacks.take(scene.door.store, scene.run.run_id, CALL)
    assert (first.lines, second.lines) == (("one", "two"), ("##[warning]slow",))
    assert (second.outputs["score"].value, second.outputs["score"].is_secret) == ("7", True)
    wrong = scene.send("PATCH", records, {"value": [{"id": CALL, "result": "failed"}]})
    assert (wrong.status_code, "'result'" in wrong.json()["message"]) == (501, True)


def test_the_official_client_writes_a_log_of_its_own(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_DEVOPS_CACHE_DIR", str(tmp_path))
    client = TaskClient(scene.door.url, BasicAuthentication("", scene.job_token))
    plan = scene.run.plan_id
    made = client.create_log(TaskLog(path="logs/mine"), "flights", "build", plan)
    client.append_log_content(io.BytesIO(b"first\nsecond\n"), "flights", "build", plan, made.id)
    store = scene.door.store
    log = logs.get(store, run_id=scene.run.run_id, log_id=made.id)
    assert logs.read(store, log, with_times=False) == ["first", "second"]
    own = logs.create(store, run_id=scene.run.run_id, record_id=CALL)
    assert scene.send("POST", f"logs/{own.log_id}", "x").status_code == 403


def test_a_job_tags_its_own_run_and_no_other(scene: Scene) -> None:
    base = f"{scene.door.url}/flights/_apis/build/builds/{scene.run.run_id}/tags/good"
    other = personal_access_tokens.issue_job_token(scene.door.store, run_id=scene.run.run_id - 1)
    assert requests.put(base, auth=("", other), timeout=30).status_code == 403
    assert runs.get(scene.door.store, scene.run.run_id).tags == ()
    assert requests.put(base, auth=("", scene.job_token), timeout=30).status_code == 200
    assert runs.get(scene.door.store, scene.run.run_id).tags == ("good",)
