"""Files that steps attached to a build, by their type.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/attachments
"""

from typing import Any

from shipway.base.errors import NotFound
from shipway.devops import attachments
from shipway.devops.attachments import Attachment
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.builds import build_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import FileBody, Request, Response, Route


class Attachments:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_type(self, request: Request) -> Response:
        """GET build/builds/{id}/attachments/{type}."""
        project = shapes.project_of(self._store, request)
        run = build_of(self._store, request, project)
        place = f"{shapes.project_url(request, project)}/_apis/build/builds/{run.run_id}"
        wanted = request.params["type"].casefold()
        found = attachments.list_of(self._store, run_id=run.run_id)
        return shapes.collection(
            [_shape(place, run.plan_id, a) for a in found if a.kind.casefold() == wanted]
        )

    def get(self, request: Request) -> Response:
        """GET build/builds/{id}/{timeline}/{record}/attachments/{type}/{name}."""
        project = shapes.project_of(self._store, request)
        run = build_of(self._store, request, project)
        names = [request.params[n].casefold() for n in ("record", "type", "name")]
        for one in attachments.list_of(self._store, run_id=run.run_id):
            if [n.casefold() for n in (one.record_id, one.kind, one.name)] == names:
                return Response(
                    headers=(("Content-Type", "application/octet-stream"),),
                    body=FileBody(path=self._store.files.path(one.digest)),
                )
        raise NotFound(
            f"The attachment {request.params['name'][:100]} of build {run.run_id} could not be "
            "found.",
            code="AttachmentNotFoundException", where=request.params["name"][:100],
        )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Attachments of a build."""
    noun = Attachments(store)
    return (
        in_project("GET", "build/builds/{build}/attachments/{type}", noun.of_type),
        in_project(
            "GET", "build/builds/{build}/{timeline}/{record}/attachments/{type}/{name}", noun.get
        ),
    )


def _shape(place: str, timeline_id: str, one: Attachment) -> dict[str, Any]:
    url = (
        f"{place}/{timeline_id}/{one.record_id}/attachments/{shapes.quoted(one.kind)}"
        f"/{shapes.quoted(one.name)}"
    )
    return {"name": one.name, "_links": {"self": {"href": url}}}
