"""Azure ML without HTTP: a store with a workspace, the reactor and a compute, in this process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from shipway.azure.arm import resource_groups
from shipway.azure.blob import accounts, blobs, containers
from shipway.azure.entra import tenant
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.compute.worker import Worker
from shipway.loop import ml_job
from shipway.loop.reactor import Reactor
from shipway.ml import code_versions, component_versions, datastores, jobs, workspaces
from shipway.ml.jobs import MLJob
from shipway.store.store import Store, open_store
from tests.shipway_server import wait_until


@dataclass(kw_only=True)
class Lab:
    """A workspace `lab` in the group `rg`."""

    store: Store
    workspace: str
    made: int = 0

    def put_blob(self, path: str, content: str, *, datastore: str = "workspaceblobstore") -> str:
        """A blob in a datastore; returns its URI."""
        place = datastores.get(self.store, workspace=self.workspace, name=datastore)
        blobs.put_content(
            self.store, account=place.account, container=place.container, name=path,
            stored=self.store.files.put_bytes(content.encode()),
        )  # fmt: skip
        return f"azureml://datastores/{datastore}/paths/{path}"

    def code(self, files: Mapping[str, str]) -> str:
        """A code snapshot; returns its reference."""
        self.made += 1
        name = f"code{self.made}"
        for path, content in files.items():
            self.put_blob(f"{name}/{path}", content)
        code_versions.create(
            self.store, workspace=self.workspace, name=name, version="1",
            code_uri=f"azureml://datastores/workspaceblobstore/paths/{name}",
        )  # fmt: skip
        return f"azureml:{name}:1"

    def component(self, command: str, **spec: Any) -> str:
        """An anonymous command component; returns its reference."""
        made = component_versions.create(
            self.store, workspace=self.workspace, name="azureml_anonymous", is_anonymous=True,
            spec={"type": "command", "command": command, "environment": "azureml:local:1", **spec},
        )  # fmt: skip
        return f"azureml:{made.name}:{made.version}"

    def submit(self, name: str = "", **properties: Any) -> MLJob:
        """Submit a job of ARM properties."""
        return ml_job.submit(self.store, workspace=self.workspace, name=name, definition=properties)

    def pipeline(self, nodes: Mapping[str, Any], **properties: Any) -> MLJob:
        """Submit a pipeline job of nodes."""
        return self.submit(jobType="Pipeline", jobs=nodes, **properties)

    def get(self, name: str) -> MLJob:
        return jobs.get(self.store, workspace=self.workspace, name=name)

    def ended(self, name: str, *, seconds: float = 30) -> MLJob:
        """The job once it has ended."""
        wait_until(lambda: self.get(name).is_terminal, seconds=seconds)
        return self.get(name)

    def children(self, name: str) -> dict[str, MLJob]:
        found = jobs.children(self.store, workspace=self.workspace, name=name)
        return {child.node: child for child in found}

    def log(self, name: str, path: str = "user_logs/std_log.txt") -> str:
        """A job's log as it is stored in the end."""
        home = datastores.get(self.store, workspace=self.workspace, name=datastores.ARTIFACT_STORE)
        blob = blobs.get(
            self.store, account=home.account, container=home.container,
            name=datastores.artifact_path(name, path),
        )  # fmt: skip
        return self.store.files.read(blob.digest).decode()

    def output(self, name: str, output: str) -> dict[str, str]:
        """The files of a job's output with their text."""
        found = jobs.find_output(self.store, workspace=self.workspace, name=name, output=output)
        assert found is not None
        place = found.place
        listed = blobs.list_blobs(
            self.store, account=place.account, container=place.container, prefix=place.path
        )
        return {
            blob.name.removeprefix(place.path).lstrip("/"): self.store.files.read(
                blob.digest
            ).decode()
            for blob in listed
        }


def make_workspace(store: Store, *, name: str = "lab") -> str:
    """A resource group and a workspace with its containers; returns the workspace key."""
    facts = tenant.facts(store)
    key = workspaces.workspace_key(facts.subscription_id, "rg", name)
    if workspaces.find(store, key) is not None:
        return key
    if resource_groups.find(store, "rg") is None:
        resource_groups.create_or_update(store, name="rg", location="westeurope")
    made = workspaces.create(
        store, subscription=facts.subscription_id, resource_group="rg", name=name
    )
    if accounts.find(store, made.storage_account) is None:
        accounts.create_or_update(store, name=made.storage_account, resource_group="rg")
    for datastore in datastores.list_all(store, workspace=made.key):
        containers.ensure(store, account=datastore.account, name=datastore.container)
    return made.key


@contextmanager
def lab(folder: Path, *, slots: int = 2, working: bool = True) -> Iterator[Lab]:
    """A lab below `folder`; with `working` its reactor and compute run."""
    store = open_store(Home(folder / "home"), SystemClock())
    reactor, worker = Reactor(store), Worker(store, slots=slots)
    thread = Thread(target=worker.run, daemon=True)
    try:
        made = Lab(store=store, workspace=make_workspace(store))
        if working:
            reactor.start()
            thread.start()
        yield made
    finally:
        worker.stop()
        if thread.is_alive():
            thread.join()
        worker.close()
        reactor.stop()
        store.database.close()
