"""ArchiveFiles@2: a folder or file as zip or tar, the latter with gz, bz2, xz or nothing.

What the task leaves to `zip` and `tar` is done here. Source: archivefiles.ts of
microsoft/azure-pipelines-tasks.
"""

import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

from shipway.agent import file_matching
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths
from shipway.base.errors import BadInput, NotSupported

_SHOWN = 10
_Mode = Literal["w:gz", "w:bz2", "w:xz", "w"]
_TAR_MODES: dict[str, _Mode] = {"gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz", "none": "w"}


def _kind(step: StepRun) -> str:
    kind = step.input("archiveType", "zip").lower()
    if kind in ("default", "zip"):
        return "zip"
    if kind != "tar":
        raise NotSupported(
            f"the archive type '{kind}' is not supported on this agent",
            code="ArchiveTypeNotSupported", where="archiveType", hint="Use zip or tar.",
        )  # fmt: skip
    compression = step.input("tarCompression", "gz").lower()
    if compression not in _TAR_MODES:
        raise BadInput(
            f"'{compression}' is no compression of tar", code="InvalidInput",
            where="tarCompression", hint=f"Use one of {', '.join(_TAR_MODES)}.",
        )  # fmt: skip
    return compression


def _files(step: StepRun, root: Path) -> tuple[Path, list[str]]:
    """The folder that names are relative to, and the names in it."""
    if step.flag("includeRootFolder", default=True):
        if not root.exists():
            step.warning(f"No file or directory found - {root}")
        return root.parent, [root.name]
    if not root.exists():
        raise BadInput(f"Not found rootFolderOrFile: {root}", code="PathMissing", where=str(root))
    if root.is_file():
        return root.parent, [root.name]
    return root, sorted(p.name for p in root.iterdir())


def _prepare(step: StepRun, archive: Path) -> None:
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
    elif not step.flag("replaceExistingArchive", default=True):
        step.log(f"Archive file: {archive} already exists.  Attempting to add files to it.")
    elif archive.is_file():
        step.log(f"Removing existing archive file before creation: {archive}")
        archive.unlink()
    else:
        raise BadInput(
            f"Specified archive file: {archive} already exists and is not a file.",
            code="ArchiveNotAFile", where=str(archive),
        )  # fmt: skip


def _failed(archive: Path, why: str) -> BadInput:
    return BadInput(
        f"Archive creation failed for archive file: {archive}: {why}",
        code="ArchiveFailed", where=str(archive),
    )  # fmt: skip


def _below(folder: Path, name: str) -> Iterator[tuple[Path, str]]:
    """A file, or a folder and everything in it, links followed."""
    for found in file_matching.find(folder / name):
        path = Path(found)
        if path.exists():
            yield path, path.relative_to(folder).as_posix()


def _zip(step: StepRun, archive: Path, folder: Path, names: list[str]) -> None:
    entries = [e for name in names for e in _below(folder, name) if e[0] != archive]
    if not entries:
        raise _failed(archive, "there is nothing to do")
    fresh = {name for _, name in entries}
    before: list[tuple[zipfile.ZipInfo, bytes]] = []
    if archive.exists():
        try:
            with zipfile.ZipFile(archive) as old:
                before = [
                    (i, old.read(i)) for i in old.infolist() if i.filename.rstrip("/") not in fresh
                ]
        except zipfile.BadZipFile as error:
            raise _failed(archive, str(error)) from None
    part = archive.with_name(f".{archive.name}.part")
    try:
        with zipfile.ZipFile(
            part, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False
        ) as made:  # fmt: skip
            for info, content in before:
                made.writestr(info, content)
            for path, name in entries:
                made.write(path, name)
                if step.flag("verbose"):
                    step.log(f"  adding: {name}")
        part.replace(archive)
    finally:
        part.unlink(missing_ok=True)


def _tar(step: StepRun, archive: Path, folder: Path, names: list[str], kind: str) -> None:
    if archive.exists() and kind != "none":
        raise _failed(archive, "compressed archives cannot be updated")
    for name in names:
        if not os.path.lexists(folder / name):
            raise _failed(archive, f"{folder / name} does not exist")

    def keep(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if folder / entry.name == archive:
            return None
        if step.flag("verbose"):
            step.log(entry.name)
        return entry

    mode = cast("_Mode", "a") if archive.exists() else _TAR_MODES[kind]
    try:
        with tarfile.open(archive, mode, format=tarfile.GNU_FORMAT) as made:
            for name in names:
                made.add(folder / name, arcname=name, filter=keep)
    except tarfile.TarError as error:
        raise _failed(archive, str(error)) from None


def _run(step: StepRun) -> StepResult:
    root = paths.path_of(step, paths.required(step, "rootFolderOrFile"))
    archive = paths.path_of(step, paths.required(step, "archiveFile"))
    kind = _kind(step)
    if kind == "zip" and not archive.suffix:
        archive = archive.with_name(f"{archive.name}.zip")  # as `zip` does
    _prepare(step, archive)
    folder, names = _files(step, root)
    step.log(f"Found {len(names)} files")
    for name in names[:_SHOWN]:
        step.log(f"Archiving file: {name}")
    if len(names) > _SHOWN:
        step.log(f"... {len(names) - _SHOWN} more ...")
    try:
        if kind == "zip":
            _zip(step, archive, folder, names)
        else:
            _tar(step, archive, folder, names, kind)
    except OSError as error:
        raise _failed(archive, error.strerror or str(error)) from None
    step.log(f"Successfully created archive: {archive}")
    return "succeeded"


ARCHIVE_FILES = Task(name="ArchiveFiles", version=2, run=_run)
