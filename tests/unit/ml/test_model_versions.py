"""Registered models: numbering, labels, content that stays, lineage."""

from pathlib import Path

import pytest
from tests.support.ml_world import BLOBS, make_world, register, upload

from shipway.azure.blob import blobs
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.loop import model_version
from shipway.ml import data_versions, datastores, jobs, model_versions
from shipway.ml.datastores import BlobPlace


def test_versions_are_numbered_and_latest_is_the_newest_not_archived(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    assert [register(store, workspace, "m", c).version for c in "ab"] == ["1", "2"]
    latest = model_versions.resolve(store, workspace=workspace.key, reference="azureml:m@latest")
    assert latest.version == "2"
    model_version.register(
        store, workspace=workspace.key, name="m", version="2", model_uri=latest.model_uri,
        is_archived=True,
    )  # fmt: skip
    assert model_versions.resolve(store, workspace=workspace.key, reference="m").version == "1"
    assert model_versions.next_version(store, workspace=workspace.key, name="m") == "3"


def test_a_version_keeps_its_content_when_its_blobs_change(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    first = register(store, workspace, "m", "one")
    upload(store, workspace, "m/model/weights.txt", "two")
    assert store.files.read(first.files["weights.txt"]) == b"one"
    with pytest.raises(Conflict, match="already exists"):
        model_version.register(
            store, workspace=workspace.key, name="m", version="1", model_uri=first.model_uri
        )


def test_tags_change_and_the_author_stays(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    made = register(store, workspace, "m")
    changed = model_version.change(
        store, workspace=workspace.key, name="m", version="1", tags={"gate": "passed"}
    )
    assert changed.tags == {"gate": "passed"}
    assert changed.author == made.author
    assert changed.files == made.files


def test_a_model_from_a_job_is_linked_to_it(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    default = datastores.default(store, workspace=workspace.key)
    place = BlobPlace(account=default.account, container=default.container, path="elsewhere/out")
    upload(store, workspace, "elsewhere/out/w.txt", "x")
    jobs.put_output(
        store, workspace=workspace.key, name="calm_leaf",
        output=jobs.JobOutput(name="model", type="custom_model", place=place, uri="u"),
    )  # fmt: skip
    made = model_version.register(
        store, workspace=workspace.key, name="m",
        model_uri="azureml://jobs/calm_leaf/outputs/model/paths/",
    )  # fmt: skip
    assert (made.job, list(made.files), made.root) == ("calm_leaf", ["w.txt"], "out")
    assert made.model_uri.endswith(
        f"/workspaces/{workspace.name}/datastores/{default.name}/paths/elsewhere/out"
    )
    (edge,) = store.growing.edges_to(made.lineage_key)
    assert (edge.source, edge.relation) == (f"job/{workspace.key}/calm_leaf", "registered")
    assert [e.kind for e in store.journal.of(made.lineage_key)] == ["ModelVersionCreated"]


def test_an_mlflow_model_says_its_flavors_and_must_be_one(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    upload(store, workspace, "ml/MLmodel", "flavors:\n  sklearn:\n    sklearn_version: 1.5.0\n")
    made = model_version.register(
        store, workspace=workspace.key, name="ml", model_uri=f"{BLOBS}/ml",
        model_type="mlflow_model",
    )  # fmt: skip
    assert made.flavors == {"sklearn": {"data": {"sklearn_version": "1.5.0"}}}
    upload(store, workspace, "plain/x.txt", "x")
    with pytest.raises(BadInput, match="no MLflow model"):
        model_version.register(
            store, workspace=workspace.key, name="plain", model_uri=f"{BLOBS}/plain",
            model_type="mlflow_model",
        )  # fmt: skip
    assert model_versions.list_versions(store, workspace=workspace.key, name="plain") == []


def test_a_model_of_nothing_is_refused(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    with pytest.raises(BadInput, match="has no files"):
        model_version.register(
            store, workspace=workspace.key, name="m", model_uri=f"{BLOBS}/nothing"
        )
    with pytest.raises(NotFound, match="'m:7'"):
        model_versions.get(store, workspace=workspace.key, name="m", version="7")


def test_a_data_version_never_changes_its_place(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    for path in ("a", "b"):
        data_versions.create(
            store, workspace=workspace.key, name="d", data_type="uri_folder",
            data_uri=f"{BLOBS}/{path}",
        )  # fmt: skip
    found = data_versions.resolve(store, workspace=workspace.key, reference="azureml:d@latest")
    assert (found.version, data_versions.locate(store, found).path) == ("2", "b")
    with pytest.raises(Conflict, match="already exists"):
        data_versions.create(
            store, workspace=workspace.key, name="d", version="1", data_type="uri_folder",
            data_uri=f"{BLOBS}/b",
        )  # fmt: skip
    with pytest.raises(BadInput, match="uri_banana"):
        data_versions.create(
            store, workspace=workspace.key, name="d", data_type="uri_banana", data_uri="x"
        )
    assert not blobs.list_blobs(store, account=found.workspace, container="x")


def test_an_id_of_another_workspace_is_refused_by_its_name(tmp_path: Path) -> None:
    store, workspace = make_world(tmp_path)
    register(store, workspace, "m")
    own = f"{workspace.resource_id}/models/m/versions/1"
    for reference in (
        own,
        f"azureml:{own}",
        f"azureml:/{own}".replace("resourceGroups", "RESOURCEgroups"),
    ):
        assert (
            model_versions.resolve(store, workspace=workspace.key, reference=reference).name == "m"
        )
    other = own.replace(f"/workspaces/{workspace.name}/", "/workspaces/elsewhere/")
    with pytest.raises(BadInput, match="another workspace, 'elsewhere'"):
        model_versions.resolve(store, workspace=workspace.key, reference=other)
