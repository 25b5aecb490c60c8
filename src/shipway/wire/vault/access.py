"""Who may: a token for key vaults, and a role at the vault or one of its access policies.

Source: https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
"""

from shipway.azure.arm.resources import ArmResource
from shipway.azure.entra import audiences, tenant, tokens
from shipway.azure.entra.principals import Principal
from shipway.azure.vault import vaults
from shipway.base.errors import Forbidden, NotFound, Unauthenticated
from shipway.store.store import Store
from shipway.wire.chain import Authenticate, Authorize
from shipway.wire.http import Request, Route

SUFFIX = ".vault.azure.net"
_PROVIDER = "Microsoft.KeyVault/vaults"
# data action -> what an access policy calls it
POLICIES: dict[str, tuple[str, str]] = {
    f"{_PROVIDER}/secrets/readMetadata/action": ("secrets", "list"),
    f"{_PROVIDER}/secrets/getSecret/action": ("secrets", "get"),
    f"{_PROVIDER}/secrets/setSecret/action": ("secrets", "set"),
    f"{_PROVIDER}/secrets/update/action": ("secrets", "set"),
    f"{_PROVIDER}/secrets/delete": ("secrets", "delete"),
    f"{_PROVIDER}/secrets/recover/action": ("secrets", "recover"),
    f"{_PROVIDER}/secrets/purge/action": ("secrets", "purge"),
    f"{_PROVIDER}/certificates/read": ("certificates", "managecontacts"),
    f"{_PROVIDER}/certificatecontacts/write": ("certificates", "managecontacts"),
}


def authenticate(store: Store) -> Authenticate:
    """A token for key vaults; without one the challenge that the SDKs learn from."""

    def check(request: Request) -> Principal:
        scheme, _, bearer = request.headers.get("authorization").partition(" ")
        challenge = {"WWW-Authenticate": _challenge(store)}
        if scheme.lower() != "bearer" or not bearer.strip():
            raise Unauthenticated(
                "AKV10000: Request is missing a Bearer or PoP token.", code="Unauthorized",
                headers=challenge,
            )  # fmt: skip
        try:
            return tokens.check(store, bearer.strip(), audiences=(audiences.VAULT,))
        except Unauthenticated as error:
            raise Unauthenticated(
                f"AKV10022: Invalid token. {error.message}", code="Unauthorized",
                headers=challenge,
            ) from None  # fmt: skip

    return check


def authorize(store: Store) -> Authorize:
    """The route's data action at the vault that the host names."""

    def check(request: Request, route: Route) -> None:
        vault, who = vault_of(store, request), request.principal
        name = request.params.get("name", "")
        if vaults.is_permitted(
            store,
            vault,
            who,
            action=route.action,
            policy=POLICIES[route.action],
            below=f"secrets/{name}" if name else "",
        ):
            return
        caller = f"Caller: appid={who.app_id or who.name};oid={who.object_id}"
        place = f"Vault: {vault.name};location={vault.location}"
        if vault.properties.get("enableRbacAuthorization"):
            raise Forbidden(
                "Caller is not authorized to perform action on resource. If role assignments, deny "
                "assignments or role definitions were changed recently, please observe propagation "
                f"time. {caller} Action: '{route.action}' Resource: '{vault.resource_id}' "
                f"Assignment: (not found) {place}",
                code="Forbidden",
                hint="'Key Vault Secrets Officer' may all, 'Key Vault Secrets User' may read.",
            )
        kind, verb = POLICIES[route.action]
        raise Forbidden(
            f"The user, group or application '{caller}' does not have {kind} {verb} permission on "
            f"key vault '{place}'",
            code="Forbidden",
            hint="For help resolving this issue, please see "
            "https://go.microsoft.com/fwlink/?linkid=2125287",
        )

    return check


def vault_of(store: Store, request: Request) -> ArmResource:
    """The vault that the host names. Raises `NotFound`, where Azure's name would not resolve."""
    name = request.host.partition(":")[0].lower().removesuffix(SUFFIX)
    vault = vaults.find(store, name)
    if vault is None:
        raise NotFound(
            f"there is no key vault '{name}'", code="VaultNotFound", where=request.host,
            hint="A deleted one answers again once it is recovered.",
        )  # fmt: skip
    return vault


def _challenge(store: Store) -> str:
    authority = f"https://login.microsoftonline.com/{tenant.facts(store).tenant_id}"
    return f'Bearer authorization="{authority}", resource="https://vault.azure.net"'
