"""What the delivery scripts ask of the workspace beyond the SDK: model tags, a job's state.

Azure's REST interface in its generally available version. Loading the SDK takes seconds, and the
steps that only read a state or write a tag should not wait for it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import requests
from azure.identity import DefaultAzureCredential

ARM = "https://management.azure.com"
API_VERSION = "2024-10-01"
LONGEST_TAG = 256
#: The first `az` on a busy machine needs longer than the 10 s that it is given otherwise.
AZ_SECONDS = 60


class ArmError(Exception):
    """The workspace did not answer as needed; the message says what was asked."""


@dataclass(frozen=True)
class ModelVersion:
    """A registered model version as its tags describe it."""

    name: str
    version: str
    tags: dict[str, str]
    properties: dict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The three names that every script takes."""
    parser.add_argument("--subscription", required=True)
    parser.add_argument("--resource-group", required=True)
    parser.add_argument("--workspace", required=True)


def credential() -> DefaultAzureCredential:
    """The identity at hand: the pipeline's service connection, or your az login."""
    return DefaultAzureCredential(process_timeout=AZ_SECONDS)


class Workspace:
    """One workspace, with the identity at hand."""

    def __init__(self, *, subscription: str, resource_group: str, name: str) -> None:
        self._id = (
            f"/subscriptions/{subscription}/resourceGroups/{resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        )
        self._root = f"{ARM}{self._id}"
        self._credential = credential()

    @classmethod
    def of(cls, args: argparse.Namespace) -> Workspace:
        """The workspace that the arguments name."""
        return cls(
            subscription=args.subscription,
            resource_group=args.resource_group,
            name=args.workspace,
        )

    def storage_account(self) -> str:
        """The name of the workspace's storage account."""
        return self._ask("GET", self._root)["properties"]["storageAccount"].rsplit("/", 1)[-1]

    def find_job(self, name: str) -> dict | None:
        """A job's properties (status, tags, services); None if it is not in this workspace."""
        return self._ask("GET", f"{self._root}/jobs/{name}", missing={}).get("properties")

    def model_id(self, model: ModelVersion) -> str:
        """The version's name in all of Azure."""
        return f"{self._id}/models/{model.name}/versions/{model.version}"

    def model_version(self, name: str, version: str) -> ModelVersion:
        """One version of a model."""
        return _model_version(
            name, self._ask("GET", f"{self._root}/models/{name}/versions/{version}")
        )

    def model_versions(self, name: str) -> list[ModelVersion]:
        """Every version of a model, oldest first; none for a model that does not exist."""
        found: list[ModelVersion] = []
        url = f"{self._root}/models/{name}/versions"
        while url:
            page = self._ask("GET", url, missing={"value": []})
            found.extend(_model_version(name, item) for item in page["value"])
            url = page.get("nextLink")
        return sorted(found, key=lambda item: (len(item.version), item.version))

    def tag(self, model: ModelVersion, tags: dict[str, str]) -> ModelVersion:
        """Adds tags to a version and leaves everything else of it as it is."""
        current = self.model_version(model.name, model.version)
        texts = {name: str(value)[:LONGEST_TAG] for name, value in tags.items()}
        keep = ("modelUri", "modelType", "description", "properties", "flavors", "jobName", "stage")
        body = {name: current.properties[name] for name in keep if current.properties.get(name)}
        body["tags"] = {**current.tags, **texts}
        answer = self._ask(
            "PUT",
            f"{self._root}/models/{model.name}/versions/{model.version}",
            body={"properties": body},
        )
        return _model_version(model.name, answer)

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
            raise ArmError(f"{method} {url}: {answer.status_code} {answer.text[:500]}")
        return answer.json()


def _model_version(name: str, item: dict) -> ModelVersion:
    properties = item["properties"]
    return ModelVersion(name, item["name"], dict(properties.get("tags") or {}), properties)
