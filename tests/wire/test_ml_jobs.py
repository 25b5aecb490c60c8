"""Wrong jobs, components and environments are refused by name, and change nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.ml_lab import Lab, lab
from tests.wire.in_process import Wire, content_of

from shipway.azure.arm import developer_credential
from shipway.azure.entra import service_principals, tenant, tokens
from shipway.azure.entra.principals import Principal
from shipway.gateway import hosts
from shipway.wire import table
from shipway.wire.chain import WireProtocol

API = "api-version=2024-01-01-preview"


class _AllOfAzure(Wire):
    """Every protocol, by host name, as the server has it."""

    def protocol_of(self, scheme: str, host: str) -> WireProtocol:
        del scheme
        return table.protocols(self.store)[hosts.family_of(host.partition(":")[0])]


@dataclass
class Client:
    """A developer before the wire of a lab in which nothing works."""

    ml: Lab
    wire: Wire
    principal: Principal

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """A REST call below the workspace; bytes are sent as they are."""
        subscription = tenant.facts(self.ml.store).subscription_id
        url = (
            f"https://management.azure.com/subscriptions/{subscription}/resourceGroups/rg/providers"
            f"/Microsoft.MachineLearningServices/workspaces/lab{path}?{API}"
        )
        token = tokens.issue(self.ml.store, self.principal, audience="https://management.azure.com")
        answer = self.wire.answer(
            method, url, headers=[("Authorization", f"Bearer {token}")],
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        )  # fmt: skip
        text = content_of(answer)
        return answer.status, json.loads(text) if text else {}

    def fingerprint(self) -> list[str]:
        """All rows and the names of all files."""
        found = []
        for name in ("documents", "journal", "queue", "timers", "sequences", "edges"):
            rows = self.ml.store.database.read().execute(f"SELECT * FROM {name} ORDER BY 1, 2")
            found += [repr(tuple(row)) for row in rows]
        return [*found, *sorted(str(path) for path in self.ml.store.home.files.rglob("*"))]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with lab(tmp_path, working=False) as ml:
        credential = developer_credential.get(ml.store)
        found = service_principals.find(ml.store, credential.object_id)
        assert found is not None
        principal = service_principals.principal_of(ml.store, found)
        yield Client(ml=ml, wire=_AllOfAzure(ml.store), principal=principal)


def command_job(**changes: Any) -> dict[str, Any]:
    """A command job that would be accepted, with changes (None: left out)."""
    job = {"jobType": "Command", "command": "true", "environmentId": "azureml:local:1", **changes}
    return {"properties": {name: value for name, value in job.items() if value is not None}}


def pipeline_job(node: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A pipeline job of the node `one`."""
    return {"properties": {"jobType": "Pipeline", "jobs": {"one": node}, **changes}}


def component(**changes: Any) -> dict[str, Any]:
    """A component that would be accepted, with changes (None: left out)."""
    spec = {"type": "command", "command": "true", "environment": "azureml:local:1", **changes}
    kept = {name: value for name, value in spec.items() if value is not None}
    return {"properties": {"componentSpec": kept}}


def literal(value: str) -> dict[str, str]:
    return {"job_input_type": "literal", "value": value}


NODE: dict[str, Any] = {"type": "command", "componentId": "azureml:known:1"}
JOB, COMPONENT = "/jobs/wrong", "/components/wrong/versions/1"
ENVIRONMENT = "/environments/wrong/versions/1"

