"""Virtual machine resources of an environment; all of them are served by this machine.

The agent's own configuration speaks these routes (`EnvironmentsServer` of the agent).
Source: https://learn.microsoft.com/azure/devops/pipelines/process/environments-virtual-machines
"""

from typing import Any

from shipway.devops import environment_machines
from shipway.devops.environment_machines import EnvironmentMachine
from shipway.devops.environments import EnvironmentInstance
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.store.store import Store
from shipway.wire.devops import body_fields, shapes
from shipway.wire.devops.environments import Environments
from shipway.wire.devops.fields import body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response

_AGENT_VERSION = "4.255.0"
_FIELDS = ("id", "name", "tags")
# what else an agent tells of itself; this machine is known
_NEUTRAL: body_fields.Neutral = dict.fromkeys(
    (
        "type", "agent", "linkedResources", "environmentReference", "createdBy", "createdOn",
        "lastModifiedBy", "lastModifiedOn",
    ),
    body_fields.ANY,
)  # fmt: skip


class EnvironmentMachines(Environments):
    """Handlers."""

    def list_machines(self, request: Request) -> Response:
        """GET distributedtask/environments/{id}/providers/virtualmachines."""
        project, environment = self._of(request)
        name = request.arg("name").casefold()
        tags = {tag.casefold() for tag in request.arg("tags").split(",") if tag}
        found = [
            self._machine(request, project, environment, one)
            for one in self._known(environment)
            if name in ("", one.name.casefold()) and tags <= {tag.casefold() for tag in one.tags}
        ]
        page, following = shapes.paged(request, found)
        return shapes.collection(page, continuation=following)

    def get_machine(self, request: Request) -> Response:
        """GET distributedtask/environments/{id}/providers/virtualmachines/{resource}."""
        project, environment = self._of(request)
        found = environment_machines.get(
            self._store, environment_id=environment.environment_id,
            machine_id=shapes.number(request.params["machine"], "resourceId"),
        )  # fmt: skip
        return json_response(self._machine(request, project, environment, found))

    def add_machine(self, request: Request) -> Response:
        """POST distributedtask/environments/{id}/providers/virtualmachines."""
        (project, environment), body = self._managed(request), body_of(request)
        body_fields.check(body, _FIELDS, _NEUTRAL)
        made = environment_machines.add(
            self._store, environment_id=environment.environment_id, name=body.text("name"),
            tags=body.texts("tags"), created_by_id=request.principal.object_id,
            created_by_name=request.principal.name,
        )  # fmt: skip
        return json_response(self._machine(request, project, environment, made))

    def change_machine(self, request: Request) -> Response:
        """PATCH distributedtask/environments/{id}/providers/virtualmachines[/{resource}]: tags."""
        (project, environment), body = self._managed(request), body_of(request)
        body_fields.check(body, _FIELDS, _NEUTRAL)
        number = request.params.get("machine")
        changed = environment_machines.set_tags(
            self._store, environment_id=environment.environment_id,
            machine_id=shapes.number(number, "resourceId") if number else body.number("id"),
            tags=body.texts("tags"),
        )  # fmt: skip
        return json_response(self._machine(request, project, environment, changed))

    def remove_machine(self, request: Request) -> Response:
        """DELETE distributedtask/environments/{id}/providers/virtualmachines/{resource}."""
        _, environment = self._managed(request)
        environment_machines.remove(
            self._store, environment_id=environment.environment_id,
            machine_id=shapes.number(request.params["machine"], "resourceId"),
        )  # fmt: skip
        return shapes.no_content()

    def _known(self, environment: EnvironmentInstance) -> list[EnvironmentMachine]:
        return environment_machines.list_of(self._store, environment_id=environment.environment_id)

    def _machine(
        self, request: Request, project: Project, environment: EnvironmentInstance,
        one: EnvironmentMachine,
    ) -> dict[str, Any]:  # fmt: skip
        by = Requester(object_id=one.created_by_id, name=one.created_by_name)
        who = shapes.identity(self._store, request, by)
        return {
            "id": one.machine_id, "name": one.name, "type": "virtualMachine",
            "tags": list(one.tags), "linkedResources": [],
            "environmentReference": {"id": environment.environment_id, "name": environment.name},
            "agent": {"id": one.machine_id, "name": one.name, "version": _AGENT_VERSION,
                      "osDescription": "Linux", "enabled": True, "status": "online"},
            "createdBy": who, "createdOn": shapes.moment(one.created_at),
            "lastModifiedBy": who, "lastModifiedOn": shapes.moment(one.updated_at),
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Machines of environments."""
    noun = EnvironmentMachines(store)
    base = "distributedtask/environments/{environment}/providers/virtualmachines"
    one = f"{base}/{{machine}}"
    page = ("continuationToken", "$top", "top")
    return (
        in_project("GET", base, noun.list_machines, query=("name", "tags", "partialMatch", *page)),
        in_project("POST", base, noun.add_machine, action="contribute"),
        in_project("PATCH", base, noun.change_machine, action="contribute"),
        in_project("GET", one, noun.get_machine),
        in_project("PATCH", one, noun.change_machine, action="contribute"),
        in_project("DELETE", one, noun.remove_machine, action="contribute"),
    )
