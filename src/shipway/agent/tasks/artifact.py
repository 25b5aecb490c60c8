"""Publish and download pipeline artifacts (PublishPipelineArtifact@1, DownloadPipelineArtifact@2
and the shorthands `publish` and `download`)."""

import fnmatch
from pathlib import Path

from shipway.agent.task import StepResult, StepRun, Task
from shipway.azpipelines.plan import DOWNLOAD_TASK, PUBLISH_TASK
from shipway.base.errors import BadInput, NotSupported
from shipway.base.home import safe_join
from shipway.devops import artifacts


def _source(step: StepRun, text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        path = Path(step.job.variables.get("System.DefaultWorkingDirectory")) / path
    if not path.exists():
        raise BadInput(f"Path does not exist: {path}", code="ArtifactPathMissing")
    return path


def _publish(step: StepRun) -> StepResult:
    location = step.input("publishLocation", "pipeline")
    if location.lower() not in ("pipeline", ""):
        raise NotSupported(f"publishLocation '{location}' is not supported", hint="Use pipeline.")
    name = step.input("artifactName") or step.input("artifact") or step.job.job_name
    source = _source(step, step.input("path") or step.input("targetPath"))
    made = artifacts.publish(
        step.job.store, run_id=step.job.run.run_id, name=name, source=source,
        published_by=step.job.job_record_id,
    )  # fmt: skip
    step.log(f"Uploaded {made.file_count} files, {made.size} bytes, as artifact '{made.name}'.")
    return "succeeded"


def _download(step: StepRun) -> StepResult:
    source = (step.input("alias") or step.input("buildType") or "current").lower()
    if source == "none":
        return "succeeded"
    if source != "current":
        raise NotSupported(
            f"artifacts of '{source}' cannot be downloaded yet",
            code="DownloadSourceNotSupported",
            hint="Only those of the current run can.",
        )
    name = step.input("artifact") or step.input("artifactName")
    store, run_id = step.job.store, step.job.run.run_id
    chosen = (
        [artifacts.get(store, run_id=run_id, name=name)]
        if name
        else artifacts.list_of(store, run_id=run_id)
    )
    target_text = step.input("path") or step.input("targetPath")
    workspace = step.job.directories.workspace
    target = workspace / target_text if target_text else workspace
    for artifact in chosen:
        folder = target if name and target_text else target / artifact.name
        count = _copy(step, artifact, folder)
        step.log(f"Downloaded {count} files of artifact '{artifact.name}' to {folder}.")
    return "succeeded"


def _copy(step: StepRun, artifact: artifacts.PipelineArtifact, folder: Path) -> int:
    patterns = [p.strip() for p in step.input("patterns", "**").splitlines() if p.strip()]
    if patterns in ([], ["**"], ["**/*"]):
        return artifacts.copy_to(step.job.store, artifact, folder)
    count = 0
    for file in artifacts.files_of(step.job.store, artifact):
        if any(fnmatch.fnmatch(file.path, p.replace("**/", "*")) for p in patterns):
            step.job.store.files.copy_to(file.digest, safe_join(folder, file.path))
            count += 1
    return count


PUBLISH = Task(name=PUBLISH_TASK, version=1, run=_publish)
DOWNLOAD = Task(name=DOWNLOAD_TASK, version=1, run=_download)
PUBLISH_PIPELINE_ARTIFACT = Task(name="PublishPipelineArtifact", version=1, run=_publish)
DOWNLOAD_PIPELINE_ARTIFACT = Task(name="DownloadPipelineArtifact", version=2, run=_download)
