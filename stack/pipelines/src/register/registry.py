"""Creates a model version in the workspace, with the identity of the compute.

The only module of this component that talks to the workspace, over Azure's REST interface in its
generally available version.
"""

from __future__ import annotations

import os

import requests
from azure.identity import DefaultAzureCredential

ARM = "https://management.azure.com"
API_VERSION = "2024-10-01"


class WorkspaceError(Exception):
    """The workspace did not answer as needed; the message says what was asked."""


class ModelRegistry:
    """The versions of the workspace's models."""

    def __init__(self, *, subscription: str, resource_group: str, workspace: str) -> None:
        self._root = (
            f"{ARM}/subscriptions/{subscription}/resourceGroups/{resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
        )
        self._credential = DefaultAzureCredential(
            managed_identity_client_id=os.environ.get("DEFAULT_IDENTITY_CLIENT_ID")
        )

    @classmethod
    def of_this_job(cls) -> ModelRegistry:
        """The registry of the workspace that runs this job."""
        return cls(
            subscription=os.environ["AZUREML_ARM_SUBSCRIPTION"],
            resource_group=os.environ["AZUREML_ARM_RESOURCEGROUP"],
            workspace=os.environ["AZUREML_ARM_WORKSPACE_NAME"],
        )

    def version_of_job(self, name: str, job: str) -> str | None:
        """The version that this pipeline job registered already, when a step is run again."""
        page = self._ask("GET", f"{self._root}/models/{name}/versions", missing={"value": []})
        while True:
            for item in page["value"]:
                if (item["properties"].get("tags") or {}).get("job") == job:
                    return item["name"]
            if not page.get("nextLink"):
                return None
            page = self._ask("GET", page["nextLink"])

    def next_version(self, name: str) -> str:
        """One more than the newest version of a model; 1 for a new model."""
        found = self._ask("GET", f"{self._root}/models/{name}", missing={"properties": {}})
        return str(found["properties"].get("nextVersion") or 1)

    def create(self, name: str, version: str, *, uri: str, job: str, tags: dict[str, str]) -> None:
        """Registers an MLflow model that lies in a job's output."""
        properties = {
            "modelUri": uri,
            "modelType": "mlflow_model",
            "description": "Will a flight arrive more than 15 minutes late?",
            "jobName": job,
            "tags": tags,
        }
        self._ask(
            "PUT", f"{self._root}/models/{name}/versions/{version}", body={"properties": properties}
        )

    def _ask(
        self, method: str, url: str, *, body: dict | None = None, missing: dict | None = None
    ) -> dict:
        token = self._credential.get_token(f"{ARM}/.default").token
        answer = requests.request(
            method,
            url,
            params=None if "api-version=" in url else {"api-version": API_VERSION},
            headers={"Authorization": f"Bearer {token}"},
            json=body,
            timeout=60,
        )
        if answer.status_code == 404 and missing is not None:
            return missing
        if not answer.ok:
            raise WorkspaceError(f"{method} {url}: {answer.status_code} {answer.text[:500]}")
        return answer.json()
