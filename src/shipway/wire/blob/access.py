"""Who may: an account key's signature, a shared access signature, or a token with a role.

Source: https://learn.microsoft.com/rest/api/storageservices/authorize-requests-to-azure-storage
"""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

from shipway.azure.arm import role_assignments
from shipway.azure.blob import accounts, blobs, signatures
from shipway.azure.blob.accounts import StorageAccount
from shipway.azure.entra import audiences, service_principals, tenant, tokens, users
from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.clock import http_date, parse_timestamp, timestamp
from shipway.base.errors import Forbidden, NotFound, NotSupported, Unauthenticated
from shipway.store.store import Store
from shipway.wire.blob import target
from shipway.wire.blob.operations import Operation
from shipway.wire.blob.target import Target
from shipway.wire.http import Request

_SKEW = timedelta(minutes=15)
_REFUSED = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is "
    "formed correctly including the signature"
)
_NO_PERMISSION = "This request is not authorized to perform this operation using this permission"
_SIGNED = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type",
    "date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip
_RESOURCE_LETTER = {"service": "s", "container": "c", "blob": "o"}
# who holds a key or a signature acts for the account, not as somebody
KEY_HOLDER = "account key"
SIGNATURE_HOLDER = "shared access signature"


def authenticate(store: Store, request: Request) -> Principal:
    """Who acts. Raises `Unauthenticated` or `Forbidden` (AuthenticationFailed)."""
    named = target.of_request(request)
    account = accounts.find(store, named.account)
    if account is None:
        raise NotFound(
            f"The storage account '{named.account}' was not found",
            code="ResourceNotFound",
            where=request.host,
        )
    scheme, _, credential = request.headers.get("authorization").partition(" ")
    by_key = scheme.lower() == "sharedkey" or (request.arg("sig") and not request.arg("skoid"))
    if by_key and account.properties.get("allowSharedKeyAccess") is False:
        _require_workspace(store, account)
    if scheme.lower() == "sharedkey":
        check_shared_key(store, request, credential.strip())
        return _holder(store, KEY_HOLDER, named.account)
    if scheme.lower() == "bearer":
        return _bearer(store, credential.strip())
    if scheme:
        raise _unauthentic(f"The authorization scheme '{scheme[:40]}' is not supported")
    if request.arg("sig"):
        check_signature(store, request, named)
        return _holder(store, SIGNATURE_HOLDER, named.account)
    raise Unauthenticated(
        "Server failed to authenticate the request. Please refer to the information in the "
        "www-authenticate header",
        code="NoAuthenticationInformation",
        headers=_challenge(store),
    )


def _require_workspace(store: Store, account: StorageAccount) -> None:
    """An account without keys; Azure ML's own signatures for a workspace's files are of its key.

    Raises `Forbidden` (KeyBasedAuthenticationNotPermitted).
    """
    linked = (d.body.get("storage_account") for d in store.documents.list("workspace"))
    if account.name not in linked:
        raise Forbidden(
            "Key based authentication is not permitted on this storage account.",
            code="KeyBasedAuthenticationNotPermitted",
            where=account.name,
            hint="Use a token of Microsoft Entra; its identity needs a role such as Storage Blob "
            "Data Contributor.",
        )


def authorize(store: Store, request: Request, operation: Operation) -> None:
    """Raises `Forbidden` when what was presented does not reach as far as the operation."""
    named = target.of_request(request)
    principal = request.principal
    if principal == ANONYMOUS:
        raise _unauthentic("No credential was given")
    if principal.name == KEY_HOLDER and not principal.object_id:
        if operation.comp == "userdelegationkey":
            raise Forbidden(
                "Only a token of Microsoft Entra may ask for a user delegation key",
                code="AuthorizationFailure",
            )
        return
    if principal.name == SIGNATURE_HOLDER and not principal.object_id:
        _check_reach(store, request, operation, named)
        return
    require_role(store, principal, operation.action, named)


def require_role(store: Store, principal: Principal, action: str, named: Target) -> None:
    """Raises `Forbidden` (AuthorizationPermissionMismatch) without a role that gives `action`."""
    scope = accounts.get(store, named.account).resource_id
    if named.container:
        scope += f"/blobServices/default/containers/{named.container}"
    if not role_assignments.is_permitted(store, principal, action=action, scope=scope):
        raise Forbidden(
            _NO_PERMISSION,
            code="AuthorizationPermissionMismatch",
            where=action,
            hint=f"The client '{principal.app_id or principal.name}' with object id "
            f"'{principal.object_id}' needs a role with {action} at {scope}.",
        )


