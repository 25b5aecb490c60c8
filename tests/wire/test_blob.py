"""azure-storage-blob, unmodified, against the blob service; then the wire's own corners."""

import hashlib
import os
import tracemalloc
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobLeaseClient,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from tests.wire import azure_home
from tests.wire.azure_home import ACCOUNT, ACCOUNT_URL, AzureHome
from tests.wire.in_process import content_of, transport

from shipway.azure.blob import accounts, signatures
from shipway.azure.entra import audiences, users
from shipway.base.clock import FrozenClock, http_date

HOUR = timedelta(hours=1)


@pytest.fixture
def home(tmp_path: Path) -> AzureHome:
    return azure_home.make(tmp_path)


@pytest.fixture
def data(home: AzureHome) -> Any:
    return home.blobs().create_container("data")


def now() -> datetime:
    return datetime.now(UTC)


def signed(home: AzureHome, sas: str, name: str = "a", container: str = "data") -> Any:
    return BlobClient(ACCOUNT_URL, container, name, credential=sas, transport=transport(home.wire))


# what a client does


def test_containers_come_and_go(home: AzureHome) -> None:
    service = home.blobs()
    for name in ("one", "two", "three"):
        service.create_container(name, metadata={"n": name})
    with pytest.raises(ResourceExistsError) as caught:
        service.create_container("one")
    assert caught.value.error_code == "ContainerAlreadyExists"
    assert [c.name for c in service.list_containers()] == ["one", "three", "two"]
    assert [c.name for c in service.list_containers(name_starts_with="t")] == ["three", "two"]
    pages = service.list_containers(results_per_page=1, include_metadata=True).by_page()
    assert [[c.metadata["n"] for c in page] for page in pages] == [["one"], ["three"], ["two"]]
    one = service.get_container_client("one")
    assert one.exists()
    one.set_container_metadata({"n": "1"})
    assert one.get_container_properties().metadata == {"n": "1"}
    one.delete_container()
    assert not one.exists()
    with pytest.raises(ResourceNotFoundError) as caught:
        one.get_container_properties()
    assert caught.value.error_code == "ContainerNotFound"


def test_the_account_answers_for_itself(home: AzureHome) -> None:
    service = home.blobs()
    assert service.get_service_properties()["analytics_logging"].read is False
    assert service.get_account_information()["account_kind"] == "StorageV2"
    assert service.get_container_client("x").get_account_information()["sku_name"] == "Standard_LRS"


def test_a_blob_goes_up_and_comes_down(data: Any) -> None:
    blob = data.get_blob_client("dir/a b#é?.txt")
    made = blob.upload_blob(
        b"hello", metadata={"k": "v"}, content_settings=ContentSettings(content_type="text/plain")
    )
    assert bytes(made["content_md5"]) == hashlib.md5(b"hello").digest()
    assert blob.download_blob().readall() == b"hello"
    seen = blob.get_blob_properties()
    assert (seen.size, seen.metadata, seen.content_settings.content_type, seen.etag) == (
        5, {"k": "v"}, "text/plain", made["etag"],
    )  # fmt: skip
    with pytest.raises(ResourceExistsError) as caught:
        blob.upload_blob(b"again")
    assert caught.value.error_code == "BlobAlreadyExists"
    blob.upload_blob(b"again", overwrite=True)
    assert blob.download_blob().readall() == b"again"
    blob.delete_blob()
    assert not blob.exists()
    with pytest.raises(ResourceNotFoundError) as caught:
        blob.delete_blob()
    assert caught.value.error_code == "BlobNotFound"


def test_an_empty_blob_is_a_blob(data: Any) -> None:
    data.upload_blob("empty", b"")
    assert data.download_blob("empty").readall() == b""


def test_large_blobs_travel_in_blocks_and_ranges(home: AzureHome, data: Any) -> None:
    content = os.urandom(3_000_001)
    blob = BlobClient(
        ACCOUNT_URL, "data", "large", credential=home.key, transport=transport(home.wire),
        max_single_put_size=1000, max_block_size=700_000, max_single_get_size=500_000,
        max_chunk_get_size=400_000,
    )  # fmt: skip
    blob.upload_blob(content, max_concurrency=2)
    assert blob.download_blob(max_concurrency=2).readall() == content
    assert blob.download_blob(offset=10, length=20).readall() == content[10:30]
    assert blob.download_blob(offset=3_000_000).readall() == content[-1:]
    assert [b.size for b in blob.get_block_list("committed")[0]] == [700_000] * 4 + [200_001]
    assert data.download_blob("large", validate_content=True).readall() == content


