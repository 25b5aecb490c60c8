"""The graph: users, applications, groups, and what they are called.

Source: https://learn.microsoft.com/rest/api/azure/devops/graph
"""

from collections.abc import Callable
from typing import Any

from shipway.azure.entra import service_principals, users
from shipway.base.errors import BadInput, NotFound
from shipway.devops import members, projects, security_groups, subjects
from shipway.devops.subjects import Subject
from shipway.store.store import Store
from shipway.wire.devops import rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_organization
from shipway.wire.http import Request, Response, Route, json_response

_PLACES = {"user": "Users", "group": "Groups", "servicePrincipal": "ServicePrincipals"}


class GraphSubjects:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_users(self, request: Request) -> Response:
        """GET graph/users."""
        kinds = {k for k in request.arg("subjectTypes").lower().split(",") if k}
        inside = self._people_of_scope(request)
        return self._page(
            request,
            [u for u in subjects.people(self._store)
             if (not kinds or u.origin in kinds) and (inside is None or u.subject_id in inside)],
        )  # fmt: skip

    def list_groups(self, request: Request) -> Response:
        """GET graph/groups: of a scope, or all."""
        scope = request.arg("scopeDescriptor")
        project_id = subjects.project_of_scope(self._store, scope) if scope else None
        kinds = {k for k in request.arg("subjectTypes").lower().split(",") if k}
        return self._page(
            request,
            [g for g in subjects.groups(self._store, project_id=project_id)
             if not kinds or g.descriptor.partition(".")[0] in kinds],
        )  # fmt: skip

    def list_applications(self, request: Request) -> Response:
        """GET graph/serviceprincipals."""
        inside = self._people_of_scope(request)
        return self._page(
            request,
            [a for a in subjects.applications(self._store)
             if inside is None or a.subject_id in inside],
        )  # fmt: skip

    def one(self, kind: str) -> Callable[[Request], Response]:
        """GET graph/users|groups|serviceprincipals/{descriptor}."""

        def get(request: Request) -> Response:
            found = self._of(request)
            if found.kind != kind:
                raise subjects.absent(request.params["descriptor"])
            return json_response(shape(request, found))

        return get

    def create_user(self, request: Request) -> Response:
        """POST graph/users: somebody of the tenant becomes a member of the organization."""
        body = body_of(request)
        given = next((n for n in ("originId", "principalName", "mailAddress") if body.has(n)), "")
        user = users.find(self._store, body.text(given)) if given else None
        if user is None:
            raise _unknown(body.text(given or "principalName"))
        members.add(self._store, object_id=user.object_id, role="Stakeholder")
        return self._made(request, user.object_id)

    def create_application(self, request: Request) -> Response:
        """POST graph/serviceprincipals: an application becomes a member of the organization."""
        object_id = body_of(request).text("originId")
        if service_principals.find(self._store, object_id) is None:
            raise _unknown(object_id)
        members.add(self._store, object_id=object_id.lower(), role="Stakeholder")
        return self._made(request, object_id)

    def create_group(self, request: Request) -> Response:
        """POST graph/groups: a new one in a scope, or one of the tenant by `originId`."""
        body = body_of(request)
        if body.has("mailAddress"):
            raise BadInput(
                "groups of the tenant are taken by their id here, not by a mail address",
                code="NotSupportedException", where="mailAddress", hint="Give originId.",
            )  # fmt: skip
        with self._store.database.transaction():
            if body.has("originId"):
                rights.require(self._store, request, "organize", project_id=None)
                found = subjects.add_directory_group(self._store, body.text("originId"))
                return self._made(request, found.subject_id)
            scope = request.arg("scopeDescriptor")
            project_id = subjects.project_of_scope(self._store, scope) if scope else ""
            self._may_change(request, project_id)
            made = security_groups.create(
                self._store, name=body.text("displayName"), project_id=project_id,
                description=body.text("description", ""),
            )  # fmt: skip
            return self._made(request, made.group_id)

    def update_group(self, request: Request) -> Response:
        """PATCH graph/groups/{descriptor}: a JSON patch of displayName and description."""
        group = self._group(request)
        changes: dict[str, str] = {}
        for change in Fields(values={"patch": request.json_value()}).children("patch"):
            name = change.text("path").strip("/")
            if change.text("op").lower() not in ("replace", "add") or name not in (
                "displayName", "description",
            ):  # fmt: skip
                raise BadInput(
                    f"the change of '{name[:60]}' of a group is not supported",
                    code="InvalidArgumentValueException", where=f"{change.path}.path",
                    hint="replace /displayName or /description.",
                )  # fmt: skip
            changes[name] = change.text("value", "")
        changed = security_groups.update(
            self._store, group_id=group.subject_id, name=changes.get("displayName"),
            description=changes.get("description"),
        )  # fmt: skip
        return json_response(shape(request, subjects.of_group(self._store, changed)))

    def delete_group(self, request: Request) -> Response:
        """DELETE graph/groups/{descriptor}."""
        group = self._group(request)
        if group.origin == "aad":
            subjects.remove_directory_group(self._store, group.subject_id)
        else:
            security_groups.delete(self._store, group.subject_id)
        return shapes.no_content()

    def delete_member(self, request: Request) -> Response:
        """DELETE graph/users|serviceprincipals/{descriptor}: out of the organization."""
        gone = self._of(request)
        members.add(self._store, object_id=gone.subject_id, role="Gone")
        return shapes.no_content()

    def descriptor(self, request: Request) -> Response:
        """GET graph/descriptors/{storageKey}: the descriptor of an id, also of a project's."""
        key = request.params["key"]
        found = subjects.find(self._store, key)
        if found is not None:
            return json_response({"value": found.descriptor})
        project = projects.find(self._store, key)
        if project is None:
            raise subjects.absent(key)
        return json_response({"value": subjects.scope_descriptor(project.project_id)})

    def storage_key(self, request: Request) -> Response:
        """GET graph/storagekeys/{descriptor}: the id of a descriptor."""
        asked = request.params["descriptor"]
        if asked.lower().startswith(f"{subjects.SCOPE_PREFIX}."):
            return json_response({"value": subjects.project_of_scope(self._store, asked)})
        return json_response({"value": self._of(request).subject_id})

    def lookup(self, request: Request) -> Response:
        """POST graph/subjectlookup: many descriptors at once; those nobody has fall out."""
        found: dict[str, Any] = {}
        for key in body_of(request).children("lookupKeys"):
            descriptor = key.text("descriptor")
            try:
                one = subjects.by_descriptor(self._store, descriptor)
            except NotFound:
                continue
            found[descriptor] = shape(request, one)
        return json_response({"value": found})

    def query(self, request: Request) -> Response:
        """POST graph/subjectquery: who has a name that begins so."""
        body = body_of(request)
        text = body.text("query").casefold()
        kinds = {k.lower() for k in body.texts("subjectKind")}
        return shapes.collection(
            [
                shape(request, s)
                for s in subjects.everybody(self._store)
                if (not kinds or s.kind.lower() in kinds)
                and (s.display_name.casefold().startswith(text)
                     or s.account.casefold().startswith(text))
            ]
        )  # fmt: skip

    def _people_of_scope(self, request: Request) -> set[str] | None:
        """Who is in any group of the project that `scopeDescriptor` names; None without one."""
        scope = request.arg("scopeDescriptor")
        if not scope:
            return None
        project_id = subjects.project_of_scope(self._store, scope)
        everybody = security_groups.well_known(
            self._store, "Project Valid Users", project_id=project_id
        )
        return set(security_groups.people_of(self._store, everybody))

    def _of(self, request: Request) -> Subject:
        return subjects.by_descriptor(self._store, request.params["descriptor"])

    def _group(self, request: Request) -> Subject:
        """The group that the path names, which the caller may change."""
        found = self._of(request)
        if found.kind != "group":
            raise subjects.absent(request.params["descriptor"])
        self._may_change(request, found.project_id)
        return found

    def _may_change(self, request: Request, project_id: str) -> None:
        rights.require(
            self._store, request, "administer" if project_id else "organize",
            project_id=project_id or None,
        )  # fmt: skip

    def _made(self, request: Request, subject_id: str) -> Response:
        """The new one, put into the groups that `groupDescriptors` names."""
        made = subjects.find(self._store, subject_id)
        if made is None:
            raise subjects.absent(subject_id)
        for descriptor in request.arg("groupDescriptors").split(","):
            if descriptor:
                group = subjects.by_descriptor(self._store, descriptor)
                self._may_change(request, group.project_id)
                security_groups.add_member(
                    self._store, group_id=group.subject_id, member_id=made.subject_id
                )
        return json_response(shape(request, made), status=201)

    def _page(self, request: Request, found: list[Subject]) -> Response:
        page, following = shapes.paged(request, found)
        return shapes.collection([shape(request, s) for s in page], continuation=following)


