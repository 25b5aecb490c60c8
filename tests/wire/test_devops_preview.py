"""A pipeline previewed: the expanded YAML, and what is wrong, as Azure DevOps answers."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.devops_door import Door, open_door

from shipway.devops import definitions, projects, repositories, runs

MAIN = "refs/heads/main"
YAML = """\
trigger: none
parameters:
- name: shout
  type: boolean
  default: false
steps:
- template: steps/greet.yml
  parameters:
    words: ${{ variables.words }}
- ${{ if parameters.shout }}:
  - bash: echo LOUD
"""
GREET = (
    "parameters:\n- name: words\n  type: string\nsteps:\n- script: echo ${{ parameters.words }}\n"
)
PLAIN = "steps:\n- script: echo override\n"
EXPANDED = """\
trigger:
  enabled: false
parameters:
- name: shout
  type: boolean
  default: false
stages:
- stage: __default
  jobs:
  - job: Job
    steps:
    - task: CmdLine@2
      inputs:
        script: echo %s
%s
"""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(tmp_path_factory.mktemp("preview")) as running:
        store = running.store
        project = projects.create(store, name="flights")
        repository = repositories.create(store, project_id=project.project_id, name="flights")
        definitions.create(
            store, project_id=project.project_id, name="ml",
            repository_id=repository.repository_id,
            variables={
                "words": definitions.DefinitionVariable(value="hello", allow_override=True)
            },
        )  # fmt: skip
        for branch, greeting in (("main", GREET), ("refs/heads/other", GREET + "- bash: echo b\n")):
            _push(running, branch, {"/azure-pipelines.yml": YAML, "/steps/greet.yml": greeting})
        yield running


def _push(door: Door, branch: str, files: dict[str, str]) -> None:
    changes: list[Any] = [
        {"changeType": "add", "item": {"path": path},
         "newContent": {"content": text, "contentType": "rawtext"}}
        for path, text in files.items()
    ]  # fmt: skip
    name = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
    answer = requests.post(
        f"{door.url}/flights/_apis/git/repositories/flights/pushes?api-version=7.1",
        auth=("", door.owner_token), timeout=30,
        json={
            "refUpdates": [{"name": name, "oldObjectId": "0" * 40}],
            "commits": [{"comment": "c", "changes": changes}],
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.text


def _asked(door: Door, body: dict[str, Any], tail: str = "1/preview") -> Any:
    return requests.post(
        f"{door.url}/flights/_apis/pipelines/{tail}?api-version=7.1", json=body,
        auth=("", door.owner_token), timeout=30,
    )  # fmt: skip


def test_the_official_client_reads_the_expanded_yaml(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_DEVOPS_CACHE_DIR", str(tmp_path))
    from azure.devops import _file_cache
    from azure.devops.client import Client
    from azure.devops.connection import Connection
    from azure.devops.v7_1.pipelines.models import RunPipelineParameters, Variable
    from msrest.authentication import BasicAuthentication

    for cache in (_file_cache.OPTIONS_CACHE, _file_cache.RESOURCE_CACHE):
        monkeypatch.setattr(cache, "file_name", str(tmp_path / f"cache-{id(cache)}.json"))
        monkeypatch.setattr(cache, "data", {})
    monkeypatch.setattr(Client, "_locations_cache", {})
    connection = Connection(base_url=door.url, creds=BasicAuthentication("", door.owner_token))
    client = connection.clients_v7_1.get_pipelines_client()
    try:
        asked = RunPipelineParameters(
            preview_run=True, template_parameters={"shout": True},
            variables={"words": Variable(value="good day")}, stages_to_skip=["none"],
        )  # fmt: skip
        loud = "    - task: Bash@3\n      inputs:\n        targetType: inline\n"
        loud += "        script: echo LOUD\n"
        shown = client.preview(asked, "flights", 1).final_yaml
        assert shown == EXPANDED % ("good day", loud)
        override = RunPipelineParameters(preview_run=True, yaml_override=PLAIN)
        shown = client.preview(override, "flights", 1).final_yaml
        assert shown == EXPANDED[EXPANDED.index("stages:") :] % ("override", "")
    finally:
        for one in connection._client_cache.values():
            one._client.close()
        gc.collect()
    assert runs.list_of(door.store) == []


@pytest.mark.parametrize("tail", ["1/preview", "1/runs"])
@pytest.mark.parametrize("override", ["", None])
def test_an_empty_override_shows_the_committed_file(
    door: Door, tail: str, override: str | None
) -> None:
    answer = _asked(door, {"previewRun": True, "yamlOverride": override}, tail)
    assert (answer.status_code, list(answer.json())) == (200, ["finalYaml"])
    assert answer.json()["finalYaml"] == EXPANDED % ("hello", "")
    assert runs.list_of(door.store) == []


@pytest.mark.parametrize("field", ["refName", "version"])
def test_a_branch_or_commit_may_be_named(door: Door, field: str) -> None:
    tip = repositories.resolve(
        door.store, repositories.list_of(door.store)[0], "refs/heads/other"
    )  # fmt: skip
    named = {"refName": "refs/heads/other"} | ({"version": tip} if field == "version" else {})
    body = {"previewRun": True, "resources": {"repositories": {"self": named}}}
    assert "script: echo b\n" in _asked(door, body).json()["finalYaml"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [(None, 1), ({"refName": "refs/heads/other"}, 2), ({"refName": "refs/heads/none"}, 0)],
)
def test_a_template_of_a_named_repository_at_a_branch_that_may_be_chosen(
    door: Door, named: dict[str, str] | None, expected: int
) -> None:
    override = (
        "resources:\n  repositories:\n  - {repository: again, name: flights/flights}\n"
        "steps:\n- template: steps/greet.yml@again\n  parameters: {words: w}\n"
    )
    chosen = {"resources": {"repositories": {"again": named}}} if named else {}
    answer = _asked(door, {"previewRun": True, "yamlOverride": override} | chosen)
    if expected:
        assert answer.json()["finalYaml"].count("- task:") == expected
        return
    assert answer.json()["message"] == (
        "/azure-pipelines.yml: Could not get the latest source version for repository flights "
        "hosted on Azure Repos using ref refs/heads/none."
    )


def test_all_that_is_wrong_is_told_in_one_message(door: Door) -> None:
    wrong = "steps:\n- scrpt: echo\n- template: no.yml\n- bash: echo\n  colour: red\n"
    answer = _asked(door, {"previewRun": True, "yamlOverride": wrong})
    told = answer.json()
    assert (answer.status_code, told["typeKey"]) == (400, "PipelineValidationException")
    assert (told["errorCode"], told["eventId"]) == (0, 3000)
    assert told["typeName"].startswith("Microsoft.Azure.Pipelines.WebApi.PipelineValidation")
    lines = told["message"].split("\n")
    assert len(lines) > 1
    assert any(line.startswith("/azure-pipelines.yml: File /no.yml not found") for line in lines)
    assert "hint" not in told["message"].lower()


def test_parameters_that_do_not_fit_are_told(door: Door) -> None:
    body = {"previewRun": True, "templateParameters": {"shout": "perhaps"}}
    answer = _asked(door, body)
    assert answer.status_code == 400
    assert (
        "The 'shout' parameter value 'perhaps' is not a valid Boolean" in answer.json()["message"]
    )


def test_what_only_agents_here_lack_is_printed(door: Door) -> None:
    yaml = "container: ubuntu:24.04\nsteps:\n- task: VSBuild@1\n"
    answer = _asked(door, {"previewRun": True, "yamlOverride": yaml})
    assert answer.status_code == 200, answer.text
    assert "- task: VSBuild@1" in answer.json()["finalYaml"]


def test_a_task_that_does_not_exist_is_told_without_a_place(door: Door) -> None:
    yaml = "steps:\n- task: NoSuchTask@9\n"
    answer = _asked(door, {"previewRun": True, "yamlOverride": yaml})
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "A task is missing. The pipeline references a task called 'NoSuchTask'. This usually "
        "indicates the task isn't installed, and you may be able to install it from the "
        "Marketplace: https://marketplace.visualstudio.com. (Task version 9, job 'Job', step ''.)"
    )


def test_tasks_are_looked_for_in_files_that_are_right(door: Door) -> None:
    yaml = "steps:\n- task: NoSuchTask@9\n- bash: echo\n  colour: red\n"
    answer = _asked(door, {"previewRun": True, "yamlOverride": yaml})
    assert answer.json()["message"] == (
        "/azure-pipelines.yml (Line: 4, Col: 3): Unexpected value 'colour'"
    )


def test_a_task_of_agentless_jobs_is_told_in_a_job_on_an_agent(door: Door) -> None:
    yaml = "steps:\n- task: Delay@1\n  inputs: {delayForMinutes: 1}\n"
    answer = _asked(door, {"previewRun": True, "yamlOverride": yaml})
    assert answer.status_code == 400
    assert "Job Job: Step  references task 'Delay' at version '1." in answer.json()["message"]
    assert answer.json()["message"].endswith("which is not valid for the given job target.")


def test_an_unknown_pipeline_is_a_fault_of_the_server_as_azure_has_it(door: Door) -> None:
    answer = _asked(door, {"previewRun": True}, "999/preview")
    assert (answer.status_code, answer.json()["typeKey"]) == (500, "PipelineNotFoundException")
    assert answer.json()["message"] == "The pipeline '999' does not exist"


@pytest.mark.parametrize(
    ("tail", "body", "word"),
    [
        ("1/runs", {"yamlOverride": PLAIN}, "preview"),
        ("1/preview", {"variables": {"other": {"value": "1"}}}, "other"),
        ("1/preview", {"resources": {"repositories": {"self": {"refName": "no"}}}}, "no"),
        ("1/preview", {"colour": "red"}, "colour"),
    ],
)
def test_what_a_preview_cannot_take_is_named(
    door: Door, tail: str, body: dict[str, Any], word: str
) -> None:
    answer = _asked(door, body, tail)
    assert answer.status_code == 400
    assert word in answer.json()["message"]
    assert runs.list_of(door.store) == []
