"""AzDO environments and their machines, for `shipway environments`."""

from typing import Any

from shipway.base.errors import BadInput, NotFound
from shipway.devops import environment_machines, environments, projects
from shipway.devops.environments import EnvironmentInstance
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people


def get_all(store: Store, request: Request) -> Response:
    """`GET /api/v1/environments`: of all projects, or of one."""
    wanted = request.arg("project")
    known = [projects.get(store, wanted)] if wanted else projects.list_all(store)
    found = [
        _shape(store, one)
        for project in known
        for one in environments.list_of(store, project_id=project.project_id)
    ]
    return json_response({"value": found})


def add_machine(store: Store, request: Request) -> Response:
    """`PUT /api/v1/environments/{name}/machines/{machine}`: a new one, or other tags."""
    by = people.acting(store, request)
    tags = _tags(request)
    with store.database.transaction():
        environment = _environment(store, request)
        number, name = environment.environment_id, request.params["machine"]
        found = environment_machines.find(store, environment_id=number, name=name)
        if found is None:
            environment_machines.add(
                store, environment_id=number, name=name, tags=tags or (),
                created_by_id=by.object_id, created_by_name=by.name,
            )  # fmt: skip
        elif tags is not None:
            environment_machines.set_tags(
                store, environment_id=number, machine_id=found.machine_id, tags=tags
            )
    return json_response(_shape(store, environment), status=200 if found else 201)


def remove_machine(store: Store, request: Request) -> Response:
    """`DELETE /api/v1/environments/{name}/machines/{machine}`."""
    environment, name = _environment(store, request), request.params["machine"]
    found = environment_machines.find(store, environment_id=environment.environment_id, name=name)
    if found is None:
        raise NotFound(
            f"Resource {name} does not exist in environment {environment.name}.", where=name,
            code="EnvironmentResourceNotFoundException",
        )  # fmt: skip
    environment_machines.remove(
        store, environment_id=environment.environment_id, machine_id=found.machine_id
    )
    return json_response(_shape(store, environment))


def _environment(store: Store, request: Request) -> EnvironmentInstance:
    """The one of that name, in the project that is given or the only one that has it."""
    name, wanted = request.params["name"], request.arg("project")
    known = [projects.get(store, wanted)] if wanted else projects.list_all(store)
    found = [
        one
        for project in known
        if (one := environments.find(store, project_id=project.project_id, name=name))
    ]
    if not found:
        raise NotFound(
            f"there is no environment '{name}'", where=name, code="EnvironmentNotFoundException",
            hint="A run that names it makes it, as does `azuredevops_environment`.",
        )  # fmt: skip
    if len(found) > 1:
        raise BadInput(
            f"several projects have an environment '{name}'", where="project",
            hint="Say which one with --project.",
        )  # fmt: skip
    return found[0]


def _tags(request: Request) -> tuple[str, ...] | None:
    given = request.json().get("tags")
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(tag, str) for tag in given):
        raise BadInput("the field 'tags' must be a list of texts", where="tags")
    return tuple(given)


def _shape(store: Store, one: EnvironmentInstance) -> dict[str, Any]:
    machines = environment_machines.list_of(store, environment_id=one.environment_id)
    return {
        "id": one.environment_id, "name": one.name,
        "project": projects.get(store, one.project_id).name, "description": one.description,
        "machines": [{"id": m.machine_id, "name": m.name, "tags": list(m.tags)} for m in machines],
        "deployments": [
            {"run": record.run_id, "stage": record.stage_name, "job": record.job_name,
             "machine": next((m.name for m in machines if m.machine_id == record.machine_id), ""),
             "result": record.result}
            for record in environments.records_of(store, environment_id=one.environment_id)[:10]
        ],
    }  # fmt: skip
