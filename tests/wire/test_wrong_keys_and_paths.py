"""Tokens that have expired, keys that are wrong, paths that climb out: at every door that takes
one, refused by name in that door's own words, and nothing is changed by it.

Other kinds of wrong input: see tests/README.md.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import pytest
from tests.shipway_server import ShipwayServer, running, wait_until
from tests.support import identities
from tests.support.identities import Azure
from tests.support.running_server import Answer
from tests.support.state_hash import unchanged

from shipway.azure.arm import role_assignments
from shipway.azure.blob import accounts, signatures
from shipway.azure.entra import (
    audiences,
    personal_access_tokens,
    service_principals,
    tokens,
    users,
)
from shipway.ml import datastores, online_endpoints

ARM, ML, DEVOPS = "management.azure.com", "westeurope.api.azureml.ms", "dev.azure.com"
KEYED, ENTRA = (f"{n}.westeurope.inference.ml.azure.com" for n in ("keyed", "entra"))
JSON = {"Content-Type": "application/json"}
STORAGE = {"x-ms-version": "2021-12-02"}
CLIMBS = "climbs out of the datastore"
EXPIRED = "earlier than current UTC time"


@dataclass(kw_only=True)
class World:
    """A server with a project, a finished run, a workspace, a finished job and two endpoints."""

    server: ShipwayServer
    azure: Azure
    run_id: int
    account: str
    container: str
    arm_token: str
    ml_token: str
    expired_pat: str

    @property
    def blob_host(self) -> str:
        return f"{self.account}.blob.core.windows.net"

    def expired(self, audience: str) -> str:
        """A token of the owner that was good until a minute ago."""
        owner = users.owner(self.server.store)
        return tokens.issue(self.server.store, owner, audience=audience, seconds=-60)

    def send(self, method: str, host: str, path: str, **more: Any) -> Answer:
        """A request; `{ws}` in its path stands for the workspace."""
        whole = path.replace("{ws}", self.azure.workspace.resource_id)
        return self.server.door().azure(method, host, whole, **more)

    def blob(self, query: str = "", container: str = "", **headers: str) -> Answer:
        """A blob is asked for."""
        path = f"/{container or self.container}/x{query}"
        sent_at = {"x-ms-date": formatdate(usegmt=True)}
        return self.send("GET", self.blob_host, path, headers={**STORAGE, **sent_at, **headers})

    def sas(self, **more: Any) -> str:
        return signatures.issue_container_sas(
            self.server.store, account=self.account, container=self.container, **more
        )

    def arm(self, path: str, properties: object) -> Answer:
        """PUT below the workspace."""
        return self.send(
            "PUT", ARM, f"{{ws}}/{path}?api-version=2024-10-01", token=self.arm_token,
            body=json.dumps({"properties": properties}), headers=JSON,
        )  # fmt: skip

    def devops(self, path: str, pat: str | None = None) -> Answer:
        """GET with a personal access token (default: the owner's own)."""
        own = self.server.door().variables()["AZURE_DEVOPS_EXT_PAT"]
        basic = base64.b64encode(f":{own if pat is None else pat}".encode()).decode()
        return self.send("GET", DEVOPS, path, headers={"Authorization": f"Basic {basic}"})

    def score(self, host: str, token: str | None) -> Answer:
        return self.send("POST", host, "/score", token=token, body="{}", headers=JSON)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("wrong")) as server:
        project = server.project()
        run_id = project.push("steps: [{checkout: none}, {script: echo built}]")
        assert server.finished(run_id).result == "succeeded"
        azure = identities.make_azure(server)
        identity = {"type": "SystemAssigned"}
        azure.put("onlineEndpoints/keyed", {"authMode": "Key"}, identity=identity)
        azure.put("onlineEndpoints/entra", {"authMode": "AADToken"}, identity=identity)
        azure.job("j1", "echo done")
        place = datastores.default(server.store, workspace=azure.workspace.key)
        door = server.door()
        door.variables()  # the developer's credential is made when it is first asked for
        yield World(
            server=server, azure=azure, run_id=run_id, account=place.account,
            container=place.container, arm_token=door.token(),
            ml_token=door.token("https://ml.azure.com/.default"),
            expired_pat=personal_access_tokens.create(server.store, user="dana", days=-1).text,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """`send` does the wrong thing; status, code and words of what must come back."""

    send: Callable[[World], Answer]
    status: int
    code: str
    words: tuple[str, ...]


EXPIRED_TOKENS: dict[str, Case] = {
    "ARM": Case(
        send=lambda w: w.send("GET", ARM, "{ws}?api-version=2024-10-01",
                              token=w.expired(audiences.ARM)),
        status=401, code="ExpiredAuthenticationToken", words=(EXPIRED, "Ask for a new token"),
    ),
    "ARM, to write": Case(
        send=lambda w: w.send("PUT", ARM, "{ws}/jobs/x?api-version=2024-10-01", body="{}",
                              headers=JSON, token=w.expired(audiences.ARM)),
        status=401, code="ExpiredAuthenticationToken", words=(EXPIRED, "Ask for a new token"),
    ),
    "run history": Case(
        send=lambda w: w.send("GET", ML, "/history/v1.0{ws}/experiments/e/runs/j1/artifacts",
                              token=w.expired(audiences.ML)),
        status=401, code="ExpiredAuthenticationToken", words=(EXPIRED, "Ask for a new token"),
    ),
    "MLflow": Case(
        send=lambda w: w.send("GET", ML, "/mlflow/v1.0{ws}/api/2.0/mlflow/runs/get?run_id=j1",
                              token=w.expired(audiences.ML)),
        status=401, code="ExpiredAuthenticationToken", words=(EXPIRED, "Ask for a new token"),
    ),
    "blob": Case(
        send=lambda w: w.blob(Authorization=f"Bearer {w.expired(audiences.STORAGE)}"),
        status=401, code="InvalidAuthenticationInfo", words=(EXPIRED,),
    ),
    "SAS": Case(
        send=lambda w: w.blob(f"?{w.sas(seconds=-60)}"),
        status=403, code="AuthenticationFailed",
        words=("Signature not valid in the specified time frame", "Expiry ["),
    ),
    "Graph": Case(
        send=lambda w: w.send("GET", "graph.microsoft.com", "/v1.0/applications",
                              token=w.expired(audiences.GRAPH)),
        status=401, code="ExpiredAuthenticationToken", words=(EXPIRED, "Ask for a new token"),
    ),
    "Azure DevOps": Case(
        send=lambda w: w.send("GET", DEVOPS, "/shipway/_apis/projects",
                              token=w.expired(audiences.DEVOPS)),
        status=401, code="ExpiredAuthenticationToken", words=(EXPIRED, "Ask for a new token"),
    ),
    "personal access token": Case(
        send=lambda w: w.devops("/shipway/_apis/projects", w.expired_pat),
        status=401, code="UnauthorizedRequestException", words=("has expired", "`shipway env`"),
    ),
    "personal access token for git": Case(
        send=lambda w: w.devops("/shipway/ml/_git/stack/info/refs?service=git-receive-pack",
                                w.expired_pat),
        status=401, code="UnauthorizedRequestException", words=("has expired", "`shipway env`"),
    ),
    "pipeline job's token": Case(
        send=lambda w: w.send(
            "GET", DEVOPS, "/shipway/_apis/projects",
            token=personal_access_tokens.issue_job_token(w.server.store, run_id=w.run_id,
                                                         seconds=-60),
        ),
        status=401, code="ExpiredAuthenticationToken", words=(EXPIRED, "Ask for a new token"),
    ),
    "scoring": Case(
        send=lambda w: w.score(ENTRA, w.expired(audiences.ML)),
        status=401, code="ExpiredAuthenticationToken", words=(EXPIRED, "Ask for a new token"),
    ),
}  # fmt: skip


def _other_accounts_key(world: World) -> str:
    key = accounts.keys(world.server.store, world.account)["key2"]
    return signatures.sign(key, "something else")


WRONG_KEYS: dict[str, Case] = {
    "scoring without": Case(
        send=lambda w: w.score(KEYED, None), status=401, code="key_auth_access_denied",
        words=("'keyed'", "no key or token was sent", "Authorization: Bearer"),
    ),
    "scoring with another": Case(
        send=lambda w: w.score(KEYED, "wrong"), status=401, code="key_auth_access_denied",
        words=("'keyed'", "not one of this endpoint's", "Authorization: Bearer"),
    ),
    "scoring with a token where a key is due": Case(
        send=lambda w: w.score(KEYED, w.arm_token), status=401, code="key_auth_access_denied",
        words=("'keyed'", "not one of this endpoint's"),
    ),
    "scoring with a key where a token is due": Case(
        send=lambda w: w.score(ENTRA, "wrong"), status=401, code="InvalidAuthenticationToken",
        words=("token is invalid",),
    ),
    "scoring at no endpoint": Case(
        send=lambda w: w.score("nope.westeurope.inference.ml.azure.com", "x"), status=404,
        code="EndpointNotFound", words=("'nope.westeurope", "`shipway endpoints`"),
    ),
    "storage with a signature of another text": Case(
        send=lambda w: w.blob(Authorization=f"SharedKey {w.account}:{_other_accounts_key(w)}"),
        status=403, code="AuthenticationFailed", words=("MAC signature", "not the same"),
    ),
    "storage with another account's": Case(
        send=lambda w: w.blob(Authorization="SharedKey other:AAAA"),
        status=403, code="AuthenticationFailed", words=("account 'other'",),
    ),
    "storage with half a header": Case(
        send=lambda w: w.blob(Authorization="SharedKey"),
        status=403, code="AuthenticationFailed", words=("formed correctly",),
    ),
    "storage with a SAS that was changed": Case(
        send=lambda w: w.blob(f"?{w.sas().replace('sp=', 'sp=d')}"),
        status=403, code="AuthenticationFailed", words=("Signature did not match",),
    ),
    "storage with another container's SAS": Case(
        send=lambda w: w.blob(f"?{w.sas()}", container="azureml"),
        status=403, code="AuthenticationFailed", words=("Signature did not match",),
    ),
    "Azure DevOps": Case(
        send=lambda w: w.devops("/shipway/_apis/projects", "wrong"),
        status=401, code="UnauthorizedRequestException",
        words=("not one of this organization's", "`shipway env`"),
    ),
}  # fmt: skip

_JOB = {"jobType": "Command", "command": "echo", "environmentId": "azureml:local:1"}
_PATHS = "azureml://datastores/workspaceblobstore/paths"


def _artifacts(path: str, *, body: object = None) -> Callable[[World], Answer]:
    method = "GET" if body is None else "POST"
    return lambda w: w.send(
        method, ML, path, token=w.ml_token, body=None if body is None else json.dumps(body),
        headers=JSON,
    )  # fmt: skip


CLIMBING_PATHS: dict[str, Case] = {
    "artifact of a job": Case(
        send=_artifacts("/history/v1.0{ws}/experiments/e/runs/j1/artifacts/contentinfo"
                        "?path=../../../secrets.key"),
        status=400, code="UserError", words=("../../../secrets.key", CLIMBS, "Give a path"),
    ),
    "artifact of another run": Case(
        send=_artifacts("/artifact/v2.0{ws}/artifacts/ExperimentRun/dcid.j1/contentinfo"
                        "?path=../dcid.other/x"),
        status=400, code="UserError", words=("../dcid.other/x", CLIMBS, "Give a path"),
    ),
    "container of artifacts": Case(
        send=_artifacts("/artifact/v2.0{ws}/artifacts/ExperimentRun/..%2f../contentinfo?path=x"),
        status=400, code="UserError", words=("../../x", CLIMBS, "Give a path"),
    ),
    "artifact to write": Case(
        send=_artifacts("/artifact/v2.0{ws}/artifacts/ExperimentRun/dcid.j1/batch/metadata",
                        body={"paths": [{"path": "../x"}]}),
        status=400, code="UserError", words=("dcid.j1/../x", CLIMBS, "Give a path"),
    ),
    "MLflow's list": Case(
        send=_artifacts("/mlflow/v1.0{ws}/api/2.0/mlflow/artifacts/list?run_id=j1&path=../../x"),
        status=400, code="UserError", words=("../../x", CLIMBS, "Give a path"),
    ),
    "model": Case(
        send=lambda w: w.arm("models/m/versions/1",
                             {"modelUri": f"{_PATHS}/../../x", "modelType": "custom_model"}),
        status=400, code="UserError", words=("../../x", CLIMBS, "Give a path"),
    ),
    "model of a job": Case(
        send=lambda w: w.arm("models/m/versions/1", {
            "modelUri": "azureml://jobs/j1/outputs/../paths/x", "modelType": "custom_model",
        }),
        status=400, code="UserError", words=("j1/../x", CLIMBS, "Give a path"),
    ),
    "data": Case(
        send=lambda w: w.arm("data/d/versions/1",
                             {"dataUri": f"{_PATHS}/..%2f..%2fx", "dataType": "uri_file"}),
        status=400, code="ValidationError", words=("../../x", CLIMBS, "Give a path"),
    ),
    "job's name": Case(
        send=lambda w: w.arm("jobs/..%2f..%2fx", _JOB),
        status=400, code="ValidationError", words=("'../../x' is invalid", "letters, digits"),
    ),
    "job's output by name": Case(
        send=lambda w: w.arm("jobs/c1",
                             {**_JOB, "outputs": {"../../o": {"jobOutputType": "uri_folder"}}}),
        status=400, code="ValidationError", words=("'../../o'", "letters, digits"),
    ),
    "job's output by place": Case(
        send=lambda w: w.arm("jobs/c2", {
            **_JOB, "outputs": {"o": {"jobOutputType": "uri_folder", "uri": f"{_PATHS}/../o"}},
        }),
        status=400, code="UserError", words=("'../o'", CLIMBS, "properties.outputs.o"),
    ),
    "job's input by name": Case(
        send=lambda w: w.arm("jobs/c3", {
            **_JOB, "inputs": {"../../i": {"jobInputType": "uri_folder", "uri": f"{_PATHS}/a"}},
        }),
        status=400, code="ValidationError", words=("'../../i'", "letters, digits"),
    ),
    "component's input": Case(
        send=lambda w: w.arm("components/c/versions/1", {"componentSpec": {
            "type": "command", "command": "echo", "environment": "azureml:local:1",
            "inputs": {"../i": {"type": "uri_folder"}},
        }}),
        status=400, code="ValidationError", words=("'../i'", "letters, digits"),
    ),
    "container": Case(
        send=lambda w: w.send(
            "PUT", ARM, w.azure.workspace.resource_id.rpartition("/providers/")[0]
            + f"/providers/Microsoft.Storage/storageAccounts/{w.account}/blobServices/default"
            "/containers/..%2fx?api-version=2023-01-01",
            token=w.arm_token, body="{}", headers=JSON,
        ),
        status=400, code="InvalidResourceName", words=("../x", "lower-case letters"),
    ),
    "file of a repository": Case(
        send=lambda w: w.devops("/shipway/ml/_apis/git/repositories/stack/items"
                                "?path=/../../../secrets.key&api-version=7.1"),
        status=404, code="GitItemNotFoundException",
        words=("'/../../../secrets.key'", "root of the repository"),
    ),
    "repository": Case(
        send=lambda w: w.devops("/shipway/ml/_apis/git/repositories/..%2f..%2fca/items"
                                "?path=/x&api-version=7.1"),
        status=404, code="GitRepositoryNotFoundException",
        words=("../../ca", "Repositories of this project: stack"),
    ),
    "log of a run": Case(
        send=lambda w: w.devops(f"/shipway/ml/_apis/build/builds/{w.run_id}/logs/..%2f1"
                                "?api-version=7.1"),
        status=400, code="InvalidArgumentValueException", words=("'../1'", "whole number"),
    ),
    "artifact of a run": Case(
        send=lambda w: w.devops(f"/shipway/ml/_apis/build/builds/{w.run_id}/artifacts"
                                "?artifactName=../x&api-version=7.1"),
        status=404, code="ArtifactNotFoundException", words=("../x", "Published so far"),
    ),
    "owner's view of a job's log": Case(
        send=lambda w: w.server.door().owner("GET", "/jobs/j1/log?path=../../../secrets.key"),
        status=404, code="ResourceNotFound", words=("../../../secrets.key", "It has:"),
    ),
    "owner's view of a deployment's log": Case(
        send=lambda w: w.server.door().owner("GET", "/endpoints/..%2f../blue/log"),
        status=404, code="ResourceNotFound", words=("'../..'", "Endpoints:"),
    ),
}  # fmt: skip

CASES = {
    **{f"expired: {name}": case for name, case in EXPIRED_TOKENS.items()},
    **{f"wrong key: {name}": case for name, case in WRONG_KEYS.items()},
    **{f"climbs: {name}": case for name, case in CLIMBING_PATHS.items()},
}


def code_of(answer: Answer) -> str:
    """The code, from where the envelope of the protocol has it; fails where it has not."""
    kind = answer.headers["content-type"].partition(";")[0]
    if kind == "application/xml":
        assert b"<Error><Code>" in answer.body
        return answer.headers["x-ms-error-code"]
    if kind == "text/plain":  # git shows it as it is
        return answer.body.decode().partition(":")[0]
    body = answer.json()
    if "typeKey" in body:
        assert body["typeName"].startswith("Microsoft.TeamFoundation.")
        return str(body["typeKey"])
    return str(body["error_code"] if "error_code" in body else body["error"]["code"])


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_input_is_refused_by_name_and_changes_nothing(world: World, name: str) -> None:
    case = CASES[name]
    with unchanged(world.server.home):
        answer = case.send(world)
    text = answer.body.decode()
    assert (answer.status, code_of(answer)) == (case.status, case.code), text
    assert all(word in text for word in case.words), text
    assert "Traceback" not in text


def test_a_token_that_was_good_is_looked_at_again(world: World) -> None:
    """Scoring remembers whom it let in, but neither past the token's end nor past the role's."""
    store = world.server.store
    endpoint = online_endpoints.get(store, workspace=world.azure.workspace.key, name="entra")
    scope = online_endpoints.resource_id(endpoint.workspace, endpoint.name)
    robot = service_principals.create_with_application(store, display_name="robot")
    given = role_assignments.assign(
        store, principal_id=robot.object_id, role="AzureML Data Scientist", scope=scope
    )

    def outcome(token: str) -> str:
        return str(world.score(ENTRA, token).json()["error"]["code"])

    seconds = 3 - tokens.LEEWAY_SECONDS  # of grace, as clocks differ
    short = tokens.issue(store, robot, audience=audiences.ML, seconds=seconds)
    long = tokens.issue(store, robot, audience=audiences.ML)
    assert (outcome(short), outcome(long)) == ("NoTraffic", "NoTraffic")
    wait_until(lambda: outcome(short) == "ExpiredAuthenticationToken", seconds=15)
    assert outcome(long) == "NoTraffic"
    role_assignments.remove(store, given.assignment_id)
    assert outcome(long) == "AuthorizationFailed"


def test_the_right_ones_open_the_same_doors(world: World) -> None:
    """What the wrong ones were refused for is open to the right ones."""
    owner = users.owner(world.server.store)
    good = tokens.issue(world.server.store, owner, audience=audiences.ARM)
    assert world.send("GET", ARM, "{ws}?api-version=2024-10-01", token=good).status == 200
    assert world.blob(f"?{world.sas()}").status == 404  # no such blob, but the SAS holds
    assert world.devops("/shipway/_apis/projects").status == 200
    key = world.azure.call("POST", "onlineEndpoints/keyed/listKeys")[1]["primaryKey"]
    assert world.score(KEYED, key).json()["error"]["code"] == "NoTraffic"
