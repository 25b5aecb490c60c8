"""What every Graph answer has: `@odata.context`, `value`, `$select`, references by `@odata.id`."""

from collections.abc import Iterable, Mapping
from typing import Any

from shipway.azure.entra import groups, service_principals, users
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response

BASE = "https://graph.microsoft.com/v1.0"


def text(body: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A field of text. Raises `BadInput` that names it when it is missing or something else."""
    value = body.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise BadInput(
            f"A value is required for property '{name}' of resource"
            if value in (None, "")
            else f"Invalid value specified for property '{name}' of resource",
            code="Request_BadRequest",
            where=name,
        )
    return value


def one(request: Request, kind: str, shape: Mapping[str, Any], *, status: int = 200) -> Response:
    """A single object, cut to `$select` where it is given."""
    body = {"@odata.context": f"{BASE}/$metadata#{kind}/$entity", **_selected(request, shape)}
    return json_response(body, status=status)


def many(request: Request, kind: str, shapes: Iterable[Mapping[str, Any]]) -> Response:
    """A collection, cut to `$select` and `$top`."""
    found = [_selected(request, shape) for shape in shapes]
    top = request.arg("$top")
    if top:
        if not top.isdigit() or not 1 <= int(top) <= 999:
            raise BadInput(
                f"Invalid page size specified: '{top}'. Must be between 1 and 999 inclusive",
                code="Request_UnsupportedQuery",
                where="$top",
            )
        found = found[: int(top)]
    body: dict[str, Any] = {"@odata.context": f"{BASE}/$metadata#{kind}", "value": found}
    if request.arg("$count").lower() == "true":
        body["@odata.count"] = len(found)
    return json_response(body)


def reference(body: Mapping[str, Any]) -> str:
    """The object id at the end of `@odata.id`. Raises `BadInput`."""
    return text(body, "@odata.id").rstrip("/").rpartition("/")[2].lower()


def directory_object(store: Store, object_id: str) -> dict[str, Any]:
    """Whatever has that object id, in the short form of member lists."""
    kind, name = "", ""
    principal = service_principals.find(store, object_id)
    group = groups.find(store, object_id)
    if principal is not None:
        kind, name = "servicePrincipal", principal.display_name
    elif group is not None:
        kind, name = "group", group.display_name
    else:
        kind, name = "user", users.get(store, object_id).display_name
    return {"@odata.type": f"#microsoft.graph.{kind}", "id": object_id, "displayName": name}


def _selected(request: Request, shape: Mapping[str, Any]) -> dict[str, Any]:
    names = [n.strip() for n in request.arg("$select").split(",") if n.strip()]
    return {k: v for k, v in shape.items() if not names or k in names or k == "id"}
