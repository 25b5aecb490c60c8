"""Service connections, `service endpoints` on the wire; a secret goes in and never comes out.

Source: https://learn.microsoft.com/rest/api/azure/devops/serviceendpoint/endpoints
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shipway.base.errors import BadInput
from shipway.devops import projects, service_connections
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.devops.service_connections import Scheme, ServiceConnection
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_organization, in_project
from shipway.wire.http import Request, Response, Route, json_response

_KINDS = ("azurerm", "generic", "github", "dockerregistry", "externalnpmregistry")
_SCHEMES: tuple[Scheme, ...] = (
    "WorkloadIdentityFederation", "ServicePrincipal", "UsernamePassword", "None",
    "Token", "OAuth", "InstallationToken",
)  # fmt: skip

_SHOWN = {
    "azurerm": "Azure Resource Manager", "generic": "Generic", "github": "GitHub",
    "dockerregistry": "Docker Registry", "externalnpmregistry": "npm",
}  # fmt: skip
_SCHEMES_OF: Mapping[str, tuple[str, ...]] = {
    "azurerm": ("WorkloadIdentityFederation", "ServicePrincipal"),
    "generic": ("UsernamePassword", "None"), "github": ("Token", "OAuth", "InstallationToken"),
    "dockerregistry": ("UsernamePassword",),
    "externalnpmregistry": ("Token", "UsernamePassword"),
}  # fmt: skip


class ServiceConnections:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET serviceendpoint/endpoints of a project."""
        project = shapes.project_of(self._store, request)
        kind = request.arg("type").lower()
        names = {n.casefold() for n in request.arg("endpointNames").split(",") if n}
        wanted = {i.lower() for i in request.arg("endpointIds").split(",") if i}
        schemes = {n.lower() for n in request.arg("authSchemes").split(",") if n}
        found = [
            c for c in service_connections.list_of(self._store, project_id=project.project_id)
            if kind in ("", c.kind.lower()) and (not names or c.name.casefold() in names)
            and (not wanted or c.connection_id in wanted)
            and (not schemes or c.scheme.lower() in schemes)
        ]  # fmt: skip
        return shapes.collection([self._shape(request, c) for c in found])

    def get(self, request: Request) -> Response:
        """GET serviceendpoint/endpoints/{id} of a project."""
        project = shapes.project_of(self._store, request)
        found = service_connections.find(
            self._store, project_id=project.project_id, name_or_id=request.params["connection"]
        )
        if found is None or found.connection_id != request.params["connection"].lower():
            return json_response(None)  # as Azure says that there is none
        return json_response(self._shape(request, found))

    def create(self, request: Request) -> Response:
        """POST serviceendpoint/endpoints."""
        body = body_of(request)
        places = self._projects(request, body)
        authorization = body.child("authorization")
        made = service_connections.create(
            self._store,
            project_id=places[0].project_id,
            name=body.text("name"),
            kind=body.choice("type", _KINDS),
            scheme=authorization.choice("scheme", _SCHEMES),
            url=body.text("url", "https://management.azure.com/"),
            parameters=authorization.flat("parameters"),
            data=body.flat("data"),
            description=body.text("description", ""),
            shared_with=tuple(p.project_id for p in places[1:]),
            created_by_id=request.principal.object_id,
            created_by_name=request.principal.name,
        )
        return json_response(self._shape(request, made))

    def update(self, request: Request) -> Response:
        """PUT serviceendpoint/endpoints/{id}."""
        body = body_of(request)
        before = self._changeable(request)
        authorization = body.child("authorization")
        changed = service_connections.replace_connection(
            self._store,
            replace(
                before,
                name=body.text("name", before.name),
                description=body.text("description", before.description),
                url=body.text("url", before.url),
                scheme=authorization.choice("scheme", _SCHEMES, before.scheme),
                parameters={**before.parameters, **authorization.flat("parameters")},
                data=body.flat("data") if body.has("data") else before.data,
            ),
        )
        return json_response(self._shape(request, changed))

    def share(self, request: Request) -> Response:
        """PATCH serviceendpoint/endpoints/{id}: the projects that it is shared with."""
        before = self._changeable(request)
        listed = Fields(values={"references": request.json_value()}).children("references")
        added = [
            projects.get(self._store, one.child("projectReference").text("id")).project_id
            for one in listed
        ]
        for project_id in added:
            rights.require(self._store, request, "contribute", project_id=project_id)
        shared = dict.fromkeys((*before.shared_with, *added))
        shared.pop(before.project_id, None)
        service_connections.replace_connection(
            self._store, replace(before, shared_with=tuple(shared))
        )
        return shapes.no_content()

    def delete(self, request: Request) -> Response:
        """DELETE serviceendpoint/endpoints/{id}?projectIds=: for good in its own project."""
        found = self._changeable(request)
        asked = {projects.get(self._store, p).project_id
                 for p in request.arg("projectIds").split(",") if p}  # fmt: skip
        if not asked:
            raise BadInput("Value cannot be null. Parameter name: projectIds",
                           code="ArgumentNullException", where="projectIds")  # fmt: skip
        if found.project_id in asked:
            service_connections.delete(self._store, found.connection_id)
        else:
            left = tuple(p for p in found.shared_with if p not in asked)
            service_connections.replace_connection(self._store, replace(found, shared_with=left))
        return shapes.no_content()

    def types(self, request: Request) -> Response:
        """GET serviceendpoint/types: the kinds that may be made, and how each signs in."""
        wanted, scheme = request.arg("type").lower(), request.arg("scheme").lower()
        return shapes.collection(
            [
                {
                    "name": kind, "displayName": _SHOWN[kind], "description": "",
                    "authenticationSchemes": [
                        {"scheme": one, "displayName": one, "inputDescriptors": []}
                        for one in _SCHEMES_OF[kind]
                    ],
                    "dataSources": [], "inputDescriptors": [],
                }
                for kind in _KINDS
                if wanted in ("", kind)
                and scheme in ("", *(one.lower() for one in _SCHEMES_OF[kind]))
            ]
        )  # fmt: skip

    def _projects(self, request: Request, body: Fields) -> list[Project]:
        listed = body.children("serviceEndpointProjectReferences")
        if "project" in request.params:
            return [shapes.project_of(self._store, request)]
        if not listed:
            raise BadInput(
                "Value cannot be null. Parameter name: serviceEndpointProjectReferences",
                code="ArgumentNullException", where="serviceEndpointProjectReferences",
                hint="Name the project that the connection belongs to.",
            )  # fmt: skip
        places = [one.child("projectReference") for one in listed]
        named = [
            projects.get(self._store, p.text("id", p.text("name", "") or None)) for p in places
        ]
        for one in named:
            rights.require(self._store, request, "contribute", project_id=one.project_id)
        return named

    def _changeable(self, request: Request) -> ServiceConnection:
        found = service_connections.get(self._store, request.params["connection"])
        rights.require_manager(
            self._store, request, project_id=found.project_id, kind="endpoint",
            resource_id=found.connection_id,
        )  # fmt: skip
        return found

    def _shape(self, request: Request, connection: ServiceConnection) -> dict[str, Any]:
        by = Requester(object_id=connection.created_by_id, name=connection.created_by_name)
        parameters: dict[str, Any] = dict(connection.parameters)
        parameters |= dict.fromkeys(connection.secret_names)
        owner = projects.get(self._store, connection.project_id)
        if connection.scheme == "WorkloadIdentityFederation":
            parameters["workloadIdentityFederationIssuer"] = service_connections.issuer(self._store)
            parameters["workloadIdentityFederationSubject"] = service_connections.subject_of(
                owner, connection.name
            )
        found = [projects.find(self._store, p) for p in connection.shared_with]
        places = [owner, *(p for p in found if p)]
        return {
            "id": connection.connection_id, "name": connection.name, "type": connection.kind,
            "url": connection.url, "description": connection.description,
            "createdBy": shapes.identity(self._store, request, by),
            "authorization": {"scheme": connection.scheme, "parameters": parameters},
            "data": dict(connection.data), "isShared": bool(connection.shared_with),
            "isReady": True, "owner": "library", "operationStatus": {"state": "Ready"},
            "serviceEndpointProjectReferences": [
                {"name": connection.name, "description": connection.description,
                 "projectReference": {"id": p.project_id, "name": p.name}}
                for p in places
            ],
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Read in a project, write in the organization (older clients: in the project)."""
    noun = ServiceConnections(store)
    base = "serviceendpoint/endpoints"
    one = f"{base}/{{connection}}"
    listed = ("type", "authSchemes", "endpointIds", "endpointNames", "owner", "includeFailed",
              "includeDetails", "actionFilter")  # fmt: skip
    gone = ("projectIds", "deep")
    return (
        in_project("GET", base, noun.list_all, query=listed),
        in_project("GET", one, noun.get, query=("actionFilter", "loadConfidentialData")),
        in_project("POST", base, noun.create, action="contribute"),
        in_organization("POST", base, noun.create, action="contribute"),
        in_organization("PUT", one, noun.update, action="contribute", query=("operation",)),
        in_organization("PATCH", one, noun.share, action="contribute"),
        in_organization("DELETE", one, noun.delete, action="contribute", query=gone),
        in_organization("GET", "serviceendpoint/types", noun.types, query=("type", "scheme")),
    )
