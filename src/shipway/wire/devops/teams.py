"""Teams of a project, their members, and the little else that clients ask of a new one.

A team is a group whose members contribute. Source:
https://learn.microsoft.com/rest/api/azure/devops/core/teams
"""

from typing import Any

from shipway.base import ids
from shipway.base.errors import NotFound
from shipway.devops import projects, security_groups, subjects
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.devops.security_groups import SecurityGroup
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import body_of
from shipway.wire.devops.shapes import in_organization
from shipway.wire.http import Request, Response, Route, json_response


class Teams:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_of(self, request: Request) -> Response:
        """GET projects/{project}/teams."""
        project = shapes.project_of(self._store, request)
        found = [(project, t) for t in self._teams(project) if self._is_wanted(request, t)]
        return self._page(request, found)

    def list_all(self, request: Request) -> Response:
        """GET teams: of every project that the caller sees."""
        return self._page(
            request,
            [
                (project, team)
                for project in projects.list_all(self._store)
                if rights.sees(self._store, request, project.project_id)
                for team in self._teams(project)
                if self._is_wanted(request, team)
            ],
        )

    def get(self, request: Request) -> Response:
        """GET projects/{project}/teams/{id or name}."""
        project, team = self._of(request)
        return json_response(self._shape(request, project, team))

    def create(self, request: Request) -> Response:
        """POST projects/{project}/teams."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        made = security_groups.create(
            self._store, name=body.text("name"), project_id=project.project_id,
            description=body.text("description", ""), is_team=True,
        )  # fmt: skip
        return json_response(self._shape(request, project, made), status=201)

    def update(self, request: Request) -> Response:
        """PATCH projects/{project}/teams/{id or name}."""
        (project, team), body = self._of(request), body_of(request)
        changed = security_groups.update(
            self._store, group_id=team.group_id, name=body.text("name", team.name),
            description=body.text("description", team.description),
        )  # fmt: skip
        return json_response(self._shape(request, project, changed))

    def delete(self, request: Request) -> Response:
        """DELETE projects/{project}/teams/{id or name}."""
        _, team = self._of(request)
        security_groups.delete(self._store, team.group_id)
        return shapes.no_content()

    def members(self, request: Request) -> Response:
        """GET projects/{project}/teams/{team}/members."""
        _, team = self._of(request)
        return shapes.collection(
            [
                {
                    "isTeamAdmin": one in team.administrator_ids,
                    "identity": shapes.identity(
                        self._store, request, Requester(object_id=one, name=one)
                    ),
                }
                for one in security_groups.members_of(self._store, team)
            ]
        )

    def dashboards(self, request: Request) -> Response:
        """GET {project}/{team}/_apis/dashboard/dashboards: the one that a team begins with."""
        project, team = self._of(request)
        place = f"{shapes.project_url(request, project)}/{team.group_id}/_apis/Dashboard/Dashboards"
        made = ids.guid_from("dashboard", team.group_id)
        return shapes.collection(
            [
                {"id": made, "name": f"{team.name} - Overview", "position": 1, "widgets": [],
                 "refreshInterval": 0, "dashboardScope": "project_Team", "groupId": team.group_id,
                 "ownerId": team.group_id, "url": f"{place}/{made}"}
            ]
        )  # fmt: skip

    def field_values(self, request: Request) -> Response:
        """GET {project}/{team}/_apis/work/teamsettings/teamfieldvalues: the project's area."""
        project, team = self._of(request)
        place = f"{shapes.project_url(request, project)}/{team.group_id}/_apis/work/teamsettings"
        # as on Azure, only the first team of a project owns the whole area from the start
        is_first = team.group_id == security_groups.default_team(
            self._store, project.project_id
        ).group_id  # fmt: skip
        area = {"value": project.name, "includeChildren": False}
        return json_response(
            {
                "field": {"referenceName": "System.AreaPath", "url": ""},
                "defaultValue": project.name if is_first else None,
                "values": [area] if is_first else [], "url": f"{place}/teamfieldvalues",
            }
        )  # fmt: skip

    def _teams(self, project: Project) -> list[SecurityGroup]:
        found = security_groups.list_of(self._store, project_id=project.project_id)
        return [g for g in found if g.is_team]

    def _is_wanted(self, request: Request, team: SecurityGroup) -> bool:
        """Whether the caller is in it, where `$mine` asks for that."""
        return not shapes.is_true(
            request, "$mine"
        ) or request.principal.object_id in security_groups.people_of(self._store, team)

    def _of(self, request: Request) -> tuple[Project, SecurityGroup]:
        project, asked = shapes.project_of(self._store, request), request.params["team"]
        for team in self._teams(project):
            if asked.lower() in (team.group_id, team.name.lower()):
                return project, team
        raise NotFound(
            f"TF400893: The team with id '{asked[:100]}' does not exist, or you do not have "
            "permission to access it.",
            code="TeamNotFoundException", where=asked[:100],
        )  # fmt: skip

    def _page(self, request: Request, found: list[tuple[Project, SecurityGroup]]) -> Response:
        page, following = shapes.paged(request, found)
        return shapes.collection([self._shape(request, *one) for one in page],
                                 continuation=following)  # fmt: skip

    def _shape(self, request: Request, project: Project, team: SecurityGroup) -> dict[str, Any]:
        base = shapes.base_url(request)
        shape: dict[str, Any] = {
            "id": team.group_id, "name": team.name, "description": team.description,
            "url": f"{base}/_apis/projects/{project.project_id}/teams/{team.group_id}",
            "identityUrl": f"{base}/_apis/Identities/{team.group_id}",
            "projectName": project.name, "projectId": project.project_id,
        }  # fmt: skip
        if shapes.is_true(request, "$expandIdentity"):
            one = subjects.of_group(self._store, team)
            shape["identity"] = {
                "id": team.group_id, "descriptor": one.identity_descriptor, "isActive": True,
                "subjectDescriptor": one.descriptor, "providerDisplayName": one.account,
                "isContainer": True,
            }  # fmt: skip
        return shape


def routes(store: Store) -> tuple[Route, ...]:
    """Teams, and what a new team is asked for."""
    noun = Teams(store)
    base, one = "projects/{project}/teams", "projects/{project}/teams/{team}"
    page = ("$mine", "$top", "$skip", "$expandIdentity")
    of_team = "/{organization}/{project}/{team}/_apis"
    return (
        in_organization("GET", base, noun.list_of, query=page),
        in_organization("POST", base, noun.create, action="administer"),
        in_organization("GET", one, noun.get, query=("$expandIdentity",)),
        in_organization("PATCH", one, noun.update, action="administer"),
        in_organization("DELETE", one, noun.delete, action="administer"),
        in_organization("GET", f"{one}/members", noun.members, query=("$top", "$skip")),
        in_organization("GET", "teams", noun.list_all, query=page),
        Route(method="GET", pattern=f"{of_team}/dashboard/dashboards", handler=noun.dashboards,
              action="read", query=(), doc=shapes.DOC),
        Route(method="GET", pattern=f"{of_team}/work/teamsettings/teamfieldvalues",
              handler=noun.field_values, action="read", query=(), doc=shapes.DOC),
    )  # fmt: skip