def test_blocks_are_listed_and_committed_in_any_order(data: Any) -> None:
    blob = data.get_blob_client("b")
    for name, content in (("aa", b"1"), ("bb", b"2"), ("cc", b"3")):
        blob.stage_block(name, content)
    committed, loose = blob.get_block_list("all")
    assert (committed, [b.id for b in loose]) == ([], ["aa", "bb", "cc"])
    assert not blob.exists()
    blob.commit_block_list([BlobBlock("cc"), BlobBlock("aa")], metadata={"k": "v"})
    assert blob.download_blob().readall() == b"31"
    assert blob.get_block_list("uncommitted")[1] == []
    with pytest.raises(HttpResponseError) as caught:
        blob.commit_block_list([BlobBlock("zz")])
    assert caught.value.error_code == "InvalidBlockList"
    assert blob.download_blob().readall() == b"31"


def test_listings_have_prefixes_pages_and_metadata(data: Any) -> None:
    names = [f"dir/{n:02}" for n in range(12)] + ["top", "dir/sub/x", "a\tb\x01"]
    for name in names:
        data.upload_blob(name, b"x", metadata={"n": "1"})
    assert [b.name for b in data.list_blobs()] == sorted(names)
    assert [b.name for b in data.list_blobs(name_starts_with="dir/1")] == ["dir/10", "dir/11"]
    pages = [[b.name for b in p] for p in data.list_blobs(results_per_page=4).by_page()]
    assert [len(p) for p in pages] == [4, 4, 4, 3]
    assert [name for page in pages for name in page] == sorted(names)
    assert {b.name for b in data.walk_blobs()} == {"a\tb\x01", "dir/", "top"}
    assert {b.name for b in data.walk_blobs("dir/")} == {*names[:12], "dir/sub/"}
    assert next(iter(data.list_blobs(include=["metadata"]))).metadata == {"n": "1"}
    listed = next(iter(data.list_blobs()))
    assert (listed.size, bytes(listed.content_settings.content_md5)) == (
        1, hashlib.md5(b"x").digest()
    )  # fmt: skip


def test_metadata_and_headers_are_replaced_whole(data: Any) -> None:
    blob = data.get_blob_client("m")
    blob.upload_blob(b"x", metadata={"a": "1"})
    first = blob.get_blob_properties()
    blob.set_blob_metadata({"Terraformlockid": "e30=", "b": "2"})
    second = blob.get_blob_properties()
    assert second.metadata == {"Terraformlockid": "e30=", "b": "2"}
    assert second.etag != first.etag
    blob.set_http_headers(ContentSettings(content_type="a/b", cache_control="no-store"))
    third = blob.get_blob_properties()
    assert (third.content_settings.content_type, third.content_settings.cache_control) == (
        "a/b", "no-store",
    )  # fmt: skip
    assert third.metadata == second.metadata
    blob.set_standard_blob_tier("Cool")
    assert blob.get_blob_properties().blob_tier == "Cool"


def test_conditions_decide(data: Any) -> None:
    blob = data.get_blob_client("c")
    old = blob.upload_blob(b"1")["etag"]
    new = blob.upload_blob(b"2", overwrite=True)["etag"]
    with pytest.raises(ResourceModifiedError) as caught:
        blob.upload_blob(
            b"3", overwrite=True, etag=old, match_condition=MatchConditions.IfNotModified
        )
    assert caught.value.error_code == "ConditionNotMet"
    assert blob.download_blob(
        etag=new, match_condition=MatchConditions.IfNotModified
    ).readall() == b"2"  # fmt: skip
    for condition in (
        {"etag": new, "match_condition": MatchConditions.IfModified},
        {"if_modified_since": now() + HOUR},
    ):
        with pytest.raises(HttpResponseError) as unchanged:
            blob.get_blob_properties(**condition)
        assert unchanged.value.status_code == 304
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(if_unmodified_since=now() - HOUR)
    assert blob.download_blob().readall() == b"2"


