"""The tags of builds, and all those that a project's builds have.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/tags
"""

from collections.abc import Sequence

from shipway.base.errors import BadInput, Forbidden
from shipway.devops import run_tags, runs
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.builds import build_of
from shipway.wire.devops.fields import body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route


class BuildTags:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, request: Request) -> Response:
        """GET build/builds/{id}/tags."""
        project = shapes.project_of(self._store, request)
        return shapes.collection(list(build_of(self._store, request, project).tags))

    def add(self, request: Request) -> Response:
        """PUT build/builds/{id}/tags/{tag}."""
        return self._change(request, add=[request.params["tag"]])

    def add_all(self, request: Request) -> Response:
        """POST build/builds/{id}/tags: a list of texts."""
        tags = request.json_value()
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise BadInput(
                "the body needs a list of texts", code="InvalidArgumentValueException",
                where="tags", hint='Such as ["release", "nightly"].',
            )  # fmt: skip
        return self._change(request, add=tags)

    def update(self, request: Request) -> Response:
        """PATCH build/builds/{id}/tags: `tagsToAdd`, `tagsToRemove`."""
        body = body_of(request)
        return self._change(
            request, add=body.texts("tagsToAdd"), remove=body.texts("tagsToRemove")
        )  # fmt: skip

    def delete(self, request: Request) -> Response:
        """DELETE build/builds/{id}/tags/{tag}."""
        return self._change(request, remove=[request.params["tag"]])

    def of_project(self, request: Request) -> Response:
        """GET build/tags: every tag that a build of the project has."""
        project = shapes.project_of(self._store, request)
        found = {
            tag.casefold(): tag
            for run in runs.list_of(self._store, project_id=project.project_id)
            for tag in run.tags
        }
        return shapes.collection(sorted(found.values(), key=str.casefold))

    def delete_everywhere(self, request: Request) -> Response:
        """DELETE build/tags/{tag}: the tags that are left."""
        project = shapes.project_of(self._store, request)
        tag = request.params["tag"]
        with self._store.database.transaction():
            for run in runs.list_of(self._store, project_id=project.project_id):
                if run_tags.has(run, tag):
                    run_tags.change(self._store, run.run_id, remove=[tag])
        return self.of_project(request)

    def _change(
        self, request: Request, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> Response:
        project = shapes.project_of(self._store, request)
        run_id = build_of(self._store, request, project).run_id
        if request.principal.run_id not in (0, run_id):
            raise Forbidden(
                f"the access token of a job of run {request.principal.run_id} has no say in the "
                f"tags of run {run_id}",
                code="AccessDeniedException", where="Authorization",
            )  # fmt: skip
        changed = run_tags.change(self._store, run_id, add=add, remove=remove)
        return shapes.collection(list(changed.tags))


def routes(store: Store) -> tuple[Route, ...]:
    """The tags of one build, then those of the project."""
    noun = BuildTags(store)
    one = "build/builds/{build}/tags"
    return (
        in_project("GET", one, noun.get),
        in_project("POST", one, noun.add_all, action="job"),
        in_project("PATCH", one, noun.update, action="job"),
        in_project("PUT", f"{one}/{{tag:path}}", noun.add, action="job"),
        in_project("DELETE", f"{one}/{{tag:path}}", noun.delete, action="job"),
        in_project("GET", "build/tags", noun.of_project),
        in_project("DELETE", "build/tags/{tag:path}", noun.delete_everywhere, action="contribute"),
    )
