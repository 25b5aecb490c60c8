"""A day's work with the official Python client, run under `shipway exec` as a script of a user.

Makes a project with a repository, pushes, makes a pipeline and looks at its preview; runs it,
follows it, approves what waits, reads logs, artifact and result. Prints what it saw as JSON.
"""

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable
from typing import Any

from azure.devops.client import Client
from azure.devops.connection import Connection
from azure.devops.v7_1.build.models import BuildDefinition, BuildRepository
from azure.devops.v7_1.core.models import TeamProject
from azure.devops.v7_1.git.models import GitRepositoryCreateOptions
from azure.devops.v7_1.pipelines.models import RunPipelineParameters, Variable
from msrest.authentication import BasicAuthentication

APPROVALS = "37794717-f36f-4d78-b2bf-4dc30d0cfbcd"
CHECKS = "86c8381e-5aee-4cde-8ae4-25c0c7f5eaea"
APPROVAL_CHECK = "8c6f20a7-a545-4486-9777-f762fafe0d4d"
PROJECT, REPOSITORY = "Delays", "model"
YAML = """\
parameters:
- {name: words, type: string, default: hello}
trigger: none
stages:
- stage: Build
  jobs:
  - job: Unit
    steps:
    - script: echo "${{ parameters.words }} $(who)" | tee said.txt
      displayName: Say it
    - publish: said.txt
      artifact: words
- stage: Ship
  jobs:
  - deployment: Prod
    environment: prod
    strategy: {runOnce: {deploy: {steps: [{script: cat $(Pipeline.Workspace)/words/said.txt}]}}}
"""


def main(url: str, token: str, approver: str) -> dict[str, Any]:
    """The day, and what was seen of it."""
    credential = BasicAuthentication("", token)
    connection = Connection(base_url=url, creds=credential)
    clients = connection.clients_v7_1
    project = made_project(clients)
    commit = pushed(clients, project)
    pipeline = made_pipeline(clients, project)
    invoke = Client(url, credential)._send
    guarded(clients, invoke, project, approver)
    pipelines, build = clients.get_pipelines_client(), clients.get_build_client()
    parameters = RunPipelineParameters(template_parameters={"words": "good day"})
    parameters.preview_run = True
    preview = pipelines.preview(parameters, project.id, pipeline)
    parameters.preview_run = False
    parameters.variables = {"who": Variable(value="client")}
    run = pipelines.run_pipeline(parameters, project.id, pipeline)
    approval = waited(lambda: pending(invoke, project.id))
    while_waiting = pipelines.get_run(project.id, pipeline, run.id).state
    invoke("PATCH", APPROVALS, "7.1-preview.1", route_values={"project": project.id},
           content=[{"approvalId": approval, "status": "approved", "comment": "fine"}])  # fmt: skip
    waited(lambda: pipelines.get_run(project.id, pipeline, run.id).state == "completed")
    return {
        "commit": commit, "preview": preview.final_yaml, "while_waiting": while_waiting,
        "result": pipelines.get_run(project.id, pipeline, run.id).result,
        "version": build.get_build(project.id, run.id).source_version,
        "build_result": build.get_build(project.id, run.id).result,
        **timeline(build, project.id, run.id), "artifact": artifact(build, project.id, run.id),
    }  # fmt: skip


def made_project(clients: Any) -> Any:
    core = clients.get_core_client()
    asked = core.queue_create_project(TeamProject(
        name=PROJECT, description="what is late", visibility="private",
        capabilities={
            "versioncontrol": {"sourceControlType": "Git"},
            "processTemplate": {"templateTypeId": "adcc42ab-9882-485e-a3ed-7678f01f66bc"},
        },
    ))  # fmt: skip
    operations = clients.get_operations_client()
    waited(lambda: operations.get_operation(asked.id).status == "succeeded")
    return core.get_project(PROJECT)


def pushed(clients: Any, project: Any) -> str:
    git = clients.get_git_client()
    made = git.create_repository(
        GitRepositoryCreateOptions(name=REPOSITORY, project=project), project=project.id
    )
    change = {
        "changeType": "add", "item": {"path": "/azure-pipelines.yml"},
        "newContent": {"content": YAML, "contentType": "rawtext"},
    }  # fmt: skip
    push = git.create_push(
        {"refUpdates": [{"name": "refs/heads/main", "oldObjectId": "0" * 40}],
         "commits": [{"comment": "First", "changes": [change]}]},
        made.id, project=project.id,
    )  # fmt: skip
    return str(push.commits[0].commit_id)


def made_pipeline(clients: Any, project: Any) -> int:
    repository = clients.get_git_client().get_repository(REPOSITORY, project=project.id)
    process = {"type": 2, "yamlFilename": "azure-pipelines.yml"}
    made = clients.get_build_client().create_definition(
        BuildDefinition(
            name="model", path="\\", type="build", queue_status="enabled", process=process,
            repository=BuildRepository(
                id=repository.id, name=repository.name, type="TfsGit",
                default_branch="refs/heads/main",
            ),
            variables={"who": {"value": "nobody", "allowOverride": True}},
        ),
        project.id,
    )  # fmt: skip
    return int(made.id)


def guarded(clients: Any, invoke: Any, project: Any, approver: str) -> None:
    """An environment that the approver opens; the client's model of a check has no settings."""
    made = clients.get_task_agent_client().add_environment({"name": "prod"}, project.id)
    invoke("POST", CHECKS, "7.1-preview.1", route_values={"project": project.id}, content={
        "type": {"id": APPROVAL_CHECK, "name": "Approval"}, "timeout": 60,
        "resource": {"type": "environment", "id": str(made.id), "name": made.name},
        "settings": {"approvers": [{"id": approver}], "minRequiredApprovers": 1},
    })  # fmt: skip
    environment = {"resource": {"type": "environment", "id": str(made.id)},
                   "allPipelines": {"authorized": True}}  # fmt: skip
    clients.get_pipeline_permissions_client().update_pipeline_permisions_for_resource(
        environment, project.id, "environment", str(made.id)
    )


def pending(invoke: Any, project_id: str) -> str | None:
    answer = invoke("GET", APPROVALS, "7.1-preview.1", route_values={"project": project_id},
                    query_parameters={"state": "pending"})  # fmt: skip
    found = answer.json()["value"]
    return str(found[0]["id"]) if found else None


def timeline(build: Any, project_id: str, run_id: int) -> dict[str, Any]:
    """Stages with their results, and what the step said."""
    records = build.get_build_timeline(project_id, run_id).records
    stages = {r.name: r.result for r in records if r.type == "Stage"}
    said = next(r for r in records if r.name == "Say it")
    lines = build.get_build_log_lines(project_id, run_id, said.log.id)
    return {"stages": stages, "log": lines}


def artifact(build: Any, project_id: str, run_id: int) -> str:
    content = b"".join(build.get_artifact_content_zip(project_id, run_id, "words"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("said.txt")]
        return archive.read(name).decode()


def waited(look: Callable[[], Any], *, seconds: float = 60) -> Any:
    """What `look` gives once it gives something."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"still waiting after {seconds} s")
        time.sleep(0.1)
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
