"""Pushes: which refs moved when, by whose hand; and the refs as the database knows them.

The refs on disk are git's, these are the ones that the journal has told about. They differ only
between git's own update and the transaction that accepts it (see `loop/push.py`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shipway.base.home import write_private
from shipway.base.messages import Event
from shipway.devops import repositories, rows
from shipway.devops.repositories import ZERO, Repository
from shipway.devops.runs import Requester
from shipway.store.store import Store

_KIND = "push"
_REFS = "repository_refs"
_INTENT = "shipway.pusher"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefMove:
    """A ref that went from one object to another; ZERO stands for none."""

    ref: str
    old: str
    new: str

    @property
    def is_deletion(self) -> bool:
        """Whether the ref is gone."""
        return self.new == ZERO

    @property
    def is_creation(self) -> bool:
        """Whether the ref is new."""
        return self.old == ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push as it was accepted."""

    push_id: int
    repository_id: str
    pushed_by: Requester
    moves: tuple[RefMove, ...]
    at: datetime


def known_refs(store: Store, repository: Repository) -> dict[str, str]:
    """The refs that were accepted."""
    found = store.documents.find(_REFS, repository.repository_id)
    return dict(found.body) if found else {}


def moves_between(known: Mapping[str, str], present: Mapping[str, str]) -> tuple[RefMove, ...]:
    """What has to happen to `known` to become `present`, by name of the ref."""
    return tuple(
        RefMove(ref=ref, old=known.get(ref, ZERO), new=present.get(ref, ZERO))
        for ref in sorted({*known, *present})
        if known.get(ref, ZERO) != present.get(ref, ZERO)
    )


def intend(store: Store, repository: Repository, pusher: Requester) -> None:
    """Note who is about to push, so that a push that outlives the server has a name.

    A file beside the refs, not a row: a push that is refused must leave the database as it was.
    """
    content = json.dumps(rows.body_of(pusher)).encode()
    write_private(_intent(store, repository), content)


def intended(store: Store, repository: Repository) -> Requester | None:
    """Whose push has begun and was not accepted yet."""
    try:
        return rows.read(Requester, json.loads(_intent(store, repository).read_bytes()))
    except FileNotFoundError:
        return None


def forget_intent(store: Store, repository: Repository) -> None:
    """The push is over."""
    _intent(store, repository).unlink(missing_ok=True)


def forget(store: Store, repository: Repository) -> None:
    """Forget the accepted refs of a repository that is no more; its pushes stay."""
    store.documents.delete(_REFS, repository.repository_id)


def accept(
    store: Store, repository: Repository, *, pusher: Requester, moves: tuple[RefMove, ...]
) -> Push:
    """Write the push, the refs and one RefMoved for each; in the caller's transaction."""
    with store.database.transaction():
        refs = known_refs(store, repository)
        for move in moves:
            refs.pop(move.ref, None)
            if not move.is_deletion:
                refs[move.ref] = move.new
        push = Push(
            push_id=store.documents.next_number(_KIND),
            repository_id=repository.repository_id,
            pushed_by=pusher,
            moves=moves,
            at=store.clock.now(),
        )
        store.documents.put(_REFS, repository.repository_id, refs)
        store.documents.create(_KIND, _key(repository, push.push_id), rows.body_of(push))
        for move in moves:
            facts = {"push_id": push.push_id, **rows.body_of(move)}
            subject = f"repository/{repository.repository_id}"
            store.journal.append(Event(kind="RefMoved", subject=subject, at=push.at, data=facts))
        store.database.after_commit(lambda: forget_intent(store, repository))
    return push


def find(store: Store, repository: Repository, push_id: int) -> Push | None:
    """One push, or None."""
    found = store.documents.find(_KIND, _key(repository, push_id))
    return rows.read(Push, found.body) if found else None


def list_of(store: Store, repository: Repository) -> list[Push]:
    """The pushes to a repository, newest first."""
    found = store.documents.list(_KIND, prefix=f"{repository.repository_id}/")
    return [rows.read(Push, d.body) for d in reversed(found)]


def _intent(store: Store, repository: Repository) -> Path:
    return repositories.path_of(store, repository) / _INTENT


def _key(repository: Repository, push_id: int) -> str:
    return f"{repository.repository_id}/{push_id:010}"
