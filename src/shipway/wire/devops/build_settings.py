"""What a project says of all its pipelines: general settings, folders, authorized resources.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/general-settings
"""

from typing import Any

from shipway.base.clock import timestamp
from shipway.base.errors import BadInput, Conflict, NotFound, NotSupported
from shipway.devops import (
    definitions,
    pipeline_permissions,
    service_connections,
    variable_groups,
)
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response

_FOLDER = "build_folder"
# what holds here, whatever a project would like; Azure's own defaults for a new project
_SETTINGS = {
    "auditEnforceSettableVar": False, "buildsEnabledForForks": False,
    "disableClassicBuildPipelineCreation": True, "disableClassicPipelineCreation": True,
    "disableClassicReleasePipelineCreation": True, "disableImpliedYAMLCiTrigger": False,
    "enableShellTasksArgsSanitizing": False, "enableShellTasksArgsSanitizingAudit": False,
    "enforceJobAuthScope": True, "enforceJobAuthScopeForForks": True,
    "enforceJobAuthScopeForReleases": True, "enforceNoAccessToSecretsFromForks": True,
    "enforceReferencedRepoScopedToken": True, "enforceSettableVar": True,
    "forkProtectionEnabled": True, "isCommentRequiredForPullRequest": True,
    "publishPipelineMetadata": False, "requireCommentsForNonTeamMemberAndNonContributors": False,
    "requireCommentsForNonTeamMembersOnly": False, "statusBadgesArePrivate": True,
}  # fmt: skip


