"""What `*.queue`, `*.table` and `*.file.core.windows.net` answer: the service's properties.

There are no queues, tables or shares; clients that manage an account look at its services all the
same. Source: https://learn.microsoft.com/rest/api/storageservices/get-queue-service-properties
"""

from functools import partial

from shipway.azure.arm import role_assignments
from shipway.azure.blob import accounts, signatures
from shipway.azure.entra.principals import Principal
from shipway.base.errors import Forbidden, NotSupported
from shipway.store.store import Store
from shipway.wire.blob import access, target, xml
from shipway.wire.chain import Authenticate, Authorize, WireProtocol
from shipway.wire.errors import storage_error
from shipway.wire.http import Request, Response, Route, RouteTable

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_DOC = "https://learn.microsoft.com/rest/api/storageservices/"
_METRICS = (
    "<Version>1.0</Version><Enabled>false</Enabled>"
    "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>"
)
_LOGGING = (
    "<Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write>"
    "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>"
)


def routes(store: Store) -> tuple[Route, ...]:
    """The one thing that is answered."""
    return (
        Route(
            method="GET", pattern="/", handler=partial(get_properties, store),
            action=f"{_ACCOUNTS}/queueServices/read", query=("restype", "comp", "timeout"),
            doc=_DOC,
        ),
    )  # fmt: skip


def protocol(store: Store) -> WireProtocol:
    """Queue, table and file hosts alike."""
    return WireProtocol(
        name="storage",
        table=RouteTable(routes(store)),
        authenticate=_authenticate(store),
        authorize=_authorize(store),
        envelope=storage_error,
    )


def get_properties(store: Store, request: Request) -> Response:
    """`GET /?restype=service&comp=properties`. Raises `NotSupported` for anything else."""
    del store
    asked = (request.arg("restype").lower(), request.arg("comp").lower())
    if asked != ("service", "properties"):
        raise NotSupported(
            f"shipway has no {_service(request)}s: 'restype={asked[0]}&comp={asked[1]}' is not "
            "supported",
            code="UnsupportedQueryParameter", where=request.host,
            hint="Of this service the properties are answered: ?restype=service&comp=properties.",
        )  # fmt: skip
    logging = "" if _service(request) == "file" else _LOGGING
    return xml.response(
        f"<StorageServiceProperties>{logging}<HourMetrics>{_METRICS}</HourMetrics>"
        f"<MinuteMetrics>{_METRICS}</MinuteMetrics><Cors /></StorageServiceProperties>"
    )


def _authenticate(store: Store) -> Authenticate:
    def check(request: Request) -> Principal:
        scheme, _, credential = request.headers.get("authorization").partition(" ")
        if _service(request) == "table" and scheme.lower().startswith("sharedkey"):
            return _table_key(store, request, credential.strip(), is_lite=scheme.endswith("Lite"))
        return access.authenticate(store, request)

    return check


def _authorize(store: Store) -> Authorize:
    def check(request: Request, route: Route) -> None:
        del route
        if not request.principal.object_id:  # whoever has the key may all
            return
        account = accounts.get(store, target.of_request(request).account)
        role_assignments.require(
            store, request.principal, scope=account.resource_id,
            action=f"{_ACCOUNTS}/{_service(request)}Services/read",
        )  # fmt: skip

    return check


def _table_key(store: Store, request: Request, credential: str, *, is_lite: bool) -> Principal:
    """The table service signs fewer fields than the others do."""
    account = target.of_request(request).account
    name, _, signature = credential.partition(":")
    date = request.headers.get("x-ms-date") or request.headers.get("date")
    access.check_skew(store, date)
    resource = f"/{account}{request.path}"
    if request.arg("comp"):
        resource += f"?comp={request.arg('comp')}"
    fields = [request.headers.get("content-md5"), request.headers.get("content-type")]
    text = "\n".join([date, resource] if is_lite else [request.method, *fields, date, resource])
    found = accounts.find(store, account)
    if found is None or name.lower() != account or not signatures.matches_key(
        store, account, text=text, signature=signature
    ):  # fmt: skip
        raise Forbidden(
            "Server failed to authenticate the request. Make sure the value of Authorization "
            "header is formed correctly including the signature",
            code="AuthenticationFailed", where="Authorization",
        )  # fmt: skip
    return access.key_holder(store, account)


def _service(request: Request) -> str:
    return request.host.partition(":")[0].lower().split(".")[1]
