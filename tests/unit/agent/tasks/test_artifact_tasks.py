"""Artifacts published and downloaded by the tasks, of this run and of others."""

from pathlib import Path

import pytest
from tests.unit.agent.tasks import steps
from tests.unit.agent.tasks.steps import listing, run_task, write

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import artifact, build_artifacts
from shipway.base.errors import BadInput, NotFound, NotSupported
from shipway.devops import artifacts, runs

_TREE = {"a.txt": "A", "b.log": "B", "s/c.txt": "C"}


def _published(job: JobContext, name: str = "drop") -> None:
    write(job.directories.sources / "out", _TREE)
    run_task(job, artifact.PUBLISH_PIPELINE_ARTIFACT, targetPath="out", artifact=name)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("**", ["a.txt", "b.log", "s/c.txt"]),
        ("**/*.txt", ["a.txt", "s/c.txt"]),
        ("*.txt", ["a.txt"]),
        ("drop/s/**", ["s/c.txt"]),
        ("**\n!**/*.log", ["a.txt", "s/c.txt"]),
        ("**\n!s/**", ["a.txt", "b.log"]),
        ("drop/**\n!**/*.log", ["a.txt", "s/c.txt"]),
    ],
)  # fmt: skip
def test_downloads_what_the_patterns_choose(
    job: JobContext, patterns: str, expected: list[str]
) -> None:
    _published(job)
    target = job.directories.binaries
    run_task(
        job, artifact.DOWNLOAD_PIPELINE_ARTIFACT, artifactName="drop", itemPattern=patterns,
        targetPath=str(target),
    )  # fmt: skip
    assert listing(target) == expected
    assert job.variables.get("ref.BuildNumber") == str(job.run.run_id)
    assert job.outputs["ref.BuildNumber"] == (str(job.run.run_id), False)


def test_all_artifacts_go_to_folders_of_their_names(job: JobContext) -> None:
    _published(job)
    _published(job, "more")
    run_task(
        job, artifact.DOWNLOAD_PIPELINE_ARTIFACT, path=str(job.directories.binaries),
        patterns="more/*.txt",
    )  # fmt: skip
    assert listing(job.directories.binaries) == ["more/a.txt"]
    run_task(job, artifact.DOWNLOAD, artifact="drop")
    assert (job.directories.workspace / "drop" / "s" / "c.txt").read_text() == "C"
    with pytest.raises(BadInput, match="climbs out"):
        run_task(job, artifact.DOWNLOAD, path="../../x")


def test_takes_the_latest_good_run_of_another_pipeline(job: JobContext, tmp_path: Path) -> None:
    store = job.store
    wanted = None
    for result, branch in (
        ("succeeded", "refs/heads/main"), ("succeeded", "refs/heads/dev"),
        ("failed", "refs/heads/main"),
    ):  # fmt: skip
        run = steps.make_run(store, pipeline="other", branch=branch)
        _published(steps.job_of(tmp_path, store, run), "drop")
        runs.set_run(store, run.run_id, state="completed", result=result)
        wanted = run if branch.endswith("dev") else wanted
    assert wanted is not None
    inputs = {"source": "specific", "project": "ml", "definition": "other", "artifact": "drop"}
    path = str(job.directories.binaries)
    run_task(job, artifact.DOWNLOAD_PIPELINE_ARTIFACT, inputs, path=path)
    assert job.variables.get("ref.BuildNumber") == str(wanted.run_id)
    inputs |= {"runVersion": "latestFromBranch", "runBranch": "main"}
    _, step = run_task(job, artifact.DOWNLOAD_PIPELINE_ARTIFACT, inputs, path=path)
    assert f"#{wanted.run_id - 1}" in step.logged[0]
    _, step = run_task(
        job, artifact.DOWNLOAD_PIPELINE_ARTIFACT, inputs, path=path, allowFailedBuilds="true"
    )
    assert f"#{wanted.run_id + 1}" in step.logged[0]
    inputs |= {"runVersion": "specific", "runId": str(job.run.run_id)}
    with pytest.raises(NotFound, match="not found for build pipeline ID"):
        run_task(job, artifact.DOWNLOAD_PIPELINE_ARTIFACT, inputs, path=path)
    with pytest.raises(NotFound, match="didn't correspond"):
        run_task(job, artifact.DOWNLOAD_PIPELINE_ARTIFACT, {**inputs, "definition": "no"})
    with pytest.raises(NotFound, match="no pipeline resource 'x'"):
        run_task(job, artifact.DOWNLOAD, alias="x")