def test_a_lease_keeps_others_out(data: Any) -> None:
    blob = data.get_blob_client("l")
    blob.upload_blob(b"1")
    lease = blob.acquire_lease(15)
    with pytest.raises(HttpResponseError) as caught:
        blob.upload_blob(b"2", overwrite=True)
    assert caught.value.error_code == "LeaseIdMissing"
    for act in (blob.delete_blob, lambda: blob.set_blob_metadata({"a": "b"})):
        with pytest.raises(HttpResponseError):
            act()
    blob.upload_blob(b"2", overwrite=True, lease=lease)
    seen = blob.get_blob_properties().lease
    assert (seen.state, seen.status, seen.duration) == ("leased", "locked", "fixed")
    with pytest.raises(ResourceExistsError) as caught:
        blob.acquire_lease(-1)
    assert caught.value.error_code == "LeaseAlreadyPresent"
    lease.renew()
    lease.change("11111111-1111-1111-1111-111111111111")
    lease.release()
    assert blob.get_blob_properties().lease.state == "available"
    again = BlobLeaseClient(blob)
    again.acquire(-1)
    assert again.break_lease(lease_break_period=0) == 0
    assert blob.get_blob_properties().lease.state == "broken"
    blob.delete_blob()


def test_a_blob_is_copied_within_the_account(home: AzureHome, data: Any) -> None:
    source = data.get_blob_client("from")
    source.upload_blob(b"copied", metadata={"k": "v"})
    target = data.get_blob_client("dir/to")
    assert target.start_copy_from_url(source.url)["copy_status"] == "success"
    seen = target.get_blob_properties()
    assert (target.download_blob().readall(), seen.metadata) == (b"copied", {"k": "v"})
    assert seen.copy.source == source.url
    with pytest.raises(HttpResponseError) as caught:
        target.start_copy_from_url("https://elsewhere.example/x")
    assert caught.value.error_code == "CannotVerifyCopySource"
    with pytest.raises(ResourceNotFoundError):
        target.start_copy_from_url(source.url + "absent")
    accounts.create_or_update(home.store, name="other", resource_group="rg")
    elsewhere = BlobServiceClient(
        "https://other.blob.core.windows.net",
        credential=accounts.keys(home.store, "other")["key1"],
        transport=transport(home.wire),
    )
    there = elsewhere.create_container("data").get_blob_client("copy")
    with pytest.raises(HttpResponseError):
        there.start_copy_from_url(source.url)
    sas = generate_blob_sas(
        ACCOUNT, "data", "from", account_key=home.key, permission="r", expiry=now() + HOUR
    )
    there.upload_blob_from_url(f"{source.url}?{sas}")
    assert there.download_blob().readall() == b"copied"


# who may


@pytest.mark.parametrize("where", ["blob", "container", "account", "ours"])
def test_a_signature_opens_what_it_says(home: AzureHome, data: Any, where: str) -> None:
    data.upload_blob("a", b"1")
    data.upload_blob("b", b"2")
    until = now() + HOUR
    makers: dict[str, Callable[[], str]] = {
        "blob": lambda: generate_blob_sas(
            ACCOUNT, "data", "a", account_key=home.key, permission="r", expiry=until
        ),
        "container": lambda: generate_container_sas(
            ACCOUNT, "data", account_key=home.key, permission="rl", expiry=until
        ),
        "account": lambda: generate_account_sas(ACCOUNT, home.key, "o", "r", until),
        "ours": lambda: signatures.issue_container_sas(
            home.store, account=ACCOUNT, container="data", permissions="rl"
        ),
    }
    sas = makers[where]()
    assert signed(home, sas).download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError) as caught:
        signed(home, sas).upload_blob(b"x", overwrite=True)
    assert caught.value.error_code == "AuthorizationPermissionMismatch"
    other = signed(home, sas, "b")
    if where == "blob":
        with pytest.raises(HttpResponseError) as caught:
            other.download_blob()
        assert caught.value.error_code == "AuthenticationFailed"
    else:
        assert other.download_blob().readall() == b"2"
    listing = ContainerClient(ACCOUNT_URL, "data", credential=sas, transport=transport(home.wire))
    if where in ("container", "ours"):
        assert [b.name for b in listing.list_blobs()] == ["a", "b"]
        with pytest.raises(HttpResponseError) as caught:
            listing.delete_container()
        assert caught.value.error_code == "AuthorizationResourceTypeMismatch"
    else:
        with pytest.raises(HttpResponseError):
            list(listing.list_blobs())


