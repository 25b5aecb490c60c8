"""Artifacts of a run: a name and the files under it, their contents kept by digest.

Knows: documents, files. Must not know: HTTP, who publishes.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.base.home import safe_join
from shipway.devops import rows
from shipway.store.store import Store

_KIND = "artifact"
LinkKind = Literal["Container", "FilePath", "VersionControl", "GitRef", "TFVCLabel"]
ArtifactKind = LinkKind | Literal["PipelineArtifact"]
# PipelineArtifact  PublishPipelineArtifact@1, `publish:`
# Container         PublishBuildArtifacts@1, `##vso[artifact.upload]`
# the others        `##vso[artifact.associate]`: told of, kept elsewhere
LINK_KINDS: tuple[LinkKind, ...] = get_args(LinkKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineArtifact:
    """A published artifact. `manifest` is the digest of its list of files.

    `location` is where its publisher says that it lies; empty for a place of this server's.
    """

    artifact_id: int
    run_id: int
    name: str
    kind: ArtifactKind
    manifest: str
    size: int
    file_count: int
    published_by: str = ""
    location: str = ""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactFile:
    """One file of an artifact."""

    path: str
    digest: str
    size: int


def publish(
    store: Store, *, run_id: int, name: str, source: Path, kind: ArtifactKind = "PipelineArtifact",
    published_by: str = "", leaves_out: Callable[[str], bool] = lambda path: False,
    location: str = "",
) -> PipelineArtifact:  # fmt: skip
    """Publish a file or a folder (its content, without links that leave it).

    `leaves_out` says of a path below the folder that it is not taken.

    Raises `NotFound` when `source` is not there, `BadInput` for the name, `Conflict` when a
    pipeline artifact of that name exists; a container artifact takes further files.
    """
    _check_name(name)
    if not source.exists():
        raise NotFound(f"the path to publish does not exist: {source}", where=str(source),
                       code="ArtifactSourceMissing")  # fmt: skip
    added = {f.path: f for f in _store_all(store, source, leaves_out)}
    with store.database.transaction():
        before = find(store, run_id=run_id, name=name)
        is_own = before is not None and before.published_by == published_by != ""
        listed = sorted(added.values(), key=lambda f: f.path)
        if before is not None and is_own and files_of(store, before) == listed:
            return before  # an agent that started anew repeats what it had done
        if before is not None and (kind == "PipelineArtifact" or before.kind != kind):
            raise Conflict(
                f"Artifact {name} already exists for build {run_id}.",
                code="ArtifactExistsException", where=name,
                hint="Choose another artifact name, or $(System.JobAttempt) in it.",
            )  # fmt: skip
        if before is not None:
            added = {**{f.path: f for f in files_of(store, before)}, **added}
        listed = sorted(added.values(), key=lambda f: f.path)
        manifest = store.files.put_bytes(
            json.dumps([rows.body_of(f) for f in listed], separators=(",", ":")).encode()
        )
        made = PipelineArtifact(
            artifact_id=before.artifact_id if before else store.documents.next_number(_KIND),
            run_id=run_id, name=name, kind=kind, manifest=manifest.digest,
            size=sum(f.size for f in listed), file_count=len(listed), published_by=published_by,
            location=location, created_at=store.clock.now(),
        )  # fmt: skip
        store.documents.put(_KIND, _key(run_id, name), rows.body_of(made))
    return made


def associate(
    store: Store, *, run_id: int, name: str, kind: LinkKind, location: str, published_by: str = ""
) -> PipelineArtifact:
    """Note an artifact that lies somewhere else, or under another name of this run.

    Raises `BadInput` for the name or the kind, `Conflict` when the name is taken.
    """
    _check_name(name)
    if kind not in LINK_KINDS:
        raise BadInput(
            f"'{kind}' is no kind of artifact", code="InvalidArtifactType", where="type",
            hint=f"Known: {', '.join(LINK_KINDS)}.",
        )  # fmt: skip
    with store.database.transaction():
        before = find(store, run_id=run_id, name=name)
        if before is not None:
            if (before.kind, before.location) == (kind, location):
                return before
            raise Conflict(
                f"Artifact {name} already exists for build {run_id}.",
                code="ArtifactExistsException", where=name, hint="Choose another artifact name.",
            )  # fmt: skip
        same = next(
            (a for a in list_of(store, run_id=run_id) if location and a.location == location), None
        )
        empty = store.files.put_bytes(b"[]").digest
        made = PipelineArtifact(
            artifact_id=store.documents.next_number(_KIND), run_id=run_id, name=name, kind=kind,
            manifest=same.manifest if same else empty, size=same.size if same else 0,
            file_count=same.file_count if same else 0, published_by=published_by,
            location=location, created_at=store.clock.now(),
        )  # fmt: skip
        store.documents.put(_KIND, _key(run_id, name), rows.body_of(made))
    return made


def find(store: Store, *, run_id: int, name: str) -> PipelineArtifact | None:
    """The artifact of a run, or None; names ignore letter case."""
    found = store.documents.find(_KIND, _key(run_id, name))
    return rows.read(PipelineArtifact, found.body) if found else None


def get(store: Store, *, run_id: int, name: str) -> PipelineArtifact:
    """The artifact. Raises `NotFound` in Azure's words, naming those that are there."""
    found = find(store, run_id=run_id, name=name)
    if found is None:
        known = ", ".join(a.name for a in list_of(store, run_id=run_id)) or "none"
        raise NotFound(
            f"Artifact {name} was not found for build {run_id}.",
            code="ArtifactNotFoundException", where=name, hint=f"Published so far: {known}.",
        )  # fmt: skip
    return found


def list_of(store: Store, *, run_id: int) -> list[PipelineArtifact]:
    """The artifacts of a run by name."""
    found = store.documents.list(_KIND, prefix=f"{run_id:010}/")
    return [rows.read(PipelineArtifact, d.body) for d in found]


def files_of(store: Store, artifact: PipelineArtifact) -> list[ArtifactFile]:
    """Every file of an artifact by path."""
    listed: list[Mapping[str, object]] = json.loads(store.files.read(artifact.manifest))
    return [rows.read(ArtifactFile, entry) for entry in listed]


def copy_to(store: Store, artifact: PipelineArtifact, target: Path) -> int:
    """Put the files under `target`; how many. Raises `BadInput` for a path that climbs out."""
    listed = files_of(store, artifact)
    target.mkdir(parents=True, exist_ok=True)
    for file in listed:
        store.files.copy_to(file.digest, safe_join(target, file.path))
    return len(listed)


def _store_all(store: Store, source: Path, leaves_out: Callable[[str], bool]) -> list[ArtifactFile]:
    if source.is_file():
        return [_stored(store, source, source.name)]
    root = source.resolve()
    found: list[ArtifactFile] = []
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if path.is_file() and path.resolve().is_relative_to(root) and not leaves_out(name):
            found.append(_stored(store, path, name))
    return found


def _stored(store: Store, path: Path, name: str) -> ArtifactFile:
    kept = store.files.put_file(path)
    return ArtifactFile(path=name, digest=kept.digest, size=kept.size)


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > 255 or any(c in name for c in '\\/:*?"<>|\x00'):
        raise BadInput(
            f"Artifact name is not valid: {name}. It cannot contain '\\', '/', \"', ':', '<', "
            "'>', '|', '*', and '?'",
            code="InvalidArtifactNameException", where="artifactName",
        )  # fmt: skip


def _key(run_id: int, name: str) -> str:
    return f"{run_id:010}/{name.casefold()}"
