"""Bearer tokens of the local tenant: RS256 JWTs with the claims of Entra's own.

Knows: the tenant's signing key. Must not know: roles, HTTP.
Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import jwt

from shipway.azure.entra import audiences as resources
from shipway.azure.entra import service_principals, signing_keys, tenant
from shipway.azure.entra.principals import Principal, PrincipalKind
from shipway.azure.entra.signing_keys import SigningKey
from shipway.base import ids
from shipway.base.errors import Unauthenticated
from shipway.store.store import Store

# clocks of a client and of this machine are the same clock, but rounding to seconds is not
LEEWAY_SECONDS = 5
ISSUER = "https://sts.windows.net/{tenant}/"
ISSUER_V2 = "https://login.microsoftonline.com/{tenant}/v2.0"


def issue(
    store: Store,
    principal: Principal,
    *,
    audience: str,
    seconds: int = 3600,
) -> str:
    """A signed token for `audience` (in the spelling that the client asked for)."""
    now = int(store.clock.now().timestamp())
    claims: dict[str, Any] = {
        "aud": audience,
        "iss": ISSUER.format(tenant=principal.tenant_id),
        "iat": now,
        "nbf": now,
        "exp": now + seconds,
        "aio": ids.new_token(24),
        "idp": ISSUER.format(tenant=principal.tenant_id),
        "oid": principal.object_id,
        "sub": principal.object_id,
        "tid": principal.tenant_id,
        "uti": ids.new_token(12),
        "ver": "1.0",
    }
    if principal.kind in ("User", "Owner"):
        domain = tenant.facts(store).domain
        claims |= {
            "idtyp": "user",
            "name": principal.name,
            "upn": f"{principal.name}@{domain}",
            "unique_name": f"{principal.name}@{domain}",
            "scp": "user_impersonation",
        }
    else:
        claims |= {"idtyp": "app", "app_displayname": principal.name, "appidacr": "1"}
    if principal.app_id:
        claims["appid"] = principal.app_id
    if principal.kind == "ManagedIdentity":
        claims["xms_mirid"] = service_principals.get(store, principal.object_id).resource_id
    if principal.run_id:
        claims["run_id"] = principal.run_id
    if principal.check_run_id:
        claims["check_run_id"] = principal.check_run_id
    key = signing_keys.get(store, "tenant")
    return jwt.encode(
        claims, key.private, algorithm="RS256", headers={"kid": key.key_id, "x5t": key.key_id}
    )


def check(store: Store, bearer: str, *, audiences: Iterable[str]) -> Principal:
    """Who acts, when signature, issuer, tenant, audience and times of the token hold.

    Raises `Unauthenticated` that says which of them does not.
    """
    claims = verified_claims(store, bearer)
    accepted = {resources.canonical(audience) for audience in audiences}
    if resources.canonical(str(claims["aud"])) not in accepted:
        raise _refused(
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource "
            f"'{claims['aud']}'. It should match one of the allowed audiences "
            f"{', '.join(sorted(accepted))}",
        )
    return _principal(store, claims)


def expiry_of(bearer: str) -> float:
    """When a token that `check` has accepted ends, in Unix seconds."""
    return float(jwt.decode(bearer, options={"verify_signature": False})["exp"])


def verified_claims(store: Store, bearer: str) -> dict[str, Any]:
    """The claims of a token of this tenant whose signature, issuer and times hold.

    The audience is left to the caller. Raises `Unauthenticated`.
    """
    home = tenant.facts(store)
    key = signing_keys.get(store, "tenant")
    try:
        # times are checked below against the store's clock, not the library's
        claims = dict(_signed(bearer, key))
    except jwt.PyJWTError as error:
        raise _refused(
            "InvalidAuthenticationToken", f"The access token is invalid: {error}"
        ) from None
    if claims["tid"] != home.tenant_id or claims["iss"] != ISSUER.format(tenant=home.tenant_id):
        raise _refused(
            "InvalidAuthenticationTokenTenant",
            f"The access token is from the wrong issuer '{claims['iss']}'. It must match the "
            f"tenant '{ISSUER.format(tenant=home.tenant_id)}' associated with this subscription",
        )
    now = store.clock.now().timestamp()
    if now > float(claims["exp"]) + LEEWAY_SECONDS:
        raise _refused(
            "ExpiredAuthenticationToken",
            f"The access token expiry UTC time is earlier than current UTC time "
            f"({int(now - float(claims['exp']))} s ago)",
            hint="Ask for a new token.",
        )
    if now < float(claims["nbf"]) - LEEWAY_SECONDS:
        raise _refused("InvalidAuthenticationToken", "The access token is not valid yet")
    return claims


@lru_cache(maxsize=1024)
def _signed(bearer: str, key: SigningKey) -> dict[str, Any]:
    """What a token says, once its signature was found good; a client sends the same one often."""
    claims: dict[str, Any] = jwt.decode(
        bearer,
        key.public,
        algorithms=["RS256"],
        options={
            "verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False,
            "require": ["aud", "iss", "exp", "nbf", "oid", "tid"],
        },
    )  # fmt: skip
    return claims


def public_keys(store: Store) -> dict[str, object]:
    """The JSON Web Key Set with which anyone may check this tenant's tokens."""
    key = signing_keys.get(store, "tenant")
    home = tenant.facts(store)
    return {"keys": [signing_keys.public_jwk(key) | {"issuer": ISSUER_V2.format(
        tenant=home.tenant_id)}]}  # fmt: skip


def _principal(store: Store, claims: dict[str, Any]) -> Principal:
    home = tenant.facts(store)
    object_id = str(claims["oid"])
    kind: PrincipalKind
    if object_id == home.owner_object_id:
        kind = "Owner"
    elif claims.get("idtyp") == "user":
        kind = "User"
    elif "xms_mirid" in claims:
        kind = "ManagedIdentity"
    else:
        kind = "ServicePrincipal"
    name = str(claims.get("name") or claims.get("app_displayname") or object_id)
    return Principal(
        kind=kind,
        object_id=object_id,
        name=name,
        tenant_id=home.tenant_id,
        app_id=str(claims.get("appid", "")),
        run_id=int(claims.get("run_id", 0)),
        check_run_id=str(claims.get("check_run_id", "")),
    )


def _refused(code: str, message: str, *, hint: str = "") -> Unauthenticated:
    return Unauthenticated(
        message,
        code=code,
        hint=hint,
        headers={"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{code}"'},
    )