# where to, what, the status, and words that the answer must have: the offending name, a hint
WRONG: dict[str, tuple[str, Any, int, tuple[str, ...]]] = {
    "binary rubbish": (JOB, b"\x00\xff\xfe", 400, ("not UTF-8", "byte")),
    "broken JSON": (JOB, b'{"properties": ', 400, ("not JSON", "line 1 column")),
    "a list": (JOB, [1], 400, ("JSON list", "object is needed")),
    "no properties": (JOB, {}, 400, ("properties",)),
    "no jobType": (JOB, command_job(jobType=None), 400, ("no jobType", "Command or Pipeline")),
    "sweep": (JOB, command_job(jobType="Sweep"), 501, ("'Sweep'", "Supported: Command")),
    "no command": (JOB, command_job(command=None), 400, ("properties.command", "Give the")),
    "no environment": (JOB, command_job(environmentId=None), 400, ("properties.environmentId",)),
    "unknown environment": (
        JOB, command_job(environmentId="azureml:nowhere:1"), 404,
        ("nowhere:1", "properties.environment"),
    ),
    "unknown compute": (
        JOB, command_job(computeId="gpu"), 404, ("'gpu'", "Computes of this workspace: local"),
    ),
    "unknown code": (
        JOB, command_job(codeId="azureml:gone:1"), 404, ("gone:1", "properties.code"),
    ),
    "input without value": (
        JOB, command_job(inputs={"a": {"jobInputType": "literal"}}), 400, ("properties.inputs.a",),
    ),
    "unknown input type": (
        JOB, command_job(inputs={"a": {"jobInputType": "uri_fil", "uri": "x"}}), 400,
        ("'uri_fil'", "Did you mean 'uri_file'"),
    ),
    "unknown data": (
        JOB, command_job(inputs={"a": {"jobInputType": "uri_file", "uri": "azureml:flights:9"}}),
        404, ("flights:9", "properties.inputs.a"),
    ),
    "unknown datastore": (
        JOB,
        command_job(inputs={"a": {"jobInputType": "uri_file",
                                  "uri": "azureml://datastores/lake/paths/x"}}),
        404, ("lake", "workspaceblobstore"),
    ),
    "bad name": ("/jobs/wrong%20name", command_job(), 400, ("wrong name", "letters, digits")),
    "bad duration": (JOB, command_job(limits={"timeout": "soon"}), 400, ("'soon'", "PT2H")),
    "empty pipeline": (
        JOB, {"properties": {"jobType": "Pipeline", "jobs": {}}}, 400, ("no jobs", "one node"),
    ),
    "sweep node": (JOB, pipeline_job({"type": "sweep"}), 501, ("'sweep'", "jobs.one")),
    "no component": (JOB, pipeline_job({"type": "command"}), 400, ("jobs.one.componentId",)),
    "unknown component": (
        JOB, pipeline_job({**NODE, "componentId": "azureml:lost:2"}), 404, ("lost:2",),
    ),
    "unknown input of a component": (
        JOB, pipeline_job({**NODE, "inputs": {"dta": literal("1"), "data": literal("1")}}), 400,
        ("'dta'", "Did you mean 'data'"),
    ),
    "missing input": (JOB, pipeline_job(NODE), 400, ("'data'", "jobs.one.inputs.data")),
    "unknown parent input": (
        JOB, pipeline_job({**NODE, "inputs": {"data": literal("${{parent.inputs.raw}}")}}), 400,
        ("'raw'", "jobs.one.inputs.data"),
    ),
    "unknown node": (
        JOB,
        pipeline_job({**NODE, "inputs": {"data": literal("${{parent.jobs.two.outputs.o}}")}}),
        400, ("'two'", "Known: one", "jobs.one.inputs.data"),
    ),
    "circle": (
        JOB,
        pipeline_job({**NODE, "inputs": {"data": literal("${{parent.jobs.one.outputs.o}}")}}),
        400, ("one -> one", "circle"),
    ),
    "unbound output": (
        JOB,
        pipeline_job({**NODE, "inputs": {"data": literal("1")}},
                     outputs={"model": {"jobOutputType": "uri_folder"}}),
        400, ("'model'", "${{parent.outputs.model}}"),
    ),
    "component without command": (
        COMPONENT, component(command=None), 400, ("componentSpec.command", "Give the command"),
    ),
    "component without environment": (
        COMPONENT, component(environment=None), 400, ("componentSpec.environment",),
    ),
    "spark component": (COMPONENT, component(type="spark"), 501, ("'spark'", "Supported")),
    "no spec": (COMPONENT, {"properties": {}}, 400, ("componentSpec",)),
    "spec of text": (COMPONENT, {"properties": {"componentSpec": "x"}}, 400, ("componentSpec",)),
    "unknown type in a component": (
        COMPONENT, component(inputs={"n": {"type": "intger"}}), 400, ("'intger'", "'integer'"),
    ),
    "another content": (
        "/components/known/versions/1", component(command="false"), 409,
        ("known", "already exists", "new version"),
    ),
    "bad component name": ("/components/-x-/versions/1", component(), 400, ("'-x-'",)),
    "empty environment": (ENVIRONMENT, {"properties": {}}, 400, ("image", "condaFile")),
    "conda that is no YAML": (
        ENVIRONMENT, {"properties": {"condaFile": "a: [1"}}, 400, ("condaFile:", "YAML"),
    ),
    "conda that is a list": (
        ENVIRONMENT, {"properties": {"condaFile": "[1]"}}, 400, ("conda", "dependencies"),
    ),
    "code outside storage": (
        "/codes/c/versions/1", {"properties": {"codeUri": "ftp://x/y"}}, 400, ("ftp://x/y",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_body_is_refused_by_name_and_changes_nothing(client: Client, name: str) -> None:
    known = component(
        inputs={"data": {"type": "string"}}, outputs={"o": {"type": "uri_file"}}, command="true"
    )
    assert client.send("PUT", "/components/known/versions/1", known)[0] == 201
    path, body, status, words = WRONG[name]
    before = client.fingerprint()
    got, answer = client.send("PUT", path, body)
    assert got == status, answer
    assert set(answer["error"]) >= {"code", "message"}
    said = json.dumps(answer["error"], ensure_ascii=False)
    for word in words:
        assert word in said.replace('\\"', '"'), said
    assert client.fingerprint() == before


def test_an_unknown_job_route_and_parameter_are_refused_by_name(client: Client) -> None:
    status, answer = client.send("GET", "/jobs/nobody")
    assert (status, "nobody" in answer["error"]["message"]) == (404, True)
    status, answer = client.send("POST", "/jobs/nobody/pause")
    assert status == 501
    assert "/pause" in answer["error"]["message"]
    status, answer = client.send("POST", "/jobs/nobody/cancel")
    assert status == 404


def test_a_component_is_given_back_as_the_service_does(client: Client) -> None:
    sent = component(
        inputs={"n": {"type": "integer", "default": 3, "optional": True}},
        environment="azureml:local@latest", is_deterministic=True,
    )  # fmt: skip
    path = "/components/azureml_anonymous/versions/11111111-2222-3333-4444-555555555555"
    status, first = client.send("PUT", path, sent)
    assert status == 201
    spec = first["properties"]["componentSpec"]
    assert spec["is_deterministic"] == "True"
    assert spec["inputs"]["n"] == {"type": "integer", "default": "3", "optional": "True"}
    assert spec["environment"] == "azureml:local:1"
    assert spec["resources"] == {"instance_count": "1"}
    assert first["name"] != "11111111-2222-3333-4444-555555555555"
    _, second = client.send("PUT", path.replace("1111", "9999"), sent)
    assert second["id"] == first["id"]
    assert second["systemData"]["createdAt"] == first["systemData"]["createdAt"]


def test_a_job_is_given_back_as_it_was_sent(client: Client) -> None:
    sent = command_job(
        displayName="d", experimentName="e", tags={"t": "1"},
        inputs={"a": {"jobInputType": "literal", "value": "1"}},
    )  # fmt: skip
    status, made = client.send("PUT", "/jobs/j1", sent)
    assert (status, made["properties"]["status"]) == (201, "NotStarted")
    status, again = client.send("PUT", "/jobs/j1", command_job(tags={"t": "2"}))
    assert (status, again["properties"]["tags"]) == (200, {"t": "2"})
    got = client.send("GET", "/jobs/j1")[1]
    assert got["properties"]["inputs"] == sent["properties"]["inputs"]
    assert got["properties"]["services"]["Studio"]["endpoint"].startswith("http://127.0.0.1")
    assert client.send("PUT", "/jobs/j1", command_job(command="false"))[0] == 409
    assert [j["name"] for j in client.send("GET", "/jobs")[1]["value"]] == ["j1"]
    assert client.send("DELETE", "/jobs/j1")[0] == 409
