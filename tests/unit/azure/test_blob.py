"""Containers, blobs, blocks and the table of leases."""

import base64
from typing import Any

import pytest
from tests.unit.azure import disk

from shipway.azure.arm import resource_groups
from shipway.azure.blob import accounts, blobs, blocks, containers, leases, signatures
from shipway.azure.blob.blobs import NewContent
from shipway.azure.blob.blocks import ListedBlock
from shipway.azure.blob.lease_states import MACHINE
from shipway.base.clock import FrozenClock
from shipway.base.errors import BadInput, Conflict, NotFound, PreconditionFailed
from shipway.store.store import Store

WHERE: dict[str, Any] = {"account": "stone", "container": "data"}
ONE = "11111111-1111-1111-1111-111111111111"
TWO = "22222222-2222-2222-2222-222222222222"


@pytest.fixture
def store(store: Store) -> Store:
    resource_groups.create_or_update(store, name="g", location="westeurope")
    accounts.create_or_update(store, name="stone", resource_group="g")
    containers.create(store, account="stone", name="data")
    return store


def put(store: Store, name: str, content: bytes = b"x") -> blobs.Blob:
    return blobs.put_content(store, **WHERE, name=name, stored=store.files.put_bytes(content))


def names(store: Store, **how: object) -> list[str]:
    found = blobs.list_page(store, **WHERE, **how)  # type: ignore[arg-type]
    return sorted([*(b.name for b in found.blobs), *found.prefixes])


def test_a_blob_is_written_found_and_deleted(store: Store) -> None:
    made = put(store, "a/b.txt", b"hello")
    assert blobs.get(store, **WHERE, name="a/b.txt") == made
    assert blobs.read(store, **WHERE, name="a/b.txt") == b"hello"
    again = put(store, "a/b.txt", b"other")
    assert (again.created_at, again.etag != made.etag) == (made.created_at, True)
    blobs.delete(store, **WHERE, name="a/b.txt")
    with pytest.raises(NotFound) as caught:
        blobs.get(store, **WHERE, name="a/b.txt")
    assert caught.value.code == "BlobNotFound"
    with pytest.raises(NotFound) as caught:
        blobs.get(store, account="stone", container="other", name="a")
    assert caught.value.code == "ContainerNotFound"


@pytest.mark.parametrize("name", ["../x", "../../etc/passwd", "/abs", "a/../../b", "..", "C:\\x"])
def test_a_name_that_climbs_is_only_a_name(store: Store, name: str) -> None:
    before = {p for p in store.home.root.parent.rglob("*") if store.home.files not in p.parents}
    put(store, name, b"climber")
    after = {p for p in store.home.root.parent.rglob("*") if store.home.files not in p.parents}
    assert after == before
    made = blobs.get(store, **WHERE, name=name)
    assert blobs.path_of(store, made).is_relative_to(store.home.files)
    assert [b.name for b in blobs.list_blobs(store, **WHERE)] == [name]


@pytest.mark.parametrize("name", ["", "x" * 1025, "a\x00b"])
def test_an_impossible_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadInput) as caught:
        put(store, name)
    assert caught.value.code == "InvalidResourceName"


@pytest.mark.parametrize("name", ["A", "ab", "a--b", "-ab", "ab-", "x" * 64, "a_b", "../x", "a b"])
def test_an_impossible_container_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadInput):
        containers.create(store, account="stone", name=name)


def test_a_listing_has_pages_prefixes_and_folders(store: Store) -> None:
    for name in ("a.txt", "dir/1", "dir/2", "dir/sub/3", "dir2/4", "z"):
        put(store, name)
    assert names(store) == ["a.txt", "dir/1", "dir/2", "dir/sub/3", "dir2/4", "z"]
    assert names(store, delimiter="/") == ["a.txt", "dir/", "dir2/", "z"]
    assert names(store, prefix="dir/", delimiter="/") == ["dir/1", "dir/2", "dir/sub/"]
    assert names(store, prefix="dir") == ["dir/1", "dir/2", "dir/sub/3", "dir2/4"]
    for limit in (1, 2, 3):
        for how in ({}, {"delimiter": "/"}):
            seen, marker = [], ""
            while True:
                page = blobs.list_page(store, **WHERE, **how, marker=marker, limit=limit)
                size = len(page.blobs) + len(page.prefixes)
                assert size <= limit
                seen += [*(b.name for b in page.blobs), *page.prefixes]
                marker = page.next_marker
                if not marker:
                    break
                assert size == limit
            assert sorted(seen) == names(store, **how)