def check_shared_key(store: Store, request: Request, credential: str) -> None:
    """Raises `Forbidden` (AuthenticationFailed) unless a key of the account signed the request."""
    name, _, signature = credential.partition(":")
    account = target.of_request(request).account
    if name.lower() != account:
        raise _unauthentic(f"The key is of the account '{name[:40]}', not of '{account}'")
    date = request.headers.get("x-ms-date") or request.headers.get("date")
    check_skew(store, date)
    for text in _texts_to_sign(request, account):
        if signatures.matches_key(store, account, text=text, signature=signature):
            return
    raise _unauthentic(
        "The MAC signature found in the HTTP request is not the same as any computed signature"
    )


def check_signature(store: Store, request: Request, named: Target) -> None:
    """Raises `Forbidden` unless the SAS in the query holds now, here and for this resource."""
    fields = {n.lower(): v for n, v in request.query}
    for unsupported in ("si", "srh", "srq", "ses", "sdd", "saoid", "suoid"):
        if fields.get(unsupported):
            raise NotSupported(
                f"A shared access signature with '{unsupported}' is not supported",
                code="UnsupportedQueryParameter",
                status=400,
                where=unsupported,
            )
    if "skoid" in fields:
        key = signatures.delegation_key(store, fields)
        ok = any(
            _same(signatures.sign(key, signatures.delegation_text(fields, r)), fields["sig"])
            for r in _resources(fields, named)
        ) and _within(store, fields.get("skt", ""), fields.get("ske", ""))
    elif "srt" in fields:
        text = signatures.account_text(fields, named.account)
        ok = signatures.matches_key(store, named.account, text=text, signature=fields["sig"])
    else:
        ok = any(
            signatures.matches_key(
                store,
                named.account,
                text=signatures.service_text(fields, r),
                signature=fields["sig"],
            )
            for r in _resources(fields, named)
        )
    if not ok:
        raise _unauthentic("Signature did not match")
    _check_frame(store, request, fields)


def check_source_reach(request: Request) -> None:
    """Raises `Forbidden` unless the SAS of a copy's source lets blobs be read."""
    fields = {n.lower(): v for n, v in request.query}
    if "r" not in fields.get("sp", "") or "o" not in fields.get("srt", "o"):
        raise Forbidden(_NO_PERMISSION, code="AuthorizationPermissionMismatch", where="sp")


def _bearer(store: Store, token: str) -> Principal:
    try:
        return tokens.check(store, token, audiences=(audiences.STORAGE,))
    except Unauthenticated as error:
        raise Unauthenticated(
            f"Server failed to authenticate the request. {error.message}",
            code="InvalidAuthenticationInfo",
            where="Authorization",
            headers=_challenge(store),
        ) from None


def _challenge(store: Store) -> dict[str, str]:
    authority = f"https://login.microsoftonline.com/{tenant.facts(store).tenant_id}"
    challenge = f"Bearer authorization_uri={authority}/oauth2/authorize"
    return {"WWW-Authenticate": f"{challenge} resource_id=https://storage.azure.com"}


def _check_frame(store: Store, request: Request, fields: dict[str, str]) -> None:
    start, end = fields.get("st", ""), fields.get("se", "")
    if not end or not _within(store, start, end):
        raise _unauthentic(
            f"Signature not valid in the specified time frame: Start [{start}] - Expiry [{end}] - "
            f"Current [{timestamp(store.clock.now())}]"
        )
    if request.scheme not in (fields.get("spr") or "https,http").split(","):
        raise Forbidden(
            "This request is not authorized to perform this operation using this protocol",
            code="AuthorizationProtocolMismatch",
            where="spr",
        )
    if fields.get("sip") and not _is_loopback(fields["sip"]):
        raise Forbidden(
            "This request is not authorized to perform this operation using this source IP",
            code="AuthorizationSourceIPMismatch",
            where="sip",
        )


def _check_reach(store: Store, request: Request, operation: Operation, named: Target) -> None:
    fields = {n.lower(): v for n, v in request.query}
    if "srt" in fields:
        if "b" not in fields.get("ss", ""):
            raise Forbidden(
                "This request is not authorized to perform this operation using this service",
                code="AuthorizationServiceMismatch",
                where="ss",
            )
        # the listing of containers is the service's, that of blobs the container's
        if _RESOURCE_LETTER[operation.level] not in fields["srt"]:
            raise _wrong_resource_type("srt")
    elif operation.level != "blob" and not (
        operation.level == "container" and operation.comp == "list" and fields.get("sr") == "c"
    ):
        # a service SAS reaches blobs and the listing of its container, never the container itself
        raise _wrong_resource_type("sr")
    _check_letters(store, fields.get("sp", ""), operation, named)
    if "skoid" in fields:
        _check_delegator(store, fields["skoid"], operation, named)


