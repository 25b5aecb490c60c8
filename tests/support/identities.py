"""A service connection, a compute and an online endpoint, each with an identity of its own."""

import json
import time
from dataclasses import dataclass
from typing import Any

from tests.shipway_server import ProjectRepository, ShipwayServer
from tests.support import ml_world

from shipway.azure.arm import resource_groups
from shipway.azure.entra import federated_credentials, service_principals, tenant
from shipway.azure.entra.principals import Principal
from shipway.devops import definitions, pipeline_permissions, projects, service_connections
from shipway.ml import computes, datastores, workspaces
from shipway.ml.workspaces import Workspace

_VERSION = "2024-10-01"
_WAIT_SECONDS = 150


@dataclass(kw_only=True)
class Azure:
    """The workspace `rg/mlw` of a running server, reached over ARM as its owner."""

    server: ShipwayServer
    workspace: Workspace
    _token: str = ""

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any, dict[str, str]]:
        """One ARM call; a path without a leading slash is below the workspace."""
        door = self.server.door()
        self._token = self._token or door.token()
        whole = path if path.startswith("/") else f"{self.workspace.resource_id}/{path}"
        glue = "" if "api-version=" in whole else f"?api-version={_VERSION}"
        answer = door.azure(
            method, "management.azure.com", f"{whole}{glue}", token=self._token,
            body=None if body is None else json.dumps(body),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        content = answer.json() if answer.body else None
        return answer.status, content, {k.lower(): v for k, v in answer.headers.items()}

    def put(self, path: str, properties: object, **more: object) -> Any:
        """PUT and wait for the end of the operation that it names; the resource."""
        body = {"location": "westeurope", "properties": properties, **more}
        status, content, headers = self.call("PUT", path, body)
        assert status in (200, 201), content
        poll = headers.get("azure-asyncoperation", "").removeprefix("https://management.azure.com")
        deadline = time.monotonic() + _WAIT_SECONDS
        while poll:
            _, told, _ = self.call("GET", poll)
            if told["status"] != "InProgress":
                assert told["status"] == "Succeeded", told
                break
            assert time.monotonic() < deadline, f"no end of {path}"
            time.sleep(0.05)
        return content

    def job(self, name: str, command: str, **more: object) -> Any:
        """A command job on the compute `cpu`, once it has ended."""
        properties = {
            "jobType": "Command", "command": command, "environmentId": "azureml:local:1",
            "computeId": f"{self.workspace.resource_id}/computes/cpu", **more,
        }  # fmt: skip
        self.put(f"jobs/{name}", properties)
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            found = self.call("GET", f"jobs/{name}")[1]["properties"]
            if found["status"] in ("Completed", "Failed", "Canceled"):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.05)

    def job_log(self, name: str) -> str:
        """What a job printed."""
        done = self.server.command("logs", name)
        return done.stdout

    def deploy(self, endpoint: str, *, script: str, traffic: int = 100) -> None:
        """An endpoint with one deployment `blue` of a scoring script."""
        store = self.server.store
        ml_world.register(store, self.workspace, "m", "42")
        code = ml_world.scoring_code(store, self.workspace, f"{endpoint}-code", script)
        reference = ml_world.environment(
            store, self.workspace, "serve", "azureml-inference-server-http==1.5.*"
        )
        path = f"onlineEndpoints/{endpoint}"
        self.put(path, {"authMode": "Key"}, identity={"type": "SystemAssigned"})
        self.put(
            f"{path}/deployments/blue",
            {"endpointComputeType": "Managed", "model": "azureml:m:1",
             "environmentId": reference, "instanceType": "Standard_DS3_v2",
             "codeConfiguration": {"codeId": code, "scoringScript": "score.py"}},
            sku={"name": "Default", "capacity": 1},
        )  # fmt: skip
        self.put(path, {"authMode": "Key", "traffic": {"blue": traffic}},
                 identity={"type": "SystemAssigned"})  # fmt: skip

    def score(self, endpoint: str, body: object) -> tuple[int, Any]:
        """One request with the primary key."""
        key = self.call("POST", f"onlineEndpoints/{endpoint}/listKeys")[1]["primaryKey"]
        answer = self.server.door().azure(
            "POST", f"{endpoint}.westeurope.inference.ml.azure.com", "/score", token=key,
            body=json.dumps(body), headers={"Content-Type": "application/json"},
        )  # fmt: skip
        return answer.status, answer.json() if answer.status == 200 else answer.body.decode()


def make_azure(server: ShipwayServer) -> Azure:
    """The workspace with the compute `cpu`."""
    store = server.store
    subscription = tenant.facts(store).subscription_id
    resource_groups.create_or_update(store, name="rg", location="westeurope")
    made = workspaces.create(store, subscription=subscription, resource_group="rg", name="mlw")
    datastores.default(store, workspace=made.key)
    computes.create(
        store, workspace=made.key, name="cpu", compute_type="AmlCompute", location="westeurope",
        system_identity=True,
    )  # fmt: skip
    return Azure(server=server, workspace=made)


def connect(project: ProjectRepository, name: str, *, key: bool = False) -> tuple[Principal, str]:
    """A service connection that every pipeline of the project may use: its identity and, with
    `key`, the client secret that it signs in with."""
    store = project.server.store
    facts = tenant.facts(store)
    made = service_principals.create_with_application(store, display_name=name)
    secret = service_principals.add_secret(store, app_id=made.app_id).text if key else ""
    parameters = {"tenantid": facts.tenant_id, "serviceprincipalid": made.app_id}
    connection = service_connections.create(
        store, project_id=project.project_id, name=name,
        scheme="ServicePrincipal" if key else "WorkloadIdentityFederation",
        parameters={**parameters, "serviceprincipalkey": secret} if key else parameters,
        data={"subscriptionId": facts.subscription_id},
    )  # fmt: skip
    if not key:
        subject = service_connections.subject_of(
            projects.get(store, project.project_id), connection.name
        )
        federated_credentials.create(store, app_id=made.app_id, name="devops", subject=subject)
    pipeline_permissions.authorize(
        store, resource_type="endpoint", resource_id=connection.connection_id, by="test"
    )
    assert definitions.list_of(store, project_id=project.project_id)
    return made, secret