def block_id(number: int) -> str:
    return base64.b64encode(f"{number:04}".encode()).decode()


def put_block(store: Store, number: int, content: bytes, name: str = "big") -> None:
    stored = store.files.put_bytes(content)
    blocks.put_block(store, **WHERE, name=name, block_id=block_id(number), stored=stored)


def commit(store: Store, *lines: tuple[str, int], name: str = "big") -> blobs.Blob:
    listed = [ListedBlock(place=p, block_id=block_id(n)) for p, n in lines]  # type: ignore[arg-type]
    return blocks.put_list(store, **WHERE, name=name, listed=listed, content=NewContent())


def test_blocks_become_a_blob_in_the_listed_order(store: Store) -> None:
    for number, content in ((1, b"one "), (2, b"two "), (3, b"three ")):
        put_block(store, number, content)
    assert blobs.find(store, **WHERE, name="big") is None
    commit(store, ("Latest", 2), ("Latest", 1))
    assert blobs.read(store, **WHERE, name="big") == b"two one "
    assert blocks.list_uncommitted(store, **WHERE, name="big") == []
    put_block(store, 1, b"ONE ")
    commit(store, ("Committed", 1), ("Uncommitted", 1), ("Latest", 1), ("Latest", 2))
    assert blobs.read(store, **WHERE, name="big") == b"one ONE ONE two "
    commit(store)
    assert blobs.read(store, **WHERE, name="big") == b""


@pytest.mark.parametrize("place", ["Latest", "Committed", "Uncommitted"])
def test_an_unknown_block_is_refused_and_nothing_changes(store: Store, place: str) -> None:
    put_block(store, 1, b"one")
    with pytest.raises(BadInput) as caught:
        commit(store, (place, 9))
    assert (caught.value.code, caught.value.where) == ("InvalidBlockList", block_id(9))
    assert len(blocks.list_uncommitted(store, **WHERE, name="big")) == 1
    assert blobs.find(store, **WHERE, name="big") is None


def test_block_ids_have_one_length_and_are_base64(store: Store) -> None:
    put_block(store, 1, b"one")
    stored = store.files.put_bytes(b"x")
    wrongs = {"": "InvalidBlockId", "%%": "InvalidBlockId", "AAAA" * 40: "InvalidBlockId",
              "AAAA": "InvalidBlobOrBlock"}  # fmt: skip
    for wrong, code in wrongs.items():
        with pytest.raises(BadInput) as caught:
            blocks.put_block(store, **WHERE, name="big", block_id=wrong, stored=stored)
        assert caught.value.code == code


def test_blocks_of_one_blob_are_not_anothers(store: Store) -> None:
    put_block(store, 1, b"one", name="a")
    put_block(store, 1, b"two", name="a/b")
    commit(store, ("Latest", 1), name="a/b")
    assert blobs.read(store, **WHERE, name="a/b") == b"two"
    assert len(blocks.list_uncommitted(store, **WHERE, name="a")) == 1


def test_a_deleted_container_leaves_nothing_behind(store: Store) -> None:
    put(store, "a")
    put_block(store, 1, b"one")
    leases.acquire(store, **WHERE, name="a", duration=-1)
    containers.create(store, account="stone", name="data2")
    blobs.put_content(
        store, account="stone", container="data2", name="a", stored=store.files.put_bytes(b"")
    )
    containers.delete(store, account="stone", name="data")
    assert [store.documents.count(k) for k in ("blob", "blob_block", "blob_lease")] == [1, 0, 0]


def lease(store: Store) -> leases.Lease:
    return leases.find(store, **WHERE, name="a")


def into(store: Store, clock: FrozenClock, state: str) -> None:
    put(store, "a")
    if state == "Available":
        return
    leases.acquire(store, **WHERE, name="a", duration=15, proposed_id=ONE)
    if state == "Expired":
        clock.advance(15)
    elif state in ("Breaking", "Broken"):
        leases.break_(store, **WHERE, name="a", period=10 if state == "Breaking" else 0)
    assert lease(store).state == state