def shape(request: Request, one: Subject) -> dict[str, Any]:
    """`GraphUser`, `GraphGroup` or `GraphServicePrincipal`."""
    place = f"{shapes.base_url(request)}/_apis/Graph"
    common: dict[str, Any] = {
        "subjectKind": one.kind, "domain": one.domain, "principalName": one.account,
        "mailAddress": one.mail or None, "origin": one.origin, "originId": one.subject_id,
        "displayName": one.display_name, "descriptor": one.descriptor,
        "url": f"{place}/{_PLACES[one.kind]}/{one.descriptor}",
        "_links": {
            "self": {"href": f"{place}/{_PLACES[one.kind]}/{one.descriptor}"},
            "memberships": {"href": f"{place}/Memberships/{one.descriptor}"},
            "storageKey": {"href": f"{place}/StorageKeys/{one.descriptor}"},
        },
    }  # fmt: skip
    if one.kind == "group":
        return common | {"description": one.description}
    common |= {"metaType": "member", "directoryAlias": one.account.partition("@")[0]}
    if one.kind == "servicePrincipal":
        common |= {"applicationId": one.application_id, "metaType": "application"}
    return common


def routes(store: Store) -> tuple[Route, ...]:
    """The graph; on vssps.dev.azure.com as on dev.azure.com."""
    noun = GraphSubjects(store)
    page = ("subjectTypes", "continuationToken", "scopeDescriptor", "$top")
    group = "graph/groups/{descriptor}"
    user, application = "graph/users/{descriptor}", "graph/serviceprincipals/{descriptor}"
    into = ("groupDescriptors",)
    return (
        in_organization("GET", "graph/users", noun.list_users, query=page),
        in_organization("POST", "graph/users", noun.create_user, action="organize", query=into),
        in_organization("GET", user, noun.one("user")),
        in_organization("DELETE", user, noun.delete_member, action="organize"),
        in_organization("GET", "graph/serviceprincipals", noun.list_applications, query=page),
        in_organization("POST", "graph/serviceprincipals", noun.create_application,
                        action="organize", query=into),
        in_organization("GET", application, noun.one("servicePrincipal")),
        in_organization("DELETE", application, noun.delete_member, action="organize"),
        in_organization("GET", "graph/groups", noun.list_groups, query=page),
        in_organization("POST", "graph/groups", noun.create_group, action="administer",
                        query=("scopeDescriptor", *into)),
        in_organization("GET", group, noun.one("group")),
        in_organization("PATCH", group, noun.update_group, action="administer"),
        in_organization("DELETE", group, noun.delete_group, action="administer"),
        in_organization("GET", "graph/descriptors/{key}", noun.descriptor),
        in_organization("GET", "graph/storagekeys/{descriptor}", noun.storage_key),
        in_organization("POST", "graph/subjectlookup", noun.lookup),
        in_organization("POST", "graph/subjectquery", noun.query),
    )  # fmt: skip


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"VS860016: Could not find originId '{name[:100]}' in the backing domain aad.",
        code="IdentityNotFoundInCurrentDirectoryException", where=name[:100],
        hint="It has to be in the tenant first.",
    )  # fmt: skip
