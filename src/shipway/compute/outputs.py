"""Carry what a job has written to its datastores.

`gather` stores the bytes (on disk before anybody hears of them), `commit` writes the blobs and
their manifests in the transaction that reports the end: a job has all of its outputs or none.
"""

import hashlib
import mimetypes
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shipway.azure.blob import blobs
from shipway.base import crash_points
from shipway.base.errors import NotFound
from shipway.ml import content_manifests, data_versions, datastores, jobs, model_versions
from shipway.ml.datastores import BlobPlace
from shipway.ml.job_plans import PlannedCommand, PlannedOutput
from shipway.ml.job_specs import FILE_TYPES, MODEL_TYPES
from shipway.ml.jobs import JobOutput
from shipway.store.files import StoredFile
from shipway.store.store import Store

# a content that small is hashed in memory first, and not written again when it is stored already
_SMALL = 1 << 16
_LARGE = 16 << 20
STD_LOG = "user_logs/std_log.txt"
BUILD_LOG = "azureml-logs/20_image_build_log.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Stored contents that wait to be named: outputs by their path within, artifacts by theirs."""

    outputs: Mapping[str, Mapping[str, StoredFile]]
    artifacts: Mapping[str, StoredFile]


def paths(plan: PlannedCommand, folder: Path) -> dict[str, str]:
    """Where the command writes each output; the folders are there before it starts."""
    found: dict[str, str] = {}
    for output in plan.outputs:
        target = folder / output.name
        target.mkdir()
        is_file = output.type in FILE_TYPES
        found[output.name] = str(target / _file_name(output)) if is_file else str(target)
    return found


def gather(
    store: Store, plan: PlannedCommand, *, data: Path, working: Path, with_outputs: bool
) -> Gathered:
    """Store all bytes that outputs, `./outputs` and `./logs` consist of.

    Raises `NotFound` naming a file output that was not written.
    """
    outputs: dict[str, dict[str, StoredFile]] = {}
    for output in plan.outputs if with_outputs else ():
        outputs[output.name] = _gather_one(store, output, data / output.name)
    artifacts = {
        f"{name}/{path}": keep(store, file)
        for name in ("outputs", "logs")
        for path, file in _files_below(working / name)
    }
    return Gathered(outputs=outputs, artifacts=artifacts)


def are_large(data: Path, working: Path) -> bool:
    """Whether there is so much to gather that a client should see it."""
    written = [
        Path(entry.path)
        for entry in os.scandir(data)
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("INPUT_")
    ]
    total = 0
    for folder in (*written, working / "outputs", working / "logs"):
        for _, file in _files_below(folder):
            total += file.stat().st_size
            if total > _LARGE:
                return True
    return False


def keep(store: Store, file: Path) -> StoredFile:
    """Store a file's bytes, unless they are stored already."""
    if file.stat().st_size <= _SMALL:
        content = file.read_bytes()
        stored = StoredFile(
            digest=hashlib.sha256(content).hexdigest(), size=len(content),
            md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        )  # fmt: skip
        return (
            stored if store.files.path(stored.digest).exists() else store.files.put_bytes(content)
        )
    return store.files.put_file(file)


def commit(
    store: Store, plan: PlannedCommand, gathered: Gathered, *, workspace: str, job: str
) -> None:
    """Name the blobs and note the outputs. Call in the transaction that reports the job's end."""
    for output in plan.outputs:
        if output.name in gathered.outputs:
            _commit_one(store, output, gathered.outputs[output.name], workspace, job)
    put_artifacts(store, gathered.artifacts, workspace=workspace, job=job)


def put_artifacts(
    store: Store, artifacts: Mapping[str, StoredFile], *, workspace: str, job: str
) -> None:
    """Name blobs among the job's artifacts."""
    if not artifacts:
        return
    home = datastores.get(store, workspace=workspace, name=datastores.ARTIFACT_STORE)
    for path, stored in artifacts.items():
        blobs.put_content(
            store, account=home.account, container=home.container,
            name=datastores.artifact_path(job, path), stored=stored, content_type=_type_of(path),
        )  # fmt: skip


def _gather_one(store: Store, output: PlannedOutput, folder: Path) -> dict[str, StoredFile]:
    if output.type not in FILE_TYPES:
        return {path: keep(store, file) for path, file in _files_below(folder)}
    file = folder / _file_name(output)
    if not file.is_file():
        raise NotFound(
            f"the output '{output.name}' is a {output.type}, but the command wrote no such file",
            code="OutputMissing", where=output.name,
            hint="Write to the path that ${{outputs." + output.name + "}} stands for.",
        )  # fmt: skip
    return {"": keep(store, file)}


def _commit_one(
    store: Store,
    output: PlannedOutput,
    files: Mapping[str, StoredFile],
    workspace: str,
    job: str,
) -> None:
    account, container, path = output.place
    for relative, stored in files.items():
        name = f"{path}/{relative}" if relative else path
        blobs.put_content(
            store, account=account, container=container, name=name.strip("/"), stored=stored,
            content_type=_type_of(relative or path),
        )  # fmt: skip
        crash_points.reach("compute-during-upload")
    base = path.rpartition("/")[2]
    digest = content_manifests.keep(store, {r or base: s.digest for r, s in files.items()})
    place = BlobPlace(account=account, container=container, path=path)
    written = JobOutput(
        name=output.name, type=output.type, place=place, uri=output.uri, digest=digest,
        asset_id=_register(store, output, workspace, job),
    )  # fmt: skip
    jobs.put_output(store, workspace=workspace, name=job, output=written)


def _register(store: Store, output: PlannedOutput, workspace: str, job: str) -> str:
    """The asset that the output's author asked for; its id, or nothing."""
    if not output.asset_name:
        return ""
    if output.type in MODEL_TYPES:
        model = model_versions.create(
            store, workspace=workspace, name=output.asset_name, version=output.asset_version,
            model_uri=output.uri, model_type=output.type, job=job,
        )  # fmt: skip
        return f"azureml:{model.name}:{model.version}"
    data = data_versions.create(
        store, workspace=workspace, name=output.asset_name, version=output.asset_version,
        data_type=output.type, data_uri=output.uri, job=job,
    )  # fmt: skip
    return f"azureml:{data.name}:{data.version}"


def _file_name(output: PlannedOutput) -> str:
    return output.place[2].rpartition("/")[2] or output.name


def _files_below(folder: Path, prefix: str = "") -> Iterator[tuple[str, Path]]:
    """Regular files with their relative paths; links to folders and out of the job are left out."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(Path(entry.path), f"{prefix}{entry.name}/")
        elif entry.is_file() and not (entry.is_symlink() and _leads_out(Path(entry.path))):
            yield prefix + entry.name, Path(entry.path)


def _leads_out(link: Path) -> bool:
    return not link.resolve().is_relative_to(link.parent.resolve())


def _type_of(path: str) -> str:
    if path.endswith((".txt", ".log")):
        return "text/plain"
    return mimetypes.guess_type(path)[0] or blobs.DEFAULT_TYPE
