"""Projects and the operations that make and remove them.

Source: https://learn.microsoft.com/rest/api/azure/devops/core/projects
"""

from typing import Any

from shipway.base import ids
from shipway.base.errors import BadInput, NotFound
from shipway.devops import projects, repositories
from shipway.devops.projects import Project
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import body_of
from shipway.wire.devops.shapes import in_organization
from shipway.wire.http import Request, Response, Route, json_response

# Agile, the process that the service gives a project when nobody chose one
_PROCESS = "adcc42ab-9882-485e-a3ed-7678f01f66bc"
_OPERATION = "operation"


class Projects:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET projects."""
        state = request.arg("stateFilter", "wellFormed").lower()
        if state not in ("wellformed", "all", "unchanged"):
            return shapes.collection([])
        seen = [
            p for p in projects.list_all(self._store)
            if rights.sees(self._store, request, p.project_id)
        ]  # fmt: skip
        found, following = shapes.paged(request, seen)
        values = [shapes.project_reference(request, p) for p in found]
        return shapes.collection(values, continuation=following)

    def get(self, request: Request) -> Response:
        """GET projects/{id or name}."""
        project = projects.get(self._store, request.params["project"])
        return json_response(self._shape(request, project))

    def create(self, request: Request) -> Response:
        """POST projects: also makes its first repository, as Azure does."""
        body = body_of(request)
        control = body.child("capabilities").child("versioncontrol")
        if control.text("sourceControlType", "Git").lower() != "git":
            raise BadInput(
                "only Git is supported for version control",
                code="NotSupportedException", status=400,
                where="capabilities.versioncontrol.sourceControlType", hint="Use Git.",
            )  # fmt: skip
        with self._store.database.transaction():
            project = projects.create(
                self._store, name=body.text("name"), description=body.text("description", ""),
                visibility=body.choice("visibility", ("private", "public"), "private"),
            )  # fmt: skip
            repositories.create(self._store, project_id=project.project_id, name=project.name)
            return self._done(request, f"{project.project_id}")

    def update(self, request: Request) -> Response:
        """PATCH projects/{id}."""
        body = body_of(request)
        project = projects.get(self._store, request.params["project"])
        with self._store.database.transaction():
            projects.update(
                self._store, project_id=project.project_id,
                name=body.text("name") if body.has("name") else None,
                description=body.text("description") if body.has("description") else None,
            )  # fmt: skip
            return self._done(request, project.project_id)

    def delete(self, request: Request) -> Response:
        """DELETE projects/{id}."""
        project = projects.get(self._store, request.params["project"])
        with self._store.database.transaction():
            projects.delete(self._store, project_id=project.project_id)
            return self._done(request, project.project_id)

    def operation(self, request: Request) -> Response:
        """GET operations/{id}."""
        operation_id = request.params["operation"]
        found = self._store.documents.find(_OPERATION, operation_id.lower())
        if found is None:
            raise NotFound(
                f"The operation '{operation_id}' could not be found.",
                code="OperationNotFoundException", where=operation_id,
            )  # fmt: skip
        return json_response(_operation(request, found.key))

    def processes(self, request: Request) -> Response:
        """GET process/processes: the one that a project has."""
        return shapes.collection([_process(request)])

    def process(self, request: Request) -> Response:
        """GET process/processes/{id}."""
        if request.params["process"].lower() != _PROCESS:
            raise NotFound(
                f"The process '{request.params['process']}' does not exist",
                code="ProcessNotFoundException", where=request.params["process"],
                hint=f"There is one: Agile ({_PROCESS}).",
            )  # fmt: skip
        return json_response(_process(request))

    def _done(self, request: Request, about: str) -> Response:
        # the work is done when this is answered; clients poll the operation all the same
        operation_id = ids.new_guid()
        self._store.documents.create(_OPERATION, operation_id, {"about": about})
        return json_response(_operation(request, operation_id), status=202)

    def _shape(self, request: Request, project: Project) -> dict[str, Any]:
        return shapes.project_reference(request, project) | {
            "capabilities": {
                "processTemplate": {"templateName": "Agile", "templateTypeId": _PROCESS},
                "versioncontrol": {
                    "sourceControlType": "Git", "gitEnabled": "True", "tfvcEnabled": "False",
                },
            },
            "defaultTeam": {
                "id": ids.guid_from("team", project.project_id), "name": f"{project.name} Team",
                "url": f"{shapes.base_url(request)}/_apis/projects/{project.project_id}/teams/"
                + ids.guid_from("team", project.project_id),
            },
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Projects come first in the journey."""
    noun = Projects(store)
    page = ("stateFilter", "$top", "$skip", "continuationToken", "getDefaultTeamImageUrl")
    one = ("includeCapabilities", "includeHistory")
    return (
        in_organization("GET", "projects", noun.list_all, query=page),
        in_organization("POST", "projects", noun.create, action="organize"),
        in_organization("GET", "projects/{project}", noun.get, query=one),
        in_organization("PATCH", "projects/{project}", noun.update, action="administer"),
        in_organization("DELETE", "projects/{project}", noun.delete, action="administer"),
        in_organization("GET", "operations/{operation}", noun.operation, query=("pluginId",)),
        in_organization("GET", "process/processes", noun.processes),
        in_organization("GET", "process/processes/{process}", noun.process),
    )


def _operation(request: Request, operation_id: str) -> dict[str, Any]:
    return {
        "id": operation_id, "status": "succeeded",
        "url": f"{shapes.base_url(request)}/_apis/operations/{operation_id}",
    }  # fmt: skip


def _process(request: Request) -> dict[str, Any]:
    return {
        "id": _PROCESS, "name": "Agile", "description": "", "isDefault": True, "type": "system",
        "url": f"{shapes.base_url(request)}/_apis/process/processes/{_PROCESS}",
    }  # fmt: skip
