"""Workspaces, computes, datastores, data, models and schedules on the wire: the official SDK, and
wrong bodies, each refused by name without changing anything."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.ml_world import BLOBS, environment, make_world, register, scoring_code
from tests.support.running_server import RunningServer, running_server
from tests.support.state_hash import unchanged

from shipway.ml import online_endpoints
from shipway.ml.workspaces import Workspace

pytestmark = pytest.mark.timeout(240)

WALK = """
import os, pathlib, sys
from datetime import datetime
from azure.ai.ml import MLClient, Input, command, dsl
from azure.ai.ml.entities import *
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential

c = MLClient(DefaultAzureCredential(), os.environ["AZURE_SUBSCRIPTION_ID"], "rg", "mlw")
here = pathlib.Path(sys.argv[1])
(here / "m").mkdir()
(here / "m" / "w.json").write_text("[1]")

w = c.workspaces.get("mlw")
assert w.discovery_url.endswith("/discovery") and w.mlflow_tracking_uri.startswith("azureml://")
assert [x.name for x in c.workspaces.list()] == ["mlw"]

compute = AmlCompute(
    name="cpu-cluster", size="STANDARD_DS3_V2", max_instances=4,
    identity=IdentityConfiguration(type="system_assigned"),
)
made = c.compute.begin_create_or_update(compute).result()
assert made.identity.principal_id and made.max_instances == 4, made
assert {x.name for x in c.compute.list()} == {"cpu-cluster", "local"}
c.compute.begin_delete("cpu-cluster").result()
assert [x.name for x in c.compute.list()] == ["local"]

assert c.datastores.get_default().name == "workspaceblobstore"
c.datastores.create_or_update(AzureBlobDatastore(
    name="other", account_name=c.datastores.get_default().account_name, container_name="azureml"))
assert c.datastores.get("other").container_name == "azureml"
c.datastores.delete("other")

first = c.models.create_or_update(Model(name="lm", path=str(here / "m"), type="custom_model"))
(here / "m" / "w.json").write_text("[2]")
second = c.models.create_or_update(Model(name="lm", path=str(here / "m"), tags={"a": "b"}))
assert (first.version, second.version) == ("1", "2")
assert [m.version for m in c.models.list(name="lm")] == ["2", "1"]
second.tags["gate"] = "passed"
assert c.models.create_or_update(second).tags == {"a": "b", "gate": "passed"}
c.models.download("lm", "1", download_path=str(here / "dl"))
assert next((here / "dl").rglob("w.json")).read_text() == "[1]"
c.models.archive("lm", version="2")
assert c.models.get("lm", label="latest").version == "1"
try:
    c.models.get("lm", version="9")
    raise SystemExit("a version that is not there was found")
except ResourceNotFoundError as error:
    assert "lm:9" in str(error), error
(here / "m" / "w.json").write_text("[3]")
try:
    c.models.create_or_update(Model(name="lm", version="1", path=str(here / "m")))
    raise SystemExit("a version changed its content")
except HttpResponseError as error:
    assert "already exists" in str(error), error

for text in ("a", "b"):
    (here / "d.csv").write_text(text)
    c.data.create_or_update(Data(name="d", path=str(here / "d.csv"), type="uri_file"))
assert c.data.get("d", label="latest").version == "2"
assert [x.name for x in c.data.list()] == ["d"]

step = command(command="echo hi", environment="azureml:serve:1", compute="local")
@dsl.pipeline()
def pipe():
    step()
trigger = RecurrenceTrigger(
    frequency="day", interval=1, start_time=datetime(2022, 1, 1),
    schedule=RecurrencePattern(hours=10, minutes=[0, 30]))
s = c.schedules.begin_create_or_update(
    JobSchedule(name="daily", trigger=trigger, create_job=pipe())).result()
