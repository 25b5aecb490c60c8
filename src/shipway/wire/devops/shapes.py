"""What many of Azure DevOps' answers share: addresses, identities, collections, routes.

Source: https://learn.microsoft.com/rest/api/azure/devops
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from shipway.base.clock import timestamp
from shipway.base.errors import BadInput
from shipway.devops import projects, subjects
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.store.store import Store
from shipway.wire.http import Handler, Request, Response, Route, json_response

DOC = "https://learn.microsoft.com/rest/api/azure/devops/"
NO_GUID = "00000000-0000-0000-0000-000000000000"


def in_project(
    method: str, tail: str, handler: Handler, *, action: str = "read", query: Sequence[str] = ()
) -> Route:
    """A row for `/{organization}/{project}/_apis/<tail>`."""
    return Route(method=method, pattern=f"/{{organization}}/{{project}}/_apis/{tail}",
                 handler=handler, action=action, query=tuple(query), doc=DOC)  # fmt: skip


def in_organization(
    method: str, tail: str, handler: Handler, *, action: str = "read", query: Sequence[str] = ()
) -> Route:
    """A row for `/{organization}/_apis/<tail>`."""
    return Route(method=method, pattern=f"/{{organization}}/_apis/{tail}",
                 handler=handler, action=action, query=tuple(query), doc=DOC)  # fmt: skip


def base_url(request: Request) -> str:
    """The organization's address as this client reaches it."""
    return f"{request.scheme}://{request.host}/{projects.ORGANIZATION}"


def project_url(request: Request, project: Project) -> str:
    """A project's address, by its id as Azure prints it."""
    return f"{base_url(request)}/{project.project_id}"


def project_of(store: Store, request: Request) -> Project:
    """The project that the path names. Raises `NotFound`."""
    return projects.get(store, request.params["project"])


def project_reference(request: Request, project: Project) -> dict[str, Any]:
    """`TeamProjectReference`."""
    return {
        "id": project.project_id, "name": project.name, "description": project.description,
        "url": f"{base_url(request)}/_apis/projects/{project.project_id}", "state": "wellFormed",
        "revision": project.revision, "visibility": project.visibility,
        "lastUpdateTime": moment(project.updated_at),
    }  # fmt: skip


def identity(store: Store, request: Request, who: Requester) -> dict[str, Any]:
    """`IdentityRef`."""
    found = subjects.find(store, who.object_id) if who.object_id else None
    object_id = who.object_id or NO_GUID
    return {
        "id": object_id,
        "displayName": found.display_name if found else who.name,
        "uniqueName": found.account if found else who.name,
        "descriptor": found.descriptor if found else f"svc.{object_id.replace('-', '')}",
        "url": f"{base_url(request)}/_apis/identities/{object_id}",
    }


def moment(at: datetime | None) -> str | None:
    """Azure DevOps' text for a moment."""
    return None if at is None else timestamp(at)


def collection(values: Sequence[Any], *, continuation: str = "") -> Response:
    """`{count, value}`, with the header that leads to the next page."""
    headers = (("X-MS-ContinuationToken", continuation),) if continuation else ()
    return json_response({"count": len(values), "value": list(values)}, headers=headers)


def no_content() -> Response:
    """204."""
    return Response(status=204)


def paged(request: Request, values: Sequence[Any]) -> tuple[Sequence[Any], str]:
    """The part of `values` that `$skip`, `continuationToken` and `$top` ask for, and what follows.

    The continuation token is the number of values already given.
    """
    start = number(request.arg("continuationToken") or request.arg("$skip") or "0", "$skip")
    top = request.arg("$top")
    end = len(values) if not top else start + number(top, "$top")
    return values[start:end], str(end) if end < len(values) else ""


def number(text: str, name: str) -> int:
    """A whole number of path or query. Raises `BadInput` that names the parameter."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadInput(
            f"The value '{text[:100]}' is not valid for parameter '{name}'",
            code="InvalidArgumentValueException", where=name, hint="Give a whole number.",
        )  # fmt: skip
    return int(text)


def is_true(request: Request, name: str) -> bool:
    """Whether a boolean query parameter is set."""
    return request.arg(name).lower() == "true"


def quoted(part: str) -> str:
    """One part of a path, percent-encoded."""
    return quote(part, safe="")
