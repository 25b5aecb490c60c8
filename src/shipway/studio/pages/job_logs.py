"""The log of an ML job: what its process prints as it grows, afterwards what was stored of it."""

from pathlib import Path

from shipway.azure.entra import tenant
from shipway.compute import job_folders, outputs
from shipway.compute import job_logs as stored_logs
from shipway.ml import jobs, workspaces
from shipway.ml.jobs import MLJob
from shipway.store.store import Store
from shipway.studio import wording
from shipway.studio.exchange import Answer, LogPiece, LogStream, Visit
from shipway.studio.views import LogView

_SHOWN = 2000
_PIECE = 1 << 18


def view(store: Store, job: MLJob) -> LogView:
    """The log as it is now. Places in it are byte offsets."""
    content = _content(store, job)
    whole = content[: content.rfind(b"\n") + 1] if not job.is_terminal else content
    lines = whole.decode(errors="replace").splitlines()
    place = wording.path("jobs", *job.workspace.split("/")[1:], job.name, "log")
    return LogView(
        key=job.name, title="Log", skipped=max(0, len(lines) - _SHOWN),
        lines=tuple(wording.log_line(line) for line in lines[-_SHOWN:]),
        stream="" if job.is_terminal else f"{place}/stream?after={len(whole)}",
    )  # fmt: skip


def stream(store: Store, visit: Visit) -> Answer:
    """GET /jobs/{group}/{workspace}/{job}/log/stream?after=: what follows, as it comes."""
    home = tenant.facts(store)
    key = workspaces.workspace_key(
        home.subscription_id, visit.params["group"], visit.params["workspace"]
    )
    name = jobs.get(store, workspace=key, name=visit.params["job"]).name

    def read(after: int) -> LogPiece:
        # the state before the content: what ends between the two looks is seen by the next one
        job = jobs.get(store, workspace=key, name=name)
        return _piece(store, job, after)

    return LogStream(read=read, after=visit.after())


def _piece(store: Store, job: MLJob, after: int) -> LogPiece:
    if job.is_terminal:
        rest = _content(store, job)[after:]
        lines = rest.decode(errors="replace").splitlines()
        return LogPiece(
            lines=[wording.log_line(line) for line in lines], last=after + len(rest), ended=True
        )
    piece = _from_file(_file(store, job), after)
    whole = piece[: piece.rfind(b"\n") + 1]
    lines = whole.decode(errors="replace").splitlines()
    return LogPiece(
        lines=[wording.log_line(line) for line in lines], last=after + len(whole), ended=False
    )


def _content(store: Store, job: MLJob) -> bytes:
    if not job.is_terminal:
        return _from_file(_file(store, job), 0, limit=-1)
    known = stored_logs.publish(store, job)
    found = known.get(outputs.STD_LOG) or known.get(outputs.BUILD_LOG)
    return store.files.read(found.digest) if found else b""


def _file(store: Store, job: MLJob) -> Path:
    return job_folders.folder_of(store.home, job.workspace, job.name).log


def _from_file(path: Path, after: int, *, limit: int = _PIECE) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(after)
            return file.read(limit)
    except OSError:
        return b""
