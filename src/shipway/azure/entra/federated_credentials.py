"""Workload identity federation: an application trusts the assertions of an issuer.

Knows: applications, the assertion issuer's key. Must not know: HTTP, service connections.
The issuer here is Azure DevOps' own (`https://vstoken.dev.azure.com/<organization id>`); a
pipeline task gets an assertion for its service connection and trades it for a token.
Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from dataclasses import dataclass
from typing import Any

import jwt

from shipway.azure.entra import audiences as resources
from shipway.azure.entra import service_principals, signing_keys, tenant
from shipway.azure.entra.principals import Principal
from shipway.azure.entra.service_principals import ServicePrincipal
from shipway.base import ids
from shipway.base.errors import NotFound, Unauthenticated
from shipway.store.documents import Document
from shipway.store.store import Store

ASSERTION_SECONDS = 600
_KIND = "federated_credential"
_LEEWAY_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedCredential:
    """Assertions of `issuer` about `subject` for one of `audiences` stand for the application."""

    credential_id: str
    name: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]
    description: str = ""


def issuer_of(store: Store) -> str:
    """The issuer of the organization of this home."""
    return f"https://vstoken.dev.azure.com/{tenant.facts(store).organization_id}"


def create(
    store: Store,
    *,
    app_id: str,
    name: str,
    subject: str,
    issuer: str = "",
    audiences: tuple[str, ...] = (resources.TOKEN_EXCHANGE,),
    description: str = "",
) -> FederatedCredential:
    """Let an application (or a user-assigned identity) trust an issuer's assertions.

    An empty `issuer` means this home's own organization. Raises `NotFound`, `Conflict`.
    """
    document = store.documents.create(
        _KIND,
        f"{_trusting(store, app_id)}/{name}",
        {
            "credential_id": ids.new_guid(),
            "issuer": issuer or issuer_of(store),
            "subject": subject,
            "audiences": list(audiences),
            "description": description,
        },
    )
    return _credential(document)


def update(
    store: Store,
    *,
    app_id: str,
    name_or_id: str,
    subject: str,
    issuer: str,
    audiences: tuple[str, ...],
    description: str,
) -> FederatedCredential:
    """Say anew what is trusted; the name stays. Raises `NotFound`."""
    with store.database.transaction():
        known = get(store, app_id=app_id, name_or_id=name_or_id)
        changes = {
            "subject": subject, "issuer": issuer, "audiences": list(audiences),
            "description": description,
        }  # fmt: skip
        return _credential(store.documents.update(_KIND, f"{app_id}/{known.name}", changes))


def delete_all(store: Store, app_id: str) -> None:
    """Stop trusting anybody, when the application or identity is deleted."""
    for document in store.documents.list(_KIND, prefix=f"{app_id}/"):
        store.documents.delete(_KIND, document.key)


def list_credentials(store: Store, app_id: str) -> list[FederatedCredential]:
    """What an application trusts."""
    return [_credential(d) for d in store.documents.list(_KIND, prefix=f"{app_id}/")]


def get(store: Store, *, app_id: str, name_or_id: str) -> FederatedCredential:
    """One credential. Raises `NotFound`."""
    for credential in list_credentials(store, app_id):
        if name_or_id in (credential.name, credential.credential_id):
            return credential
    raise NotFound(
        f"the application {app_id} has no federated credential '{name_or_id}'",
        code="Request_ResourceNotFound",
        where=name_or_id,
    )


def delete(store: Store, *, app_id: str, name_or_id: str) -> None:
    """Stop trusting. Raises `NotFound`."""
    with store.database.transaction():
        credential = get(store, app_id=app_id, name_or_id=name_or_id)
        store.documents.delete(_KIND, f"{app_id}/{credential.name}")


def issue_assertion(
    store: Store,
    *,
    subject: str,
    audience: str = resources.TOKEN_EXCHANGE,
    seconds: int = ASSERTION_SECONDS,
) -> str:
    """An assertion of this home's organization about `subject` (`sc://org/project/connection`)."""
    now = int(store.clock.now().timestamp())
    key = signing_keys.get(store, "vstoken")
    claims = {
        "jti": ids.new_guid(),
        "sub": subject,
        "aud": audience,
        "iss": issuer_of(store),
        "iat": now,
        "nbf": now,
        "exp": now + seconds,
    }
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.key_id})


def check_assertion(store: Store, *, app_id: str, assertion: str) -> Principal:
    """Who acts, when the assertion holds and the application trusts it.

    Raises `Unauthenticated` with Entra's words (AADSTS700016, 50027, 700024, 70021).
    """
    principal = _presenting(store, app_id)
    claims = _claims_of(store, assertion)
    now = store.clock.now().timestamp()
    start, end = float(claims["nbf"]), float(claims["exp"])
    if not start - _LEEWAY_SECONDS <= now <= end + _LEEWAY_SECONDS:
        raise Unauthenticated(
            "AADSTS700024: Client assertion is not within its valid time range. "
            f"Current time: {int(now)}, assertion valid from {int(start)}, expires {int(end)}",
            code="invalid_client",
            hint="Ask for a new assertion.",
        )
    presented = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    for credential in list_credentials(store, principal.app_id):
        if (
            credential.issuer.rstrip("/") == str(claims["iss"]).rstrip("/")
            and credential.subject == claims["sub"]
            and set(presented) & set(credential.audiences)
        ):
            return principal
    raise Unauthenticated(
        "AADSTS70021: No matching federated identity record found for presented assertion. "
        f"Assertion Issuer: '{claims['iss']}'. Assertion Subject: '{claims['sub']}'. "
        f"Assertion Audience: '{', '.join(map(str, presented))}'",
        code="invalid_client",
        where="client_assertion",
        hint="https://docs.microsoft.com/azure/active-directory/develop/workload-identity-federation",
    )


def _trusting(store: Store, app_id: str) -> str:
    identity = service_principals.find_by_app_id(store, app_id)
    if identity is not None and _is_user_assigned(identity):
        return identity.app_id
    return service_principals.get_application(store, app_id).app_id


def _presenting(store: Store, app_id: str) -> Principal:
    identity = service_principals.find_by_app_id(store, app_id)
    if identity is not None and _is_user_assigned(identity):
        return service_principals.principal_of(store, identity)
    return service_principals.require_application(store, app_id)


def _is_user_assigned(principal: ServicePrincipal) -> bool:
    # a system-assigned identity belongs to its resource and trusts nobody
    return "/userassignedidentities/" in principal.resource_id.lower()


def _claims_of(store: Store, assertion: str) -> dict[str, Any]:
    key = signing_keys.get(store, "vstoken")
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key.public,
            algorithms=["RS256"],
            options={
                "verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False,
                "require": ["aud", "iss", "sub", "exp", "nbf"],
            },
        )  # fmt: skip
    except jwt.InvalidSignatureError:
        raise Unauthenticated(
            "AADSTS700027: The certificate with identifier used to sign the client assertion is "
            "not registered on application: its issuer's keys do not verify the signature",
            code="invalid_client",
            where="client_assertion",
        ) from None
    except jwt.PyJWTError as error:
        raise Unauthenticated(
            f"AADSTS50027: JWT token is invalid or malformed: {error}",
            code="invalid_request",
            status=400,
            where="client_assertion",
        ) from None
    return claims


def _credential(document: Document) -> FederatedCredential:
    body = document.body
    return FederatedCredential(
        credential_id=body["credential_id"],
        name=document.key.partition("/")[2],
        issuer=body["issuer"],
        subject=body["subject"],
        audiences=tuple(body["audiences"]),
        description=body["description"],
    )
