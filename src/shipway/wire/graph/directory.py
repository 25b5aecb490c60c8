"""The directory itself: the organization, and objects of any kind by their ids.

Source: https://learn.microsoft.com/graph/api/directoryobject-getbyids
"""

from typing import Any

from shipway.azure.entra import tenant
from shipway.base.errors import BadInput, NotFound
from shipway.store.store import Store
from shipway.wire.graph.shapes import directory_object, many, one
from shipway.wire.http import Request, Response

_MOST = 1000


def list_organizations(store: Store, request: Request) -> Response:
    """`GET /organization`: the one tenant of this home."""
    home = tenant.facts(store)
    shape: dict[str, Any] = {
        "id": home.tenant_id,
        "displayName": "shipway",
        "tenantType": "AAD",
        "countryLetterCode": "NL",
        "verifiedDomains": [
            {
                "name": home.domain, "isDefault": True, "isInitial": True, "type": "Managed",
                "capabilities": "Email, OfficeCommunicationsOnline",
            }
        ],
        "assignedPlans": [],
        "provisionedPlans": [],
    }  # fmt: skip
    return many(request, "organization", [shape])


def list_domains(store: Store, request: Request) -> Response:
    """`GET /domains`."""
    home = tenant.facts(store)
    shape = {
        "id": home.domain, "authenticationType": "Managed", "isAdminManaged": True,
        "isDefault": True, "isInitial": True, "isRoot": True, "isVerified": True,
        "supportedServices": [],
    }  # fmt: skip
    return many(request, "domains", [shape])


def get_object(store: Store, request: Request) -> Response:
    """`GET /directoryObjects/{object}`. Raises `NotFound`."""
    shape = directory_object(store, request.params["object"].lower())
    return one(request, "directoryObjects", shape)


def get_by_ids(store: Store, request: Request) -> Response:
    """`POST /directoryObjects/getByIds`: those there are; `types` leaves out other kinds."""
    body = request.json()
    wanted = body.get("ids")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= _MOST:
        raise BadInput(
            f"'ids' must be a list of 1 to {_MOST} object ids", code="Request_BadRequest",
            where="ids",
        )  # fmt: skip
    kinds = {str(kind).lower() for kind in body.get("types") or ()} - {"directoryobject"}
    found = []
    for object_id in wanted:
        try:
            shape = directory_object(store, str(object_id).lower())
        except NotFound:
            continue
        kind = str(shape["@odata.type"]).rpartition(".")[2].lower()
        if not kinds or kind in kinds:
            found.append(shape)
    return many(request, "directoryObjects", found)
