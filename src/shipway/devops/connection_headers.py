"""How this server signs in where a service connection leads: the header, and what of it is secret.

Generic connections carry a user and a password, azurerm ones a token that Entra gives for the
connection's identity, over the front door like any client's.
Source: https://learn.microsoft.com/azure/devops/pipelines/library/service-endpoints
"""

import base64
import json
from dataclasses import dataclass
from urllib.parse import urlencode

from shipway.azure.entra import federated_credentials
from shipway.base.errors import NotSupported, ShipwayError
from shipway.devops import projects, rest_calls, service_connections
from shipway.devops.rest_calls import RestCall
from shipway.devops.service_connections import ServiceConnection
from shipway.store.store import Store

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SCOPE = "https://management.azure.com/.default"
_MANAGEMENT = "https://management.azure.com/"
_SIGN_IN_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The `Authorization` header, empty without one, and what must never be shown."""

    header: str = ""
    secrets: tuple[str, ...] = ()


def base_url_of(connection: ServiceConnection) -> str:
    """Where calls over the connection begin."""
    return _MANAGEMENT if connection.kind.lower() == "azurerm" else connection.url


def authorization_of(store: Store, connection: ServiceConnection) -> Authorization:
    """Sign in as the connection; asks Entra for azurerm, so never call it in a transaction.

    Raises `ShipwayError` with Entra's words, `NotSupported` for a kind that signs in otherwise.
    """
    kind = connection.kind.lower()
    if kind == "azurerm":
        token = azure_token(store, connection)
        return Authorization(header=f"Bearer {token}", secrets=(token,))
    if kind != "generic":
        raise NotSupported(
            f"the service connection '{connection.name}' is of the kind {connection.kind}, "
            "which no REST call takes",
            code="ServiceConnectionKindNotSupported", where=connection.name,
            hint="Use a generic or an azurerm connection.",
        )  # fmt: skip
    user = connection.parameters.get("username", "")
    password = service_connections.secret_of(store, connection, "password")
    if not user and not password:
        return Authorization()
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Authorization(header=f"Basic {pair}", secrets=(pair, password) if password else (pair,))


def azure_token(store: Store, connection: ServiceConnection, *, scope: str = _SCOPE) -> str:
    """A token of Entra for an azurerm connection. Raises `ShipwayError` with Entra's words."""
    form = {
        "grant_type": "client_credentials", "client_id": connection.app_id, "scope": scope,
    }  # fmt: skip
    if connection.scheme == "WorkloadIdentityFederation":
        project = projects.get(store, connection.project_id)
        subject = service_connections.subject_of(project, connection.name)
        assertion = federated_credentials.issue_assertion(store, subject=subject)
        form |= {"client_assertion_type": _ASSERTION, "client_assertion": assertion}
    else:
        key = service_connections.secret_of(store, connection, "serviceprincipalkey")
        form["client_secret"] = key
    answer = rest_calls.send(
        store.home,
        RestCall(
            method="POST", body=urlencode(form),
            url=f"https://login.microsoftonline.com/{connection.tenant_id}/oauth2/v2.0/token",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            secrets=tuple(form.values())[3:], seconds=_SIGN_IN_SECONDS,
        ),
    )  # fmt: skip
    told = _fields(answer.content)
    token = told.get("access_token")
    if not answer.is_success or not token:
        raise ShipwayError(
            told.get("error_description") or f"Entra answered {answer.status}",
            code=told.get("error") or "SignInFailed", status=answer.status,
            where=connection.name,
            hint="The connection's identity could not sign in; look at its tenant and its secret.",
        )  # fmt: skip
    return token


def _fields(text: str) -> dict[str, str]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return {k: v for k, v in told.items() if isinstance(v, str)} if isinstance(told, dict) else {}
