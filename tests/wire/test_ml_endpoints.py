"""Online endpoints through a whole server: the official SDK in front, the official inference
server behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.ml_world import environment, make_world, register, scoring_code
from tests.support.running_server import RunningServer, running_server

from shipway.base import process
from shipway.ml import online_deployments, online_endpoints
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PASSED = ("UV_", "PIP_", "SSL_CERT", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
WAIT_SECONDS = 300
GOOD = """
import json, os

def init():
    global weights
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "weights.txt")) as file:
        weights = file.read()

def run(data):
    asked = json.loads(data)
    if asked.get("die"):
        os._exit(1)
    if asked.get("fail"):
        raise ValueError("asked to fail")
    if asked.get("environment"):
        return sorted(os.environ)
    return {"weights": weights, "asked": asked}
"""
BAD = "def init():\n    raise ValueError('the weights are missing')\ndef run(data):\n    return 1\n"


@dataclass(kw_only=True)
class World:
    """A running server and the workspace in its home."""

    server: RunningServer
    store: Store
    workspace: Workspace
    arm_token: str = ""

    def arm(self, method: str, path: str, body: object = None) -> tuple[int, Any, dict[str, str]]:
        """One ARM call below the workspace; the body read as JSON."""
        self.arm_token = self.arm_token or self.server.token()
        answer = self.server.azure(
            method, "management.azure.com",
            f"{self.workspace.resource_id}/{path}?api-version=2023-04-01-preview",
            token=self.arm_token, body=None if body is None else json.dumps(body),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        content = answer.json() if answer.body else None
        return answer.status, content, {k.lower(): v for k, v in answer.headers.items()}

    def put(self, path: str, body: object) -> dict[str, Any]:
        """PUT and wait for the end that the operation tells; its last poll."""
        status, content, headers = self.arm("PUT", path, body)
        assert status in (200, 201), content
        return self.wait(headers["azure-asyncoperation"])

    def wait(self, address: str) -> dict[str, Any]:
        """Poll an operation to its end."""
        path = address.removeprefix("https://management.azure.com")
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            answer = self.server.azure("GET", "management.azure.com", path, token=self.arm_token)
            found: dict[str, Any] = answer.json()
            if found["status"] != "InProgress":
                return found
            time.sleep(0.05)
        raise AssertionError(f"no end of {address}")

    def deploy(self, endpoint: str, name: str, code: str, **more: object) -> dict[str, Any]:
        """A deployment of the model `m:1` with a scoring script."""
        properties = {
            "endpointComputeType": "Managed", "model": "azureml:m:1",
            "environmentId": "azureml:serve:1", "instanceType": "Standard_DS3_v2",
            "codeConfiguration": {"codeId": code, "scoringScript": "score.py"}, **more,
        }  # fmt: skip
        body = {
            "location": "westeurope", "properties": properties,
            "sku": {"name": "Default", "capacity": 1},
        }  # fmt: skip
        return self.put(f"onlineEndpoints/{endpoint}/deployments/{name}", body)

    def endpoint(self, name: str, **properties: object) -> dict[str, Any]:
        """Make or change an endpoint."""
        body = {"location": "westeurope", "properties": {"authMode": "Key", **properties}}
        return self.put(f"onlineEndpoints/{name}", body)

    def key(self, endpoint: str) -> str:
        """Its primary key."""
        return str(self.arm("POST", f"onlineEndpoints/{endpoint}/listKeys")[1]["primaryKey"])

    def score(self, endpoint: str, body: object, **headers: str) -> tuple[int, str, dict[str, str]]:
        """One request to the scoring URI."""
        found = online_endpoints.get(self.store, workspace=self.workspace.key, name=endpoint)
        key = online_endpoints.keys(self.store, found)["primary"]
        fields = {n.replace("_", "-"): v for n, v in headers.items()}
        answer = self.server.azure(
            "POST", found.host, "/score", token=key, body=json.dumps(body),
            headers={"Content-Type": "application/json", **fields},
        )  # fmt: skip
        return answer.status, answer.body.decode(), dict(answer.headers)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("ep") / "h"
    passed = {n: v for n, v in os.environ.items() if n.startswith(PASSED)}
    with running_server(home, env_vars=passed) as server:
        store, workspace = make_world(home)
        register(store, workspace, "m", "42")
        for name, script in (("good", GOOD), ("bad", BAD)):
            scoring_code(store, workspace, name, script)
        environment(store, workspace, "serve", "azureml-inference-server-http==1.5.*")
        found = World(server=server, store=store, workspace=workspace)
        found.endpoint("flights")
        assert found.deploy("flights", "blue", "azureml:good:1")["status"] == "Succeeded"
        found.endpoint("flights", traffic={"blue": 100})
        yield found
        for deployment in online_deployments.list_everywhere(store):
            found.arm("DELETE", f"onlineEndpoints/{deployment.endpoint}")
        deadline = time.monotonic() + 30
        while online_deployments.list_everywhere(store) and time.monotonic() < deadline:
            time.sleep(0.1)
        store.database.close()


def test_a_deployment_serves_its_model_with_its_script(world: World) -> None:
    status, text, headers = world.score("flights", {"a": 1})
    assert (status, json.loads(text)) == (200, {"weights": "42", "asked": {"a": 1}})
    assert headers["azureml-model-deployment"] == "blue"
    assert headers["x-ms-server-version"].startswith("azmlinfsrv/")


def test_the_process_has_an_environment_of_its_own(world: World) -> None:
    names = json.loads(world.score("flights", {"environment": True})[1])
    assert {"AZUREML_MODEL_DIR", "AML_APP_ROOT", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"} <= set(
        names
    )
    assert not [n for n in names if n.startswith(("SHIPWAY_", "AZURE_CLIENT"))]


def test_a_models_failure_is_424_and_its_log_tells_why(world: World) -> None:
    status, _, headers = world.score("flights", {"fail": True})
    assert status == 424
    assert headers["ms-azureml-model-error-statuscode"] == "500"
    content = world.arm("POST", "onlineEndpoints/flights/deployments/blue/getLogs", {"tail": 60})[
        1
    ]["content"]
    assert "ValueError: asked to fail" in content


def test_a_deployment_that_fails_shows_the_scripts_own_traceback(world: World) -> None:
    ended = world.deploy("flights", "broken", "azureml:bad:1")
    assert ended["status"] == "Failed"
    message = ended["error"]["message"]
    assert "ValueError: the weights are missing" in message
    assert 'score.py", line 2, in init' in message
    path = "onlineEndpoints/flights/deployments/broken"
    assert world.arm("GET", path)[1]["properties"]["provisioningState"] == "Failed"
    log = world.arm("POST", f"{path}/getLogs", {"tail": 100})[1]["content"]
    assert "the weights are missing" in log
    status, _, headers = world.arm("DELETE", path)
    assert status == 202
    assert world.wait(headers["azure-asyncoperation"])["status"] == "Succeeded"
    assert world.arm("GET", path)[0] == 404


def test_no_request_fails_while_traffic_moves_to_a_new_deployment(world: World) -> None:
    answers: list[int] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            answers.append(world.score("flights", {"n": len(answers)})[0])

    world.key("flights")
    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert world.deploy("flights", "green", "azureml:good:1")["status"] == "Succeeded"
        for split in ({"blue": 90, "green": 10}, {"blue": 50, "green": 50}, {"green": 100}):
            world.endpoint("flights", traffic=split)
            time.sleep(0.3)
        # an update of what serves replaces its process
        ended = world.deploy(
            "flights", "green", "azureml:good:1", environmentVariables={"NEW": "1"}
        )
        assert ended["status"] == "Succeeded"
        time.sleep(2.5)
        world.endpoint("flights", traffic={"blue": 100})
        status, _, headers = world.arm("DELETE", "onlineEndpoints/flights/deployments/green")
        assert status == 202
        world.wait(headers["azure-asyncoperation"])
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(answers) > 50
    assert set(answers) == {200}


def test_a_process_that_is_killed_comes_back_and_the_log_says_so(world: World) -> None:
    found = online_deployments.get(
        world.store, workspace=world.workspace.key, endpoint="flights", name="blue"
    )
    folder = online_deployments.folder(world.store.home, found.key) / str(found.generation)
    control = max((folder / "attempts").iterdir())
    os.killpg(process.look(control).pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if world.score("flights", {})[0] == 200 and len(list((folder / "attempts").iterdir())) > 1:
            break
        time.sleep(0.2)
    assert world.score("flights", {})[0] == 200
    told = world.arm(
        "POST", "onlineEndpoints/flights/deployments/blue/getLogs",
        {"containerType": "StorageInitializer"},
    )[1]["content"]  # fmt: skip
    assert "starts again" in told


def test_nothing_listens_off_loopback(world: World) -> None:
    """Every listening TCP socket of the server, its workers and their children is on loopback."""
    pids = _family(world.server.pid) | _with_home(world.server.home)
    inodes = {inode for pid in pids for inode in _sockets(pid)}
    listening = [address for inode, address in _listening() if inode in inodes]
    assert len(listening) >= 2, "the server's own ports must be seen, or this proves nothing"
    assert all(address.startswith("0100007F:") for address in listening), listening
    sockets = list((world.server.home / "run" / "serving").iterdir())
    assert sockets
    assert (world.server.home / "run" / "serving").stat().st_mode & 0o077 == 0


def test_the_sdk_walks_the_whole_way(world: World, tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text('{"sdk": 1}')
    script = tmp_path / "walk.py"
    script.write_text(
        "import os, sys\n"
        "from azure.ai.ml import MLClient\n"
        "from azure.ai.ml.entities import ManagedOnlineEndpoint\n"
        "from azure.identity import DefaultAzureCredential\n"
        "c = MLClient(DefaultAzureCredential(), os.environ['AZURE_SUBSCRIPTION_ID'], 'rg', 'mlw')\n"
        "e = c.online_endpoints.begin_create_or_update(\n"
        "    ManagedOnlineEndpoint(name='by-sdk', auth_mode='key')).result()\n"
        "assert e.provisioning_state == 'Succeeded', e\n"
        "d = c.online_deployments.get(name='blue', endpoint_name='flights')\n"
        "assert d.provisioning_state == 'Succeeded'\n"
        "print(c.online_endpoints.invoke('flights', deployment_name='blue',\n"
        "      request_file=sys.argv[1]))\n"
        "assert 'POST /score' in c.online_deployments.get_logs('blue', 'flights', lines=50)\n"
        "old = c.online_endpoints.get_keys('by-sdk').primary_key\n"
        "c.online_endpoints.begin_regenerate_keys('by-sdk', key_type='primary').result()\n"
        "assert c.online_endpoints.get_keys('by-sdk').primary_key != old\n"
        "c.online_endpoints.begin_delete('by-sdk').result()\n"
        "assert [x.name for x in c.online_endpoints.list()] == ['flights']\n"
    )
    done = subprocess.run(
        [sys.executable, str(script), str(request)], env=world.server.variables(),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"asked": {"sdk": 1}' in done.stdout


def test_a_deployment_outlives_kill_9_of_the_server_and_is_adopted(world: World) -> None:
    found = online_deployments.get(
        world.store, workspace=world.workspace.key, endpoint="flights", name="blue"
    )
    folder = online_deployments.folder(world.store.home, found.key) / str(found.generation)
    control = max((folder / "attempts").iterdir())
    before = process.look(control).pid
    world.server.kill()
    assert process.look(control).state == "running"
    told = json.loads(world.server.run("up", "--json").stdout)
    world.server.pid, world.server.proxy_port = told["pid"], told["proxy"]
    world.server.studio_port = told["studio"]
    assert world.score("flights", {"back": 1})[0] == 200
    time.sleep(2.5)  # time enough for a supervisor that would start another
    assert process.look(max((folder / "attempts").iterdir())).pid == before


def _family(root: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    members = {root}
    while more := {pid for pid, parent in parents.items() if parent in members} - members:
        members |= more
    return members


def _with_home(home: Path) -> set[int]:
    """Processes that were started below a home: they may have outlived whoever started them."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str(home) in (entry / "cmdline").read_bytes().decode(errors="replace"):
                    found.add(int(entry.name))
            except OSError:
                continue
    return found


def _sockets(pid: int) -> set[str]:
    found = set()
    try:
        for link in (Path("/proc") / str(pid) / "fd").iterdir():
            target = str(link.readlink())
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        pass
    return found


def _listening() -> list[tuple[str, str]]:
    rows = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                rows.append((fields[9], fields[1]))
    return rows
