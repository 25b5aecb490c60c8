"""Artifacts: files in, the same files out; names and links that lie are refused."""

from pathlib import Path

import pytest
from tests.devops_door import new_store

from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.devops import artifacts
from shipway.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return new_store(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "drop"
    (made / "sub").mkdir(parents=True)
    (made / "a.txt").write_text("a")
    (made / "sub" / "b.txt").write_text("bb")
    return made


def test_a_folder_comes_back_as_it_was(store: Store, folder: Path, tmp_path: Path) -> None:
    made = artifacts.publish(store, run_id=1, name="drop", source=folder)
    assert (made.size, made.file_count) == (3, 2)
    assert (
        artifacts.copy_to(store, artifacts.get(store, run_id=1, name="DROP"), tmp_path / "t") == 2
    )
    assert (tmp_path / "t" / "sub" / "b.txt").read_text() == "bb"


def test_links_that_leave_the_folder_are_left_out(store: Store, folder: Path) -> None:
    (folder / "leak").symlink_to("/etc/passwd")
    (folder / "fine").symlink_to(folder / "a.txt")
    made = artifacts.publish(store, run_id=1, name="drop", source=folder)
    assert [f.path for f in artifacts.files_of(store, made)] == ["a.txt", "fine", "sub/b.txt"]


def test_a_pipeline_artifact_is_published_once_a_container_grows(
    store: Store, folder: Path
) -> None:
    artifacts.publish(store, run_id=1, name="drop", source=folder)
    with pytest.raises(Conflict, match="Artifact drop already exists for build 1"):
        artifacts.publish(store, run_id=1, name="drop", source=folder)
    artifacts.publish(store, run_id=1, name="c", source=folder / "a.txt", kind="Container")
    grown = artifacts.publish(store, run_id=1, name="c", source=folder / "sub", kind="Container")
    assert grown.file_count == 2


def test_bad_names_and_missing_sources_are_named(store: Store, folder: Path) -> None:
    for name in ("", "a/b", "a:b", "a?"):
        with pytest.raises(BadInput, match="Artifact name is not valid"):
            artifacts.publish(store, run_id=1, name=name, source=folder)
    with pytest.raises(NotFound, match="nowhere"):
        artifacts.publish(store, run_id=1, name="x", source=folder / "nowhere")
    with pytest.raises(NotFound, match="Artifact x was not found for build 1"):
        artifacts.get(store, run_id=1, name="x")


def test_a_job_that_repeats_its_publishing_changes_nothing_and_another_is_refused(
    store: Store, folder: Path
) -> None:
    made = artifacts.publish(store, run_id=1, name="drop", source=folder, published_by="job")
    again = artifacts.publish(store, run_id=1, name="drop", source=folder, published_by="job")
    assert again == made
    with pytest.raises(Conflict):
        artifacts.publish(store, run_id=1, name="drop", source=folder, published_by="other")
    (folder / "a.txt").write_text("changed")
    with pytest.raises(Conflict):
        artifacts.publish(store, run_id=1, name="drop", source=folder, published_by="job")
