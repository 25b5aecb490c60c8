"""Every route of `<vault>.vault.azure.net`: secrets, and the contacts of certificates."""

from collections.abc import Callable
from functools import partial

from shipway.store.store import Store
from shipway.wire import api_versions
from shipway.wire.chain import WireProtocol
from shipway.wire.errors import arm_error
from shipway.wire.http import Request, Response, Route, RouteTable
from shipway.wire.vault import access, secrets

_DOC = "https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups"
_CAN = "Microsoft.KeyVault/vaults/"
_PAGE = ("maxresults", "$skiptoken")
Verb = Callable[[Store, Request], Response]


def routes(store: Store) -> tuple[Route, ...]:
    """In the order in which a client meets them; `versions` stands before a version's name."""

    def row(
        method: str, pattern: str, verb: Verb, action: str, query: tuple[str, ...] = ()
    ) -> Route:
        return Route(
            method=method, pattern=pattern, handler=partial(verb, store), action=_CAN + action,
            query=query, api_versions=api_versions.VAULT_DATA, doc=_DOC,
        )  # fmt: skip

    one, gone, contacts = "/secrets/{name}", "/deletedsecrets/{name}", "/certificates/contacts"
    look, read = "secrets/readMetadata/action", "secrets/getSecret/action"
    return (
        row("GET", "/secrets", secrets.list_secrets, look, _PAGE),
        row("PUT", one, secrets.put, "secrets/setSecret/action"),
        row("GET", one, secrets.get, read),
        row("PATCH", one, secrets.patch, "secrets/update/action"),
        row("DELETE", one, secrets.delete, "secrets/delete"),
        row("GET", one + "/versions", secrets.list_versions, look, _PAGE),
        row("GET", one + "/{version}", secrets.get, read),
        row("PATCH", one + "/{version}", secrets.patch, "secrets/update/action"),
        row("GET", "/deletedsecrets", secrets.list_deleted, look, _PAGE),
        row("GET", gone, secrets.get_deleted, look),
        row("POST", gone + "/recover", secrets.recover, "secrets/recover/action"),
        row("DELETE", gone, secrets.purge, "secrets/purge/action"),
        row("GET", contacts, secrets.get_contacts, "certificates/read"),
        row("PUT", contacts, secrets.put_contacts, "certificatecontacts/write"),
        row("DELETE", contacts, secrets.delete_contacts, "certificatecontacts/write"),
    )


def protocol(store: Store) -> WireProtocol:
    """`*.vault.azure.net`."""
    return WireProtocol(
        name="vault",
        table=RouteTable(routes(store)),
        authenticate=access.authenticate(store),
        authorize=access.authorize(store),
        envelope=arm_error,
    )