# verb, and the state after it from each of the five; a code in capitals' place is a refusal
LEASE_TABLE = {
    "acquire same": ["Leased", "Leased", "LeaseIsBreakingAndCannotBeAcquired", "Leased", "Leased"],
    "acquire other": ["Leased", "LeaseAlreadyPresent", "LeaseAlreadyPresent", "Leased", "Leased"],
    "renew same": ["LeaseNotPresentWithLeaseOperation", "Leased", "LeaseIsBrokenAndCannotBeRenewed",
                   "LeaseIsBrokenAndCannotBeRenewed", "Leased"],
    "renew other": ["LeaseNotPresentWithLeaseOperation"]
    + ["LeaseIdMismatchWithLeaseOperation"] * 4,
    "change same": ["LeaseNotPresentWithLeaseOperation", "Leased",
                    "LeaseIsBreakingAndCannotBeChanged", "LeaseNotPresentWithLeaseOperation",
                    "LeaseNotPresentWithLeaseOperation"],
    "release same": ["LeaseNotPresentWithLeaseOperation", "Available", "Available", "Available",
                     "Available"],
    "release other": ["LeaseNotPresentWithLeaseOperation"]
    + ["LeaseIdMismatchWithLeaseOperation"] * 4,
    "break": ["LeaseNotPresentWithLeaseOperation", "Breaking", "Breaking", "Broken", "Broken"],
}  # fmt: skip
STATES = ["Available", "Leased", "Breaking", "Broken", "Expired"]


def act(store: Store, verb: str) -> None:
    word, _, who = verb.partition(" ")
    mine = ONE if who == "same" else TWO
    where = WHERE | {"name": "a"}
    if word == "acquire":
        leases.acquire(store, **where, duration=15, proposed_id=mine)
    elif word == "renew":
        leases.renew(store, **where, lease_id=mine)
    elif word == "change":
        leases.change(store, **where, lease_id=mine, proposed_id=TWO)
    elif word == "release":
        leases.release(store, **where, lease_id=mine)
    else:
        leases.break_(store, **where)


@pytest.mark.parametrize(
    ("verb", "state", "expected"),
    [(v, s, e) for v, row in LEASE_TABLE.items() for s, e in zip(STATES, row, strict=True)],
)
def test_a_lease_does_what_the_table_says(
    store: Store, clock: FrozenClock, verb: str, state: str, expected: str
) -> None:
    into(store, clock, state)
    if expected in STATES:
        act(store, verb)
        assert lease(store).state == expected
    else:
        with pytest.raises(Conflict) as caught:
            act(store, verb)
        assert caught.value.code == expected
        assert lease(store).state == state


def test_a_lease_guards_writing_until_it_ends(store: Store, clock: FrozenClock) -> None:
    into(store, clock, "Leased")
    where = WHERE | {"name": "a"}
    for lease_id, code in (("", "LeaseIdMissing"), (TWO, "LeaseIdMismatchWithBlobOperation")):
        with pytest.raises(PreconditionFailed) as caught:
            leases.check_write(store, **where, lease_id=lease_id)
        assert caught.value.code == code
    leases.check_write(store, **where, lease_id=ONE)
    leases.check_read(store, **where)
    clock.advance(15)
    with pytest.raises(PreconditionFailed) as caught:
        leases.check_write(store, **where, lease_id=ONE)
    assert caught.value.code == "LeaseNotPresentWithBlobOperation"
    leases.check_write(store, **where)
    assert lease(store).state == "Available"


def test_a_breaking_lease_breaks_by_time_alone(store: Store, clock: FrozenClock) -> None:
    into(store, clock, "Leased")
    _, left = leases.break_(store, **WHERE, name="a", period=60)
    assert left == 15
    _, left = leases.break_(store, **WHERE, name="a", period=5)
    assert left == 5
    clock.advance(5)
    assert lease(store).state == "Broken"


def test_the_table_of_leases_has_five_states() -> None:
    assert {s for s, _ in MACHINE.table} == set(STATES)


def test_an_account_has_two_keys_sealed(store: Store) -> None:
    keys = accounts.keys(store, "stone")
    assert [len(base64.b64decode(k)) for k in keys.values()] == [64, 64]
    pages = disk.text_of(store)
    assert not any(k in pages for k in keys.values())
    accounts.create_or_update(store, name="stone", resource_group="G", tags={"a": "b"})
    assert accounts.keys(store, "stone") == keys
    fresh = accounts.regenerate_key(store, "stone", "key1")
    assert (fresh["key1"] != keys["key1"], fresh["key2"]) == (True, keys["key2"])
    text = "some text"
    for key in keys.values():
        still = signatures.matches_key(
            store, "stone", text=text, signature=signatures.sign(key, text)
        )
        assert still is (key == keys["key2"])