def test_create_only_makes_but_never_overwrites(home: AzureHome, data: Any) -> None:
    sas = generate_container_sas(
        ACCOUNT, "data", account_key=home.key, permission="c", expiry=now() + HOUR
    )
    signed(home, sas).upload_blob(b"1")
    with pytest.raises(HttpResponseError) as caught:
        signed(home, sas).upload_blob(b"2", overwrite=True)
    assert caught.value.error_code == "AuthorizationPermissionMismatch"
    assert data.download_blob("a").readall() == b"1"


@pytest.mark.parametrize(
    ("start", "end", "extra"),
    [(-2, -1, ""), (1, 2, ""), (-1, 1, "sp=racwd"), (-1, 1, "se=2099-01-01"), (-1, 1, "sig=AAAA"),
     (-1, 1, "sr=c"), (-1, 1, "sig=%C3%A9")],
)  # fmt: skip
def test_a_stale_or_changed_signature_is_refused(
    home: AzureHome, data: Any, start: int, end: int, extra: str
) -> None:
    data.upload_blob("a", b"1")
    sas = generate_blob_sas(
        ACCOUNT, "data", "a", account_key=home.key, permission="r",
        start=now() + start * HOUR, expiry=now() + end * HOUR,
    )  # fmt: skip
    if extra:
        name = extra.partition("=")[0]
        sas = "&".join([p for p in sas.split("&") if not p.startswith(f"{name}=")] + [extra])
    with pytest.raises(HttpResponseError) as caught:
        signed(home, sas).download_blob()
    assert (caught.value.status_code, caught.value.error_code) == (403, "AuthenticationFailed")


def test_a_signature_dies_with_its_key(home: AzureHome, data: Any) -> None:
    data.upload_blob("a", b"1")
    sas = signatures.issue_blob_sas(home.store, account=ACCOUNT, container="data", name="a")
    assert signed(home, sas).download_blob().readall() == b"1"
    accounts.regenerate_key(home.store, ACCOUNT, "key1")
    with pytest.raises(HttpResponseError):
        signed(home, sas).download_blob()
    with pytest.raises(HttpResponseError) as caught:
        data.upload_blob("b", b"1")
    assert caught.value.error_code == "AuthenticationFailed"


def test_an_account_without_keys_takes_tokens_only(home: AzureHome, data: Any) -> None:
    """But for one that a workspace uses, whose own signatures are of the key."""
    data.upload_blob("a", b"1")
    sas = signatures.issue_blob_sas(home.store, account=ACCOUNT, container="data", name="a")
    account = accounts.get(home.store, ACCOUNT)
    accounts.create_or_update(
        home.store, name=ACCOUNT, resource_group=account.resource_group,
        properties={**account.properties, "allowSharedKeyAccess": False},
    )  # fmt: skip
    for refused in (data.get_blob_client("a"), signed(home, sas)):
        with pytest.raises(HttpResponseError) as caught:
            refused.download_blob()
        assert caught.value.error_code == "KeyBasedAuthenticationNotPermitted"
    _, reader = home.robot("Storage Blob Data Reader")
    assert home.blobs(reader).get_blob_client("data", "a").download_blob().readall() == b"1"
    home.store.documents.put("workspace", "s/rg/w", {"storage_account": ACCOUNT})
    assert signed(home, sas).download_blob().readall() == b"1"


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("", False, False),
        ("Owner", False, False),
        ("Storage Blob Data Reader", True, False),
        ("Storage Blob Data Contributor", True, True),
    ],
)
def test_a_token_needs_a_data_role(
    home: AzureHome, data: Any, role: str, reads: bool, writes: bool
) -> None:
    data.upload_blob("a", b"1")
    who, credential = home.robot(*([role] if role else []))
    blob = home.blobs(credential).get_blob_client("data", "a")
    for allowed, act in (
        (reads, lambda: blob.download_blob().readall()),
        (writes, lambda: blob.upload_blob(b"2", overwrite=True)),
        (writes, blob.delete_blob),
    ):
        if allowed:
            act()
            continue
        with pytest.raises(HttpResponseError) as caught:
            act()
        assert caught.value.status_code == 403
        assert caught.value.error_code == "AuthorizationPermissionMismatch"
        assert who.object_id in str(caught.value)


def test_a_role_at_one_container_opens_no_other(home: AzureHome, data: Any) -> None:
    home.blobs().create_container("other").upload_blob("a", b"2")
    data.upload_blob("a", b"1")
    account = accounts.get(home.store, ACCOUNT).resource_id
    _, credential = home.robot(
        "Storage Blob Data Reader", scope=f"{account}/blobServices/default/containers/data"
    )
    service = home.blobs(credential)
    assert service.get_blob_client("data", "a").download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError):
        service.get_blob_client("other", "a").download_blob()


