"""Routes and shapes of online endpoints.

Source: https://learn.microsoft.com/rest/api/azureml/online-endpoints
"""

from dataclasses import replace
from typing import Any

from shipway.azure.entra import tenant, tokens
from shipway.base.errors import BadInput, Conflict
from shipway.loop import deployment
from shipway.ml import online_endpoints
from shipway.ml.entities import authorship
from shipway.ml.online_endpoints import OnlineEndpoint
from shipway.ml.workspaces import Workspace
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields, given_identities, operations

_TOKEN_SECONDS = 12 * 3600
_IDENTITIES = ("SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned", "None")


def get(store: Store, request: Request) -> Response:
    """One endpoint."""
    workspace = envelopes.workspace_of(store, request)
    return json_response(shape(store, request, workspace, _endpoint(store, request, workspace)))


def list_all(store: Store, request: Request) -> Response:
    """The endpoints of a workspace."""
    workspace = envelopes.workspace_of(store, request)
    found = online_endpoints.list_all(store, workspace=workspace.key)
    if request.arg("name"):
        found = [e for e in found if e.name.lower() == request.arg("name").lower()]
    return envelopes.page(request, found, lambda e: shape(store, request, workspace, e))


def put(store: Store, request: Request) -> Response:
    """Create or update; the answer says where to poll."""
    workspace = envelopes.workspace_of(store, request)
    wanted = _from_body(store, request, workspace, request.json())
    endpoint, is_new = deployment.put_endpoint(store, wanted)
    key = fields.text(request.json(), "properties.keys.primaryKey")
    if key and is_new:
        online_endpoints.regenerate_key(store, endpoint, "primary", key)
    return json_response(
        shape(store, request, workspace, endpoint),
        status=201 if is_new else 200,
        headers=operations.headers(request, workspace, endpoint.operation_id),
    )


