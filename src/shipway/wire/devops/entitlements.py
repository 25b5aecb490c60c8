"""Who belongs to the organization, with which licence.

A licence is kept and shown; nothing here costs anything, and it opens no doors: groups do.
Source: https://learn.microsoft.com/rest/api/azure/devops/memberentitlementmanagement
"""

from collections.abc import Mapping
from typing import Any

from shipway.azure.entra import service_principals, users
from shipway.base.clock import timestamp
from shipway.base.errors import NotFound, NotSupported
from shipway.devops import members, projects, security_groups, subjects
from shipway.devops.subjects import Subject
from shipway.store.store import Store
from shipway.wire.devops import graph_subjects, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_organization
from shipway.wire.http import Request, Response, Route, json_response

_KIND = "entitlement"
_LICENSES = ("none", "earlyAdopter", "express", "professional", "advanced", "stakeholder")
_SOURCES = ("none", "account", "msdn", "profile", "auto", "trial")
_SHOWN = {
    "express": "Basic", "stakeholder": "Stakeholder", "advanced": "Basic + Test Plans",
    "professional": "Professional", "earlyAdopter": "Early Adopter", "none": "None",
}  # fmt: skip
# which group of a project the `projectEntitlements` of a new member mean
_GROUPS = {
    "projectReader": "Readers", "projectContributor": "Contributors",
    "projectAdministrator": "Project Administrators", "projectStakeholder": "Contributors",
}  # fmt: skip


class Entitlements:
    """Handlers; `kind` is whose they are."""

    def __init__(self, store: Store, kind: str) -> None:
        self._store, self._kind = store, kind
        self._word = "user" if kind == "user" else "servicePrincipal"

    def list_all(self, request: Request) -> Response:
        """GET userentitlements."""
        for name in ("$filter", "$orderBy"):
            if request.arg(name):
                raise NotSupported(
                    f"the parameter '{name}' of {request.path} is not supported",
                    code="UnsupportedQueryParameter", status=400, where=name,
                    hint="Take all and choose.",
                )  # fmt: skip
        found = subjects.people(self._store)
        shown = [self._shape(request, one) for one in found]
        return json_response(
            {"members": shown, "items": shown, "totalCount": len(shown),
             "continuationToken": None}
        )  # fmt: skip

    def get(self, request: Request) -> Response:
        """GET userentitlements/{id}."""
        return json_response(self._shape(request, self._of(request)))

    def create(self, request: Request) -> Response:
        """POST userentitlements: somebody of the tenant becomes a member."""
        body = body_of(request)
        object_id = self._wanted(body.child(self._word))
        if object_id is None:
            problem = {"key": 5000, "value": f"The {self._kind} could not be found in the tenant."}
            return json_response(
                {"isSuccess": False, f"{self._word}Entitlement": None,
                 "operationResult": {"isSuccess": False, "errors": [problem], "result": None}}
            )  # fmt: skip
        with self._store.database.transaction():
            members.add(self._store, object_id=object_id, role="Stakeholder")
            self._keep(object_id, body.child("accessLevel"))
            for one in body.children("projectEntitlements"):
                self._enter(object_id, one)
        return self._done(request, object_id)

    def update(self, request: Request) -> Response:
        """PATCH userentitlements/{id}: a JSON patch of /accessLevel."""
        found = self._of(request)
        patch = Fields(values={"patch": request.json_value()}).children("patch")
        for change in patch:
            change.choice("op", ("replace", "add"))
            change.choice("path", ("/accessLevel",))
            self._keep(found.subject_id, change.child("value"))
        return self._done(request, found.subject_id)

    def delete(self, request: Request) -> Response:
        """DELETE userentitlements/{id}: out of the organization and all its groups."""
        found = self._of(request)
        with self._store.database.transaction():
            members.add(self._store, object_id=found.subject_id, role="Gone")
            self._store.documents.delete(_KIND, found.subject_id)
        return shapes.no_content()

    def _wanted(self, body: Fields) -> str | None:
        if self._kind != "user":
            found = service_principals.find(self._store, body.text("originId"))
            return found.object_id if found else None
        name = body.text("originId", "") or body.text("principalName", "")
        user = users.find(self._store, name) if name else None
        return user.object_id if user else None

    def _keep(self, object_id: str, level: Fields) -> None:
        license_type = level.choice("accountLicenseType", _LICENSES, "express")
        source = level.choice("licensingSource", _SOURCES, "account")
        self._store.documents.put(_KIND, object_id, {"license": license_type, "source": source})

    def _enter(self, object_id: str, body: Fields) -> None:
        reference = body.child("projectRef")
        project = projects.get(self._store, reference.text("id", reference.text("name", "")))
        known = tuple(_GROUPS)
        name = _GROUPS[body.child("group").choice("groupType", known)]
        group = security_groups.well_known(self._store, name, project_id=project.project_id)
        security_groups.add_member(self._store, group_id=group.group_id, member_id=object_id)

    def _of(self, request: Request) -> Subject:
        asked = request.params["member"]
        found = subjects.find(self._store, asked) if "." not in asked else None
        if "." in asked:
            found = subjects.by_descriptor(self._store, asked)
        is_gone = found is not None and (
            found.kind != self._kind or members.given_role(self._store, found.subject_id) == "Gone"
        )
        if found is None or is_gone:
            raise NotFound(
                f"VS1020004: The member '{asked[:100]}' could not be found in the organization.",
                code="MemberNotFoundException", where=asked[:100],
            )  # fmt: skip
        return found

    def _done(self, request: Request, object_id: str) -> Response:
        found = subjects.find(self._store, object_id)
        shape = self._shape(request, found) if found else None
        word = f"{self._word}Entitlement"
        result = {"isSuccess": True, "errors": [], "result": shape, f"{self._word}Id": object_id}
        return json_response(
            {"isSuccess": True, word: shape, "operationResult": result,
             "operationResults": [result]}
        )  # fmt: skip

    def _shape(self, request: Request, one: Subject) -> dict[str, Any]:
        found = self._store.documents.find(_KIND, one.subject_id)
        kept: Mapping[str, str] = found.body if found else {}
        license_type = kept.get("license", "express")
        return {
            "id": one.subject_id, self._word: graph_subjects.shape(request, one),
            "accessLevel": {
                "accountLicenseType": license_type,
                "licensingSource": kept.get("source", "account"),
                "licenseDisplayName": _SHOWN[license_type], "msdnLicenseType": "none",
                "gitHubLicenseType": "none", "status": "active", "statusMessage": "",
                "assignmentSource": "unknown",
            },
            "lastAccessedDate": "0001-01-01T00:00:00Z",
            "dateCreated": timestamp(found.created_at) if found else None,
            "projectEntitlements": [], "extensions": [], "groupAssignments": [],
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Entitlements; on vsaex.dev.azure.com as on dev.azure.com."""
    people, robots = Entitlements(store, "user"), Entitlements(store, "servicePrincipal")
    page = ("$filter", "$orderBy", "select", "continuationToken", "top", "skip")
    rows = [in_organization("GET", "userentitlements", people.list_all, query=page)]
    for base, noun in (("userentitlements", people), ("serviceprincipalentitlements", robots)):
        one = f"{base}/{{member}}"
        rows += [
            in_organization("POST", base, noun.create, action="organize"),
            in_organization("GET", one, noun.get),
            in_organization("PATCH", one, noun.update, action="organize"),
            in_organization("DELETE", one, noun.delete, action="organize"),
        ]
    return tuple(rows)
