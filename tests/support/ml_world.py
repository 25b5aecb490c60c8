"""A home with one workspace, and ways to put blobs, code and models into it."""

from pathlib import Path

from shipway.azure.arm import resource_groups
from shipway.azure.blob import blobs
from shipway.azure.entra import tenant
from shipway.base.clock import Clock, SystemClock
from shipway.base.home import Home
from shipway.loop import model_version
from shipway.ml import code_versions, datastores, environment_versions, workspaces
from shipway.ml.model_versions import ModelVersion
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store, open_store

BLOBS = "azureml://datastores/workspaceblobstore/paths"


def make_world(home: Path, clock: Clock | None = None) -> tuple[Store, Workspace]:
    """The stores of `home` and the workspace `rg/mlw` in them."""
    store = open_store(Home(home), clock or SystemClock())
    subscription = tenant.facts(store).subscription_id
    resource_groups.create_or_update(store, name="rg", location="westeurope")
    made = workspaces.create(store, subscription=subscription, resource_group="rg", name="mlw")
    return store, made


def upload(store: Store, workspace: Workspace, path: str, content: str) -> None:
    """Write a blob into the default datastore."""
    default = datastores.default(store, workspace=workspace.key)
    stored = store.files.put_bytes(content.encode())
    blobs.put_content(
        store, account=default.account, container=default.container, name=path, stored=stored
    )


def register(store: Store, workspace: Workspace, name: str, content: str = "x") -> ModelVersion:
    """A model of one file in a folder `model`."""
    upload(store, workspace, f"{name}/model/weights.txt", content)
    uri = f"{BLOBS}/{name}/model"
    return model_version.register(store, workspace=workspace.key, name=name, model_uri=uri)


def scoring_code(store: Store, workspace: Workspace, name: str, script: str) -> str:
    """A code version that holds `score.py`; its reference."""
    upload(store, workspace, f"code/{name}/score.py", script)
    code_versions.create(
        store, workspace=workspace.key, name=name, version="1", code_uri=f"{BLOBS}/code/{name}"
    )
    return f"azureml:{name}:1"


def environment(store: Store, workspace: Workspace, name: str, *packages: str) -> str:
    """An environment version with pip packages; its reference."""
    lines = "".join(f"    - {package}\n" for package in packages)
    conda = f"dependencies:\n- python=3.11\n- pip\n- pip:\n{lines}" if packages else ""
    environment_versions.create(
        store, workspace=workspace.key, name=name, version="1", conda_file=conda,
        image="mcr.microsoft.com/azureml/base",
    )  # fmt: skip
    return f"azureml:{name}:1"
