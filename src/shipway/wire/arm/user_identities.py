"""User-assigned identities and the federated credentials with which others act as them.

Source: https://learn.microsoft.com/rest/api/managedidentity/user-assigned-identities
"""

from typing import Any

from shipway.azure.arm import resource_ids, resources
from shipway.azure.arm.resources import ArmResource
from shipway.azure.entra import federated_credentials, managed_identities, tenant
from shipway.azure.entra.federated_credentials import FederatedCredential
from shipway.base.errors import BadInput, ShipwayError
from shipway.store.store import Store
from shipway.wire.arm.shapes import object_of, required
from shipway.wire.http import Request, Response, json_response

_TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"


def properties(store: Store, resource: ArmResource) -> dict[str, Any]:
    """The identity's ids; it is made with the resource."""
    principal = managed_identities.create_for(store, resource.resource_id)
    return {
        "tenantId": principal.tenant_id,
        "principalId": principal.object_id,
        "clientId": principal.app_id,
    }


def removed(store: Store, resource: ArmResource) -> None:
    """What it trusts goes with it."""
    found = managed_identities.find_for(store, resource.resource_id)
    if found is not None:
        federated_credentials.delete_all(store, found.app_id)


def put_credential(store: Store, request: Request) -> Response:
    """`PUT .../federatedIdentityCredentials/{credential}`: 201 when new, else 200."""
    identity, app_id = _identity(store, request)
    given = object_of(request.json(), "properties")
    audiences = given.get("audiences")
    if not isinstance(audiences, list) or not all(isinstance(a, str) for a in audiences):
        raise BadInput(
            "The field 'audiences' must be a list of texts", code="BadRequest", where="audiences"
        )
    facts: dict[str, Any] = {
        "issuer": required(given, "issuer"),
        "subject": required(given, "subject"),
        "description": "",
        "audiences": tuple(audiences),
    }
    name = request.params["credential"]
    with store.database.transaction():
        known = _find(store, app_id, name)
        _refuse_twin(store, app_id, name, facts)
        if known is None:
            made = federated_credentials.create(store, app_id=app_id, name=name, **facts)
        else:
            made = federated_credentials.update(store, app_id=app_id, name_or_id=name, **facts)
    return json_response(_shape(identity, made), status=200 if known else 201)


def get_credential(store: Store, request: Request) -> Response:
    """`GET .../federatedIdentityCredentials/{credential}`."""
    identity, app_id = _identity(store, request)
    name = request.params["credential"]
    found = federated_credentials.get(store, app_id=app_id, name_or_id=name)
    return json_response(_shape(identity, found))


def list_credentials(store: Store, request: Request) -> Response:
    """`GET .../federatedIdentityCredentials`."""
    identity, app_id = _identity(store, request)
    found = federated_credentials.list_credentials(store, app_id)
    return json_response({"value": [_shape(identity, one) for one in found]})


def delete_credential(store: Store, request: Request) -> Response:
    """`DELETE ...`: 200, or 204 when there is none."""
    _, app_id = _identity(store, request)
    name = request.params["credential"]
    if _find(store, app_id, name) is None:
        return Response(status=204)
    federated_credentials.delete(store, app_id=app_id, name_or_id=name)
    return Response(status=200)


def _find(store: Store, app_id: str, name: str) -> FederatedCredential | None:
    try:
        return federated_credentials.get(store, app_id=app_id, name_or_id=name)
    except ShipwayError:
        return None


def _refuse_twin(store: Store, app_id: str, name: str, facts: dict[str, Any]) -> None:
    for other in federated_credentials.list_credentials(store, app_id):
        same = (other.issuer, other.subject) == (facts["issuer"], facts["subject"])
        if same and other.name != name:
            raise BadInput(
                f"Issuer and subject combination already exists for this Managed Identity: "
                f"'{other.name}'",
                code="BadRequest", status=409, where="subject",
            )  # fmt: skip


def _identity(store: Store, request: Request) -> tuple[ArmResource, str]:
    home = tenant.facts(store)
    named = resource_ids.resource(
        home.subscription_id, request.params["group"], "Microsoft.ManagedIdentity",
        "userAssignedIdentities", request.params["name"],
    )  # fmt: skip
    resource = resources.get(store, str(named))
    return resource, managed_identities.create_for(store, resource.resource_id).app_id


def _shape(identity: ArmResource, credential: FederatedCredential) -> dict[str, Any]:
    below = "federatedIdentityCredentials"
    return {
        "id": f"{identity.resource_id}/{below}/{credential.name}",
        "name": credential.name,
        "type": f"{_TYPE}/{below}",
        "properties": {
            "issuer": credential.issuer,
            "subject": credential.subject,
            "audiences": list(credential.audiences),
        },
    }
