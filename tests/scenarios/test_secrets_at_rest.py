"""No secret lies anywhere in a home in clear, nor in base64, nor URL-encoded; not while it is used
and not afterwards.

Secrets of every kind are made, each is put to its use (a push, a run's steps, an ML job, a scoring
call, an upload), and every byte of the home is searched: rows, WAL, files, logs, job folders.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

import pytest
from tests.shipway_server import ProjectRepository, ShipwayServer, running, wait_until
from tests.support import identities, permissions
from tests.support.identities import Azure

from shipway.azure.arm import resource_groups, role_assignments
from shipway.azure.blob import accounts
from shipway.azure.entra import tenant
from shipway.devops import definitions, logs, variable_groups
from shipway.devops.definitions import DefinitionVariable
from shipway.devops.variable_groups import GroupVariable
from shipway.ml import datastores

GROUP_SECRET = "gr0up/secret+with=signs&more"
DEFINITION_SECRET = "d3finition secret, with spaces"
WEBHOOK = "https://hooks.example.com/services/T024/B77/kQ9zWebhookToken"
STEP_SECRET = "made-42-in-a-step"
DATASTORE_KEY = base64.b64encode(b"the key of somebody's own account").decode()

# what holds a secret by its purpose: our own keys, readable by the owner only
ALLOWED = ("secrets.key", "ca/authority.key", "run/owner.token")

SCORE = """
import json, os

def init():
    pass

def run(data):
    with open(json.loads(data)["file"], "w") as out:
        json.dump(dict(os.environ), out)
    return "done"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ShipwayServer]:
    with running(tmp_path) as made:
        yield made


