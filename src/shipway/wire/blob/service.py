"""The account level of the blob service: its properties, its containers, user delegation keys.

Source: https://learn.microsoft.com/rest/api/storageservices/operations-on-the-account--blob-service-
"""

from datetime import datetime, timedelta

from shipway.azure.blob import accounts, containers, signatures
from shipway.azure.blob.containers import Container
from shipway.base.clock import http_date, parse_timestamp, timestamp
from shipway.base.errors import BadInput
from shipway.store.store import Store
from shipway.wire.blob import paging, target, xml
from shipway.wire.blob.headers import VERSION
from shipway.wire.http import Request, Response

_KEY_DAYS = 7


def get_properties(store: Store, request: Request) -> Response:
    """`GET /?restype=service&comp=properties`."""
    del store, request
    metrics = (
        "<Version>1.0</Version><Enabled>false</Enabled>"
        "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>"
    )
    return xml.response(
        "<StorageServiceProperties>"
        "<Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read>"
        "<Write>false</Write><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>"
        f"<HourMetrics>{metrics}</HourMetrics><MinuteMetrics>{metrics}</MinuteMetrics>"
        "<Cors /><DefaultServiceVersion>" + VERSION + "</DefaultServiceVersion>"
        "<DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy>"
        "<StaticWebsite><Enabled>false</Enabled></StaticWebsite></StorageServiceProperties>"
    )


def get_account(store: Store, request: Request) -> Response:
    """`GET|HEAD ?restype=account&comp=properties`: at every level the same."""
    account = accounts.get(store, target.of_request(request).account)
    return Response(
        status=200,
        headers=(
            ("x-ms-sku-name", account.sku),
            ("x-ms-account-kind", account.account_kind),
            ("x-ms-is-hns-enabled", "false"),
        ),
    )


def list_containers(store: Store, request: Request) -> Response:
    """`GET /?comp=list`."""
    named = target.of_request(request)
    page = paging.of_request(request, includes=("metadata",))
    found = containers.list_containers(
        store, account=named.account, prefix=page.prefix, after=page.after, limit=page.limit + 1
    )
    shown, more = found[: page.limit], len(found) > page.limit
    body = "".join(_container(c, with_metadata="metadata" in page.include) for c in shown)
    following = paging.marker(shown[-1].name) if more else ""
    return xml.response(
        f'<EnumerationResults ServiceEndpoint="https://{named.account}{target.SUFFIX}/">'
        f"{page.echo()}<Containers>{body}</Containers>{xml.tag('NextMarker', following)}"
        "</EnumerationResults>"
    )


def get_delegation_key(store: Store, request: Request) -> Response:
    """`POST /?restype=service&comp=userdelegationkey`: a key of the caller's, 7 days at most."""
    element = xml.parse(request, root="KeyInfo")
    now = store.clock.now()
    start = _moment(element.findtext("Start") or timestamp(now), "Start")
    expiry = _moment(element.findtext("Expiry") or "", "Expiry")
    if not now < expiry <= now + timedelta(days=_KEY_DAYS, minutes=15) or start > expiry:
        raise BadInput(
            f"The key's expiry must lie after its start and within {_KEY_DAYS} days",
            code="InvalidXmlNodeValue",
            where="Expiry",
        )
    fields = {
        "skoid": request.principal.object_id,
        "sktid": request.principal.tenant_id,
        "skt": _seconds(start),
        "ske": _seconds(expiry),
        "sks": "b",
        "skv": request.headers.get("x-ms-version") or VERSION,
    }
    names = {
        "SignedOid": "skoid", "SignedTid": "sktid", "SignedStart": "skt", "SignedExpiry": "ske",
        "SignedService": "sks", "SignedVersion": "skv",
    }  # fmt: skip
    inner = "".join(xml.tag(name, fields[field]) for name, field in names.items())
    value = xml.tag("Value", signatures.delegation_key(store, fields))
    return xml.response(f"<UserDelegationKey>{inner}{value}</UserDelegationKey>")


def _container(container: Container, *, with_metadata: bool) -> str:
    metadata = ""
    if with_metadata and container.metadata:
        inner = "".join(xml.tag(k, v) for k, v in container.metadata.items())
        metadata = f"<Metadata>{inner}</Metadata>"
    return (
        f"<Container>{xml.tag('Name', container.name)}<Properties>"
        f"{xml.tag('Last-Modified', http_date(container.modified_at))}"
        f"<Etag>&quot;{container.etag}&quot;</Etag>"
        "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
        "<DefaultEncryptionScope>$account-encryption-key</DefaultEncryptionScope>"
        "<DenyEncryptionScopeOverride>false</DenyEncryptionScopeOverride>"
        "<HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold>"
        f"</Properties>{metadata}</Container>"
    )


def _moment(text: str, name: str) -> datetime:
    try:
        return parse_timestamp(text)
    except ValueError:
        raise BadInput(f"'{text}' is not a time", code="InvalidXmlNodeValue", where=name) from None


def _seconds(moment: datetime) -> str:
    return timestamp(moment).partition(".")[0] + "Z"
