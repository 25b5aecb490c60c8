"""Workspaces and what they bring along; every way to write a place."""

from pathlib import Path

import pytest
from tests.support.ml_world import make_world

from shipway.azure.arm import role_assignments
from shipway.azure.blob import accounts, containers
from shipway.azure.entra import managed_identities
from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound, NotSupported
from shipway.ml import computes, datastores, workspaces


def test_a_workspace_brings_account_containers_datastores_compute_and_identity(
    tmp_path: Path,
) -> None:
    store, workspace = make_world(tmp_path)
    names = [d.name for d in datastores.list_all(store, workspace=workspace.key)]
    assert names == [
        "workspaceartifactstore", "workspaceblobstore", "workspacefilestore",
        "workspaceworkingdirectory",
    ]  # fmt: skip
    default = datastores.default(store, workspace=workspace.key)
    assert default.container == f"azureml-blobstore-{workspace.workspace_id}"
    assert containers.find(store, account=default.account, name=default.container)
    assert workspaces.storage_key(store, workspace) == accounts.keys(store, default.account)["key1"]
    assert [c.name for c in computes.list_all(store, workspace=workspace.key)] == ["local"]
    identity = managed_identities.find_for(store, workspace.resource_id)
    assert identity is not None
    assert identity.object_id == workspace.principal_id


def test_names_ignore_case_and_are_not_taken_twice(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    key = workspaces.workspace_key(workspace.subscription.upper(), "RG", "MLW")
    assert workspaces.get(store, key).name == "mlw"
    with pytest.raises(Conflict):
        workspaces.create(
            store, subscription=workspace.subscription, resource_group="RG", name="MLW"
        )
    with pytest.raises(BadInput, match="invalid"):
        workspaces.create(
            store, subscription=workspace.subscription, resource_group="rg", name="a b"
        )


def test_deleting_takes_contents_and_identities_and_leaves_the_account(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    computes.create(
        store, workspace=workspace.key, name="cpu", compute_type="AmlCompute",
        location="westeurope", system_identity=True,
    )  # fmt: skip
    compute_id = computes.resource_id(workspace.key, "cpu")
    assert managed_identities.find_for(store, compute_id)
    workspaces.delete(store, workspace.key)
    assert workspaces.find(store, workspace.key) is None
    assert datastores.list_all(store, workspace=workspace.key) == []
    assert managed_identities.find_for(store, compute_id) is None
    assert role_assignments.list_assignments(store, at_or_below=workspace.resource_id) == []
    assert accounts.find(store, workspace.storage_account) is not None


@pytest.mark.parametrize(
    ("uri", "container", "path"),
    [
        ("azureml://datastores/workspaceblobstore/paths/a/b.csv", "blob", "a/b.csv"),
        ("azureml://datastores/WorkspaceBlobStore/paths/a/b%20c/", "blob", "a/b c"),
        (
            "azureml://subscriptions/SUB/resourcegroups/RG/workspaces/MLW/datastores/"
            "workspaceblobstore/paths/x",
            "blob",
            "x",
        ),
        ("azureml://jobs/j/outputs/out/paths/m", "blob", "azureml/j/out/m"),
        ("azureml://jobs/j/outputs/artifacts/paths/m/", "art", "ExperimentRun/dcid.j/m"),
        ("runs:/j/model", "art", "ExperimentRun/dcid.j/model"),
        (
            "azureml://westeurope.api.azureml.ms/mlflow/v2.0/subscriptions/SUB/resourceGroups/RG/"
            "providers/Microsoft.MachineLearningServices/workspaces/MLW/experiments/e%20e/runs/j/"
            "artifacts/model",
            "art",
            "ExperimentRun/dcid.j/model",
        ),
        ("azureml://artifacts/LocalUpload/240101-ab/model", "art", "LocalUpload/240101-ab/model"),
        ("https://ACC.blob.core.windows.net/box/p/q.txt", "box", "p/q.txt"),
        ("wasbs://box@ACC.blob.core.windows.net/p/", "box", "p"),
        ("abfss://box@ACC.dfs.core.windows.net/p", "box", "p"),
    ],
)
def test_locate_reads_every_way_to_write_a_place(
    tmp_path: Path, uri: str, container: str, path: str
) -> None:
    store, workspace = make_world(tmp_path)
    names = {"blob": f"azureml-blobstore-{workspace.workspace_id}", "art": "azureml"}
    subscription, group, name = workspace.key.split("/")
    words = {"SUB": subscription, "RG": group, "MLW": name, "ACC": workspace.storage_account}
    for word, value in words.items():
        uri = uri.replace(word, value)
    place = datastores.locate(store, workspace=workspace.key, uri=uri)
    assert (place.container, place.path) == (names.get(container, container), path)


@pytest.mark.parametrize(
    "uri",
    [
        "azureml://subscriptions/s/resourcegroups/g/workspaces/other/datastores/workspaceblobstore"
        "/paths/x",
        "azureml://subscriptions/s/resourcegroups/g/workspaces/other/jobs/j/outputs/o",
        "azureml://e.api.azureml.ms/mlflow/v2.0/subscriptions/s/resourceGroups/g/providers/"
        "Microsoft.MachineLearningServices/workspaces/other/experiments/e/runs/j/artifacts/model",
        "https://otheraccount.blob.core.windows.net/box/p",
        "wasbs://box@otheraccount.blob.core.windows.net/p",
        "abfss://box@otheraccount.dfs.core.windows.net/p",
    ],
)
def test_locate_stays_within_the_workspace(tmp_path: Path, uri: str) -> None:
    store, workspace = make_world(tmp_path)
    with pytest.raises(Forbidden, match="other"):
        datastores.locate(store, workspace=workspace.key, uri=uri)


def test_locate_refuses_by_name(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    with pytest.raises(NotFound, match="nowhere"):
        datastores.locate(
            store, workspace=workspace.key, uri="azureml://datastores/nowhere/paths/x"
        )
    with pytest.raises(BadInput, match="ftp://x"):
        datastores.locate(store, workspace=workspace.key, uri="ftp://x/y")
    with pytest.raises(NotSupported, match="AzureFile"):
        datastores.locate(
            store, workspace=workspace.key, uri="azureml://datastores/workspacefilestore/paths/x"
        )
