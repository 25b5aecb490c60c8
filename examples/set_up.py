"""Makes what an example needs in Azure DevOps: project, repository, pipeline, and an approval.

    shipway exec -- python set_up.py NAME [--environment NAME --approver NAME]

Reads AZDO_ORG_SERVICE_URL and AZURE_DEVOPS_EXT_PAT, which `shipway exec` sets; with your own
organization and token in them it makes the same there. Safe to run again.
"""

import argparse
import base64
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

PROJECT = "examples"
APPROVAL = "8c6f20a7-a545-4486-9777-f762fafe0d4d"  # Azure's id of this kind of check
AGILE = "adcc42ab-9882-485e-a3ed-7678f01f66bc"  # a process template that each organization has


def call(method: str, path: str, body: object = None, version: str = "7.1") -> Any:
    """One REST call; the answer's JSON."""
    mark = "&" if "?" in path else "?"
    request = urllib.request.Request(
        f"{os.environ['AZDO_ORG_SERVICE_URL']}/{path}{mark}api-version={version}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
    )
    token = base64.b64encode(f":{os.environ['AZURE_DEVOPS_EXT_PAT']}".encode()).decode()
    request.add_header("Authorization", f"Basic {token}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def project() -> dict[str, Any]:
    """The project; where it is missing it is made, which takes Azure DevOps a while."""
    names = [one["name"] for one in call("GET", "_apis/projects")["value"]]
    if PROJECT not in names:
        call("POST", "_apis/projects", {
            "name": PROJECT, "visibility": "private",
            "capabilities": {
                "versioncontrol": {"sourceControlType": "Git"},
                "processTemplate": {"templateTypeId": AGILE},
            },
        })  # fmt: skip
    while True:
        try:
            return call("GET", f"_apis/projects/{PROJECT}")
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            time.sleep(1)


def pipeline(name: str, project_id: str) -> None:
    """A repository of that name and a pipeline that reads its azure-pipelines.yml."""
    repositories = call("GET", f"{PROJECT}/_apis/git/repositories")["value"]
    found = next((one for one in repositories if one["name"] == name), None)
    repository = found or call(
        "POST", f"{PROJECT}/_apis/git/repositories", {"name": name, "project": {"id": project_id}}
    )
    if call("GET", f"{PROJECT}/_apis/build/definitions?name={name}")["value"]:
        return
    call("POST", f"{PROJECT}/_apis/build/definitions", {
        "name": name, "type": "build", "queueStatus": "enabled",
        "process": {"type": 2, "yamlFilename": "azure-pipelines.yml"},
        "repository": {
            "id": repository["id"], "name": name, "type": "TfsGit",
            "defaultBranch": "refs/heads/main",
        },
        # the trigger is the one in the YAML
        "triggers": [{"triggerType": "continuousIntegration", "settingsSourceType": 2}],
        "project": {"name": PROJECT},
    })  # fmt: skip


def approval(environment: str, approver: str) -> None:
    """An environment that `approver` guards. Pipelines may use it without being asked."""
    path = f"{PROJECT}/_apis/distributedtask/environments"
    if call("GET", f"{path}?name={environment}")["value"]:
        return
    asked = urllib.parse.quote(approver)
    found = call("GET", f"_apis/identities?searchFilter=General&filterValue={asked}")["value"]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} people are called '{approver}' (`shipway seed` makes some)")
    made = call("POST", path, {"name": environment})
    call("POST", f"{PROJECT}/_apis/pipelines/checks/configurations", {
        "type": {"id": APPROVAL, "name": "Approval"},
        "settings": {
            "approvers": [{"id": found[0]["id"]}], "minRequiredApprovers": 1,
            "requesterCannotBeApprover": True, "instructions": "Is it good enough?",
        },
        "resource": {"type": "environment", "id": str(made["id"]), "name": environment},
        "timeout": 1440,
    }, "7.1-preview.1")  # fmt: skip
    permissions = f"{PROJECT}/_apis/pipelines/pipelinepermissions/environment/{made['id']}"
    call("PATCH", permissions, {"allPipelines": {"authorized": True}}, "7.1-preview.1")


def main() -> None:
    """Make it and say where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="the example: its repository and pipeline are called so")
    parser.add_argument("--environment", help="one that waits for --approver")
    parser.add_argument("--approver", help="who decides")
    given = parser.parse_args()
    pipeline(given.name, project()["id"])
    if given.environment:
        approval(given.environment, given.approver)
    print(f"{os.environ['AZDO_ORG_SERVICE_URL']}/{PROJECT}/_git/{given.name}")


if __name__ == "__main__":
    main()
