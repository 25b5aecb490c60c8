"""Annotated tags, and the import of repositories, which is refused by name.

Source: https://learn.microsoft.com/rest/api/azure/devops/git/annotated-tags
"""

from typing import Any

from shipway.azure.entra import users
from shipway.base.errors import BadInput, Conflict, NotSupported
from shipway.devops import annotated_tags, repositories
from shipway.devops.annotated_tags import AnnotatedTag
from shipway.devops.pushes import RefMove
from shipway.devops.repositories import Repository
from shipway.loop import push
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.fields import body_of
from shipway.wire.devops.repositories import both, repository_of, url_of
from shipway.wire.http import Request, Response, Route, json_response


class AnnotatedTags:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, request: Request) -> Response:
        """GET annotatedtags/{objectId}."""
        found = repository_of(self._store, request)
        tag = annotated_tags.read(self._store, found, request.params["tag"])
        return json_response(_shape(request, found, tag))

    def create(self, request: Request) -> Response:
        """POST annotatedtags: the tag object and the ref that names it."""
        found, body = repository_of(self._store, request), body_of(request)
        name = body.text("name").removeprefix("refs/tags/")
        if not name.isprintable() or not name or set(name) & set(" ~^:?*[\\") or ".." in name:
            raise BadInput(
                f"TF401027: '{name[:100]!r}' is not the name of a tag", where="name",
                code="GitInvalidRefNameException", hint="Such as v1.0.",
            )  # fmt: skip
        commit_id = body.child("taggedObject").text("objectId")
        if repositories.resolve(self._store, found, commit_id) != commit_id.lower():
            raise BadInput(
                f"TF401178: '{commit_id[:60]}' is no commit of the repository {found.name}",
                code="GitObjectDoesNotExistException", where="taggedObject.objectId",
            )  # fmt: skip
        if f"refs/tags/{name}" in repositories.refs_of(self._store, found, "refs/tags/"):
            raise Conflict(f"TF401189: the tag '{name[:100]}' already exists", where="name",
                           code="GitRefNameAlreadyExistsException")  # fmt: skip
        user = users.find(self._store, request.principal.object_id)
        tag = annotated_tags.write(
            self._store, found, name=name, commit_id=commit_id.lower(),
            message=body.text("message", ""),
            tagger_name=user.display_name if user else request.principal.name,
            tagger_email=user.principal_name if user else f"{request.principal.name}@shipway.local",
        )  # fmt: skip
        move = RefMove(ref=f"refs/tags/{name}", old=repositories.ZERO, new=tag.object_id)
        ((_, refusal),) = push.update_refs(self._store, found, [move], request.principal)
        if refusal:
            raise BadInput(
                f"TF401027: the tag '{name[:100]}' could not be made: {refusal}",
                code="GitReferenceUpdateException", where="name",
            )  # fmt: skip
        return json_response(_shape(request, found, tag), status=201)

    def import_repository(self, request: Request) -> Response:
        """POST importrequests: refused by name."""
        found = repository_of(self._store, request)
        raise NotSupported(
            f"importing another repository into '{found.name}' is not supported",
            code="GitImportNotSupportedException", status=400, where="importRequests",
            hint="Clone it and push it: git push --mirror.",
        )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Tags and imports of a repository."""
    noun = AnnotatedTags(store)
    one = "git/repositories/{repository}"
    return (
        *both("POST", f"{one}/annotatedtags", noun.create, action="contribute"),
        *both("GET", f"{one}/annotatedtags/{{tag}}", noun.get),
        *both("POST", f"{one}/importrequests", noun.import_repository, action="contribute"),
    )


def _shape(request: Request, repository: Repository, tag: AnnotatedTag) -> dict[str, Any]:
    return {
        "name": tag.name, "objectId": tag.object_id, "message": tag.message,
        "taggedObject": {"objectId": tag.commit_id, "objectType": "commit"},
        "taggedBy": {"name": tag.tagger_name, "email": tag.tagger_email,
                     "date": shapes.moment(tag.tagged_at)},
        "url": f"{url_of(request, repository)}/annotatedTags/{tag.object_id}",
    }  # fmt: skip
