"""Tokens for managed identities, over plain http on loopback, as a resource's own processes ask.

Three forms: App Service (X-IDENTITY-HEADER), Azure ML (`secret`) and the virtual machines' (IMDS).
On Azure an IMDS address belongs to one machine and so names the identity by itself; here every
process of the machine could reach it, so the identity header is needed in all three.
Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from shipway.azure.entra import audiences, managed_identities, service_principals, tokens
from shipway.azure.entra.principals import Principal
from shipway.base.errors import BadInput, ShipwayError, Unauthenticated
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response

TOKEN_SECONDS = 86_400 - 3600
APP_SERVICE_VERSIONS = ("2017-09-01", "2019-08-01")
IMDS_VERSIONS = ("2018-02-01", "2019-08-01", "2021-02-01")


def app_service(store: Store, request: Request) -> Response:
    """`GET /msi/token?api-version=...&resource=...` with X-IDENTITY-HEADER or `secret`."""
    return _answered(store, request, versions=APP_SERVICE_VERSIONS)


def imds(store: Store, request: Request) -> Response:
    """`GET /metadata/identity/oauth2/token` with `Metadata: true`."""
    if request.headers.get("metadata").lower() != "true":
        return _failure(
            BadInput(
                "Required metadata header not specified", code="bad_request_102", where="Metadata"
            )
        )
    return _answered(store, request, versions=IMDS_VERSIONS)


def _answered(store: Store, request: Request, *, versions: tuple[str, ...]) -> Response:
    try:
        version = request.arg("api-version")
        if version not in versions:
            raise BadInput(
                f"The api-version '{version}' is not supported",
                code="UnsupportedApiVersion",
                where="api-version",
                hint=f"Supported: {', '.join(versions)}.",
            )
        principal = _identity(store, request)
        resource = request.arg("resource")
        if not resource:
            raise BadInput("The parameter 'resource' is missing", where="resource")
        audience = audiences.of_resource(resource)
    except ShipwayError as error:
        return _failure(error)
    token = tokens.issue(store, principal, audience=audience, seconds=TOKEN_SECONDS)
    expires = int(store.clock.now().timestamp()) + TOKEN_SECONDS
    return json_response(
        {
            "access_token": token,
            "client_id": principal.app_id,
            "expires_in": str(TOKEN_SECONDS),
            "expires_on": str(expires),
            "resource": audience,
            "token_type": "Bearer",
        }
    )


def _identity(store: Store, request: Request) -> Principal:
    header = request.headers.get("x-identity-header") or request.headers.get("secret")
    if not header:
        raise Unauthenticated(
            "Identity not found",
            code="invalid_request",
            status=400,
            where="X-IDENTITY-HEADER",
            hint="Only processes of a job, deployment or agent that has an identity get a token.",
        )
    principal = managed_identities.principal_for_header(store, header)
    resource_id = service_principals.get(store, principal.object_id).resource_id
    asked = {
        "client_id": principal.app_id,
        "clientid": principal.app_id,
        "object_id": principal.object_id,
        "principal_id": principal.object_id,
        "mi_res_id": resource_id,
        "msi_res_id": resource_id,
    }
    for name, own in asked.items():
        value = request.arg(name)
        if value and value.lower() != own.lower():
            raise BadInput(
                f"No managed identity with {name} '{value}' is assigned to this process",
                code="invalid_request",
                where=name,
                hint=f"Its own is '{own}'.",
            )
    return principal


def _failure(error: ShipwayError) -> Response:
    # both spellings: App Service answers statusCode and message, IMDS error and error_description
    text = f"{error.message}. {error.hint}".strip()
    return json_response(
        {
            "statusCode": error.status,
            "message": text,
            "error": error.code,
            "error_description": text,
        },
        status=error.status,
    )
