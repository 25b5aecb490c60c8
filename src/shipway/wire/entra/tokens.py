"""The token endpoint: client credentials by secret or by federated assertion.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from shipway.azure.entra import (
    audiences,
    federated_credentials,
    service_principals,
    tenant,
    tokens,
)
from shipway.azure.entra.principals import Principal
from shipway.base.errors import BadInput, NotSupported
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response

TOKEN_SECONDS = 3600
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM_LIMIT = 100_000


def post_v2(store: Store, request: Request) -> Response:
    """`POST /{tenant}/oauth2/v2.0/token`: the audience comes from `scope`."""
    form = _form_of(request)
    principal = _authenticated(store, request, form)
    audience = audiences.of_scope(_required(form, "scope"))
    token = tokens.issue(store, principal, audience=audience, seconds=TOKEN_SECONDS)
    return _answer(
        {
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS - 1,
            "ext_expires_in": TOKEN_SECONDS - 1,
            "access_token": token,
        }
    )


def post_v1(store: Store, request: Request) -> Response:
    """`POST /{tenant}/oauth2/token`: the audience is `resource`, numbers are text."""
    form = _form_of(request)
    principal = _authenticated(store, request, form)
    audience = audiences.of_resource(_required(form, "resource"))
    token = tokens.issue(store, principal, audience=audience, seconds=TOKEN_SECONDS)
    now = int(store.clock.now().timestamp())
    return _answer(
        {
            "token_type": "Bearer",
            "expires_in": str(TOKEN_SECONDS - 1),
            "ext_expires_in": str(TOKEN_SECONDS - 1),
            "expires_on": str(now + TOKEN_SECONDS),
            "not_before": str(now),
            "resource": audience,
            "access_token": token,
        }
    )


def check_tenant(store: Store, named: str) -> None:
    """Raises `BadInput` (AADSTS90002) when the path names another tenant than this home's."""
    home = tenant.facts(store)
    if named.lower() not in (home.tenant_id, home.domain):
        raise BadInput(
            f"AADSTS90002: Tenant '{named}' not found. Check to make sure you have the correct "
            "tenant ID and are signing into the correct cloud",
            code="invalid_request",
            where=named,
            hint=f"This home's tenant is {home.tenant_id} (`shipway env` prints it).",
        )


def _authenticated(store: Store, request: Request, form: Mapping[str, str]) -> Principal:
    check_tenant(store, request.params["tenant"])
    grant = _required(form, "grant_type")
    if grant != "client_credentials":
        raise NotSupported(
            f"AADSTS70003: The app requested an unsupported grant type '{grant}'",
            code="unsupported_grant_type",
            status=400,
            where="grant_type",
            hint="Supported: client_credentials.",
        )
    client_id = _required(form, "client_id")
    if "client_assertion" in form:
        kind = _required(form, "client_assertion_type")
        if kind != _ASSERTION_TYPE:
            raise BadInput(
                f"AADSTS50027: the client_assertion_type '{kind}' is not supported",
                code="invalid_request",
                where="client_assertion_type",
                hint=f"It must be {_ASSERTION_TYPE}.",
            )
        return federated_credentials.check_assertion(
            store, app_id=client_id, assertion=form["client_assertion"]
        )
    if "client_secret" not in form:
        service_principals.require_application(store, client_id)
        raise BadInput(
            "AADSTS7000218: The request body must contain the following parameter: "
            "'client_assertion' or 'client_secret'",
            code="invalid_client",
            status=401,
            where="client_secret",
        )
    return service_principals.check_secret(store, app_id=client_id, secret=form["client_secret"])


def _form_of(request: Request) -> dict[str, str]:
    content_type = request.headers.get("content-type", "application/x-www-form-urlencoded")
    if not content_type.lower().startswith("application/x-www-form-urlencoded"):
        raise BadInput(
            f"AADSTS900144: the body is '{content_type}', not application/x-www-form-urlencoded",
            code="invalid_request",
            where="Content-Type",
        )
    if request.body.size > _FORM_LIMIT:
        raise BadInput(
            f"AADSTS90015: The request is longer than {_FORM_LIMIT} bytes", code="invalid_request"
        )
    try:
        text = request.body.read().decode("ascii")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"AADSTS900144: the body is not form-encoded text (byte {error.start})",
            code="invalid_request",
            where="body",
        ) from None
    form = dict(parse_qsl(text, keep_blank_values=True))
    return _with_basic(request, form)


def _with_basic(request: Request, form: dict[str, str]) -> dict[str, str]:
    scheme, _, value = request.headers.get("authorization").partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        user, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise BadInput(
            "AADSTS50049: the Basic credential is not base64 of text",
            code="invalid_request",
            where="Authorization",
        ) from None
    return {"client_id": unquote_plus(user), "client_secret": unquote_plus(secret)} | form


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise BadInput(
            f"AADSTS900144: The request body must contain the following parameter: '{name}'",
            code="invalid_request",
            where=name,
        )
    return form[name]


def _answer(body: Mapping[str, object]) -> Response:
    return json_response(
        body, headers=(("Cache-Control", "no-store, no-cache"), ("Pragma", "no-cache"))
    )