def patch(store: Store, request: Request) -> Response:
    """Change tags; the rest changes by PUT, as on Azure."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    unknown = sorted(set(body) - {"tags", "identity"})
    if unknown:
        raise BadInput(
            f"The field {unknown[0]} of an endpoint cannot be changed by PATCH.",
            code="ValidationError", where=unknown[0], hint="PATCH takes tags; use PUT.",
        )  # fmt: skip
    endpoint = _endpoint(store, request, workspace)
    tags = {**endpoint.tags, **fields.texts(body, "tags")}
    saved = online_endpoints.save(store, replace(endpoint, tags=tags))
    return json_response(shape(store, request, workspace, saved))


def delete(store: Store, request: Request) -> Response:
    """Begin to delete an endpoint and its deployments; 204 when there is none."""
    workspace = envelopes.workspace_of(store, request)
    gone = deployment.delete_endpoint(
        store, workspace=workspace.key, name=request.params["endpoint"]
    )
    if gone is None:
        return Response(status=204)
    return Response(status=202, headers=operations.headers(request, workspace, gone.operation_id))


def list_keys(store: Store, request: Request) -> Response:
    """Both keys."""
    workspace = envelopes.workspace_of(store, request)
    endpoint = _endpoint(store, request, workspace)
    _require_mode(endpoint, "Key")
    keys = online_endpoints.keys(store, endpoint)
    return json_response({"primaryKey": keys["primary"], "secondaryKey": keys["secondary"]})


def regenerate_keys(store: Store, request: Request) -> Response:
    """Replace one key; requests with the old one are refused at once."""
    workspace = envelopes.workspace_of(store, request)
    endpoint = _endpoint(store, request, workspace)
    _require_mode(endpoint, "Key")
    body = request.json()
    name = fields.choice(body, "keyType", ("Primary", "Secondary"), "")
    given = fields.text(body, "keyValue")
    with store.database.transaction():
        # the SDK sends the present key along when it wants another one
        value = "" if given in online_endpoints.keys(store, endpoint).values() else given
        online_endpoints.regenerate_key(store, endpoint, name, value)
        online_endpoints.save(store, endpoint)  # a new etag tells the router
    return Response(status=200)


def get_token(store: Store, request: Request) -> Response:
    """A token for an endpoint with authMode AMLToken."""
    workspace = envelopes.workspace_of(store, request)
    endpoint = _endpoint(store, request, workspace)
    _require_mode(endpoint, "AMLToken")
    token = tokens.issue(
        store, request.principal, audience=f"https://{endpoint.host}", seconds=_TOKEN_SECONDS
    )
    now = int(store.clock.now().timestamp())
    return json_response(
        {
            "accessToken": token, "tokenType": "Bearer", "expiryTimeUtc": now + _TOKEN_SECONDS,
            "refreshAfterTimeUtc": now + _TOKEN_SECONDS // 2,
        }
    )  # fmt: skip


def shape(
    store: Store, request: Request, workspace: Workspace, endpoint: OnlineEndpoint
) -> dict[str, Any]:
    """An endpoint on the wire; its addresses appear when it is there."""
    is_there = endpoint.provisioning_state != "Creating"
    properties: dict[str, Any] = {
        "authMode": endpoint.auth_mode,
        "description": endpoint.description or None,
        "properties": {
            **endpoint.properties,
            "azureml.onlineendpointid": f"{workspace.resource_id}/onlineEndpoints/{endpoint.name}",
            "AzureAsyncOperationUri": operations.uri(request, workspace, endpoint.operation_id),
        },
        "scoringUri": endpoint.scoring_uri if is_there else None,
        "swaggerUri": f"https://{endpoint.host}/swagger.json" if is_there else None,
        "traffic": dict(endpoint.traffic),
        "mirrorTraffic": dict(endpoint.mirror_traffic),
        "provisioningState": endpoint.provisioning_state,
        "publicNetworkAccess": endpoint.public_network_access,
        "compute": None,
    }
    return envelopes.resource(
        workspace, f"onlineEndpoints/{endpoint.name}", endpoint, properties,
        location=endpoint.location, tags=dict(endpoint.tags), kind="Managed",
        identity=_identity(store, endpoint),
    )  # fmt: skip


def _endpoint(store: Store, request: Request, workspace: Workspace) -> OnlineEndpoint:
    return online_endpoints.get(store, workspace=workspace.key, name=request.params["endpoint"])


def _from_body(
    store: Store, request: Request, workspace: Workspace, body: dict[str, Any]
) -> OnlineEndpoint:
    properties = fields.mapping(body, "properties")
    if fields.text(properties, "compute"):
        raise BadInput(
            "An endpoint on a Kubernetes compute is not supported.", code="ValidationError",
            where="properties.compute", hint="Leave it out: a managed endpoint.",
        )  # fmt: skip
    own = {"AzureAsyncOperationUri", "azureml.onlineendpointid"}
    given = fields.texts(properties, "properties")
    return OnlineEndpoint(
        workspace=workspace.key, name=request.params["endpoint"],
        location=fields.text(body, "location", workspace.location).lower().replace(" ", ""),
        auth_mode=fields.choice(properties, "authMode", online_endpoints.AUTH_MODES, "Key"),
        description=fields.text(properties, "description"), tags=fields.texts(body, "tags"),
        properties={n: v for n, v in given.items() if n not in own},
        traffic=_split(properties, "traffic"), mirror_traffic=_split(properties, "mirrorTraffic"),
        identity_type=fields.choice(body, "identity.type", _IDENTITIES, "SystemAssigned"),
        user_identities=given_identities.read(store, request, body),
        public_network_access=fields.choice(
            properties, "publicNetworkAccess", ("Enabled", "Disabled"), "Enabled"
        ),
        **authorship(request.principal),
    )  # fmt: skip


def _split(properties: dict[str, Any], name: str) -> dict[str, int]:
    return {
        deployment_name: fields.number(properties[name], deployment_name)
        for deployment_name in fields.mapping(properties, name)
    }


def _require_mode(endpoint: OnlineEndpoint, mode: str) -> None:
    if endpoint.auth_mode != mode:
        raise Conflict(
            f"The authMode of endpoint '{endpoint.name}' is {endpoint.auth_mode}, not {mode}.",
            code="BadArgument", status=400, where=endpoint.name,
            hint="Key: listKeys. AMLToken: token. AADToken: a token for https://ml.azure.com.",
        )  # fmt: skip


def _identity(store: Store, endpoint: OnlineEndpoint) -> dict[str, Any]:
    identity: dict[str, Any] = {"type": endpoint.identity_type}
    if endpoint.principal_id:
        identity["principalId"] = endpoint.principal_id
        identity["tenantId"] = tenant.facts(store).tenant_id
    if endpoint.user_identities:
        identity["userAssignedIdentities"] = {name: {} for name in endpoint.user_identities}
    return identity