def forms(secret: str) -> set[bytes]:
    """A secret as it could be written down: itself, quoted, within base64 at any position."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), quote_plus(secret).encode()}
    found.add(json.dumps(secret)[1:-1].encode())
    for offset in range(3):
        padded = base64.b64encode(b"\0" * offset + raw)
        whole = padded[4 if offset else 0 : len(padded) - 4]
        found |= {whole, whole.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def leaks(home: Path, secrets: dict[str, str]) -> list[tuple[str, str]]:
    """(secret's name, file) of every place where a secret lies readable."""
    wanted = {name: forms(value) for name, value in secrets.items()}
    found = []
    for path in sorted(home.rglob("*")):
        place = path.relative_to(home).as_posix()
        if place.startswith("environments/") or not path.is_file() or place in ALLOWED:
            continue  # environments: packages from the index, and nothing of ours
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        for name, written in wanted.items():
            if any(form in content for form in written):
                found.append((name, place))
    return found


def assert_none_open(home: Path, secrets: dict[str, str]) -> None:
    found = leaks(home, secrets)
    assert not found, "\n".join(f"{name}: {place}" for name, place in found)


def test_the_search_finds_what_lies_open(tmp_path: Path) -> None:
    """A search that finds nothing must be one that could."""
    for number, text in enumerate(
        (
            f"x {GROUP_SECRET} y",
            quote(GROUP_SECRET, safe=""),
            base64.b64encode(f":{GROUP_SECRET}".encode()).decode(),
            base64.b64encode(f"12{GROUP_SECRET}\n".encode()).decode(),
            base64.urlsafe_b64encode(GROUP_SECRET.encode()).decode(),
        )
    ):
        (tmp_path / f"{number}").write_text(text)
    found = leaks(tmp_path, {"group": GROUP_SECRET})
    assert [place for _, place in found] == ["0", "1", "2", "3", "4"]


def make_project(server: ShipwayServer) -> ProjectRepository:
    """A project whose pipeline has a secret of its own and a group with two."""
    project = server.project()
    (definition,) = definitions.list_of(server.store, project_id=project.project_id)
    secret = DefinitionVariable(value=DEFINITION_SECRET, is_secret=True)
    definitions.replace_definition(server.store, replace(definition, variables={"own": secret}))
    group = variable_groups.create(
        server.store, project_id=project.project_id, name="g",
        variables={
            "pw": GroupVariable(value=GROUP_SECRET, is_secret=True),
            "NOTIFY_WEBHOOK": GroupVariable(value=WEBHOOK, is_secret=True),
        },
    )  # fmt: skip
    permissions.open_to_all(server.store, "variablegroup", group.group_id)
    return project


def connect(project: ProjectRepository, name: str, *, key: bool) -> str:
    """A service connection whose identity may read a group; its key, if it has one."""
    store = project.server.store
    principal, secret = identities.connect(project, name, key=key)
    resource_groups.create_or_update(store, name="elsewhere", location="westeurope")
    role_assignments.assign(
        store, principal_id=principal.object_id, role="Reader",
        scope=f"{tenant.facts(store).subscription_scope}/resourceGroups/elsewhere",
    )  # fmt: skip
    return secret


def pipeline(out: Path) -> str:
    """Steps that print every secret they have, write them outside the home, and wait."""

    def login(connection: str, name: str) -> str:
        return f"""
- task: AzureCLI@2
  displayName: {name}
  inputs:
    azureSubscription: {connection}
    addSpnToEnvironment: true
    scriptType: bash
    scriptLocation: inlineScript
    inlineScript: |
      az account get-access-token --query accessToken -o tsv > {out}/{name}.bearer
      printf '%s' "$idToken" > {out}/{name}.assertion
      printf '%s' "$SHIPWAY_AZ_PROFILE_KEY" > {out}/{name}.profile-key
      echo "told $idToken $SHIPWAY_AZ_PROFILE_KEY"
      touch {out}/{name}.ready
      while [ ! -e {out}/go ]; do sleep 0.05; done
"""

    return f"""
variables: [{{group: g}}]
steps:
- checkout: self
- script: |
    echo "plain $(pw) $(own) $(NOTIFY_WEBHOOK) $(System.AccessToken)"
    printf '%s' "$MAPPED" | base64 -w0; echo
    python3 -c 'import os, urllib.parse; print(urllib.parse.quote(os.environ["MAPPED"], safe=""))'
    printf '%s' "$(System.AccessToken)" > {out}/access-token
    echo "##vso[task.setvariable variable=made;issecret=true;isOutput=true]made-$((40+2))-in-a-step"
    curl -s -o /dev/null --max-time 2 "http://127.0.0.1:9/?hook=$(NOTIFY_WEBHOOK)" || true
  name: tells
  displayName: tells
  env: {{MAPPED: $(pw)}}
- script: echo "later $(tells.made)"
{login("keyed", "keyed")}{login("federated", "federated")}"""


def use_storage(azure: Azure, out: dict[str, str]) -> None:
    """An upload with the SAS that the workspace gives, and a datastore with somebody's own key."""
    status, told, _ = azure.call(
        "POST", "codes/c/versions/1/startPendingUpload",
        {"pendingUploadType": "TemporaryBlobReference"},
    )  # fmt: skip
    assert status == 200, told
    uri = urlsplit(told["blobReferenceForConsumption"]["credential"]["sasUri"])
    out["workspace SAS"] = next(p for p in uri.query.split("&") if p.startswith("sig="))[4:]
    answer = azure.server.door().azure(
        "PUT", uri.netloc, f"{uri.path}/file?{uri.query}", body=b"content",
        headers={"x-ms-blob-type": "BlockBlob", "x-ms-version": "2021-12-02"},
    )  # fmt: skip
    assert answer.status == 201, answer.body
    azure.put("datastores/own", {
        "datastoreType": "AzureBlob", "accountName": "somebody1", "containerName": "c",
        "credentials": {"credentialsType": "AccountKey",
                        "secrets": {"secretsType": "AccountKey", "key": DATASTORE_KEY}},
    })  # fmt: skip
    account = datastores.default(azure.server.store, workspace=azure.workspace.key).account
    for name, key in accounts.keys(azure.server.store, account).items():
        out[f"storage account {name}"] = key


def seen_in(file: Path, *names: str) -> dict[str, str]:
    """Variables of an environment that a process has written down outside the home."""
    found = json.loads(file.read_text())
    return {f"{file.stem} {name}": found[name] for name in names}


@pytest.mark.slow
def test_no_secret_of_any_kind_lies_open(server: ShipwayServer, tmp_path: Path) -> None:
    out = tmp_path / "outside"
    out.mkdir()
    project = make_project(server)
    secrets = {
        "variable group": GROUP_SECRET, "definition": DEFINITION_SECRET, "webhook": WEBHOOK,
        "set in a step": STEP_SECRET, "datastore key": DATASTORE_KEY,
        "service connection key": connect(project, "keyed", key=True),
    }  # fmt: skip
    connect(project, "federated", key=False)
    door = server.door()
    secrets["client secret"] = door.variables()["AZURE_CLIENT_SECRET"]
    secrets["PAT"] = door.variables()["AZURE_DEVOPS_EXT_PAT"]
    secrets["owner's bearer"] = door.token()

    url = f"https://any:{secrets['PAT']}@dev.azure.com/shipway/ml/_git/stack"
    run_id = project.push(pipeline(out))
    assert "refs/heads/main" in server.git(project.folder, "ls-remote", url)
    azure = identities.make_azure(server)
    use_storage(azure, secrets)
    azure.deploy("flights", script=SCORE)
    keys = azure.call("POST", "onlineEndpoints/flights/listKeys")[1]
    secrets |= {f"endpoint {name}": key for name, key in keys.items() if name.endswith("Key")}
    assert azure.score("flights", {"file": str(out / "scoring.json")})[0] == 200
    write = "import json, os; json.dump(dict(os.environ), open(os.environ['WHERE'], 'w'))"
    azure.job(
        "uses-its-identity", f'python -c "{write}"',
        environmentVariables={"WHERE": str(out / "job.json")},
    )  # fmt: skip
    secrets |= seen_in(out / "scoring.json", "IDENTITY_HEADER")
    secrets |= seen_in(out / "job.json", "IDENTITY_HEADER", "AZUREML_RUN_TOKEN")

    wait_until((out / "keyed.ready").exists)
    secrets["access token"] = (out / "access-token").read_text()
    secrets["keyed bearer"] = (out / "keyed.bearer").read_text().strip()
    secrets["keyed profile key"] = (out / "keyed.profile-key").read_text()
    assert all(len(value) > 15 for value in secrets.values()), secrets
    # while the job's folder is there, logged in, and the deployment serves
    assert any((server.home / "runs").rglob("service_principal_entries.json"))
    assert_none_open(server.home, secrets)

    (out / "go").touch()
    assert server.finished(run_id).result == "succeeded", text_of(server, run_id)
    secrets["assertion"] = (out / "federated.assertion").read_text()
    secrets["federated bearer"] = (out / "federated.bearer").read_text().strip()
    shown = text_of(server, run_id)
    assert "plain *** *** *** ***" in shown
    assert "later ***" in shown
    assert_none_open(server.home, secrets)
    azure.call("DELETE", "onlineEndpoints/flights")
    server.down()
    assert_none_open(server.home, secrets)


def text_of(server: ShipwayServer, run_id: int) -> str:
    """All step logs of a run."""
    found = []
    for record in server.records(run_id, "Task"):
        if record.log_id is not None:
            log = logs.get(server.store, run_id=run_id, log_id=record.log_id)
            found += logs.read(server.store, log, with_times=False)
    return "\n".join(found)
