"""Publish and download pipeline artifacts (PublishPipelineArtifact@1, DownloadPipelineArtifact@2
and the shorthands `publish` and `download`)."""

from pathlib import Path

from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import artifact_ignore, artifact_sources, paths
from shipway.azpipelines.plan import DOWNLOAD_TASK, PUBLISH_TASK
from shipway.base.errors import BadInput, NotFound, NotSupported
from shipway.base.home import safe_join
from shipway.devops import artifacts
from shipway.devops.artifacts import PipelineArtifact
from shipway.devops.runs import Run


def _publish(step: StepRun) -> StepResult:
    location = step.input("artifactType", "pipeline")
    if location.lower() != "pipeline":
        raise NotSupported(
            f"artifactType '{location}' is not supported", code="InputNotSupported",
            where="artifactType", hint="Use pipeline.",
        )  # fmt: skip
    name = step.input("artifactName") or step.job.job_name
    source = paths.path_of(step, step.input("path"))
    if not source.exists():
        raise BadInput(f"Path does not exist: {source}", code="ArtifactPathMissing")
    made = artifacts.publish(
        step.job.store, run_id=step.job.run.run_id, name=name, source=source,
        published_by=step.record_id, leaves_out=artifact_ignore.rule_of(source),
    )  # fmt: skip
    step.log(f"Uploaded {made.file_count} files, {made.size} bytes, as artifact '{made.name}'.")
    return "succeeded"


def _shorthand(step: StepRun) -> StepResult:
    alias = step.input("alias", "current")
    if alias.lower() == "none":
        return "succeeded"
    is_current = alias.lower() == "current"
    run = step.job.run if is_current else artifact_sources.resource_run(step, alias)
    workspace = step.job.directories.workspace
    base = workspace if is_current else workspace / alias
    given, name = step.input("path"), step.input("artifact")
    target = base
    if given:
        target = Path(given) if given.startswith("/") else safe_join(workspace, given)
    for artifact in artifact_sources.choose(step, run, name):
        folder = target if name and given else safe_join(target, artifact.name)
        download(step, artifact, folder, bare=True)
    return "succeeded"


def _download(step: StepRun) -> StepResult:
    run = artifact_sources.run_of(step, artifact_sources.PIPELINE_INPUTS)
    name = step.input("artifact")
    target = paths.path_of(step, step.input("path") or step.job.variables.get("Pipeline.Workspace"))
    tell(step, run)
    chosen = artifact_sources.choose(step, run, name)
    if not chosen:
        raise NotFound(
            "Could not find any pipeline artifacts in the build.", code="ArtifactNotFoundException"
        )
    step.log(f"Download artifact to: {target}")
    for artifact in chosen:
        folder = target if name else safe_join(target, artifact.name)
        download(step, artifact, folder, bare=bool(name))
    step.log("Download artifact finished.")
    return "succeeded"


def download(step: StepRun, artifact: PipelineArtifact, folder: Path, *, bare: bool) -> None:
    """Put what the step's patterns choose of an artifact into a folder."""
    patterns = paths.lines(step.input("patterns", "**"))
    store = step.job.store
    listed = artifacts.files_of(store, artifact)
    chosen = artifact_sources.matching(listed, artifact, patterns, bare=bare)
    folder.mkdir(parents=True, exist_ok=True)
    for file in chosen:
        store.files.copy_to(file.digest, safe_join(folder, file.path))
    step.log(f"Downloaded {len(chosen)} files of artifact '{artifact.name}' to {folder}.")


def tell(step: StepRun, run: Run) -> None:
    """The output variable of the downloads, which is the id of the run that was taken."""
    step.log(f"Download from the specified build: #{run.run_id}")
    step.set_output("BuildNumber", str(run.run_id), is_secret=False)
    name = f"{step.ref_name}.BuildNumber" if step.ref_name else "BuildNumber"
    step.job.variables.assign(name, str(run.run_id))


PUBLISH = Task(name=PUBLISH_TASK, version=1, run=_publish)
DOWNLOAD = Task(name=DOWNLOAD_TASK, version=1, run=_shorthand)
PUBLISH_PIPELINE_ARTIFACT = Task(name="PublishPipelineArtifact", version=1, run=_publish)
DOWNLOAD_PIPELINE_ARTIFACT = Task(name="DownloadPipelineArtifact", version=2, run=_download)