def _check_letters(store: Store, given: str, operation: Operation, named: Target) -> None:
    wanted = set(operation.sas) & set(given)
    # 'c' lets make what is not there; only 'w' lets overwrite
    creates_only = wanted == {"c"} and operation.level == "blob"
    if not wanted or (creates_only and blobs.find(store, **named.where) is not None):
        raise Forbidden(
            _NO_PERMISSION,
            code="AuthorizationPermissionMismatch",
            where=f"sp={given}",
            hint=f"{operation.name} needs one of the letters '{operation.sas}'.",
        )


def _check_delegator(store: Store, object_id: str, operation: Operation, named: Target) -> None:
    service = service_principals.find(store, object_id)
    user = users.find(store, object_id)
    if service is not None:
        require_role(
            store, service_principals.principal_of(store, service), operation.action, named
        )
    elif user is not None:
        require_role(store, users.principal_of(store, user), operation.action, named)
    else:
        raise _unauthentic("The signer of the user delegation key no longer exists")


def _texts_to_sign(request: Request, account: str) -> Iterable[str]:
    length = request.headers.get("content-length")
    values = {name: request.headers.get(name) for name in _SIGNED}
    values["content-length"] = "" if length == "0" else length
    if request.headers.get("x-ms-date"):
        values["date"] = ""
    head = "\n".join([request.method, *(values[name] for name in _SIGNED)]) + "\n"
    fields: dict[str, list[str]] = {}
    for name, value in request.headers:
        if name.lower().startswith("x-ms-"):
            fields.setdefault(name.lower(), []).append(value.strip())
    arguments: dict[str, list[str]] = {}
    for name, value in request.query:
        arguments.setdefault(name.lower(), []).append(value)
    resource = f"/{account}{request.path}" + "".join(
        f"\n{name}:{','.join(sorted(arguments[name]))}" for name in sorted(arguments)
    )
    # the service sorts by the rules of a language (hyphens count last, '_' before digits); clients
    # sort that way or by code point, and both are accepted, as every name is signed either way
    for order in (_language_order, str):
        yield head + "".join(
            f"{name}:{','.join(fields[name])}\n" for name in sorted(fields, key=order)
        ) + resource  # fmt: skip


def _language_order(name: str) -> str:
    return name.replace("-", "").replace("_", "!") + "\x00" + name


def _resources(fields: dict[str, str], named: Target) -> list[str]:
    container = f"/blob/{named.account}/{named.container}"
    if fields.get("sr") == "c":
        return [container]
    return [named.resource] if named.blob else []


def check_skew(store: Store, date: str) -> None:
    """Raises `Forbidden` when a signed request is older or newer than 15 minutes."""
    try:
        sent = parsedate_to_datetime(date)
    except ValueError:
        raise _unauthentic(f"The date '{date[:60]}' of the request is not an HTTP date") from None
    now = store.clock.now()
    if sent.tzinfo is None or abs(now - sent) > _SKEW:
        raise _unauthentic(
            f"The Date header in the request is incorrect: {date}, the time is {http_date(now)}"
        )


def _within(store: Store, start: str, end: str) -> bool:
    now: datetime = store.clock.now()
    try:
        return (not start or parse_timestamp(start) <= now) and now <= parse_timestamp(end)
    except ValueError:
        return False


def _is_loopback(text: str) -> bool:
    # every client of this server is on this machine
    first, _, last = text.partition("-")
    try:
        return ip_address(first) <= ip_address("127.0.0.1") <= ip_address(last or first)  # type: ignore[operator]
    except (ValueError, TypeError):
        return False


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def key_holder(store: Store, account: str) -> Principal:
    """Whoever has a key of the account."""
    return _holder(store, KEY_HOLDER, account)


def _holder(store: Store, what: str, account: str) -> Principal:
    # no object id: such a holder has no identity to which a role could be given
    return Principal(
        kind="ServicePrincipal",
        object_id="",
        name=what,
        tenant_id=tenant.facts(store).tenant_id,
        app_id=account,
    )


def _wrong_resource_type(field: str) -> Forbidden:
    return Forbidden(
        "This request is not authorized to perform this operation using this resource type",
        code="AuthorizationResourceTypeMismatch",
        where=field,
    )


def _unauthentic(detail: str) -> Forbidden:
    return Forbidden(f"{_REFUSED}. {detail}", code="AuthenticationFailed", where="Authorization")
