"""The shapes that all Azure ML resources share: ids, systemData, lists with paging."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from shipway.azure.arm import role_assignments
from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, NotSupported
from shipway.ml import registries, workspaces
from shipway.ml.entities import Entity
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response

PROVIDER = "Microsoft.MachineLearningServices"
WORKSPACES = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/"
    "Microsoft.MachineLearningServices/workspaces"
)
WORKSPACE = WORKSPACES + "/{workspace}"
ACTION = "Microsoft.MachineLearningServices/workspaces"
LIST_QUERY = (
    "$skip", "$top", "$orderBy", "count", "skip", "listViewType", "tags", "properties", "names",
    "searchText", "orderBy", "orderByAsc", "pageSize", "name", "description", "version", "offset",
    "feed", "isDefault", "computeType", "$skipToken",
)  # fmt: skip
DEFAULT_PAGE = 100

Item = TypeVar("Item")


def key_of(request: Request) -> str:
    """The workspace key in a request's path."""
    params = request.params
    return workspaces.workspace_key(params["subscription"], params["group"], params["workspace"])


def workspace_of(store: Store, request: Request) -> Workspace:
    """The workspace (or the registry) that a request's path names. Raises `NotFound`."""
    params = request.params
    if "registry" in params:
        key = registries.registry_key(params["subscription"], params["group"], params["registry"])
        return registries.get(store, key)
    return workspaces.get(store, key_of(request))


def require(store: Store, request: Request, workspace: Workspace, action: str) -> None:
    """An action at another workspace than the path's. Raises `Forbidden`."""
    role_assignments.require(store, request.principal, action=action, scope=workspace.resource_id)


def system_data(entity: Entity) -> dict[str, Any]:
    """ARM's systemData."""
    author = {"By": entity.author or "shipway", "ByType": entity.author_type}
    created = timestamp(entity.created_at) if entity.created_at else None
    changed = timestamp(entity.updated_at) if entity.updated_at else None
    return {
        "createdAt": created, "createdBy": author["By"], "createdByType": author["ByType"],
        "lastModifiedAt": changed, "lastModifiedBy": author["By"],
        "lastModifiedByType": author["ByType"],
    }  # fmt: skip


def resource(
    workspace: Workspace, path: str, entity: Entity, properties: Mapping[str, Any], **more: object
) -> dict[str, Any]:
    """A resource below a workspace; `path` is `models/m/versions/1`. Its name is the last part."""
    parts = path.split("/")
    return {
        "id": f"{workspace.resource_id}/{path}",
        "name": parts[-1],
        "type": "/".join([PROVIDER, "workspaces", *parts[0::2]]),
        **more,
        "properties": dict(properties),
        "systemData": system_data(entity),
    }


def view(items: Sequence[Item], request: Request, archived: Callable[[Item], bool]) -> list[Item]:
    """The items that `listViewType` asks for: ActiveOnly (default), ArchivedOnly or All."""
    wanted = request.arg("listViewType", "ActiveOnly").lower()
    if wanted not in ("activeonly", "archivedonly", "all"):
        raise BadInput(
            f"'{request.arg('listViewType')}' is not a value of listViewType.",
            code="ValidationError", where="listViewType",
            hint="Possible: ActiveOnly, ArchivedOnly, All.",
        )  # fmt: skip
    if wanted == "all":
        return list(items)
    return [item for item in items if archived(item) == (wanted == "archivedonly")]


def ordered(items: Sequence[Item], request: Request) -> list[Item]:
    """Items (given newest first) in the order that `$orderBy` asks for."""
    words = (request.arg("$orderBy") or request.arg("orderBy")).lower().split()
    if not words or words[0].startswith("createdtime") or words[0].startswith("createdat"):
        newest = not words or words[-1] != "asc"
        return list(items) if newest else list(reversed(items))
    if words[0] in ("modifiedtime", "updatedat", "modifiedat"):
        return sorted(
            items,
            key=lambda item: str(getattr(item, "updated_at", "")),
            reverse=words[-1] != "asc",
        )
    raise NotSupported(
        f"shipway does not order by '{words[0]}'", code="UnsupportedQueryParameter", status=400,
        where="$orderBy", hint="Known: createdtime, modifiedtime, each asc or desc.",
    )  # fmt: skip


def page(
    request: Request, items: Sequence[Item], shape: Callable[[Item], dict[str, Any]]
) -> Response:
    """A list answer: `value` and, when there is more, `nextLink` with `$skip`."""
    start = _count(request, ("$skip", "skip", "$skipToken"), 0)
    top = _count(request, ("$top", "count", "pageSize"), DEFAULT_PAGE)
    body: dict[str, Any] = {"value": [shape(item) for item in items[start : start + top]]}
    if top and start + top < len(items):
        kept = [
            (n, v) for n, v in request.query if n.lower() not in ("$skip", "skip", "$skiptoken")
        ]
        query = urlencode([*kept, ("$skip", str(start + top))], quote_via=quote, safe="$")
        body["nextLink"] = f"{request.scheme}://{request.host}{request.path}?{query}"
    return json_response(body)


def refuse_unsupported_filters(request: Request, *names: str) -> None:
    """Raises `NotSupported` for list filters that this list does not apply."""
    for name in names:
        if request.arg(name):
            raise NotSupported(
                f"the filter '{name}' of {request.path} is not supported",
                code="UnsupportedQueryParameter", status=400, where=name,
                hint="Leave it out and filter the answer.",
            )  # fmt: skip


def _count(request: Request, names: tuple[str, ...], default: int) -> int:
    for name in names:
        given = request.arg(name)
        if given:
            if not given.isdecimal():
                raise BadInput(
                    f"The value '{given}' of {name} must be a number.", code="ValidationError",
                    where=name, hint=f"Send {name}=<number>.",
                )  # fmt: skip
            return int(given)
    return default