def test_build_artifacts_go_to_folders_of_their_names(job: JobContext) -> None:
    write(job.directories.artifacts, _TREE)
    result, _ = run_task(job, build_artifacts.PUBLISH_BUILD_ARTIFACTS)
    assert result == "succeeded"
    made = artifacts.get(job.store, run_id=job.run.run_id, name="drop")
    assert (made.kind, made.file_count) == ("Container", 3)
    for task in (
        build_artifacts.DOWNLOAD_BUILD_ARTIFACTS_0, build_artifacts.DOWNLOAD_BUILD_ARTIFACTS_1
    ):  # fmt: skip
        target = job.directories.binaries / str(task.version)
        write(target, {"old": "x"})
        run_task(
            job, task, artifactName="drop", downloadPath=str(target), itemPattern="**/*.txt",
            cleanDestinationFolder="true",
        )  # fmt: skip
        assert listing(target) == ["drop/a.txt", "drop/s/c.txt"]
    with pytest.raises(NotFound, match="Artifact none not found for build"):
        run_task(job, build_artifacts.DOWNLOAD_BUILD_ARTIFACTS_1, artifactName="none")


def test_build_artifacts_as_tar_and_with_a_limit(job: JobContext) -> None:
    write(job.directories.artifacts, _TREE)
    publish = build_artifacts.PUBLISH_BUILD_ARTIFACTS
    with pytest.raises(BadInput, match="larger than the maximum limit 2 bytes"):
        run_task(job, publish, MaxArtifactSize="2")
    with pytest.raises(NotSupported, match="file share"):
        run_task(job, publish, publishLocation="FilePath")
    run_task(job, publish, ArtifactName="t", StoreAsTar="true")
    target = job.directories.binaries
    run_task(
        job, build_artifacts.DOWNLOAD_BUILD_ARTIFACTS_1, artifactName="t", extractTars="true",
        downloadPath=str(target),
    )  # fmt: skip
    assert listing(target / "t") == sorted(_TREE)


def test_an_alias_stands_for_a_run_of_another_pipeline(job: JobContext, tmp_path: Path) -> None:
    store = job.store
    made = []
    for number in range(2):
        run = steps.make_run(store, pipeline="other")
        write(steps.job_of(tmp_path, store, run).directories.sources, {"out/n.txt": str(number)})
        run_task(
            steps.job_of(tmp_path, store, run), artifact.PUBLISH, path="out", artifactName="drop"
        )
        runs.set_run(store, run.run_id, state="completed", result="succeeded")
        made.append(run)
    plan = {"pipelines": [{"alias": "up", "source": "other"}]}
    runs.set_run(store, job.run.run_id, plan=plan)
    run_task(job, artifact.DOWNLOAD, alias="up", patterns="**/*.txt")
    found = job.directories.workspace / "up" / "drop" / "n.txt"
    assert found.read_text() == "1"
    job.variables.define("resources.pipeline.up.runID", str(made[0].run_id))
    run_task(job, artifact.DOWNLOAD, alias="up", artifact="drop")
    assert found.read_text() == "0"


def test_an_artifact_leaves_out_what_its_ignore_file_says(job: JobContext) -> None:
    folder = job.directories.sources / "out"
    write(folder, {**_TREE, ".git/config": "", "s/.git/x": "", "top/c.txt": "", "top/k.txt": ""})
    publish = artifact.PUBLISH_PIPELINE_ARTIFACT
    expected = {
        None: ["a.txt", "b.log", "s/c.txt", "top/c.txt", "top/k.txt"],
        "": [".artifactignore", ".git/config", "a.txt", "b.log", "s/.git/x", "s/c.txt",
             "top/c.txt", "top/k.txt"],
        "# no\n.git/\n*.log\n/top\n!top/k.txt\n.artifactignore": ["a.txt", "s/c.txt", "top/k.txt"],
        "**/*\n!s/*.txt": ["s/c.txt"],
    }  # fmt: skip
    for number, (text, files) in enumerate(expected.items()):
        if text is not None:
            (folder / ".artifactignore").write_text(text)
        run_task(job, publish, targetPath="out", artifact=f"n{number}")
        made = artifacts.get(job.store, run_id=job.run.run_id, name=f"n{number}")
        assert [f.path for f in artifacts.files_of(job.store, made)] == files, text