class BuildSettings:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, request: Request) -> Response:
        """GET build/generalsettings."""
        shapes.project_of(self._store, request)
        return json_response(_SETTINGS)

    def update(self, request: Request) -> Response:
        """PATCH build/generalsettings: what holds already may be said again."""
        shapes.project_of(self._store, request)
        body = body_of(request)
        known = {name.lower(): name for name in _SETTINGS}
        for name, value in body.values.items():
            if name.lower() not in known:
                raise BadInput(
                    f"the setting '{name[:60]}' is not known", where=name[:60],
                    code="InvalidArgumentValueException", hint=f"Known: {', '.join(_SETTINGS)}.",
                )  # fmt: skip
            if value is not None and body.boolean(name) != _SETTINGS[known[name.lower()]]:
                raise NotSupported(
                    f"the setting '{name}' cannot be changed here",
                    code="BuildSettingNotSupportedException", status=400, where=name,
                    hint=f"It is {str(_SETTINGS[known[name.lower()]]).lower()} for every project.",
                )  # fmt: skip
        return json_response(_SETTINGS)

    def authorized(self, request: Request) -> Response:
        """GET build/authorizedresources: what is open to every pipeline of the project."""
        project = shapes.project_of(self._store, request)
        kind, wanted = request.arg("type").lower(), request.arg("id").lower()
        return shapes.collection(
            [
                {"type": known, "id": resource_id, "name": name, "authorized": True}
                for known, resource_id, name in self._resources(project)
                if kind in ("", known) and wanted in ("", resource_id)
                and self._is_open(project, known, resource_id)
            ]
        )  # fmt: skip

    def authorize(self, request: Request) -> Response:
        """PATCH build/authorizedresources: open or close to every pipeline."""
        project = shapes.project_of(self._store, request)
        listed = Fields(values={"resources": request.json_value()}).children("resources")
        known = {(kind, resource_id) for kind, resource_id, _ in self._resources(project)}
        with self._store.database.transaction():
            for one in listed:
                kind, resource_id = one.text("type").lower(), one.text("id").lower()
                if (kind, resource_id) not in known:
                    raise NotFound(
                        f"there is no {kind[:40]} '{resource_id[:60]}'", where=f"{one.path}.id",
                        code="ResourceNotFoundException",
                    )  # fmt: skip
                rights.require_manager(
                    self._store, request, project_id=project.project_id, kind=kind,
                    resource_id=resource_id,
                )  # fmt: skip
                verb = (
                    pipeline_permissions.authorize
                    if one.boolean("authorized")
                    else pipeline_permissions.revoke
                )
                verb(
                    self._store, resource_type=kind, resource_id=resource_id,
                    by=request.principal.object_id,
                )  # fmt: skip
        return shapes.collection(list(request.json_value()))

    def folders(self, request: Request) -> Response:
        """GET build/folders[/{path}]."""
        project = shapes.project_of(self._store, request)
        wanted = _path(request.params.get("path", ""))
        return shapes.collection(
            [
                self._folder(request, project, path)
                for path in self._paths(project)
                if wanted == "\\" or (path + "\\").casefold().startswith(f"{wanted}\\".casefold())
            ]
        )

    def make_folder(self, request: Request) -> Response:
        """PUT build/folders?path=."""
        project = shapes.project_of(self._store, request)
        path = _path(request.arg("path") or request.params.get("path", ""))
        if path.casefold() in {p.casefold() for p in self._paths(project)}:
            raise Conflict(f"Folder {path} already exists.", code="FolderExistsException",
                           where=path)  # fmt: skip
        self._keep(request, project, path, body_of(request).text("description", ""))
        return json_response(self._folder(request, project, path))

    def change_folder(self, request: Request) -> Response:
        """POST build/folders?path=: its description; moving one is refused by name."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        path = self._existing(request, project)
        if _path(body.text("path", path)) != path:
            raise NotSupported(
                "moving a folder of pipelines is not supported", where="path", status=400,
                code="FolderMoveNotSupportedException", hint="Make a new one and move them.",
            )  # fmt: skip
        self._keep(request, project, path, body.text("description", ""))
        return json_response(self._folder(request, project, path))

    def delete_folder(self, request: Request) -> Response:
        """DELETE build/folders?path=: an empty one."""
        project = shapes.project_of(self._store, request)
        path = self._existing(request, project)
        inside = [d.name for d in definitions.list_of(self._store, project_id=project.project_id)
                  if d.folder.casefold().startswith(path.casefold())]  # fmt: skip
        if inside:
            raise Conflict(
                f"the folder {path} has the pipeline '{inside[0]}'", where=path,
                code="FolderNotEmptyException", hint="Delete its pipelines first.",
            )  # fmt: skip
        self._store.documents.delete(_FOLDER, f"{project.project_id}/{path.lower()}")
        return shapes.no_content()

    def _resources(self, project: Project) -> list[tuple[str, str, str]]:
        groups = variable_groups.list_of(self._store, project_id=project.project_id)
        connections = service_connections.list_of(self._store, project_id=project.project_id)
        return [
            *(("variablegroup", str(g.group_id), g.name) for g in groups),
            *(("endpoint", c.connection_id, c.name) for c in connections),
        ]

    def _is_open(self, project: Project, kind: str, resource_id: str) -> bool:
        del project
        return pipeline_permissions.get(
            self._store, resource_type=kind, resource_id=resource_id
        ).everyone

    def _paths(self, project: Project) -> list[str]:
        made = self._store.documents.list(_FOLDER, prefix=f"{project.project_id}/")
        used = {d.folder for d in definitions.list_of(self._store, project_id=project.project_id)}
        return sorted({"\\", *used, *(str(d.body["path"]) for d in made)}, key=str.casefold)

    def _existing(self, request: Request, project: Project) -> str:
        asked = _path(request.arg("path") or request.params.get("path", ""))
        found = next((p for p in self._paths(project) if p.casefold() == asked.casefold()), None)
        if found in (None, "\\"):
            raise NotFound(f"Folder {asked} does not exist.", code="FolderNotFoundException",
                           where=asked)  # fmt: skip
        return str(found)

    def _keep(self, request: Request, project: Project, path: str, description: str) -> None:
        self._store.documents.put(
            _FOLDER, f"{project.project_id}/{path.lower()}",
            {"path": path, "description": description, "by_id": request.principal.object_id,
             "by_name": request.principal.name},
        )  # fmt: skip

    def _folder(self, request: Request, project: Project, path: str) -> dict[str, Any]:
        found = self._store.documents.find(_FOLDER, f"{project.project_id}/{path.lower()}")
        body = found.body if found else {}
        by = Requester(object_id=body.get("by_id", ""), name=body.get("by_name", ""))
        return {
            "path": path, "description": body.get("description", ""),
            "createdOn": timestamp(found.created_at if found else project.created_at),
            "createdBy": shapes.identity(self._store, request, by),
            "project": shapes.project_reference(request, project),
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Settings, authorized resources, folders."""
    noun = BuildSettings(store)
    order = ("queryOrder",)
    folders, folder = "build/folders", "build/folders/{path:path}"
    return (
        in_project("GET", "build/generalsettings", noun.get),
        in_project("PATCH", "build/generalsettings", noun.update, action="build"),
        in_project("GET", "build/authorizedresources", noun.authorized, query=("type", "id")),
        in_project("PATCH", "build/authorizedresources", noun.authorize, action="contribute"),
        in_project("GET", folders, noun.folders, query=order),
        in_project("GET", folder, noun.folders, query=order),
        in_project("PUT", folders, noun.make_folder, action="contribute", query=("path",)),
        in_project("PUT", folder, noun.make_folder, action="contribute"),
        in_project("POST", folders, noun.change_folder, action="contribute", query=("path",)),
        in_project("POST", folder, noun.change_folder, action="contribute"),
        in_project("DELETE", folders, noun.delete_folder, action="contribute", query=("path",)),
        in_project("DELETE", folder, noun.delete_folder, action="contribute"),
    )


def _path(text: str) -> str:
    """A folder's path as Azure spells it: with backslashes, beginning with one."""
    parts = [part for part in text.replace("/", "\\").split("\\") if part]
    return "\\" + "\\".join(parts)
