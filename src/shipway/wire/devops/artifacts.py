"""Artifacts of builds and runs, with addresses from which they are really downloaded.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/artifacts
"""

import zipfile
from pathlib import Path
from typing import Any

from shipway.base import ids
from shipway.base.errors import BadInput, NotFound
from shipway.devops import artifacts
from shipway.devops.artifacts import PipelineArtifact
from shipway.devops.projects import Project
from shipway.store.store import Store
from shipway.wire.devops import shapes, versions
from shipway.wire.devops.builds import build_of
from shipway.wire.devops.pipelines import run_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import FileBody, Request, Response, Route, json_response


class Artifacts:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_build(self, request: Request) -> Response:
        """GET build/builds/{id}/artifacts: all, or one by `artifactName`, or its content."""
        project = shapes.project_of(self._store, request)
        run = build_of(self._store, request, project)
        name = request.arg("artifactName")
        if not name:
            found = artifacts.list_of(self._store, run_id=run.run_id)
            return shapes.collection([_shape(request, project, a) for a in found])
        artifact = artifacts.get(self._store, run_id=run.run_id, name=name)
        form = request.arg("$format").lower()
        if form not in ("", "json", "zip", "file"):
            raise BadInput(
                f"The value '{form[:60]}' is not valid for parameter '$format'",
                code="InvalidArgumentValueException", where="$format",
                hint="Known: json, zip, file.",
            )  # fmt: skip
        if form == "file":
            return self._file(request, artifact)
        if form == "zip" or versions.wants(request, "application/zip"):
            return self._zip(artifact)
        return json_response(_shape(request, project, artifact))

    def of_run(self, request: Request) -> Response:
        """GET pipelines/{id}/runs/{run}/artifacts?artifactName=."""
        project, run = shapes.project_of(self._store, request), run_of(self._store, request)
        name = request.arg("artifactName")
        if not name:
            raise BadInput("Value cannot be null. Parameter name: artifactName",
                           code="ArgumentNullException", where="artifactName")  # fmt: skip
        artifact = artifacts.get(self._store, run_id=run.run_id, name=name)
        place = f"{shapes.project_url(request, project)}/_apis/pipelines/{run.definition_id}"
        shape: dict[str, Any] = {
            "name": artifact.name,
            "url": f"{place}/runs/{run.run_id}/artifacts?artifactName={shapes.quoted(name)}",
        }
        if request.arg("$expand").lower() == "signedcontent":
            url = _download_url(request, project, artifact)
            shape["signedContent"] = {"url": url, "signatureExpires": None}
        return json_response(shape)

    def _zip(self, artifact: PipelineArtifact) -> Response:
        """The whole artifact below a folder of its name, as the service packs it."""
        path = self._store.home.temporary / f"artifact-{ids.new_guid()}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            for file in artifacts.files_of(self._store, artifact):
                packed.write(self._store.files.path(file.digest), f"{artifact.name}/{file.path}")
        return Response(
            headers=(
                ("Content-Type", "application/zip"),
                ("Content-Disposition",
                 f'attachment; filename="{shapes.quoted(artifact.name)}.zip"'),
            ),
            body=FileBody(path=path), cleanup=lambda: _remove(path),
        )  # fmt: skip

    def _file(self, request: Request, artifact: PipelineArtifact) -> Response:
        wanted = request.arg("subPath").lstrip("/") or request.arg("fileName")
        for file in artifacts.files_of(self._store, artifact):
            if file.path == wanted:
                return Response(
                    headers=(("Content-Type", "application/octet-stream"),),
                    body=FileBody(path=self._store.files.path(file.digest)),
                )
        raise NotFound(
            f"the artifact '{artifact.name}' has no file '{wanted[:200]}'",
            code="FileNotFoundInArtifactException", where="subPath",
            hint="Paths are given from the root of the artifact.",
        )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Artifacts, both ways to them."""
    noun = Artifacts(store)
    return (
        in_project("GET", "build/builds/{build}/artifacts", noun.of_build,
                   query=("artifactName", "$format", "subPath", "fileName", "fileId")),
        in_project("GET", "pipelines/{definition}/runs/{run}/artifacts", noun.of_run,
                   query=("artifactName", "$expand")),
    )  # fmt: skip


def _shape(request: Request, project: Project, artifact: PipelineArtifact) -> dict[str, Any]:
    place = f"{shapes.project_url(request, project)}/_apis/build/builds/{artifact.run_id}"
    url = f"{place}/artifacts?artifactName={shapes.quoted(artifact.name)}"
    return {
        "id": artifact.artifact_id, "name": artifact.name,
        "source": artifact.published_by or None,
        "resource": {
            "type": artifact.kind,
            "data": artifact.manifest if artifact.kind == "PipelineArtifact"
            else artifact.location or f"#/{artifact.run_id}/{artifact.name}",
            "properties": {"artifactsize": str(artifact.size),
                           "filecount": str(artifact.file_count)},
            "url": url, "downloadUrl": _download_url(request, project, artifact),
        },
    }  # fmt: skip


def _download_url(request: Request, project: Project, artifact: PipelineArtifact) -> str:
    place = f"{shapes.project_url(request, project)}/_apis/build/builds/{artifact.run_id}"
    name = shapes.quoted(artifact.name)
    return f"{place}/artifacts?artifactName={name}&api-version=7.1&%24format=zip"


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
