"""Terraform's side of plugin protocol 6: starts a provider process and speaks to it.

So that providers are tested where there is no terraform.
"""

import base64
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc

from shipway.terraform.protocol import cty
from shipway.terraform.protocol.messages import CODEC, METHODS, SERVICE
from shipway.terraform.resource import Values
from shipway.terraform.schema import Block, ProviderSchema

COOKIE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "5,6",
    "PLUGIN_CLIENT_CERT": "given, and cannot be checked by grpcio",
}
SECONDS = 60.0


class ProviderClient:
    """A running provider. `call` gives the answer's fields."""

    def __init__(self, provider: str, child: "subprocess.Popen[str]", line: str) -> None:
        self.schema = ProviderSchema(provider)
        self.child = child
        parts = line.strip().split("|")
        assert parts[:3] == ["1", "6", "unix"], line
        assert parts[4] == "grpc", line
        self.address, self.certificate = parts[3], parts[5]
        body = base64.b64decode(self.certificate + "=" * (-len(self.certificate) % 4))
        text = "\n".join(textwrap.wrap(base64.b64encode(body).decode(), 64))
        pem = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n".encode()
        self.channel = grpc.secure_channel(
            f"unix:{self.address}",
            grpc.ssl_channel_credentials(pem),
            options=(("grpc.ssl_target_name_override", "localhost"),),
        )

    def call(self, method: str, **fields: Any) -> dict[str, Any]:
        """One verb of the provider."""
        request, response = METHODS[method]
        return self.raw(f"/{SERVICE}/{method}", request, response, fields)

    def raw(self, path: str, request: str, response: str, fields: Values) -> dict[str, Any]:
        """One call of any service in the process."""
        multi: Any = self.channel.unary_unary(
            path,
            request_serializer=lambda given: CODEC.encode(request, given),
            response_deserializer=lambda content: CODEC.decode(response, content),
        )
        answer: dict[str, Any] = multi(fields, timeout=SECONDS)
        return answer

    def configure(self, **config: Any) -> dict[str, Any]:
        """ConfigureProvider with these attributes and blocks."""
        block = self.schema.configuration
        return self.call(
            "ConfigureProvider",
            terraform_version="1.11.4",
            config=packed(block, full(block, config)),
        )

    def validate(self, type_name: str, **config: Any) -> list[dict[str, Any]]:
        """The diagnostics of a resource's configuration."""
        block = self.schema.resource(type_name).block
        answer = self.call(
            "ValidateResourceConfig", type_name=type_name, config=packed(block, full(block, config))
        )
        return list(answer["diagnostics"])

    def plan(self, type_name: str, prior: Values | None, **config: Any) -> dict[str, Any]:
        """PlanResourceChange; `planned` is the planned state, decoded."""
        block = self.schema.resource(type_name).block
        values = full(block, config)
        answer = self.call(
            "PlanResourceChange", type_name=type_name, prior_state=packed(block, prior),
            proposed_new_state=packed(block, values), config=packed(block, values),
        )  # fmt: skip
        return {**answer, "planned": unpacked(block, answer["planned_state"])}

    def apply(self, type_name: str, prior: Values | None, **config: Any) -> dict[str, Any]:
        """Plan and apply; `state` is the new state, decoded."""
        block = self.schema.resource(type_name).block
        plan = self.plan(type_name, prior, **config)
        assert not plan["diagnostics"], plan["diagnostics"]
        answer = self.call(
            "ApplyResourceChange", type_name=type_name, prior_state=packed(block, prior),
            planned_state=plan["planned_state"], config=packed(block, full(block, config)),
            planned_private=plan["planned_private"],
        )  # fmt: skip
        return {**answer, "state": unpacked(block, answer["new_state"])}

    def destroy(self, type_name: str, prior: Values) -> dict[str, Any]:
        """Apply a destroy."""
        block = self.schema.resource(type_name).block
        nothing = packed(block, None)
        return self.call(
            "ApplyResourceChange", type_name=type_name, prior_state=packed(block, prior),
            planned_state=nothing, config=nothing,
        )  # fmt: skip

    def read(self, type_name: str, state: Values) -> dict[str, Any]:
        """ReadResource; `state` is the new state, decoded."""
        block = self.schema.resource(type_name).block
        answer = self.call("ReadResource", type_name=type_name, current_state=packed(block, state))
        return {**answer, "state": unpacked(block, answer["new_state"])}

    def data(self, type_name: str, **config: Any) -> dict[str, Any]:
        """ReadDataSource; `state` is what was found, decoded."""
        block = self.schema.data_source(type_name).block
        answer = self.call(
            "ReadDataSource", type_name=type_name, config=packed(block, full(block, config))
        )
        return {**answer, "state": unpacked(block, answer["state"])}

    def shut_down(self) -> int:
        """Ask the process to end, as Terraform does; its exit code."""
        self.raw("/plugin.GRPCController/Shutdown", "Empty", "Empty", {})
        return self.child.wait(timeout=SECONDS)


@contextmanager
def provider_client(provider: str, env_vars: Mapping[str, str]) -> Iterator[ProviderClient]:
    """A provider process for the length of the block."""
    variables = {**env_vars, **COOKIE}
    child = subprocess.Popen(
        [sys.executable, "-I", "-m", "shipway.terraform", provider], env=variables,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        client = ProviderClient(provider, child, child.stdout.readline())
        yield client
        client.channel.close()
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def plain_variables(home: os.PathLike[str]) -> dict[str, str]:
    """Variables of a process that knows its home and nothing else."""
    return {"PATH": os.environ["PATH"], "HOME": os.fspath(home), "SHIPWAY_HOME": os.fspath(home)}


def full(block: Block, config: Mapping[str, Any]) -> Values:
    """A configuration as Terraform sends it: every name is there."""
    values: Values = {name: config.get(name) for name in block.attributes}
    for name, nested in block.blocks.items():
        given = config.get(name)
        if isinstance(given, list):
            values[name] = [full(nested.block, item) for item in given]
        else:
            values[name] = given if given is not None or nested.nesting == "single" else []
    return values


def packed(block: Block, value: Values | None) -> dict[str, bytes]:
    """A DynamicValue."""
    return {"msgpack": cty.encode(block.type, value)}


def unpacked(block: Block, value: Mapping[str, bytes] | None) -> Any:
    """A DynamicValue's value; None when none was sent."""
    return cty.decode(block.type, value["msgpack"]) if value else None
