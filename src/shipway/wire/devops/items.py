"""Items: files and folders of a repository at a version.

Source: https://learn.microsoft.com/rest/api/azure/devops/git/items
"""

from typing import Any

from shipway.base.errors import NotFound
from shipway.devops import repositories, repository_contents
from shipway.devops.repositories import Repository
from shipway.devops.repository_contents import TreeEntry
from shipway.store.store import Store
from shipway.wire.devops import shapes, versions
from shipway.wire.devops.repositories import both, repository_of, url_of, version_of
from shipway.wire.http import Request, Response, Route, json_response

_QUERY = (
    "path", "scopePath", "recursionLevel", "includeContentMetadata", "latestProcessedChange",
    "download", "includeLinks", "versionDescriptor.version", "versionDescriptor.versionType",
    "versionDescriptor.versionOptions", "includeContent", "resolveLfs", "sanitize",
)  # fmt: skip


class Items:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def items(self, request: Request) -> Response:
        """GET items: one file (content or facts), or what a folder holds."""
        found = repository_of(self._store, request)
        version = version_of(self._store, request, found, "versionDescriptor")
        path = request.params.get("path") or request.arg("path")
        scope = request.arg("scopePath")
        level = request.arg("recursionLevel", "none").lower()
        if path and level == "none":
            return self._item(request, found, version, path)
        listed = repository_contents.tree(
            self._store, found, version=version, path=(path or scope).strip("/"),
            recursive=level == "full",
        )  # fmt: skip
        if listed is None:
            raise _no_item(path or scope, found, version)
        return shapes.collection([_tree_item(url_of(request, found), version, e) for e in listed])

    def _item(self, request: Request, found: Repository, version: str, path: str) -> Response:
        content = repositories.read_file(self._store, found, version=version, path=path)
        if content is None:
            raise _no_item(path, found, version)
        name = path.rpartition("/")[2]
        as_file = (("Content-Disposition", f'attachment; filename="{shapes.quoted(name)}"'),)
        if versions.wants(request, "application/octet-stream") or shapes.is_true(
            request, "download"
        ):
            kind = ("Content-Type", "application/octet-stream")
            return Response(headers=(kind, *as_file), body=content)
        if versions.wants(request, "text/plain"):
            return Response(headers=(("Content-Type", "text/plain; charset=utf-8"),), body=content)
        clean = "/" + path.strip("/")
        shape: dict[str, Any] = {
            "objectId": repository_contents.blob_id(self._store, found, version=version, path=path),
            "gitObjectType": "blob", "commitId": version, "path": clean,
            "url": f"{url_of(request, found)}/items?path={shapes.quoted(clean)}",
        }  # fmt: skip
        if shapes.is_true(request, "includeContent"):
            shape["content"] = content.decode(errors="replace")
        return json_response(shape)


def _tree_item(url: str, version: str, entry: TreeEntry) -> dict[str, Any]:
    path = f"/{entry.path}"
    shape: dict[str, Any] = {
        "objectId": entry.object_id, "gitObjectType": entry.kind, "commitId": version,
        "path": path, "url": f"{url}/items?path={shapes.quoted(path)}",
    }  # fmt: skip
    return shape | ({"isFolder": True} if entry.kind == "tree" else {})


def _no_item(path: str, repository: Repository, version: str) -> NotFound:
    return NotFound(
        f"TF401174: The item '{path[:200]}' could not be found in the repository "
        f"'{repository.name}' at the version specified by '<Commit: {version}>'",
        code="GitItemNotFoundException", where="path",
        hint="Paths start at the root of the repository and mind letter case.",
    )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Files and folders."""
    noun = Items(store)
    one = "git/repositories/{repository}/items"
    return (
        *both("GET", one, noun.items, query=_QUERY),
        *both("GET", f"{one}/{{path:path}}", noun.items, query=_QUERY),
    )
