"""Pushes: those that were accepted, and new ones made over REST.

Source: https://learn.microsoft.com/rest/api/azure/devops/git/pushes
"""

import base64
import binascii
from typing import Any

from shipway.base.errors import BadInput, NotFound
from shipway.devops import pushes, repositories
from shipway.devops.pushes import Push
from shipway.devops.repositories import Repository
from shipway.devops.repository_contents import Change, ChangeKind, NewCommit
from shipway.loop import push
from shipway.store.store import Store
from shipway.wire.devops import commits, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.repositories import both, repository_of, shape_of, url_of
from shipway.wire.http import Request, Response, Route, json_response

_KINDS: tuple[ChangeKind, ...] = ("add", "edit", "delete", "rename")
_CONTENT_KINDS = ("rawtext", "base64encoded")


class Pushes:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET pushes, newest first."""
        found = repository_of(self._store, request)
        ref = request.arg("searchCriteria.refName")
        wanted = [
            p for p in pushes.list_of(self._store, found)
            if not ref or any(m.ref == ref for m in p.moves)
        ]  # fmt: skip
        page, following = shapes.paged(request, wanted)
        values = [self._shape(request, found, p) for p in page]
        return shapes.collection(values, continuation=following)

    def get(self, request: Request) -> Response:
        """GET pushes/{id}."""
        found = repository_of(self._store, request)
        push_id = shapes.number(request.params["push"], "pushId")
        one = pushes.find(self._store, found, push_id)
        if one is None:
            raise NotFound(
                f"The push {push_id} does not exist in the repository {found.name}",
                code="GitPushDoesNotExistException", where="pushId",
            )  # fmt: skip
        return json_response(self._shape(request, found, one))

    def create(self, request: Request) -> Response:
        """POST pushes: commits on one branch, from contents in the body."""
        found, body = repository_of(self._store, request), body_of(request)
        updates, listed = body.children("refUpdates"), body.children("commits")
        if len(updates) != 1:
            raise BadInput(
                f"one ref update is needed, the body has {len(updates)}",
                code="InvalidArgumentValueException", where="refUpdates",
                hint="A push over REST moves one branch.",
            )  # fmt: skip
        if not listed:
            raise BadInput("Value cannot be null. Parameter name: commits",
                           code="ArgumentNullException", where="commits")  # fmt: skip
        ref = updates[0].text("name")
        if not ref.startswith("refs/heads/"):
            raise BadInput(
                f"TF401027: '{ref[:200]}' is not the name of a branch",
                code="GitInvalidRefNameException", where="refUpdates[0].name",
                hint="Give a full name such as refs/heads/main.",
            )  # fmt: skip
        accepted = push.commit(
            self._store, found, ref=ref, old=updates[0].text("oldObjectId"),
            commits=[_new_commit(one) for one in listed], pusher=request.principal,
        )  # fmt: skip
        made = pushes.find(self._store, found, accepted.push_id)
        return json_response(made and self._shape(request, found, made), status=201)

    def _shape(self, request: Request, repository: Repository, one: Push) -> dict[str, Any]:
        tips = [m.new for m in one.moves if not m.is_deletion]
        found = [c for t in tips if (c := repositories.commit(self._store, repository, t))]
        return {
            "pushId": one.push_id, "date": shapes.moment(one.at),
            "pushedBy": shapes.identity(self._store, request, one.pushed_by),
            "refUpdates": [
                {"repositoryId": repository.repository_id, "name": m.ref, "oldObjectId": m.old,
                 "newObjectId": m.new}
                for m in one.moves
            ],
            "commits": [commits.shape_of(request, repository, c) for c in found],
            "repository": shape_of(self._store, request, repository),
            "url": f"{url_of(request, repository)}/pushes/{one.push_id}",
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Pushes."""
    noun = Pushes(store)
    one = "git/repositories/{repository}/pushes"
    listed = ("$top", "$skip", "searchCriteria.refName", "searchCriteria.includeRefUpdates")
    return (
        *both("GET", one, noun.list_all, query=listed),
        *both("POST", one, noun.create, action="contribute"),
        *both("GET", f"{one}/{{push}}", noun.get, query=("includeCommits", "includeRefUpdates")),
    )


def _new_commit(body: Fields) -> NewCommit:
    author = body.child("author")
    return NewCommit(
        comment=body.text("comment"),
        changes=tuple(_change(one) for one in body.children("changes")),
        author_name=author.text("name", ""), author_email=author.text("email", ""),
        author_date=author.text("date", ""),
    )  # fmt: skip


def _change(body: Fields) -> Change:
    kind = body.choice("changeType", _KINDS)
    content = body.child("newContent")
    return Change(
        kind=kind, path=body.child("item").text("path").removeprefix("/"),
        content=_content(content) if content.has("content") or kind in ("add", "edit") else None,
        source=body.text("sourceServerItem").removeprefix("/") if kind == "rename" else "",
    )  # fmt: skip


def _content(body: Fields) -> bytes:
    text = body.text("content")
    if body.choice("contentType", _CONTENT_KINDS, "rawtext") == "rawtext":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadInput(
            "the content is not base64", code="InvalidArgumentValueException",
            where=f"{body.path}.content", hint="Or say contentType rawtext.",
        ) from None  # fmt: skip
