"""The process as Terraform starts it: handshake, TLS, folder, end; nobody else may start it."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.support.provider_client import (
    COOKIE,
    ProviderClient,
    full,
    packed,
    plain_variables,
    provider_client,
)

from shipway.terraform.protocol import certificate

GROUP = {"name": "rg", "location": "West Europe"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderClient]:
    home = tmp_path_factory.mktemp("plugin")
    with provider_client("azurerm", plain_variables(home)) as running:
        yield running


def test_a_person_who_starts_it_is_told_what_it_is(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "shipway.terraform", "azurerm"],
        env=plain_variables(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert "shipway tf" in done.stderr


def test_a_terraform_of_another_protocol_is_refused(tmp_path: Path) -> None:
    variables = {**plain_variables(tmp_path), **COOKIE, "PLUGIN_PROTOCOL_VERSIONS": "4,5"}
    done = subprocess.run(
        [sys.executable, "-I", "-m", "shipway.terraform", "azuread"],
        env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "plugin protocol 4, 5" in done.stderr


def test_the_socket_lies_in_a_folder_of_the_users_own(client: ProviderClient) -> None:
    folder = Path(client.address).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_answers_by_its_own_certificate_only(client: ProviderClient, tmp_path: Path) -> None:
    other = certificate.own(tmp_path / "other")
    channel = grpc.secure_channel(
        f"unix:{client.address}",
        grpc.ssl_channel_credentials(other.chain),
        options=(("grpc.ssl_target_name_override", "localhost"),),
    )
    call: Any = channel.unary_unary("/tfplugin6.Provider/GetMetadata")
    with pytest.raises(grpc.RpcError):
        call(b"", timeout=5)
    channel.close()


def test_the_certificate_is_kept_and_private(tmp_path: Path) -> None:
    first = certificate.own(tmp_path)
    path = tmp_path / "provider.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert certificate.own(tmp_path) == first
    path.chmod(0o644)
    assert certificate.own(tmp_path) != first, "somebody else could have read it"
    path.write_text("rubbish")
    path.chmod(0o600)
    assert certificate.own(tmp_path).chain.startswith(b"-----BEGIN CERTIFICATE")


def test_it_says_what_it_has(client: ProviderClient) -> None:
    answer = client.call("GetMetadata")
    names = {one["type_name"] for one in answer["resources"]}
    assert "azurerm_resource_group" in names
    assert answer["server_capabilities"]["get_provider_schema_optional"] is True
    schema = client.call("GetProviderSchema")
    assert set(schema["resource_schemas"]) == names
    group = schema["resource_schemas"]["azurerm_resource_group"]["block"]
    attributes = {one["name"]: one for one in group["attributes"]}
    assert attributes["location"]["required"] is True
    assert attributes["tags"]["type"] == b'["map", "string"]'
    assert [one["type_name"] for one in group["block_types"]] == ["timeouts"]


def test_health_and_functions(client: ProviderClient) -> None:
    path = "/grpc.health.v1.Health/Check"
    health = client.raw(path, "HealthCheckRequest", "HealthCheckResponse", {"service": "plugin"})
    assert health["status"] == 1
    assert client.call("GetFunctions")["functions"] == {}
    assert "no function 'f'" in client.call("CallFunction", name="f")["error"]["text"]
    assert client.call("StopProvider")["Error"] == ""


def test_a_resource_is_planned_without_a_server(client: ProviderClient) -> None:
    plan = client.plan("azurerm_resource_group", None, **GROUP)
    assert plan["planned"]["location"] == "westeurope"
    assert plan["legacy_type_system"] is True
    assert b"5400000000000" in plan["planned_private"]  # the default of an hour and a half


def test_a_wrong_configuration_is_refused_at_its_attribute(client: ProviderClient) -> None:
    [problem] = client.validate("azurerm_resource_group", **GROUP, timeouts={"create": "an hour"})
    steps = [step["attribute_name"] for step in problem["attribute"]["steps"]]
    assert steps == ["timeouts", "create"]


def test_a_state_of_a_newer_provider_is_refused_by_name(client: ProviderClient) -> None:
    answer = client.call(
        "UpgradeResourceState", type_name="azurerm_resource_group", version=7,
        raw_state={"json": b'{"id": "x"}'},
    )  # fmt: skip
    [said] = answer["diagnostics"]
    assert "newer provider" in said["summary"]
    assert "4.81.0" in said["detail"]


def test_an_older_state_with_other_attributes_is_read(client: ProviderClient) -> None:
    answer = client.call(
        "UpgradeResourceState", type_name="azurerm_resource_group", version=0,
        raw_state={"json": b'{"id": "x", "removed_in_4": true, "tags": {"a": "b"}}'},
    )  # fmt: skip
    assert answer["diagnostics"] == []
    assert b"removed_in_4" not in answer["upgraded_state"]["msgpack"]


@pytest.mark.parametrize(
    ("method", "fields", "words"),
    [
        ("PlanResourceChange", {"type_name": "azurerm_virtual_network"}, "azurerm_virtual_network"),
        ("MoveResourceState", {"source_type_name": "a", "target_type_name": "b"}, "a cannot be"),
        ("ReadDataSource", {"type_name": "azurerm_nothing"}, "azurerm_nothing"),
        ("ReadResource", {"type_name": "azurerm_resource_group"}, "not configured"),
    ],
)
def test_what_it_cannot_do_it_says(
    client: ProviderClient, method: str, fields: dict[str, str], words: str
) -> None:
    [said] = client.call(method, **fields)["diagnostics"]
    assert words in said["summary"]


def test_the_block_features_is_required(client: ProviderClient) -> None:
    block = client.schema.configuration
    [said] = client.call("ValidateProviderConfig", config=packed(block, full(block, {})))[
        "diagnostics"
    ]
    assert said["summary"] == "Missing required argument"
    assert '"features" is required' in said["detail"]


def test_without_a_server_one_clear_diagnostic(client: ProviderClient) -> None:
    [said] = client.configure(
        tenant_id="t", client_id="c", client_secret="s", subscription_id="u", features=[{}]
    )["diagnostics"]
    assert "shipway up" in f"{said['summary']} {said['detail']}"


def test_ctrl_c_does_not_end_it_and_shutdown_does_at_once(tmp_path: Path) -> None:
    with provider_client("azuredevops", plain_variables(tmp_path)) as client:
        client.child.send_signal(signal.SIGINT)
        assert client.call("GetMetadata")["resources"]
        folder = Path(client.address).parent
        begun = time.monotonic()
        assert client.shut_down() == 0
        assert time.monotonic() - begun < 1.9, "go-plugin kills after two seconds"
        assert not folder.exists()


def test_it_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time\n"
        "c = subprocess.Popen([sys.executable, '-I', '-m', 'shipway.terraform', 'azurerm'],"
        " stdout=subprocess.PIPE)\n"
        "c.stdout.readline()\nprint(c.pid, flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], env={**plain_variables(tmp_path), **COOKIE},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
