"""Registries with the unmodified azure-ai-ml SDK: made, filled, shared into, used, deleted."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ml_lab import make_workspace
from tests.shipway_server import SHIPWAY, ShipwayServer, running

from shipway.azure.arm import role_assignments
from shipway.azure.entra import audiences, service_principals, tenant, tokens
from shipway.cli.scaffold import generate
from shipway.ml import (
    code_versions,
    component_versions,
    environment_versions,
    model_versions,
    registries,
    workspaces,
)

_SCRIPT = """
import json, sys, time
from pathlib import Path
from azure.ai.ml import MLClient, load_component
from azure.ai.ml.entities import Environment, Model
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential

subscription = sys.argv[1]
credential = DefaultAzureCredential()
ml = MLClient(credential, subscription, "rg", "lab", enable_telemetry=False)
shared = MLClient(credential, registry_name="contoso-ml", enable_telemetry=False)
told = {"names": [r.name for r in ml.registries.list()]}
told["discovery"] = ml.registries.get("contoso-ml").discovery_url

def code_of(call):
    try:
        call()
    except HttpResponseError as error:
        return error.error.code if error.error else error.status_code
    return None

shared.environments.create_or_update(
    Environment(name="plain", version="3", image="python:3.11", conda_file="conda.yml"))
told["environment"] = shared.environments.get("plain", "3").id
component = shared.components.create_or_update(load_component("double.yml"))
told["component"] = component.id
told["component_environment"] = shared.components.get("double", "1").environment
told["code"] = shared.components.get("double", "1").code

ml.models.create_or_update(Model(name="delay", version="2", path="model", tags={"auc": "0.7"}))
copy = ml.models.share("delay", "2", share_with_name="delay", share_with_version="2",
                       registry_name="contoso-ml")
told["model"] = copy.id
told["tags"] = shared.models.get("delay", "2").tags
shared.models.download("delay", "2", download_path="down")
told["files"] = sorted(p.name for p in Path("down").rglob("*") if p.is_file())
shared.models.create_or_update(Model(name="direct", version="1", path="model"))
told["direct"] = [m.version for m in shared.models.list("direct")]
ml.environments.create_or_update(Environment(name="mine", version="1", image="python:3.11"))
ml.environments.share("mine", "1", share_with_name="mine", share_with_version="1",
                      registry_name="contoso-ml")
told["shared_environment"] = shared.environments.get("mine", "1").image
told["changed"] = code_of(lambda: shared.components.create_or_update(
    load_component("double.yml", params_override=[{"command": "echo other"}])))
told["missing"] = code_of(lambda: MLClient(credential, registry_name="nowhere"))

print("\\nTOLD " + json.dumps(told))
"""
_COMPONENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: double
version: "1"
type: command
code: ./src
command: python double.py ${{inputs.word}}
environment: azureml://registries/contoso-ml/environments/plain/versions/3
inputs:
  word: {type: string}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("registries")) as made:
        make_workspace(made.store)
        yield made


def make_key(server: ShipwayServer) -> str:
    """The key of the workspace."""
    subscription = tenant.facts(server.store).subscription_id
    return workspaces.workspace_key(subscription, "rg", "lab")


def run(server: ShipwayServer, *command: str, cwd: Path) -> str:
    done = subprocess.run(
        [*SHIPWAY, "exec", "--", sys.executable, *command], cwd=cwd, env=server.environment(),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told(server: ShipwayServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a program saw that used a registry which the stack's script had made."""
    folder = tmp_path_factory.mktemp("program")
    subscription = tenant.facts(server.store).subscription_id
    create = [
        str(generate.stack_folder() / "scripts" / "create_registry.py"), "--subscription",
        subscription, "--resource-group", "rg", "--registry-name", "contoso-ml", "--location",
        "westeurope",
    ]  # fmt: skip
    assert "made in westeurope" in run(server, *create, cwd=folder)
    (folder / "src").mkdir()
    (folder / "src" / "double.py").write_text("import sys; print(sys.argv[1] * 2)")
    (folder / "double.yml").write_text(_COMPONENT)
    (folder / "conda.yml").write_text("name: plain\ndependencies: [python=3.11]\n")
    (folder / "model").mkdir()
    (folder / "model" / "weights").write_text("w")
    (folder / "program.py").write_text(_SCRIPT)
    out = run(server, "program.py", subscription, cwd=folder)
    line = next(line for line in out.splitlines() if line.startswith("TOLD "))
    found: dict[str, Any] = json.loads(line.removeprefix("TOLD "))
    return found


