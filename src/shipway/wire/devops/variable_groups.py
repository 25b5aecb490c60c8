"""Variable groups; a secret's value goes in and never comes out.

Source: https://learn.microsoft.com/rest/api/azure/devops/distributedtask/variablegroups
"""

from typing import Any

from shipway.base.errors import BadInput
from shipway.devops import projects, variable_groups
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.devops.variable_groups import GroupVariable, VariableGroup
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_organization, in_project
from shipway.wire.http import Request, Response, Route, json_response


class VariableGroups:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET distributedtask/variablegroups: all, by name, or by ids."""
        project = shapes.project_of(self._store, request)
        name = request.arg("groupName").casefold()
        wanted = {shapes.number(i, "groupIds") for i in request.arg("groupIds").split(",") if i}
        found = [
            g for g in variable_groups.list_of(self._store, project_id=project.project_id)
            if _fits(g.name, name) and (not wanted or g.group_id in wanted)
        ]  # fmt: skip
        page, following = shapes.paged(request, found)
        values = [self._shape(request, g) for g in page]
        return shapes.collection(values, continuation=following)

    def get(self, request: Request) -> Response:
        """GET distributedtask/variablegroups/{id}."""
        project = shapes.project_of(self._store, request)
        group_id = shapes.number(request.params["group"], "groupId")
        found = variable_groups.get(self._store, group_id, project_id=project.project_id)
        return json_response(self._shape(request, found))

    def create(self, request: Request) -> Response:
        """POST distributedtask/variablegroups."""
        body = body_of(request)
        body.choice("type", ("Vsts",), "Vsts")
        project = self._project(request, body)
        made = variable_groups.create(
            self._store, project_id=project.project_id, name=body.text("name"),
            variables=_variables(body), description=body.text("description", ""),
            created_by_id=request.principal.object_id, created_by_name=request.principal.name,
        )  # fmt: skip
        return json_response(self._shape(request, made))

    def update(self, request: Request) -> Response:
        """PUT distributedtask/variablegroups/{id}: the whole group."""
        body = body_of(request)
        body.choice("type", ("Vsts",), "Vsts")
        group_id = shapes.number(request.params["group"], "groupId")
        before = variable_groups.get(self._store, group_id)
        self._require_manager(request, before)
        changed = variable_groups.update(
            self._store, group_id=group_id, name=body.text("name", before.name),
            variables=_variables(body), description=body.text("description", before.description),
        )  # fmt: skip
        return json_response(self._shape(request, changed))

    def delete(self, request: Request) -> Response:
        """DELETE distributedtask/variablegroups/{id}?projectIds=."""
        group_id = shapes.number(request.params["group"], "groupId")
        found = variable_groups.get(self._store, group_id)
        self._require_manager(request, found)
        asked = [i for i in request.arg("projectIds").lower().split(",") if i]
        if asked and found.project_id not in asked:
            raise BadInput(
                f"the variable group {group_id} is not in the project {asked[0][:60]}",
                code="InvalidArgumentValueException", where="projectIds",
                hint=f"It is in the project {found.project_id}.",
            )  # fmt: skip
        variable_groups.delete(self._store, group_id)
        return shapes.no_content()

    def _project(self, request: Request, body: Fields) -> Project:
        if "project" in request.params:
            return shapes.project_of(self._store, request)
        references = body.children("variableGroupProjectReferences")
        if len(references) != 1:
            raise BadInput(
                f"a variable group belongs to one project, the body names {len(references)}",
                code="InvalidArgumentValueException", where="variableGroupProjectReferences",
                hint="Give one project reference.",
            )  # fmt: skip
        place = references[0].child("projectReference")
        found = projects.get(self._store, place.text("id", place.text("name", "") or None))
        rights.require(self._store, request, "contribute", project_id=found.project_id)
        return found

    def _require_manager(self, request: Request, group: VariableGroup) -> None:
        rights.require_manager(
            self._store, request, project_id=group.project_id, kind="variablegroup",
            resource_id=group.group_id,
        )  # fmt: skip

    def _shape(self, request: Request, group: VariableGroup) -> dict[str, Any]:
        by = Requester(object_id=group.created_by_id, name=group.created_by_name)
        who = shapes.identity(self._store, request, by)
        project = projects.get(self._store, group.project_id)
        reference = {"id": project.project_id, "name": project.name}
        return {
            "id": group.group_id, "name": group.name, "description": group.description,
            "type": "Vsts", "isShared": False,
            "variables": {
                name: {"value": None if v.is_secret else v.value}
                | ({"isSecret": True} if v.is_secret else {})
                | ({"isReadOnly": True} if v.is_read_only else {})
                for name, v in group.variables.items()
            },
            "createdBy": who, "createdOn": shapes.moment(group.created_at),
            "modifiedBy": who, "modifiedOn": shapes.moment(group.updated_at),
            "variableGroupProjectReferences": [
                {"name": group.name, "description": group.description,
                 "projectReference": reference}
            ],
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Read in a project, write in the organization (older clients: in the project)."""
    noun = VariableGroups(store)
    base = "distributedtask/variablegroups"
    one = f"{base}/{{group}}"
    listed = ("groupName", "groupIds", "actionFilter", "$top", "continuationToken", "queryOrder",
              "loadSecrets")  # fmt: skip
    return (
        in_project("GET", base, noun.list_all, query=listed),
        in_project("GET", one, noun.get),
        in_project("POST", base, noun.create, action="contribute"),
        in_project("PUT", one, noun.update, action="contribute"),
        in_project("DELETE", one, noun.delete, action="contribute"),
        in_organization("POST", base, noun.create, action="contribute"),
        in_organization("PUT", one, noun.update, action="contribute"),
        in_organization("DELETE", one, noun.delete, action="contribute", query=("projectIds",)),
    )


def _fits(name: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return name.casefold().startswith(pattern[:-1])
    return pattern in ("", name.casefold())


def _variables(body: Fields) -> dict[str, GroupVariable]:
    return {
        name: GroupVariable(
            value=v.text("value", ""), is_secret=v.boolean("isSecret"),
            is_read_only=v.boolean("isReadOnly"),
        )
        for name, v in body.named("variables").items()
    }  # fmt: skip
