"""Bring a job's code and inputs to its folder.

Every mode gets a private copy: a command that writes into an input changes nobody else's.
"""

import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shipway.base import config
from shipway.base.errors import BadInput, NotFound
from shipway.base.home import safe_join
from shipway.ml import content_manifests
from shipway.ml.datastores import BlobPlace
from shipway.ml.job_plans import PlannedCommand, PlannedInput
from shipway.ml.job_specs import FILE_TYPES
from shipway.store.store import Store

_DOWNLOAD_SECONDS = 60


def bring_code(store: Store, plan: PlannedCommand, target: Path) -> None:
    """Copy the code snapshot into the working folder. Raises `NotFound` when nothing is there."""
    if plan.code is None:
        return
    place = _place(plan.code)
    if not _copy_all(store, place, target):
        raise NotFound(
            f"the code snapshot at {place.container}/{place.path} holds no files",
            code="CodeMissing", hint="Its upload was not finished; submit the job again.",
        )  # fmt: skip


def bring(store: Store, plan: PlannedCommand, folder: Path) -> dict[str, str]:
    """Bring all inputs below `folder`; returns what stands for each in the command.

    Raises `NotFound` naming the input whose content is not there, `BadInput` for a URL that
    cannot be read.
    """
    return {planned.name: _bring_one(store, planned, folder) for planned in plan.inputs}


def _bring_one(store: Store, planned: PlannedInput, folder: Path) -> str:
    if planned.is_literal:
        return planned.value
    target = folder / f"INPUT_{planned.name}"
    target.mkdir()
    if planned.url:
        return str(_download(planned, target))
    if planned.place is None:
        raise BadInput(f"the input '{planned.name}' names no place", where=planned.name)
    place = _place(planned.place)
    found = _copy_all(store, place, target)
    if planned.type in FILE_TYPES:
        if len(found) != 1:
            raise NotFound(
                f"the input '{planned.name}' is a {planned.type}, but"
                f" {len(found)} files lie at {place.container}/{place.path}",
                code="InputMissing", where=planned.name,
                hint="Check the path; for a folder declare uri_folder.",
            )  # fmt: skip
        return str(_inside(target, found[0]))
    if not found and not planned.source_node:
        raise NotFound(
            f"the input '{planned.name}' is not there: no file lies at"
            f" {place.container}/{place.path}",
            code="InputMissing", where=planned.name, hint="Check the path of the input.",
        )  # fmt: skip
    return str(target)


def _copy_all(store: Store, place: BlobPlace, target: Path) -> list[str]:
    found = content_manifests.of_place(store, place)
    for path, digest in found.items():
        store.files.copy_to(digest, _inside(target, path))
    return list(found)


def _inside(folder: Path, path: str) -> Path:
    """`folder/path` for a folder that we have just made, in which nothing leads elsewhere.

    Raises `BadInput` for a blob's name that would climb out.
    """
    if path.startswith("/") or ".." in path.split("/") or "\x00" in path:
        raise BadInput(f"the path {path!r} climbs out of its folder", code="PathOutsideFolder")
    return folder / path


def _place(parts: tuple[str, str, str]) -> BlobPlace:
    return BlobPlace(account=parts[0], container=parts[1], path=parts[2])


def _download(planned: PlannedInput, target: Path) -> Path:
    """A file from the web, or what the user said stands for it."""
    name = unquote(urlsplit(planned.url).path.rstrip("/").rpartition("/")[2]) or "download"
    file = _inside(target, name)
    mapped = _mapped(planned.url, config.environment())
    if mapped is not None:
        file.write_bytes(mapped.read_bytes())
        return file
    try:
        # http(s) only: the planner saw to it
        answer = urllib.request.urlopen(planned.url, timeout=_DOWNLOAD_SECONDS)  # noqa: S310
        with answer, file.open("wb") as out:
            while chunk := answer.read(1 << 20):
                out.write(chunk)
    except (OSError, urllib.error.URLError) as error:
        raise BadInput(
            f"the input '{planned.name}' cannot be read from {planned.url}: {error}",
            code="InputMissing", where=planned.name,
            hint="Set SHIPWAY_URL_MAP to 'https://site/path=/local/file;...' to use local files.",
        ) from None  # fmt: skip
    return file


def _mapped(url: str, variables: Mapping[str, str]) -> Path | None:
    """The local file that SHIPWAY_URL_MAP names for a URL, by exact match or prefix."""
    for pair in variables.get("SHIPWAY_URL_MAP", "").split(";"):
        prefix, _, local = pair.rpartition("=")
        if prefix and url == prefix:
            return Path(local)
        if prefix.endswith("/") and url.startswith(prefix):
            return safe_join(Path(local), url.removeprefix(prefix))
    return None
