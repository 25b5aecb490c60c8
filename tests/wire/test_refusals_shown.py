"""What shipway does not serve is refused by name, and stands where a person looks for it."""

import base64
import json
from collections.abc import Iterator

import pytest
from tests.support.running_server import Answer, RunningServer, running_server

ARM, DEVOPS, ML = "management.azure.com", "dev.azure.com", "westeurope.api.azureml.ms"
GRAPH, LOGIN = "graph.microsoft.com", "login.microsoftonline.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("refusals") / "h") as running:
        yield running


def send(server: RunningServer, host: str, path: str) -> Answer:
    """GET, with the credential that the host takes."""
    variables = server.variables()
    path = path.replace("SUB", variables["AZURE_SUBSCRIPTION_ID"])
    if host == DEVOPS:
        basic = base64.b64encode(f":{variables['AZURE_DEVOPS_EXT_PAT']}".encode()).decode()
        return server.azure("GET", host, path, headers={"Authorization": f"Basic {basic}"})
    scope = {GRAPH: f"https://{GRAPH}/.default", ML: "https://ml.azure.com/.default"}
    token = server.token(scope.get(host, f"https://{ARM}/.default"))
    return server.azure("GET", host, path, token=token)


# host, path, the name that must be said
REFUSED = {
    "ARM: route": (ARM, "/subscriptions/SUB/providers/Microsoft.Quantum/x", "Quantum"),
    "ARM: api-version": (ARM, "/subscriptions?api-version=1999-12-31", "1999-12-31"),
    "ARM: parameter": (ARM, "/subscriptions?api-version=2022-12-01&colour=red", "colour"),
    "Azure DevOps: route": (DEVOPS, "/shipway/_apis/tfvc/items?api-version=7.1", "/tfvc/items"),
    "Azure DevOps: api-version": (DEVOPS, "/shipway/_apis/projects?api-version=99.0", "99.0"),
    "Azure DevOps: parameter": (
        DEVOPS, "/shipway/_apis/projects?api-version=7.1&colour=red", "colour",
    ),
    "Graph: route": (GRAPH, "/v1.0/planner/tasks", "/v1.0/planner/tasks"),
    "Graph: parameter": (GRAPH, "/v1.0/applications?colour=red", "colour"),
    "ML: route": (ML, "/quantum/v1.0/x", "/quantum/v1.0/x"),
    "Entra: route": (LOGIN, "/contoso/oauth2/v2.0/logout", "/oauth2/v2.0/logout"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_what_it_refuses_and_is_shown(server: RunningServer, name: str) -> None:
    host, path, word = REFUSED[name]
    answer = send(server, host, path)
    assert answer.status in (400, 404, 501), answer.body
    assert word in answer.body.decode()
    newest = server.refusals()[0]
    assert newest["target"].startswith(host)
    assert word in newest["reason"] + newest["target"]
    said = server.run("status").stdout
    refused = said.partition("refused, newest first")[2]
    assert word in refused.splitlines()[2], said


def test_doctor_shows_the_newest_refusal_and_where_the_others_are(server: RunningServer) -> None:
    send(server, ARM, "/subscriptions?api-version=2022-12-01&flavour=sweet")
    found = json.loads(server.run("doctor", "--json").stdout)
    (finding,) = [f for f in found if f["check"] == "refusals"]
    assert finding["level"] == "warning"
    assert "flavour" in finding["found"]
    assert "shipway status --refusals" in finding["remedy"]
    told = json.loads(server.run("status", "--json", "--refusals", "1").stdout)
    assert [("flavour" in r["reason"]) for r in told["refusals"]] == [True]


def test_a_wrong_key_or_body_is_no_refusal(server: RunningServer) -> None:
    """Only what is not served stands there, not what a user did wrong."""
    before = server.refusals()
    answer = server.azure("GET", ARM, "/subscriptions?api-version=2022-12-01", token="wrong")
    assert answer.status == 401
    assert server.refusals() == before
