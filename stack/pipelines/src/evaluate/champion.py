"""Finds the model version that serves today and brings its files here.

The only module of this component that talks to the workspace, with the identity of the compute.
Azure's REST interface is used directly, in its generally available version: loading the SDK would
take longer than the whole look-up.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import requests
from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient

ARM = "https://management.azure.com"
API_VERSION = "2024-10-01"
MODEL_ID = re.compile(r"models/(?P<name>[^/]+)/versions/(?P<version>[^/]+)$")
DATASTORE_URI = re.compile(r"/?datastores/(?P<datastore>[^/]+)/paths/(?P<path>.+)$")


class WorkspaceError(Exception):
    """The workspace did not answer as needed; the message says what was asked."""


@dataclass(frozen=True)
class Champion:
    """A registered model version whose files are in `folder`."""

    name: str
    version: str
    tags: dict[str, str]
    folder: Path


class Workspace:
    """Reads of one workspace."""

    def __init__(self, *, subscription: str, resource_group: str, name: str) -> None:
        self._root = (
            f"{ARM}/subscriptions/{subscription}/resourceGroups/{resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        )
        self._credential = DefaultAzureCredential(
            managed_identity_client_id=os.environ.get("DEFAULT_IDENTITY_CLIENT_ID")
        )

    @classmethod
    def of_this_job(cls) -> Workspace:
        """The workspace that runs this job, named in every job's environment."""
        return cls(
            subscription=os.environ["AZUREML_ARM_SUBSCRIPTION"],
            resource_group=os.environ["AZUREML_ARM_RESOURCEGROUP"],
            name=os.environ["AZUREML_ARM_WORKSPACE_NAME"],
        )

    def find(self, path: str) -> dict | None:
        """The properties of a resource, or None where there is none."""
        token = self._credential.get_token(f"{ARM}/.default").token
        answer = requests.get(
            f"{self._root}/{path}",
            params={"api-version": API_VERSION},
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        if answer.status_code == 404:
            return None
        if not answer.ok:
            raise WorkspaceError(f"GET {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()["properties"]

    def get(self, path: str) -> dict:
        """The properties of a resource that must be there."""
        found = self.find(path)
        if found is None:
            raise WorkspaceError(f"GET {path}: not found")
        return found

    def download(self, uri: str, into: Path) -> Path:
        """Copies every blob below an azureml datastore path into a folder."""
        match = DATASTORE_URI.search(uri)
        if match is None:
            raise WorkspaceError(f"{uri} is not a path in a datastore")
        store = self.get(f"datastores/{match['datastore']}")
        account, container = store["accountName"], store["containerName"]
        url = f"https://{account}.blob.{store.get('endpoint') or 'core.windows.net'}"
        prefix = match["path"].rstrip("/") + "/"
        with ContainerClient(url, container, credential=self._credential) as blobs:
            names = [blob.name for blob in blobs.list_blobs(name_starts_with=prefix)]
            for name in names:
                target = into / name.removeprefix(prefix)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(blobs.download_blob(name).readall())
        if not names:
            raise WorkspaceError(f"no file below {uri}")
        return into


def find_champion(workspace: Workspace, endpoint: str, into: Path) -> Champion | None:
    """The version behind the endpoint's largest share of traffic; None where nothing serves."""
    found = workspace.find(f"onlineEndpoints/{endpoint}")
    shares = {name: share for name, share in ((found or {}).get("traffic") or {}).items() if share}
    if not shares:
        return None
    serving = max(shares, key=lambda name: shares[name])
    model_id = workspace.get(f"onlineEndpoints/{endpoint}/deployments/{serving}")["model"]
    match = MODEL_ID.search(model_id)
    if match is None:
        raise WorkspaceError(f"deployment {serving} serves {model_id}, no registered model version")
    model = workspace.get(f"models/{match['name']}/versions/{match['version']}")
    return Champion(
        name=match["name"],
        version=match["version"],
        tags=model.get("tags") or {},
        folder=workspace.download(model["modelUri"], into),
    )
