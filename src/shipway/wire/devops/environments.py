"""AzDO environments and what was deployed to them.

Source: https://learn.microsoft.com/rest/api/azure/devops/environments
"""

from typing import Any

from shipway.devops import environment_machines, environments, runs
from shipway.devops.environments import DeploymentRecord, EnvironmentInstance
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.store.store import Store
from shipway.wire.devops import body_fields, rights, run_words, shapes
from shipway.wire.devops.fields import body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response


class Environments:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET distributedtask/environments."""
        project = shapes.project_of(self._store, request)
        name = request.arg("name").casefold()
        found = [
            e for e in environments.list_of(self._store, project_id=project.project_id)
            if name in ("", e.name.casefold())
        ]  # fmt: skip
        page, following = shapes.paged(request, found)
        values = [self._shape(request, project, e) for e in page]
        return shapes.collection(values, continuation=following)

    def get(self, request: Request) -> Response:
        """GET distributedtask/environments/{id}."""
        project, found = self._of(request)
        return json_response(self._shape(request, project, found))

    def create(self, request: Request) -> Response:
        """POST distributedtask/environments."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        body_fields.check(body, body_fields.ENVIRONMENT, body_fields.ENVIRONMENT_NEUTRAL)
        made = environments.create(
            self._store, project_id=project.project_id, name=body.text("name"),
            description=body.text("description", ""),
            created_by_id=request.principal.object_id, created_by_name=request.principal.name,
        )  # fmt: skip
        return json_response(self._shape(request, project, made))

    def update(self, request: Request) -> Response:
        """PATCH distributedtask/environments/{id}."""
        (project, found), body = self._managed(request), body_of(request)
        body_fields.check(body, body_fields.ENVIRONMENT, body_fields.ENVIRONMENT_NEUTRAL)
        changed = environments.update(
            self._store, project_id=project.project_id, environment_id=found.environment_id,
            name=body.text("name", found.name),
            description=body.text("description", found.description),
        )  # fmt: skip
        return json_response(self._shape(request, project, changed))

    def delete(self, request: Request) -> Response:
        """DELETE distributedtask/environments/{id}."""
        project, found = self._managed(request)
        environments.delete(
            self._store, project_id=project.project_id, environment_id=found.environment_id
        )
        return shapes.no_content()

    def records(self, request: Request) -> Response:
        """GET distributedtask/environments/{id}/environmentdeploymentrecords."""
        project, found = self._of(request)
        listed = environments.records_of(self._store, environment_id=found.environment_id)
        page, following = shapes.paged(request, listed)
        values = [self._record(request, project, r) for r in page]
        return shapes.collection(values, continuation=following)

    def _managed(self, request: Request) -> tuple[Project, EnvironmentInstance]:
        project, found = self._of(request)
        rights.require_manager(
            self._store, request, project_id=project.project_id, kind="environment",
            resource_id=found.environment_id,
        )  # fmt: skip
        return project, found

    def _of(self, request: Request) -> tuple[Project, EnvironmentInstance]:
        project = shapes.project_of(self._store, request)
        environment_id = shapes.number(request.params["environment"], "environmentId")
        return project, environments.get(
            self._store, project_id=project.project_id, environment_id=environment_id
        )

    def _shape(
        self, request: Request, project: Project, one: EnvironmentInstance
    ) -> dict[str, Any]:
        by = Requester(object_id=one.created_by_id, name=one.created_by_name)
        who = shapes.identity(self._store, request, by)
        return {
            "id": one.environment_id, "name": one.name, "description": one.description,
            "createdBy": who, "createdOn": shapes.moment(one.created_at),
            "lastModifiedBy": who, "lastModifiedOn": shapes.moment(one.updated_at),
            "resources": self._resources(request, one),
            "project": {"id": project.project_id, "name": project.name},
        }  # fmt: skip

    def _resources(self, request: Request, one: EnvironmentInstance) -> list[dict[str, Any]]:
        if request.arg("expands").lower() != "resourcereferences":
            return []
        found = environment_machines.list_of(self._store, environment_id=one.environment_id)
        return [
            {"id": m.machine_id, "name": m.name, "type": "virtualMachine", "tags": list(m.tags)}
            for m in found
        ]

    def _record(
        self, request: Request, project: Project, record: DeploymentRecord
    ) -> dict[str, Any]:
        run = runs.get(self._store, record.run_id)
        place = f"{shapes.project_url(request, project)}/_apis/build/Definitions"
        return {
            "id": record.record_number, "environmentId": record.environment_id,
            "stageName": record.stage_name, "stageAttempt": record.stage_attempt,
            "jobName": record.job_name, "jobAttempt": record.job_attempt,
            "resourceId": record.machine_id or None,
            "result": record.result, "queueTime": shapes.moment(record.queued_at),
            "startTime": shapes.moment(record.started_at),
            "finishTime": shapes.moment(record.finished_at),
            "planType": "Build", "planId": run.plan_id, "scopeId": project.project_id,
            "serviceOwner": "00025394-6065-48ca-87d9-7f5672854ef7",
            "requestIdentifier": str(record.record_number),
            "definition": {"id": record.definition_id, "name": record.definition_name,
                           "_links": {"self": {"href": f"{place}/{record.definition_id}"}}},
            "owner": {"id": record.run_id, "name": record.run_name,
                      "_links": run_words.links(request, project, run)},
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Environments and their deployments."""
    noun = Environments(store)
    base = "distributedtask/environments"
    one = f"{base}/{{environment}}"
    page = ("continuationToken", "$top", "top")
    return (
        in_project("GET", base, noun.list_all, query=("name", *page)),
        in_project("POST", base, noun.create, action="contribute"),
        in_project("GET", one, noun.get, query=("expands",)),
        in_project("PATCH", one, noun.update, action="contribute"),
        in_project("DELETE", one, noun.delete, action="contribute"),
        in_project("GET", f"{one}/environmentdeploymentrecords", noun.records, query=page),
    )
