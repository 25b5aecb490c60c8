"""Everything that a home has on disk, for tests that look for what must not be there."""

from shipway.store.store import Store


def text_of(store: Store) -> str:
    """All bytes of all files of the home, the database's write-ahead log among them."""
    files = sorted(p for p in store.home.root.rglob("*") if p.is_file())
    assert store.home.database in files
    return "\n".join(p.read_bytes().decode("latin-1") for p in files)