def test_a_user_delegation_signature_never_exceeds_its_user(home: AzureHome, data: Any) -> None:
    data.upload_blob("a", b"1")
    _, credential = home.robot("Storage Blob Data Reader")
    key = home.blobs(credential).get_user_delegation_key(now() - HOUR, now() + HOUR)
    sas = generate_blob_sas(
        ACCOUNT, "data", "a", user_delegation_key=key, permission="rw", expiry=now() + HOUR
    )
    assert signed(home, sas).download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError) as caught:
        signed(home, sas).upload_blob(b"2", overwrite=True)
    assert caught.value.error_code == "AuthorizationPermissionMismatch"
    with pytest.raises(HttpResponseError):
        home.blobs().get_user_delegation_key(now() - HOUR, now() + HOUR)


def test_a_wrong_key_and_no_key_are_refused(home: AzureHome, data: Any) -> None:
    data.upload_blob("a", b"1")
    wrong = home.blobs("A" * 86 + "==").get_blob_client("data", "a")
    with pytest.raises(HttpResponseError) as caught:
        wrong.download_blob()
    assert (caught.value.status_code, caught.value.error_code) == (403, "AuthenticationFailed")
    got = home.wire.answer("GET", f"{ACCOUNT_URL}/data/a")
    assert got.status == 401
    assert dict(got.headers)["x-ms-error-code"] == "NoAuthenticationInformation"
    assert home.developer.tenant_id in dict(got.headers)["WWW-Authenticate"]


