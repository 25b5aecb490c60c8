"""ExtractFiles@1: zip and tar archives into a folder; nothing gets out of it.

What the task leaves to `unzip` and `tar` is done here. Source: extractfilestask.ts of
microsoft/azure-pipelines-tasks.
"""

import shutil
import tarfile
import zipfile
from pathlib import Path

from shipway.agent import file_matching
from shipway.agent.glob_patterns import GlobOptions
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths
from shipway.base.errors import BadInput, NotSupported
from shipway.base.home import safe_join

_ZIPS = (".zip", ".jar", ".war", ".ear")
_TARS = (
    ".tar", ".tar.gz", ".tgz", ".taz", ".tar.bz2", ".tz2", ".tbz2", ".tbz", ".tar.lzma", ".tlz",
    ".tar.xz", ".txz",
)  # fmt: skip


def _archives(step: StepRun, pattern: str) -> list[Path]:
    if "*" not in pattern and "?" not in pattern:
        path = paths.path_of(step, pattern)
        if path.is_file():
            return [path]
        why = "it is a directory." if path.is_dir() else "it can not be accessed: it is not there"
        raise BadInput(
            f"Specified archive: {path} can not be extracted because {why}",
            code="ArchiveMissing", where=str(path),
        )  # fmt: skip
    first = min(at for at in (pattern.find("*"), pattern.find("?")) if at >= 0)
    cut = pattern.rfind("/", 0, first) + 1
    folder, search = paths.path_of(step, pattern[:cut]), pattern[cut:]
    step.log(f"Searching for: {search} under directory: {folder}")
    if not folder.is_dir():
        why = "is not a directory." if folder.exists() else "does not exist."
        raise BadInput(
            f"Search failed because the specified search directory: {folder} {why}",
            code="ArchiveMissing", where=str(folder),
        )  # fmt: skip
    found = file_matching.match(
        file_matching.find(folder), [search], root=str(folder),
        options=GlobOptions(dot=False),
    )  # fmt: skip
    return [Path(p) for p in found if Path(p).is_file()]


def _unzip(step: StepRun, archive: Path, target: Path, *, overwrite: bool) -> None:
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            place = safe_join(target, entry.filename)
            if entry.is_dir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            _check_free(place, overwrite=overwrite)
            place.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(entry) as source, place.open("wb") as made:
                shutil.copyfileobj(source, made)
            mode = entry.external_attr >> 16 & 0o777
            if mode:
                place.chmod(mode | 0o600)
            if step.should_stop():
                return


def _untar(step: StepRun, archive: Path, target: Path, *, overwrite: bool) -> None:
    with tarfile.open(archive) as opened:
        for entry in opened:
            place = safe_join(target, entry.name) if entry.name not in (".", "./") else target
            if not entry.isdir():
                _check_free(place, overwrite=overwrite)
            opened.extract(entry, target, filter="data")
            step.log(entry.name)
            if step.should_stop():
                return


def _check_free(place: Path, *, overwrite: bool) -> None:
    if place.is_symlink() or place.is_file():
        if not overwrite:
            raise BadInput(f"{place} exists already", hint="Set overwriteExistingFiles: true.")
        place.unlink()


def _extract(step: StepRun, archive: Path, target: Path, *, overwrite: bool) -> None:
    step.log(f"Extracting file: {archive}")
    name = archive.name
    try:
        if name.endswith(_TARS):
            _untar(step, archive, target, overwrite=overwrite)
        elif name.endswith(_ZIPS):
            _unzip(step, archive, target, overwrite=overwrite)
        else:
            raise NotSupported(
                f"archives like '{name}' are not supported on this agent",
                code="ArchiveTypeNotSupported", where=str(archive),
                hint="Use zip, or tar with gz, bz2, xz or nothing.",
            )  # fmt: skip
    # zipfile raises the last two: for a compression that it lacks, for an encrypted file
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, BadInput,
            NotImplementedError, RuntimeError) as error:  # fmt: skip
        raise BadInput(
            f"Extraction failed for file: {archive}: {error}",
            code="ExtractionFailed", where=str(archive),
        ) from None  # fmt: skip


def _run(step: StepRun) -> StepResult:
    patterns = paths.lines(paths.required(step, "archiveFilePatterns"))
    target = paths.path_of(step, paths.required(step, "destinationFolder"))
    found = dict.fromkeys(path for p in patterns for path in _archives(step, p))
    if not found:
        step.warning("No archives were found using specified file patterns")
    step.log(f"Found: {len(found)} files to extract:")
    for path in found:
        step.log(str(path))
    if step.flag("cleanDestinationFolder", default=True) and target.exists():
        step.log(f"Cleaning destination folder before extraction: {target}")
        if any(path.is_relative_to(target) for path in found):
            raise BadInput(
                f"the archives lie in {target}, which would be cleaned first",
                code="ArchiveInTarget", where="destinationFolder",
                hint="Extract into another folder, or set cleanDestinationFolder: false.",
            )  # fmt: skip
        paths.clean(step, target)
    if not target.exists():
        step.log(f"Creating destination folder: {target}")
        target.mkdir(parents=True)
    for path in found:
        _extract(step, path, target, overwrite=step.flag("overwriteExistingFiles"))
    if step.should_stop():
        return "canceled"
    step.log("Successfully extracted all files.")
    return "succeeded"


EXTRACT_FILES = Task(name="ExtractFiles", version=1, run=_run)
