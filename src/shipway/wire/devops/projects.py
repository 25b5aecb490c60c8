"""Projects and the operations that make and remove them.

Source: https://learn.microsoft.com/rest/api/azure/devops/core/projects
"""

from typing import Any

from shipway.base import ids
from shipway.base.errors import BadInput, NotFound
from shipway.devops import projects, repositories, security_groups
from shipway.devops.projects import Project
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_organization
from shipway.wire.http import Request, Response, Route, json_response

_OPERATION = "operation"
_PROPERTIES = "project_properties"
_VISIBILITIES = ("private", "public")


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
                visibility=body.choice("visibility", _VISIBILITIES, "private"),
                process_id=_process_of(body),
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
                visibility=body.choice("visibility", _VISIBILITIES, project.visibility),
            )  # fmt: skip
            return self._done(request, project.project_id)

    def delete(self, request: Request) -> Response:
        """DELETE projects/{id}."""
        project = projects.get(self._store, request.params["project"])
        with self._store.database.transaction():
            security_groups.forget_project(self._store, project.project_id)
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
        return json_response(_operation(request, found.key, "succeeded"))

    def processes(self, request: Request) -> Response:
        """GET process/processes: those that a project can be made with."""
        return shapes.collection([_process(request, one) for one in projects.PROCESSES])

    def process(self, request: Request) -> Response:
        """GET process/processes/{id}."""
        asked = request.params["process"].lower()
        if asked not in projects.PROCESSES:
            raise NotFound(
                f"The process '{asked[:60]}' does not exist",
                code="ProcessNotFoundException", where=asked[:60], hint=_known_processes(),
            )  # fmt: skip
        return json_response(_process(request, asked))

    def properties(self, request: Request) -> Response:
        """GET projects/{id}/properties: some by name (`keys`, with `*` at the end), or all."""
        project = projects.get(self._store, request.params["project"])
        wanted = [k.lower() for k in request.arg("keys").split(",") if k]
        return shapes.collection(
            [
                {"name": name, "value": value}
                for name, value in self._properties(project).items()
                if not wanted or any(_fits(name.lower(), one) for one in wanted)
            ]
        )

    def set_properties(self, request: Request) -> Response:
        """PATCH projects/{id}/properties: a JSON patch of names; null takes one away."""
        project = projects.get(self._store, request.params["project"])
        known = self._properties(project)
        for change in Fields(values={"patch": request.json_value()}).children("patch"):
            verb = change.choice("op", ("add", "replace", "remove"))
            name = change.text("path").lstrip("/")
            if verb == "remove" or change.raw("value") is None:
                known.pop(name, None)
            else:
                known[name] = change.text("value")
        self._store.documents.put(_PROPERTIES, project.project_id, {"values": known})
        return shapes.no_content()

    def _properties(self, project: Project) -> dict[str, str]:
        system = {
            "System.CurrentProcessTemplateId": project.process_id,
            "System.ProcessTemplateType": project.process_id,
            "System.Process Template": projects.PROCESSES[project.process_id],
        }
        found = self._store.documents.find(_PROPERTIES, project.project_id)
        return {**system, **(found.body["values"] if found else {})}

    def _done(self, request: Request, about: str) -> Response:
        # the work is done when this is answered; as on Azure the client hears so when it asks
        operation_id = ids.new_guid()
        self._store.documents.create(_OPERATION, operation_id, {"about": about})
        return json_response(_operation(request, operation_id, "queued"), status=202)

    def _shape(self, request: Request, project: Project) -> dict[str, Any]:
        return shapes.project_reference(request, project) | {
            "capabilities": {
                "processTemplate": {
                    "templateName": projects.PROCESSES[project.process_id],
                    "templateTypeId": project.process_id,
                },
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
        in_organization("GET", "projects/{project}/properties", noun.properties, query=("keys",)),
        in_organization(
            "PATCH", "projects/{project}/properties", noun.set_properties, action="administer"
        ),
        in_organization("GET", "operations/{operation}", noun.operation, query=("pluginId",)),
        in_organization("GET", "process/processes", noun.processes),
        in_organization("GET", "process/processes/{process}", noun.process),
    )


def _operation(request: Request, operation_id: str, status: str) -> dict[str, Any]:
    return {
        "id": operation_id, "status": status, "pluginId": shapes.NO_GUID,
        "url": f"{shapes.base_url(request)}/_apis/operations/{operation_id}",
    }  # fmt: skip


def _process(request: Request, process_id: str) -> dict[str, Any]:
    return {
        "id": process_id, "name": projects.PROCESSES[process_id], "description": "",
        "isDefault": process_id == projects.AGILE, "type": "system",
        "url": f"{shapes.base_url(request)}/_apis/process/processes/{process_id}",
    }  # fmt: skip


def _process_of(body: Fields) -> str:
    """The process that a new project is made with; Agile when nobody chose one."""
    chosen = body.child("capabilities").child("processTemplate").text("templateTypeId", "").lower()
    if chosen not in ("", *projects.PROCESSES):
        raise BadInput(
            f"The process '{chosen[:60]}' does not exist", code="ProcessNotFoundException",
            where="capabilities.processTemplate.templateTypeId", hint=_known_processes(),
        )  # fmt: skip
    return chosen


def _known_processes() -> str:
    known = ", ".join(f"{name} ({key})" for key, name in projects.PROCESSES.items())
    return f"Known: {known}."


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
