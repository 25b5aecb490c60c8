"""Threads of comments on a pull request.

Source: https://learn.microsoft.com/rest/api/azure/devops/git/pull-request-threads
"""

from typing import Any

from shipway.base.errors import BadInput
from shipway.devops import pull_request_threads, pull_requests
from shipway.devops.pull_request_states import ThreadStatus
from shipway.devops.pull_request_threads import Comment, Thread
from shipway.devops.pull_requests import PullRequest
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.pull_request_bodies import me
from shipway.wire.devops.pull_request_shapes import address
from shipway.wire.devops.repositories import both, repository_of
from shipway.wire.http import Request, Response, Route, json_response

# in the order of their numbers, which clients may send as well
_STATUSES: tuple[ThreadStatus, ...] = (
    "unknown", "active", "fixed", "wontFix", "closed", "byDesign", "pending",
)  # fmt: skip


class Threads:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET threads."""
        one = self._pull_request(request)
        found = pull_request_threads.list_of(self._store, one.pull_request_id)
        return shapes.collection([self._shape(request, one, t) for t in found])

    def get(self, request: Request) -> Response:
        """GET threads/{id}."""
        one = self._pull_request(request)
        return json_response(self._shape(request, one, self._thread(request, one)))

    def create(self, request: Request) -> Response:
        """POST threads: a thread with its first comments."""
        one, body = self._pull_request(request), body_of(request)
        contents = tuple(_content(c) for c in body.children("comments"))
        if not contents:
            raise BadInput("a thread begins with a comment", code="InvalidArgumentValueException",
                           where="comments", hint="Give comments[0].content.")  # fmt: skip
        made = pull_request_threads.create(
            self._store, pull_request_id=one.pull_request_id, contents=contents,
            status=_status(body, "active"), path=body.child("threadContext").text("filePath", ""),
            author=me(request),
        )  # fmt: skip
        return json_response(self._shape(request, one, made))

    def update(self, request: Request) -> Response:
        """PATCH threads/{id}: its status."""
        one, body = self._pull_request(request), body_of(request)
        thread = self._thread(request, one)
        changed = pull_request_threads.set_status(self._store, thread, _status(body, thread.status))
        return json_response(self._shape(request, one, changed))

    def comments(self, request: Request) -> Response:
        """GET threads/{id}/comments."""
        thread = self._thread(request, self._pull_request(request))
        return shapes.collection([self._comment(request, c) for c in thread.comments])

    def add_comment(self, request: Request) -> Response:
        """POST threads/{id}/comments."""
        body = body_of(request)
        thread = self._thread(request, self._pull_request(request))
        made = pull_request_threads.add_comment(
            self._store, thread, content=_content(body),
            parent_id=body.number("parentCommentId", 1), author=me(request),
        )  # fmt: skip
        return json_response(self._comment(request, made))

    def _pull_request(self, request: Request) -> PullRequest:
        repository = repository_of(self._store, request)
        number = shapes.number(request.params["pull_request"], "pullRequestId")
        return pull_requests.get(self._store, number, repository_id=repository.repository_id)

    def _thread(self, request: Request, one: PullRequest) -> Thread:
        number = shapes.number(request.params["thread"], "threadId")
        return pull_request_threads.get(
            self._store, pull_request_id=one.pull_request_id, thread_id=number
        )

    def _shape(self, request: Request, one: PullRequest, thread: Thread) -> dict[str, Any]:
        url = address(request, repository_of(self._store, request), one)
        shape: dict[str, Any] = {
            "id": thread.thread_id, "status": thread.status, "isDeleted": False,
            "publishedDate": shapes.moment(thread.created_at),
            "lastUpdatedDate": shapes.moment(thread.updated_at),
            "comments": [self._comment(request, c) for c in thread.comments],
            "properties": {}, "_links": {"self": {"href": f"{url}/threads/{thread.thread_id}"}},
        }  # fmt: skip
        if thread.path:
            shape["threadContext"] = {"filePath": thread.path}
        return shape

    def _comment(self, request: Request, comment: Comment) -> dict[str, Any]:
        at = shapes.moment(comment.at)
        return {
            "id": comment.comment_id, "parentCommentId": comment.parent_id,
            "author": shapes.identity(self._store, request, comment.author),
            "content": comment.content, "commentType": "text", "publishedDate": at,
            "lastUpdatedDate": at, "lastContentUpdatedDate": at, "usersLiked": [],
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Threads."""
    noun = Threads(store)
    listed = "git/repositories/{repository}/pullrequests/{pull_request}/threads"
    one = f"{listed}/{{thread}}"
    shown = ("$iteration", "$baseIteration")
    return (
        *both("GET", listed, noun.list_all, query=shown),
        *both("POST", listed, noun.create, action="contribute"),
        *both("GET", one, noun.get, query=shown),
        *both("PATCH", one, noun.update, action="contribute"),
        *both("GET", f"{one}/comments", noun.comments),
        *both("POST", f"{one}/comments", noun.add_comment, action="contribute"),
    )


def _content(body: Fields) -> str:
    return body.text("content")


def _status(body: Fields, default: ThreadStatus) -> ThreadStatus:
    word = body.text("status", default)
    if word.isascii() and word.isdigit() and int(word) < len(_STATUSES):
        return _STATUSES[int(word)]
    return body.choice("status", _STATUSES, default)