def test_a_token_for_something_else_is_refused_with_a_challenge(home: AzureHome) -> None:
    auth = home.bearer(users.owner(home.store), audiences.ARM)
    got = home.wire.answer("GET", f"{ACCOUNT_URL}/?comp=list", headers=[auth])
    fields = dict(got.headers)
    assert (got.status, fields["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")
    assert "resource_id=https://storage.azure.com" in fields["WWW-Authenticate"]
    assert b"wrong audience" in content_of(got)


def test_an_old_request_is_not_played_again(tmp_path: Path) -> None:
    clock = FrozenClock(now())
    home = azure_home.make(tmp_path, clock)
    home.blobs().create_container("data").upload_blob("a", b"1")
    clock.advance(16 * 60)
    with pytest.raises(HttpResponseError, match="Date header"):
        home.blobs().get_blob_client("data", "a").download_blob()


# what is wrong, and what stays as it was


def request(
    home: AzureHome, method: str, path: str, body: bytes = b"", **fields: str
) -> tuple[int, dict[str, str], str]:
    """A request as the machine's owner, with further header fields."""
    auth = home.bearer(users.owner(home.store), audiences.STORAGE)
    headers = [auth, *((name.replace("_", "-"), value) for name, value in fields.items())]
    got = home.wire.answer(method, ACCOUNT_URL + path, headers=headers, body=body)
    return got.status, dict(got.headers), content_of(got).decode(errors="replace")


BLOCK = {"x_ms_blob_type": "BlockBlob"}
WRONG: dict[str, tuple[str, str, bytes, dict[str, str], int, str, str]] = {
    "unknown comp": (
        "PUT", "/data/a?comp=seal", b"", {}, 501, "UnsupportedQueryParameter", "comp=seal",
    ),
    "tags": ("PUT", "/data/a?comp=tags", b"", {}, 501, "UnsupportedQueryParameter", "comp=tags"),
    "a tags header": (
        "PUT", "/data/b", b"x", {**BLOCK, "x_ms_tags": "a=b"}, 400, "UnsupportedHeader",
        "x-ms-tags",
    ),
    "unknown parameter": (
        "GET", "/data/a?versionid=1", b"", {}, 400, "UnsupportedQueryParameter", "versionid",
    ),
    "unknown method": ("PATCH", "/data/a", b"", {}, 501, "UnsupportedHttpVerb", "PATCH"),
    "page blob": (
        "PUT", "/data/b", b"", {"x_ms_blob_type": "PageBlob"}, 400, "UnsupportedBlobType",
        "PageBlob",
    ),
    "no blob type": ("PUT", "/data/b", b"x", {}, 400, "MissingRequiredHeader", "x-ms-blob-type"),
    "no container": ("PUT", "/absent/b", b"x", BLOCK, 404, "ContainerNotFound", "container"),
    "bad container": (
        "PUT", "/Bad_Name?restype=container", b"", {}, 400, "InvalidResourceName", "hyphens",
    ),
    "container that climbs": (
        "PUT", "/..?restype=container", b"", {}, 400, "InvalidResourceName", "hyphens",
    ),
    "name too long": (
        "PUT", "/data/" + "x" * 1025, b"x", BLOCK, 400, "InvalidResourceName", "1024",
    ),
    "name with NUL": ("PUT", "/data/a%00b", b"x", BLOCK, 400, "InvalidResourceName", "NUL"),
    "name that is not UTF-8": ("PUT", "/data/a%ff", b"x", BLOCK, 400, "InvalidUri", "UTF-8"),
    "wrong MD5": (
        "PUT", "/data/a", b"x", {**BLOCK, "content_md5": "A" * 22 + "=="}, 400, "Md5Mismatch", "==",
    ),
    "MD5 of rubbish": (
        "PUT", "/data/a", b"x", {**BLOCK, "content_md5": "xyz"}, 400, "InvalidMd5", "xyz",
    ),
    "bad metadata name": (
        "PUT", "/data/a", b"x", {**BLOCK, "x_ms_meta_a.b": "1"}, 400, "InvalidMetadata", "a.b",
    ),
    "metadata too large": (
        "PUT", "/data/a?comp=metadata", b"", {"x_ms_meta_a": "x" * 9000}, 400, "MetadataTooLarge",
        "8192",
    ),
    "bad block id": (
        "PUT", "/data/a?comp=block&blockid=%25%25", b"x", {}, 400, "InvalidBlockId", "%%",
    ),
    "block list of rubbish": (
        "PUT", "/data/a?comp=blocklist", b"\x00\xff<", {}, 400, "InvalidXmlDocument", "line 1",
    ),
    "block list with entities": (
        "PUT", "/data/a?comp=blocklist", b'<!DOCTYPE x [<!ENTITY a "b">]><BlockList/>', {}, 400,
        "InvalidXmlDocument", "declaration",
    ),
    "block list with a declaration in UTF-16": (
        "PUT", "/data/a?comp=blocklist",
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x><BlockList/>'.encode("utf-16"), {},
        400, "InvalidXmlDocument", "declaration",
    ),
    "block list of another kind": (
        "PUT", "/data/a?comp=blocklist", b"<Blocks/>", {}, 400, "InvalidXmlDocument", "Blocks",
    ),
    "unknown block": (
        "PUT", "/data/a?comp=blocklist", b"<BlockList><Latest>QUFB</Latest></BlockList>", {}, 400,
        "InvalidBlockList", "QUFB",
    ),
    "range past the end": (
        "GET", "/data/a", b"", {"range": "bytes=9-"}, 416, "InvalidRange", "bytes=9-",
    ),
    "listing of too few": (
        "GET", "/data?restype=container&comp=list&maxresults=0", b"", {}, 400,
        "OutOfRangeQueryParameterValue", "maxresults",
    ),
    "listing with tags": (
        "GET", "/data?restype=container&comp=list&include=tags", b"", {}, 400,
        "UnsupportedQueryParameter", "include=tags",
    ),
    "listing from nowhere": (
        "GET", "/data?restype=container&comp=list&marker=%25%25%25%25%25", b"", {}, 400,
        "InvalidQueryParameterValue", "marker",
    ),
    "bad lease action": (
        "PUT", "/data/a?comp=lease", b"", {"x_ms_lease_action": "steal"}, 400, "InvalidHeaderValue",
        "steal",
    ),
    "bad lease duration": (
        "PUT", "/data/a?comp=lease", b"", {"x_ms_lease_action": "acquire",
                                            "x_ms_lease_duration": "5"}, 400, "InvalidHeaderValue",
        "15 to 60",
    ),
    "public container": (
        "PUT", "/pub?restype=container", b"", {"x_ms_blob_public_access": "blob"}, 409,
        "PublicAccessNotPermitted", "blob",
    ),
    "bad version": (
        "GET", "/data/a", b"", {"x_ms_version": "tomorrow"}, 400, "InvalidHeaderValue", "tomorrow",
    ),
    "unknown tier": (
        "PUT", "/data/a?comp=tier", b"", {"x_ms_access_tier": "Icy"}, 400, "InvalidHeaderValue",
        "Icy",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_is_refused_and_changes_nothing(
    home: AzureHome, data: Any, name: str
) -> None:
    method, path, body, fields, status, code, words = WRONG[name]
    data.upload_blob("a", b"12345")
    request(home, "GET", "/data/a")  # the first token makes the signing key
    before = home.fingerprint()
    got, headers, text = request(home, method, path, body, **fields)
    assert (got, headers["x-ms-error-code"]) == (status, code), text
    assert text.startswith('<?xml version="1.0" encoding="utf-8"?><Error><Code>' + code)
    assert words in text
    assert headers["Content-Type"] == "application/xml"
    assert home.fingerprint() == before


@pytest.mark.parametrize(
    "path", ["/data/../x", "/data/..%2f..%2fetc%2fpasswd", "/data//etc/passwd", "/data/%2e%2e/x"]
)
def test_a_path_that_climbs_names_a_blob(home: AzureHome, data: Any, path: str) -> None:
    home.blobs().create_container("xyz")
    outside = {p for p in home.store.home.root.parent.rglob("*") if "files" not in p.parts}
    status, _, text = request(home, "PUT", path, b"climber", **BLOCK)
    assert status == 201, text
    assert request(home, "GET", path)[2] == "climber"
    after = {p for p in home.store.home.root.parent.rglob("*") if "files" not in p.parts}
    assert after == outside
    assert len(list(data.list_blobs())) == 1
    assert list(home.blobs().get_container_client("xyz").list_blobs()) == []


def test_an_unknown_account_is_named(home: AzureHome) -> None:
    got = home.wire.answer("GET", "https://absent.blob.core.windows.net/a/b")
    assert (got.status, "'absent'" in content_of(got).decode()) == (404, True)


def test_an_unsupported_request_is_remembered(home: AzureHome, data: Any) -> None:
    request(home, "PUT", "/data/a?comp=snapshot")
    assert "comp=snapshot" in home.wire.refusals[0]


def test_answers_carry_the_clients_id(home: AzureHome) -> None:
    _, headers, _ = request(
        home, "GET", "/?comp=list", x_ms_client_request_id="mine", x_ms_version="2021-12-02"
    )
    assert (headers["x-ms-client-request-id"], headers["x-ms-version"]) == ("mine", "2021-12-02")
    assert headers["x-ms-request-id"]


@pytest.mark.parametrize("order", [("a1", "a_b"), ("a_b", "a1")])
def test_a_key_signature_holds_in_both_orders_of_headers(
    home: AzureHome, data: Any, order: tuple[str, str]
) -> None:
    """Clients sort `x-ms-` names by code point or by language; '_' comes after or before '1'."""
    fields = [("x-ms-date", http_date(home.store.clock.now()))]
    fields += [(f"x-ms-meta-{name}", name) for name in order]
    fields += [("x-ms-version", "2021-12-02")]
    text = "PUT" + "\n" * 12 + "".join(f"{name}:{value}\n" for name, value in fields)
    text += f"/{ACCOUNT}/data\ncomp:metadata\nrestype:container"
    signature = signatures.sign(home.key, text)
    url = f"{ACCOUNT_URL}/data?restype=container&comp=metadata"
    headers = [*fields, ("Authorization", f"SharedKey {ACCOUNT}:{signature}")]
    got = home.wire.answer("PUT", url, headers=headers)
    assert got.status == 200, content_of(got)
    assert data.get_container_properties().metadata == {"a1": "a1", "a_b": "a_b"}
    changed = [*fields, ("x-ms-meta-more", "1"), headers[-1]]
    assert home.wire.answer("PUT", url, headers=changed).status == 403


def test_joining_blocks_holds_no_blob_in_memory(home: AzureHome, data: Any) -> None:
    blob = data.get_blob_client("large")
    part = os.urandom(4 << 20)
    for number in range(8):
        blob.stage_block(f"{number}", part[number:])
    listed = "".join(f"<Latest>{b64encode(str(n).encode()).decode()}</Latest>" for n in range(8))
    tracemalloc.start()
    status, _, text = request(
        home, "PUT", "/data/large?comp=blocklist", f"<BlockList>{listed}</BlockList>".encode()
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert status == 201, text
    assert blob.get_blob_properties().size == sum(len(part) - n for n in range(8))
    assert peak < 8 << 20
