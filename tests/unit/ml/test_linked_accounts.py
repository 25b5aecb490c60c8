"""Linking a storage account to a workspace is no way to its key."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.ml_world import make_world

from shipway.azure.arm import resource_groups, role_assignments
from shipway.azure.blob import accounts
from shipway.azure.entra import service_principals
from shipway.base.errors import Forbidden
from shipway.ml import datastores, workspaces
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Body, Request, Response
from shipway.wire.ml import datastores as wire
from shipway.wire.ml import workspaces as wire_workspaces


@pytest.fixture
def world(tmp_path: Path) -> tuple[Store, Workspace, Workspace]:
    store, mine = make_world(tmp_path)
    resource_groups.create_or_update(
        store, name="theirs", location="westeurope", tags={}
    )  # fmt: skip
    theirs = workspaces.create(
        store, subscription=mine.subscription, resource_group="theirs", name="their-w"
    )
    return store, mine, theirs


def send(
    store: Store, put: Callable[[Store, Request], Response], workspace: Workspace, body: object,
    *, name: str = "", may: str = "",
) -> Response:  # fmt: skip
    someone = service_principals.create_with_application(store, display_name="someone")
    role_assignments.assign(
        store, principal_id=someone.object_id, role="Contributor", scope=workspace.resource_id
    )
    if may:
        role_assignments.assign(
            store, principal_id=someone.object_id, role="Contributor", scope=may
        )  # fmt: skip
    subscription, group, own = workspace.key.split("/")
    params = {"subscription": subscription, "group": group, "workspace": name or own, "name": "d"}
    return put(store, Request(
        method="PUT", host="management.azure.com", path="/", principal=someone, params=params,
        body=Body(content=json.dumps(body).encode()),
    ))  # fmt: skip


def store_body(account: str, **secrets: str) -> dict[str, object]:
    credentials: dict[str, object] = {"credentialsType": "None"}
    if secrets:
        credentials = {"credentialsType": "AccountKey", "secrets": secrets}
    return {"properties": {
        "datastoreType": "AzureBlob", "accountName": account, "containerName": "azureml",
        "credentials": credentials,
    }}  # fmt: skip


def test_a_datastore_over_another_s_account_needs_the_key_or_the_role(
    world: tuple[Store, Workspace, Workspace],
) -> None:
    store, mine, theirs = world
    account = theirs.storage_account
    with pytest.raises(Forbidden, match="listKeys"):
        send(store, wire.put, mine, store_body(account))
    with pytest.raises(Forbidden, match=account):
        send(store, wire.put, mine, store_body(account.upper(), key="bm8="))
    assert datastores.find(store, workspace=mine.key, name="d") is None
    key = accounts.keys(store, account)["key1"]
    assert send(store, wire.put, mine, store_body(account, key=key)).status == 201
    scope = theirs.storage_account_id
    assert send(store, wire.put, mine, store_body(account), may=scope).status == 200


def test_a_workspace_over_another_s_account_needs_the_role(
    world: tuple[Store, Workspace, Workspace],
) -> None:
    store, mine, theirs = world
    body = {"location": "westeurope", "properties": {"storageAccount": theirs.storage_account_id}}
    with pytest.raises(Forbidden, match="listKeys"):
        send(store, wire_workspaces.put, mine, body, name="mlw3")
    assert workspaces.find(store, f"{mine.key}3") is None
    scope = theirs.storage_account_id
    assert send(store, wire_workspaces.put, mine, body, name="mlw3", may=scope).status == 200
