"""Caches of pipelines: a fingerprint, for one pipeline and branch, and what was kept under it.

Knows: documents, files. Must not know: HTTP, how a fingerprint is made.
Source: https://learn.microsoft.com/azure/devops/pipelines/release/caching
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shipway.devops import rows
from shipway.store.store import Store

_KIND = "pipeline_cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheScope:
    """Who may read an entry: the runs of a pipeline on a branch."""

    definition_id: int
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEntry:
    """What was kept: `digest` is a tar's, `places` are the folders in it, by number."""

    definition_id: int
    branch: str
    segments: tuple[str, ...]
    places: tuple[str, ...]
    digest: str
    size: int
    created_at: datetime


def find(
    store: Store, *, scopes: Sequence[CacheScope], fingerprint: Sequence[str], is_prefix: bool
) -> CacheEntry | None:
    """The entry under a fingerprint, or the newest one that begins with it; scopes in order."""
    for scope in scopes:
        if not is_prefix:
            found = store.documents.find(_KIND, _key(scope, fingerprint))
            if found is not None:
                return rows.read(CacheEntry, found.body)
            continue
        wanted = tuple(fingerprint)
        entries = [e for e in list_of(store, scope) if e.segments[: len(wanted)] == wanted]
        if entries:
            return max(entries, key=lambda entry: entry.created_at)
    return None


def save(
    store: Store, *, scope: CacheScope, fingerprint: Sequence[str], places: Sequence[str],
    digest: str, size: int,
) -> bool:  # fmt: skip
    """Keep an entry; False when there is one, which never changes."""
    made = CacheEntry(
        definition_id=scope.definition_id, branch=scope.branch, segments=tuple(fingerprint),
        places=tuple(places), digest=digest, size=size, created_at=store.clock.now(),
    )  # fmt: skip
    with store.database.transaction():
        if store.documents.find(_KIND, _key(scope, fingerprint)) is not None:
            return False
        store.documents.put(_KIND, _key(scope, fingerprint), rows.body_of(made))
    return True


def list_of(store: Store, scope: CacheScope) -> list[CacheEntry]:
    """The entries of a pipeline and branch."""
    found = store.documents.list(_KIND, prefix=_prefix(scope))
    return [rows.read(CacheEntry, d.body) for d in found]


def _prefix(scope: CacheScope) -> str:
    branch = hashlib.sha256(scope.branch.encode()).hexdigest()[:16]
    return f"{scope.definition_id:08}/{branch}/"


def _key(scope: CacheScope, fingerprint: Sequence[str]) -> str:
    text = json.dumps(list(fingerprint))
    return _prefix(scope) + hashlib.sha256(text.encode()).hexdigest()