def test_a_registry_holds_environments_components_and_models(told: dict[str, Any]) -> None:
    assert told["names"] == ["contoso-ml"]
    assert told["discovery"].endswith("/registrymanagement/v1.0/registries/contoso-ml/discovery")
    place = "azureml://registries/contoso-ml"
    assert told["environment"] == f"{place}/environments/plain/versions/3"
    assert told["component"] == f"{place}/components/double/versions/1"
    assert told["component_environment"] == f"{place}/environments/plain/versions/3"
    assert told["code"].startswith(f"{place}/codes/")
    assert told["direct"] == ["1"]


def test_what_a_workspace_shares_is_a_copy_with_its_files(
    server: ShipwayServer, told: dict[str, Any]
) -> None:
    assert told["model"] == "azureml://registries/contoso-ml/models/delay/versions/2"
    assert (told["tags"], told["files"]) == ({"auc": "0.7"}, ["weights"])
    assert told["shared_environment"] == "python:3.11"


def test_a_registered_version_never_comes_to_mean_something_else(told: dict[str, Any]) -> None:
    assert told["changed"] == "UserError"
    assert told["missing"] == "RegistryNotFound"


def test_what_is_shared_is_used_in_a_workspace_by_its_id(
    server: ShipwayServer, told: dict[str, Any]
) -> None:
    workspace = make_key(server)
    model = model_versions.resolve(server.store, workspace=workspace, reference=told["model"])
    assert (model.version, list(model.files)) == ("2", ["weights"])
    component = component_versions.resolve(
        server.store, workspace=workspace, reference=told["component"]
    )
    assert component.parsed().name == "double"
    environment = environment_versions.resolve(
        server.store, workspace=workspace, reference=f"azureml:{told['environment']}"
    )
    assert environment.reference == told["environment"]
    code = code_versions.resolve(server.store, workspace=workspace, reference=told["code"])
    assert code.account == registries.by_name(server.store, "contoso-ml").storage_account


def test_a_registry_s_assets_are_for_those_who_have_a_role_on_it(
    server: ShipwayServer, told: dict[str, Any]
) -> None:
    registry = registries.by_name(server.store, "contoso-ml")
    who = service_principals.create_with_application(server.store, display_name="reader")
    token = tokens.issue(server.store, who, audience=audiences.ML)
    host, prefix = "westeurope.api.azureml.ms", f"/mferp/managementfrontend{registry.arm_id}"
    path = f"{prefix}/models/delay/versions/2?api-version=2021-10-01-dataplanepreview"
    assert server.door().azure("GET", host, path, token=token).status == 403
    role_assignments.assign(
        server.store, principal_id=who.object_id, role="AzureML Registry User",
        scope=registry.arm_id,
    )  # fmt: skip
    assert server.door().azure("GET", host, path, token=token).status == 200
    own = f"{registry.arm_id}?api-version=2025-12-01"
    refused = server.door().azure("DELETE", "management.azure.com", own, token=token)
    assert refused.status == 403, "using a registry is not owning it"


def test_deleting_a_registry_frees_its_name(server: ShipwayServer, told: dict[str, Any]) -> None:
    registry = registries.by_name(server.store, "contoso-ml")
    assert registries.delete(server.store, registry.key)
    assert registries.list_all(server.store, subscription=registry.subscription) == []
    assert not server.store.documents.list("model_version", prefix=f"{registry.key}/")
