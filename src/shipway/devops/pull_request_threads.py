"""Discussions on a pull request: threads of comments, open until somebody says otherwise.

Knows: documents. Must not know: HTTP.
Source: https://learn.microsoft.com/rest/api/azure/devops/git/pull-request-threads
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shipway.base.errors import NotFound
from shipway.devops import rows
from shipway.devops.pull_request_states import OPEN_THREADS, ThreadStatus
from shipway.devops.runs import Requester
from shipway.store.store import Store

_KIND = "pull_request_thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment; `parent_id` 0: the first of its thread."""

    comment_id: int
    parent_id: int = 0
    author: Requester
    content: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A discussion, of a file where `path` says so."""

    thread_id: int
    pull_request_id: int
    status: ThreadStatus = "active"
    path: str = ""
    comments: tuple[Comment, ...] = ()
    created_at: datetime
    updated_at: datetime


def create(
    store: Store, *, pull_request_id: int, status: ThreadStatus, path: str,
    contents: tuple[str, ...], author: Requester,
) -> Thread:  # fmt: skip
    """A new thread with its first comments."""
    now = store.clock.now()
    comments = tuple(
        Comment(comment_id=n, parent_id=0 if n == 1 else 1, author=author, content=text, at=now)
        for n, text in enumerate(contents, start=1)
    )
    with store.database.transaction():
        made = Thread(
            thread_id=store.documents.next_number(_KIND), pull_request_id=pull_request_id,
            status=status, path=path, comments=comments, created_at=now, updated_at=now,
        )  # fmt: skip
        return _save(store, made)


def add_comment(
    store: Store, thread: Thread, *, content: str, parent_id: int, author: Requester
) -> Comment:
    """Answer in a thread."""
    now = store.clock.now()
    made = Comment(
        comment_id=len(thread.comments) + 1, parent_id=parent_id, author=author, content=content,
        at=now,
    )  # fmt: skip
    _save(store, replace(thread, comments=(*thread.comments, made), updated_at=now))
    return made


def set_status(store: Store, thread: Thread, status: ThreadStatus) -> Thread:
    """Settle it or open it again."""
    return _save(store, replace(thread, status=status, updated_at=store.clock.now()))


def get(store: Store, *, pull_request_id: int, thread_id: int) -> Thread:
    """The thread. Raises `NotFound`."""
    found = store.documents.find(_KIND, _key(pull_request_id, thread_id))
    if found is None:
        raise NotFound(
            f"The comment thread {thread_id} does not exist on pull request {pull_request_id}.",
            code="GitPullRequestCommentThreadNotFoundException", where=str(thread_id),
        )  # fmt: skip
    return rows.read(Thread, found.body)


def list_of(store: Store, pull_request_id: int) -> list[Thread]:
    """The threads of a pull request, oldest first."""
    found = store.documents.list(_KIND, prefix=f"{pull_request_id:010}/")
    return [rows.read(Thread, d.body) for d in found]


def open_count(store: Store, pull_request_id: int) -> int:
    """How many threads still wait for an answer."""
    return sum(t.status in OPEN_THREADS for t in list_of(store, pull_request_id))


def _save(store: Store, thread: Thread) -> Thread:
    key = _key(thread.pull_request_id, thread.thread_id)
    store.documents.put(_KIND, key, rows.body_of(thread))
    return thread


def _key(pull_request_id: int, thread_id: int) -> str:
    return f"{pull_request_id:010}/{thread_id:010}"
