"""CopyFiles, DeleteFiles, ArchiveFiles and ExtractFiles on folders."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.unit.agent.tasks.steps import listing, run_task, write

from shipway.agent.job_context import JobContext
from shipway.agent.tasks.archive_files import ARCHIVE_FILES
from shipway.agent.tasks.copy_files import COPY_FILES
from shipway.agent.tasks.delete_files import DELETE_FILES
from shipway.agent.tasks.extract_files import EXTRACT_FILES
from shipway.base.errors import BadInput, Forbidden, NotSupported

_TREE = {"a.txt": "A", "b.log": "B", "s/c.txt": "C", "s/.hidden": "H", "s/t/d.txt": "D"}


def test_copies_what_matches_below_the_target(job: JobContext) -> None:
    sources, target = job.directories.sources, job.directories.artifacts
    write(sources, _TREE)
    result, step = run_task(
        job, COPY_FILES, Contents="**/*.txt\n!**/t/**", TargetFolder=str(target)
    )
    assert result == "succeeded"
    assert listing(target) == ["a.txt", "s/c.txt"]
    assert step.logged[0] == "found 2 files"


def test_copies_flat_and_keeps_what_is_there_unless_told(job: JobContext) -> None:
    sources, target = job.directories.sources, job.directories.artifacts
    write(sources, _TREE)
    write(target, {"c.txt": "old", "gone.txt": "x"})
    _, step = run_task(job, COPY_FILES, TargetFolder=str(target), flattenFolders="true")
    assert (target / "c.txt").read_text() == "old"
    assert any("already exist at" in line for line in step.logged)
    run_task(
        job, COPY_FILES, TargetFolder=str(target), flattenFolders="true", OverWrite="true",
        preserveTimestamp="true",
    )  # fmt: skip
    assert (target / "c.txt").read_text() == "C"
    assert (target / "c.txt").stat().st_mtime == (sources / "s" / "c.txt").stat().st_mtime
    run_task(job, COPY_FILES, TargetFolder=str(target), CleanTargetFolder="true", Contents="*.txt")
    assert listing(target) == ["a.txt"]


def test_copying_says_what_is_wrong(job: JobContext, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Input required: TargetFolder"):
        run_task(job, COPY_FILES)
    with pytest.raises(BadInput, match="Not found SourceFolder"):
        run_task(job, COPY_FILES, SourceFolder="nowhere", TargetFolder="x")
    write(job.directories.sources, {"a": "", "out/a/b": ""})
    with pytest.raises(BadInput, match="already exists as a directory"):
        run_task(job, COPY_FILES, Contents="a", TargetFolder="out")
    outside = tmp_path / "mine"
    write(outside, {"keep.txt": "x"})
    with pytest.raises(Forbidden, match="not in the folders of the job"):
        run_task(job, COPY_FILES, TargetFolder=str(outside), CleanTargetFolder="true")
    assert listing(outside) == ["keep.txt"]


def test_deletes_what_matches_but_no_folder_with_something_kept(job: JobContext) -> None:
    sources = job.directories.sources
    write(sources, _TREE)
    result, _ = run_task(job, DELETE_FILES, Contents="**\n!**/d.txt")
    assert result == "succeeded"
    assert listing(sources) == ["s/.hidden", "s/t/d.txt"]
    run_task(job, DELETE_FILES, Contents="/s", RemoveSourceFolder="true", SourceFolder=str(sources))
    assert not sources.exists()
    _, step = run_task(job, DELETE_FILES, Contents="**")
    assert step.logged == ["No files to delete."]


def test_deletes_nothing_outside_the_job_through_a_link(job: JobContext, tmp_path: Path) -> None:
    outside = tmp_path / "mine"
    write(outside, {"keep.txt": "x"})
    (job.directories.sources / "link").symlink_to(outside)
    result, step = run_task(job, DELETE_FILES, Contents="**/*.txt")
    assert result == "failed"
    assert step.errors[-1] == "Couldn't delete one or more files"
    assert listing(outside) == ["keep.txt"]


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("x.zip", {"archiveType": "zip"}),
        ("x.tar.gz", {"archiveType": "tar"}),
        ("x.tgz", {"archiveType": "tar", "tarCompression": "gz"}),
        ("x.tar.bz2", {"archiveType": "tar", "tarCompression": "bz2"}),
        ("x.tar.xz", {"archiveType": "tar", "tarCompression": "xz"}),
        ("x.tar", {"archiveType": "tar", "tarCompression": "none"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("root", ["true", "false"])
def test_what_is_archived_comes_out_again(
    job: JobContext, name: str, inputs: dict[str, str], root: str
) -> None:
    write(job.directories.sources / "d", _TREE)
    (job.directories.sources / "d" / "a.txt").chmod(0o755)
    archive = job.directories.artifacts / name
    run_task(
        job, ARCHIVE_FILES, inputs, rootFolderOrFile="d", includeRootFolder=root,
        archiveFile=str(archive),
    )  # fmt: skip
    result, _ = run_task(
        job, EXTRACT_FILES, archiveFilePatterns=f"{archive.parent}/*{name[1:]}",
        destinationFolder=str(job.directories.binaries),
    )  # fmt: skip
    assert result == "succeeded"
    found = job.directories.binaries / "d" if root == "true" else job.directories.binaries
    assert listing(found) == sorted(_TREE)
    assert os.access(found / "a.txt", os.X_OK)


def test_an_archive_is_replaced_or_added_to(job: JobContext) -> None:
    write(job.directories.sources, {"a": "1", "b": "2"})
    archive = job.directories.artifacts / "x.zip"
    for name, replaced in (("a", "true"), ("b", "false"), ("a", "false")):
        (job.directories.sources / "a").write_text(replaced)
        run_task(
            job, ARCHIVE_FILES, rootFolderOrFile=name, archiveFile=str(archive),
            replaceExistingArchive=replaced,
        )  # fmt: skip
    with zipfile.ZipFile(archive) as opened:
        assert sorted(opened.namelist()) == ["a", "b"]
        assert opened.read("a") == b"false"
    with pytest.raises(BadInput, match="cannot be updated"):
        run_task(
            job, ARCHIVE_FILES, rootFolderOrFile="a", archiveFile=str(archive),
            archiveType="tar", replaceExistingArchive="false",
        )  # fmt: skip


def test_other_archives_are_refused_by_name(job: JobContext) -> None:
    write(job.directories.sources, {"a": "1", "x.7z": ""})
    with pytest.raises(NotSupported, match="'7z'"):
        run_task(job, ARCHIVE_FILES, rootFolderOrFile="a", archiveType="7z")
    with pytest.raises(NotSupported, match=r"x\.7z"):
        run_task(job, EXTRACT_FILES, archiveFilePatterns="x.7z", destinationFolder="out")


def test_nothing_of_an_archive_gets_out_of_its_folder(job: JobContext) -> None:
    sources = job.directories.sources
    with zipfile.ZipFile(sources / "bad.zip", "w") as made:
        made.writestr("../evil.txt", "x")
    with tarfile.open(sources / "bad.tar", "w") as opened:
        entry = tarfile.TarInfo("link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc"
        opened.addfile(entry, io.BytesIO())
    for name in ("bad.zip", "bad.tar"):
        with pytest.raises(BadInput, match="Extraction failed for file"):
            run_task(job, EXTRACT_FILES, archiveFilePatterns=name, destinationFolder="out")
    assert not (sources / "evil.txt").exists()
    assert not (sources / "out" / "link").is_symlink()


def test_extracting_keeps_files_unless_told(job: JobContext) -> None:
    sources = job.directories.sources
    with zipfile.ZipFile(sources / "x.zip", "w") as made:
        made.writestr("a.txt", "new")
    write(sources, {"out/a.txt": "old"})
    inputs = {"destinationFolder": "out", "cleanDestinationFolder": "false"}
    with pytest.raises(BadInput, match="exists already"):
        run_task(job, EXTRACT_FILES, inputs)
    run_task(job, EXTRACT_FILES, inputs, overwriteExistingFiles="true")
    assert (sources / "out" / "a.txt").read_text() == "new"
    with pytest.raises(BadInput, match="can not be extracted"):
        run_task(job, EXTRACT_FILES, inputs, archiveFilePatterns="none.zip")