assert s.is_enabled and s.trigger.schedule.hours == [10], s
job = c.schedules.trigger("daily").job_name
assert c.jobs.get(job).name == job
assert not c.schedules.begin_disable("daily").result().is_enabled
assert list(c.schedules.list()) == []
c.schedules.begin_delete("daily").result()
print("walked")
"""


@dataclass(kw_only=True)
class World:
    """A running server and its workspace."""

    server: RunningServer
    workspace: Workspace
    token: str

    def arm(self, method: str, path: str, body: object, *, raw: bytes | None = None) -> Any:
        """One ARM call below the workspace."""
        return self.server.azure(
            method, "management.azure.com",
            f"{self.workspace.resource_id}/{path}?api-version=2024-04-01",
            token=self.token, body=raw if raw is not None else json.dumps(body),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("as") / "h"
    with running_server(home) as server:
        store, workspace = make_world(home)
        register(store, workspace, "m")
        scoring_code(store, workspace, "c", "def init(): pass\ndef run(d): return d\n")
        environment(store, workspace, "serve")
        found = World(server=server, workspace=workspace, token=server.token())
        found.arm(
            "PUT", "onlineEndpoints/flights",
            {"location": "westeurope", "properties": {"authMode": "Key"}},
        )  # fmt: skip
        deadline = 200
        while deadline and (
            online_endpoints.get(store, workspace=workspace.key, name="flights").provisioning_state
            != "Succeeded"
        ):
            time.sleep(0.05)
            deadline -= 1
        yield found
        store.database.close()


def test_the_sdk_walks_the_whole_way(world: World, tmp_path: Path) -> None:
    script = tmp_path / "walk.py"
    script.write_text(WALK)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], env=world.server.variables(),
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "walked" in done.stdout


MODEL = {"modelUri": f"{BLOBS}/m/model", "modelType": "custom_model"}
DEPLOYMENT = {
    "endpointComputeType": "Managed", "model": "azureml:m:1", "environmentId": "azureml:serve:1",
    "codeConfiguration": {"codeId": "azureml:c:1", "scoringScript": "score.py"},
}  # fmt: skip
JOB = {"jobType": "Command", "command": "x", "environmentId": "azureml:serve:1"}
SCHEDULE = {
    "action": {"actionType": "CreateJob", "jobDefinition": JOB},
    "trigger": {"triggerType": "Cron", "expression": "0 6 * * *"},
}

# ruff: noqa: E501  # one row, one line
# path, properties, status, code, the name that the message tells, a part of the hint
WRONG: tuple[tuple[str, dict[str, Any], int, str, str, str], ...] = (
    ("models/x/versions/1", {"modelType": "custom_model"}, 400, "ValidationError", "modelUri", "Send"),
    ("models/x/versions/1", {**MODEL, "tags": {"a": {}}}, 400, "ValidationError", "tags.a", "a string"),
    ("models/x/versions/1", {**MODEL, "modelType": "banana"}, 400, "UserError", "banana", "custom_model"),
    ("models/x/versions/1", {**MODEL, "modelUri": "ftp://a/b"}, 400, "InvalidUri", "ftp://a/b", "azureml://"),
    ("models/x/versions/1", {**MODEL, "modelUri": f"{BLOBS}/nothing"}, 400, "UserError", "nothing", "Upload"),
    ("models/a%20b/versions/1", MODEL, 400, "UserError", "a b", "letters"),
    ("models/m/versions/1", {**MODEL, "modelType": "triton_model"}, 409, "UserError", "m", "new version"),
    ("data/d/versions/1", {"dataUri": f"{BLOBS}/x", "dataType": "banana"}, 400, "UserError", "banana", "uri_file"),
    ("data/d/versions/1", {"dataUri": 7}, 400, "ValidationError", "dataUri", "a string"),
    ("computes/c1", {"computeType": "Banana"}, 400, "ValidationError", "Banana", "AmlCompute"),
    ("computes/-c", {"computeType": "AmlCompute"}, 400, "InvalidComputeName", "-c", "letter"),
    ("datastores/d-1", {"datastoreType": "AzureBlob", "accountName": "a", "containerName": "b"}, 400, "InvalidDatastoreName", "d-1", "'_'"),
    ("onlineEndpoints/e", {"authMode": "Key"}, 400, "BadArgument", "'e'", "3 to 32"),
    ("onlineEndpoints/flights", {"authMode": "Banana"}, 400, "ValidationError", "Banana", "AMLToken"),
    ("onlineEndpoints/flights", {"authMode": "Key", "traffic": {"blue": 100}}, 400, "BadArgument", "blue", "Deployments"),
    ("onlineEndpoints/flights", {"authMode": "Key", "traffic": {"blue": "all"}}, 400, "ValidationError", "blue", "an integer"),
    ("onlineEndpoints/flights", {"authMode": "AADToken"}, 400, "BadArgument", "authMode", "another endpoint"),
    ("onlineEndpoints/flights/deployments/blue", {**DEPLOYMENT, "model": "azureml:nope:1"}, 404, "UserError", "nope", "versions"),
    ("onlineEndpoints/flights/deployments/blue", {**DEPLOYMENT, "environmentId": "azureml:gone:1"}, 404, "UserError", "gone", ""),
    ("onlineEndpoints/flights/deployments/blue", {**DEPLOYMENT, "codeConfiguration": None}, 400, "BadArgument", "scoring script", "mlflow_model"),
    ("onlineEndpoints/flights/deployments/blue", {**DEPLOYMENT, "requestSettings": {"requestTimeout": "5 s"}}, 400, "ValidationError", "5 s", "PT10S"),
    ("onlineEndpoints/flights/deployments/blue", {**DEPLOYMENT, "livenessProbe": {"tries": 3}}, 400, "ValidationError", "tries", "period"),
    ("onlineEndpoints/flights/deployments/b", DEPLOYMENT, 400, "BadArgument", "'b'", "3 to 32"),
    ("onlineEndpoints/nowhere/deployments/blue", DEPLOYMENT, 404, "ResourceNotFound", "nowhere", "list"),
    ("schedules/s", {**SCHEDULE, "trigger": {"triggerType": "Cron", "expression": "x"}}, 400, "UserError", "expression", "Five fields"),
    ("schedules/s", {**SCHEDULE, "action": {"actionType": "ImportData"}}, 400, "ActionTypeNotSupported", "ImportData", "CreateJob"),
    ("schedules/s", {**SCHEDULE, "trigger": {"triggerType": "Recurrence", "frequency": "Eon"}}, 400, "ValidationError", "Eon", "Minute"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "properties", "status", "code", "name", "hint"), WRONG,
    ids=[f"{row[0].split('/')[0]}-{row[4]}" for row in WRONG],
)  # fmt: skip
def test_a_wrong_body_is_refused_by_name_and_changes_nothing(
    world: World, path: str, properties: dict[str, Any], status: int, code: str, name: str,
    hint: str,
) -> None:  # fmt: skip
    body = {"location": "westeurope", "properties": properties}
    with unchanged(world.server.home):
        answer = world.arm("PUT", path, body)
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (status, code), error
    assert name in error["message"], error
    assert hint in error["message"], error


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"[1]", b'"text"'])
def test_what_is_no_json_object_is_refused(world: World, raw: bytes) -> None:
    with unchanged(world.server.home):
        answer = world.arm("PUT", "models/x/versions/1", None, raw=raw)
    assert answer.status == 400
    assert answer.json()["error"]["code"] == "InvalidRequestContent"


def test_what_registries_lack_and_unknown_parameters_are_refused_by_name(world: World) -> None:
    base = world.workspace.resource_id.rpartition("/workspaces/")[0]
    answer = world.server.azure(
        "GET", "management.azure.com", f"{base}/registries/mine/connections?api-version=1",
        token=world.token,
    )  # fmt: skip
    assert (answer.status, answer.json()["error"]["code"]) == (400, "RegistryFeatureNotSupported")
    assert "'connections'" in answer.json()["error"]["message"]
    answer = world.server.azure(
        "GET", "management.azure.com",
        f"{world.workspace.resource_id}/models?api-version=1&banana=1", token=world.token,
    )  # fmt: skip
    assert answer.status == 400
    assert "banana" in answer.json()["error"]["message"]


def test_lists_come_in_pages(world: World) -> None:
    base = f"{world.workspace.resource_id}/datastores?api-version=1&count=3"
    first = world.server.azure("GET", "management.azure.com", base, token=world.token).json()
    assert len(first["value"]) == 3
    rest = world.server.azure(
        "GET", "management.azure.com",
        first["nextLink"].removeprefix("https://management.azure.com"), token=world.token,
    ).json()  # fmt: skip
    names = [row["name"] for row in (*first["value"], *rest["value"])]
    assert len(names) == len(set(names)) == 4
    assert "nextLink" not in rest
