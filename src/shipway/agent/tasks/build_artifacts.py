"""PublishBuildArtifacts@1 and DownloadBuildArtifacts@0/@1: artifacts in the older form.

Source: publishbuildartifacts.ts and main.ts of microsoft/azure-pipelines-tasks.
"""

import tarfile
from pathlib import Path

from shipway.agent import file_matching
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import artifact, artifact_sources, paths
from shipway.base.errors import BadInput, NotFound, NotSupported
from shipway.base.home import safe_join
from shipway.devops import artifacts
from shipway.devops.runs import Run


def _publish(step: StepRun) -> StepResult:
    source = paths.path_of(step, paths.required(step, "PathtoPublish"))
    name = paths.required(step, "ArtifactName")
    kind = step.input("ArtifactType", "Container").lower()
    if kind == "filepath":
        raise NotSupported(
            "Publishing artifacts from a Linux or macOS agent to a file share is not supported.",
            code="InputNotSupported", where="ArtifactType",
            hint="Change the artifact type to `Container`.",
        )  # fmt: skip
    if kind != "container":
        raise BadInput(
            f"'{kind}' is no type of artifact", code="InvalidInput", where="ArtifactType"
        )
    if not source.exists():
        raise BadInput(
            f"Not found PathtoPublish: {source}", code="ArtifactPathMissing", where=str(source)
        )
    _check_size(step, source)
    if step.flag("StoreAsTar"):
        source = _tar(step, source, name)
    made = artifacts.publish(
        step.job.store, run_id=step.job.run.run_id, name=name, source=source, kind="Container",
        published_by=step.record_id,
    )  # fmt: skip
    step.log(f"Upload '{source}' to artifact '{made.name}': {made.file_count} files in it.")
    return "succeeded"


def _check_size(step: StepRun, source: Path) -> None:
    limit = step.input("MaxArtifactSize", "0")
    if not limit.isdecimal() or int(limit) == 0:
        return
    files = [p for p in map(Path, file_matching.find(source)) if p.is_file()]
    size = sum(p.stat().st_size for p in files)
    if size > int(limit):
        raise BadInput(
            f"The size of artifacts being published is {size} bytes which is larger than the "
            f"maximum limit {limit} bytes set for the published size of artifacts.",
            code="ArtifactSizeExceeded", where="MaxArtifactSize",
        )  # fmt: skip


def _tar(step: StepRun, source: Path, name: str) -> Path:
    folder = step.job.directories.temporary / f"{step.record_id}-tar"
    folder.mkdir(exist_ok=True)
    path = safe_join(folder, f"{name}.tar")
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as made:
        made.add(source, arcname=source.name if source.is_file() else ".")
    return path


def _download(step: StepRun) -> StepResult:
    run = artifact_sources.run_of(step, artifact_sources.BUILD_INPUTS)
    target = paths.path_of(
        step, step.input("downloadPath") or step.job.variables.get("System.ArtifactsDirectory")
    )
    kind = step.input("downloadType", "single").lower()
    if kind not in ("single", "specific"):
        raise BadInput(f"'{kind}' is no type of download", code="InvalidInput",
                       where="downloadType", hint="Use single or specific.")  # fmt: skip
    name = paths.required(step, "artifactName") if kind == "single" else ""
    step.log(f"Downloading artifacts for build: {run.run_id}")
    artifact.tell(step, run)
    chosen = _chosen(step, run, name)
    if step.flag("cleanDestinationFolder") and target.exists():
        step.log(f"Cleaning destination folder: {target}")
        paths.clean(step, target)
    patterns = paths.lines(step.input("itemPattern", "**"))
    for one in chosen:
        folder = safe_join(target, one.name)
        folder.mkdir(parents=True, exist_ok=True)
        files = artifacts.files_of(step.job.store, one)
        for file in artifact_sources.matching(files, one, patterns, bare=False):
            step.job.store.files.copy_to(file.digest, safe_join(folder, file.path))
        if step.flag("extractTars"):
            _untar(step, folder)
    step.log(f"Successfully downloaded artifacts to {target}")
    return "succeeded"


def _chosen(step: StepRun, run: Run, name: str) -> list[artifacts.PipelineArtifact]:
    if name and artifacts.find(step.job.store, run_id=run.run_id, name=name) is None:
        raise NotFound(
            f"Artifact {name} not found for build {run.run_id}. Please ensure you have published "
            "artifacts in any previous phases of the current build.",
            code="ArtifactNotFoundException", where=name,
        )  # fmt: skip
    chosen = artifact_sources.choose(step, run, name)
    if not chosen:
        step.warning(f"No artifacts found for build {run.run_id}")
    return chosen


def _untar(step: StepRun, folder: Path) -> None:
    for path in sorted(folder.glob("*.tar")):
        try:
            with tarfile.open(path) as opened:
                opened.extractall(folder, filter="data")
        except tarfile.TarError as error:
            raise BadInput(
                f"Failed to extract package with error {error}", where=str(path)
            ) from None
        path.unlink()
        step.log(f"Extracted {path.name}")


PUBLISH_BUILD_ARTIFACTS = Task(name="PublishBuildArtifacts", version=1, run=_publish)
DOWNLOAD_BUILD_ARTIFACTS_0 = Task(name="DownloadBuildArtifacts", version=0, run=_download)
DOWNLOAD_BUILD_ARTIFACTS_1 = Task(name="DownloadBuildArtifacts", version=1, run=_download)
