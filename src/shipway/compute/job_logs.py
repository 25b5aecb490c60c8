"""A job's logs as blobs, also while it runs: what has been printed so far is there to be read.

A compute stores the whole log when a command ends; before that, whoever asks for the list of logs
gets the newest state written first.
"""

from collections.abc import Iterable

from shipway.azure.blob import blobs
from shipway.base.home import Home
from shipway.compute import job_folders, outputs
from shipway.ml import datastores, jobs
from shipway.ml.jobs import MLJob
from shipway.store.store import Store

EXECUTION_LOG = "logs/azureml/executionlogs.txt"
_FOLDERS = ("user_logs/", "azureml-logs/", "logs/azureml/", "system_logs/")


def publish(store: Store, job: MLJob) -> dict[str, blobs.Blob]:
    """The logs of a job by their path, brought up to date."""
    if job.is_reused:
        earlier = jobs.find(
            store, workspace=job.workspace, name=job.properties["azureml.reusedrunid"]
        )
        return publish(store, earlier) if earlier else {}
    home = datastores.get(store, workspace=job.workspace, name=datastores.ARTIFACT_STORE)
    prefix = datastores.artifact_path(job.name) + "/"
    known = {
        path: blob
        for folder in _FOLDERS
        for blob in blobs.list_blobs(
            store, account=home.account, container=home.container, prefix=prefix + folder
        )
        for path in [blob.name.removeprefix(prefix)]
    }
    newer = dict(_growing(store.home, job, known))
    if job.job_type == "Pipeline":
        text = "".join(f"{line}\n" for line in _execution_lines(store, job)).encode()
        if EXECUTION_LOG not in known or known[EXECUTION_LOG].size != len(text):
            newer[EXECUTION_LOG] = text
    for path, content in newer.items():
        known[path] = blobs.put_content(
            store, account=home.account, container=home.container, name=prefix + path,
            stored=store.files.put_bytes(content), content_type="text/plain",
        )  # fmt: skip
    return known


def _growing(home: Home, job: MLJob, known: dict[str, blobs.Blob]) -> Iterable[tuple[str, bytes]]:
    """Logs on disk that have grown since they were written to their blobs."""
    if job.is_terminal:
        return
    folder = job_folders.folder_of(home, job.workspace, job.name)
    for path, file in ((outputs.STD_LOG, folder.log), (outputs.BUILD_LOG, folder.build_log)):
        try:
            size = file.stat().st_size
            if path not in known or known[path].size != size:
                yield path, file.read_bytes()
        except OSError:
            continue


def _execution_lines(store: Store, job: MLJob) -> list[str]:
    """What became of the children, in the order in which it happened."""
    lines: list[tuple[str, str]] = []
    for child in jobs.children(store, workspace=job.workspace, name=job.name):
        if child.is_reused:
            earlier = child.properties["azureml.reusedrunid"]
            lines.append((child.ended_at, f"Node {child.node} ({child.name}) reuses {earlier}."))
            continue
        if child.started_at:
            lines.append((child.started_at, f"Node {child.node} ({child.name}) started."))
        if child.ended_at:
            why = f" {child.error['message']}" if child.error else ""
            end = f"Node {child.node} ({child.name}): {child.status}.{why}"
            lines.append((child.ended_at, end))
    return [f"[{at}] {line}" for at, text in sorted(lines) for line in text.splitlines()]
