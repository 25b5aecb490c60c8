"""A provider process against a real server, spoken to by a client of our own: no terraform needed.

What kills, refusals and lost connections leave behind, and how the next apply goes on.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.provider_client import ProviderClient, provider_client
from tests.support.running_server import RunningServer, running_server

GROUP = "azurerm_resource_group"
IDENTITY = "azurerm_user_assigned_identity"
CONFIG: dict[str, Any] = {"features": [{}]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("terraform") / "h") as running:
        yield running


@pytest.fixture(scope="module")
def variables(server: RunningServer) -> dict[str, str]:
    told = json.loads(server.run("env", "--terraform", "--json").stdout)
    return {**server.env_vars, **told}


@pytest.fixture
def client(variables: dict[str, str]) -> Iterator[ProviderClient]:
    with provider_client("azurerm", variables) as running:
        assert running.configure(**CONFIG)["diagnostics"] == []
        yield running


def _group(client: ProviderClient, name: str) -> dict[str, Any]:
    answer = client.apply(GROUP, None, name=name, location="West Europe", tags={"a": "b"})
    assert answer["diagnostics"] == []
    return dict(answer["state"])


def test_shipway_tf_without_terraform_says_where_to_get_it(
    server: RunningServer, tmp_path: Path
) -> None:
    done = server.run("tf", "--", "version", accept=(1,), PATH=str(tmp_path))
    assert "terraform is not on PATH" in done.stderr
    assert "developer.hashicorp.com/terraform/install" in done.stderr


def test_a_life_from_create_to_delete(client: ProviderClient) -> None:
    state = _group(client, "rg-life")
    assert state["id"].endswith("/resourceGroups/rg-life")
    assert client.read(GROUP, state)["state"] == state
    given = {"name": "rg-life", "location": "westeurope", "tags": {"a": "c"}}
    plan = client.plan(GROUP, state, **given)
    assert plan["requires_replace"] == []
    changed = client.apply(GROUP, state, **given)["state"]
    assert changed["tags"] == {"a": "c"}
    again = client.plan(GROUP, changed, **given)
    assert again["planned"] == changed
    assert client.destroy(GROUP, changed)["diagnostics"] == []
    assert client.read(GROUP, changed)["state"] is None, "what is gone is gone"
    assert client.destroy(GROUP, changed)["diagnostics"] == [], "twice is as good as once"


def test_what_was_changed_behind_terraforms_back_is_seen(
    client: ProviderClient, server: RunningServer
) -> None:
    state = _group(client, "rg-drift")
    server.azure(
        "PUT", "management.azure.com", f"{state['id']}?api-version=2023-07-01",
        token=server.token(), headers={"Content-Type": "application/json"},
        body=json.dumps({"location": "westeurope", "tags": {"a": "by hand"}}),
    )  # fmt: skip
    drifted = client.read(GROUP, state)["state"]
    assert drifted["tags"] == {"a": "by hand"}
    plan = client.plan(GROUP, drifted, name="rg-drift", location="westeurope", tags={"a": "b"})
    assert plan["planned"]["tags"] == {"a": "b"}


def test_another_place_forces_a_replacement(client: ProviderClient) -> None:
    state = _group(client, "rg-move")
    plan = client.plan(GROUP, state, name="rg-move", location="North Europe", tags={"a": "b"})
    [path] = plan["requires_replace"]
    assert [step["attribute_name"] for step in path["steps"]] == ["location"]


def test_an_import_is_read_to_the_full_state(client: ProviderClient) -> None:
    state = _group(client, "rg-import")
    [imported] = client.call("ImportResourceState", type_name=GROUP, id=state["id"])[
        "imported_resources"
    ]
    block = client.schema.resource(GROUP).block
    read = client.call("ReadResource", type_name=GROUP, current_state=imported["state"])
    assert b"rg-import" in read["new_state"]["msgpack"]
    assert block.type[1].keys() == state.keys()


def test_a_malformed_import_is_refused_at_the_id(client: ProviderClient) -> None:
    [said] = client.call("ImportResourceState", type_name=GROUP, id="rg")["diagnostics"]
    assert said["severity"] == 1
    assert "rg" in said["summary"]


def test_a_name_that_is_taken_asks_for_an_import(client: ProviderClient) -> None:
    state = _group(client, "rg-taken")
    answer = client.apply(GROUP, None, name="rg-taken", location="westeurope")
    assert answer["state"] is None
    [said] = answer["diagnostics"]
    assert f'A resource with the ID "{state["id"]}" already exists' in said["summary"]
    assert "imported into the State" in f"{said['summary']}{said['detail']}"


def test_a_missing_permission_is_named(
    server: RunningServer, variables: dict[str, str], client: ProviderClient
) -> None:
    robot = _application(server)
    own = {**variables, "ARM_CLIENT_ID": robot["appId"], "ARM_CLIENT_SECRET": robot["secret"]}
    with provider_client("azurerm", own) as limited:
        assert limited.configure(**CONFIG)["diagnostics"] == []
        [said] = limited.apply(GROUP, None, name="rg-no", location="westeurope")["diagnostics"]
    assert "403" in said["summary"]
    assert "Microsoft.Resources/subscriptions/resource" in said["detail"]
    assert "azurerm_role_assignment" in said["detail"]


def test_wrong_credentials_are_said_when_the_provider_is_configured(
    variables: dict[str, str],
) -> None:
    with provider_client("azurerm", {**variables, "ARM_CLIENT_SECRET": "wrong"}) as client:
        [said] = client.configure(**CONFIG)["diagnostics"]
    assert "AADSTS7000215" in said["summary"]
    assert "shipway env --terraform" in said["detail"]


def test_without_a_subscription_the_providers_own_words(variables: dict[str, str]) -> None:
    own = {**variables, "ARM_SUBSCRIPTION_ID": ""}
    with provider_client("azurerm", own) as client:
        [said] = client.configure(**CONFIG)["diagnostics"]
    assert said["summary"].startswith("subscription ID could not be determined")
    assert said["attribute"]["steps"][0]["attribute_name"] == "subscription_id"


def test_a_killed_provider_is_followed_by_one_that_goes_on(
    variables: dict[str, str], server: RunningServer
) -> None:
    notes = server.home / "terraform" / "attempts"
    notes.mkdir(parents=True, exist_ok=True)
    before = set(notes.iterdir())
    given = {"name": "rg-killed", "location": "westeurope", "tags": {"a": "b"}}
    with provider_client("azurerm", variables) as first:
        first.configure(**CONFIG)
        made = first.apply(GROUP, None, **given)["state"]
        first.child.kill()  # the state that it gave was never written
        first.child.wait()
    with provider_client("azurerm", variables) as second:
        second.configure(**CONFIG)
        answer = second.apply(GROUP, None, **given)
        assert answer["diagnostics"] == []
        assert answer["state"] == made
        assert second.shut_down() == 0
    with provider_client("azurerm", variables) as third:
        third.configure(**CONFIG)
        [said] = third.apply(GROUP, None, **given)["diagnostics"]
        assert "already exists" in said["summary"], "only a run that was cut off is taken up"
        third.shut_down()
    assert set(notes.iterdir()) == before


def test_many_at_once_from_many_threads(client: ProviderClient) -> None:
    group = _group(client, "rg-many")
    answers: list[dict[str, Any]] = []

    def make(number: int) -> None:
        answers.append(
            client.apply(
                IDENTITY, None, name=f"id-{number}", location="westeurope",
                resource_group_name=group["name"],
            )
        )  # fmt: skip

    threads = [threading.Thread(target=make, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one["diagnostics"] for one in answers] == [[]] * 12
    assert len({one["state"]["client_id"] for one in answers}) == 12


def test_a_server_that_is_killed_is_said_and_the_next_apply_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "h"
    with running_server(home) as first:
        told = json.loads(first.run("env", "--terraform", "--json").stdout)
        with provider_client("azurerm", {**first.env_vars, **told}) as client:
            client.configure(**CONFIG)
            first.kill()
            answer = client.apply(GROUP, None, name="rg-down", location="westeurope")
            [said] = answer["diagnostics"]
            assert "shipway up" in said["detail"]
            assert answer["state"] is None
            client.shut_down()
        with running_server(home) as again:
            told = json.loads(again.run("env", "--terraform", "--json").stdout)
            with provider_client("azurerm", {**again.env_vars, **told}) as client:
                client.configure(**CONFIG)
                assert _group(client, "rg-down")["name"] == "rg-down"


def test_a_terraform_that_is_killed_lets_a_create_come_to_its_end(
    variables: dict[str, str],
) -> None:
    """The parent of the provider dies while a create is under way; it is not lost."""
    parent = subprocess.Popen(
        [sys.executable, "-c", DIES_IN_THE_MIDDLE], env=variables, stdout=subprocess.PIPE,
        text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert parent.stdout is not None
    child = Path("/proc", parent.stdout.readline().strip())
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while child.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not child.exists()
    with provider_client("azurerm", variables) as client:
        client.configure(**CONFIG)
        assert _group(client, "rg-orphan")["name"] == "rg-orphan"


DIES_IN_THE_MIDDLE = """
import os, threading, time
from tests.support.provider_client import provider_client

given = {"name": "rg-orphan", "location": "West Europe", "tags": {"a": "b"}}
with provider_client("azurerm", dict(os.environ)) as client:
    client.configure(features=[{}])
    print(client.child.pid, flush=True)
    apply = lambda: client.apply("azurerm_resource_group", None, **given)
    threading.Thread(target=apply, daemon=True).start()
    time.sleep(0.05)
    os._exit(0)
"""


def _application(server: RunningServer) -> dict[str, str]:
    """An application without any role."""
    token = server.token("https://graph.microsoft.com/.default")

    def post(path: str, body: dict[str, Any]) -> Any:
        answer = server.azure(
            "POST", "graph.microsoft.com", f"/v1.0{path}", token=token, body=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert answer.status in (200, 201), answer.body
        return answer.json()

    made = post("/applications", {"displayName": "robot"})
    post("/servicePrincipals", {"appId": made["appId"]})
    secret = post(f"/applications/{made['id']}/addPassword", {"passwordCredential": {}})
    return {"appId": made["appId"], "secret": secret["secretText"]}
