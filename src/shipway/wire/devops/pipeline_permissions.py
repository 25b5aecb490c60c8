"""Which pipelines may use a protected resource.

Source: https://learn.microsoft.com/rest/api/azure/devops/approvalsandchecks/pipeline-permissions
"""

from dataclasses import replace
from typing import Any

from shipway.devops import definitions, pipeline_permissions
from shipway.devops.pipeline_permissions import PipelinePermission
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.store.store import Store
from shipway.wire.devops import protected_resources, rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response


class PipelinePermissions:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, request: Request) -> Response:
        """GET pipelines/pipelinepermissions/{type}/{id}."""
        project = shapes.project_of(self._store, request)
        found = pipeline_permissions.get(
            self._store, resource_type=request.params["type"], resource_id=_key(request, project)
        )
        protected_resources.name_of(
            self._store, project, request.params["type"], request.params["id"]
        )
        return json_response(self._shape(request, found))

    def update(self, request: Request) -> Response:
        """PATCH pipelines/pipelinepermissions/{type}/{id}: add and take away."""
        return json_response(self._update(request, body_of(request)))

    def update_many(self, request: Request) -> Response:
        """PATCH pipelines/pipelinepermissions: several resources, each with its changes."""
        listed = Fields(values={"resources": request.json_value()}).children("resources")
        with self._store.database.transaction():
            return shapes.collection([self._update_one(request, one) for one in listed])

    def _update_one(self, request: Request, body: Fields) -> dict[str, Any]:
        resource = body.child("resource")
        params = {**request.params, "type": resource.text("type"), "id": resource.text("id")}
        return self._update(replace(request, params=params), body)

    def _update(self, request: Request, body: Fields) -> dict[str, Any]:
        project = shapes.project_of(self._store, request)
        kind, resource_id = request.params["type"], _key(request, project)
        pipeline_permissions.get(self._store, resource_type=kind, resource_id=resource_id)
        protected_resources.name_of(self._store, project, kind, request.params["id"])
        rights.require_manager(
            self._store, request, project_id=project.project_id, kind=kind,
            resource_id=request.params["id"],
        )  # fmt: skip
        changes: list[tuple[int | None, bool]] = []
        if body.has("allPipelines"):
            changes.append((None, body.child("allPipelines").boolean("authorized")))
        for one in body.children("pipelines"):
            definition = definitions.get(
                self._store, project_id=project.project_id, definition_id=one.number("id")
            )
            changes.append((definition.definition_id, one.boolean("authorized", default=True)))
        with self._store.database.transaction():
            for definition_id, allow in changes:
                verb = pipeline_permissions.authorize if allow else pipeline_permissions.revoke
                verb(
                    self._store, resource_type=kind, resource_id=resource_id,
                    by=request.principal.object_id, definition_id=definition_id,
                )  # fmt: skip
        found = pipeline_permissions.get(self._store, resource_type=kind, resource_id=resource_id)
        return self._shape(request, found)

    def _shape(self, request: Request, found: PipelinePermission) -> dict[str, Any]:
        def who(object_id: str) -> dict[str, Any]:
            by = Requester(object_id=object_id, name=object_id)
            return shapes.identity(self._store, request, by)

        shape: dict[str, Any] = {
            "resource": {"type": found.resource_type, "id": request.params["id"]},
            "pipelines": [
                {"id": g.definition_id, "authorized": True, "authorizedBy": who(g.authorized_by),
                 "authorizedOn": shapes.moment(g.authorized_at)}
                for g in found.grants
            ],
        }  # fmt: skip
        if found.everyone:
            shape["allPipelines"] = {
                "authorized": True, "authorizedBy": who(found.everyone_by),
                "authorizedOn": shapes.moment(found.everyone_at),
            }  # fmt: skip
        return shape


def routes(store: Store) -> tuple[Route, ...]:
    """Permissions; before `pipelines/{id}`."""
    noun = PipelinePermissions(store)
    one = "pipelines/pipelinepermissions/{type}/{id}"
    return (
        in_project("GET", one, noun.get),
        in_project("PATCH", one, noun.update, action="contribute"),
        in_project("PATCH", "pipelines/pipelinepermissions", noun.update_many, action="contribute"),
    )


def _key(request: Request, project: Project) -> str:
    return pipeline_permissions.resource_id_of(
        request.params["type"], request.params["id"], project_id=project.project_id
    )
