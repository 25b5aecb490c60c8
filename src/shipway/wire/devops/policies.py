"""Branch policies: configurations, their revisions, their types.

Source: https://learn.microsoft.com/rest/api/azure/devops/policy/configurations
"""

from typing import Any

from shipway.base.errors import BadInput, NotFound
from shipway.devops import policies, policy_types
from shipway.devops.policies import MatchKind, Policy, PolicyContent, Scope
from shipway.devops.policy_types import PolicyType
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.loop import pull_request_refresh
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response

_MATCH_KINDS: tuple[MatchKind, ...] = ("Exact", "Prefix", "DefaultBranch")


class Policies:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET policy/configurations; `scope` is `<repository's id>:<branch>`."""
        project = shapes.project_of(self._store, request)
        repository_id, _, ref = request.arg("scope").partition(":")
        return self._page(request, project, repository_id, ref)

    def of_branch(self, request: Request) -> Response:
        """GET git/policy/configurations: those of a repository and branch."""
        project = shapes.project_of(self._store, request)
        return self._page(request, project, request.arg("repositoryId"), request.arg("refName"))

    def create(self, request: Request) -> Response:
        """POST policy/configurations."""
        project = shapes.project_of(self._store, request)
        made = policies.create(
            self._store, project_id=project.project_id, content=_content(body_of(request)),
            by=_by(request),
        )  # fmt: skip
        pull_request_refresh.queue_for(self._store, made, _by(request))
        return json_response(shape_of(self._store, request, project, made))

    def get(self, request: Request) -> Response:
        """GET policy/configurations/{id}; a deleted one says so."""
        project = shapes.project_of(self._store, request)
        return json_response(shape_of(self._store, request, project, self._one(request, project)))

    def update(self, request: Request) -> Response:
        """PUT policy/configurations/{id}: the next revision."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        number = _number(request)
        if body.has("id") and body.number("id") != number:
            raise BadInput(f"the body is of the policy {body.number('id')}, the path of {number}",
                           code="InvalidArgumentValueException", where="id")  # fmt: skip
        changed = policies.update(
            self._store, project_id=project.project_id, configuration_id=number,
            content=_content(body), by=_by(request),
        )  # fmt: skip
        pull_request_refresh.queue_for(self._store, changed, _by(request))
        return json_response(shape_of(self._store, request, project, changed))

    def delete(self, request: Request) -> Response:
        """DELETE policy/configurations/{id}."""
        project = shapes.project_of(self._store, request)
        policies.delete(
            self._store, project_id=project.project_id, configuration_id=_number(request)
        )
        return shapes.no_content()

    def revisions(self, request: Request) -> Response:
        """GET policy/configurations/{id}/revisions, newest first."""
        project = shapes.project_of(self._store, request)
        found = policies.revisions_of(
            self._store, project_id=project.project_id, configuration_id=_number(request)
        )
        page, following = shapes.paged(request, found)
        values = [shape_of(self._store, request, project, p) for p in page]
        return shapes.collection(values, continuation=following)

    def revision(self, request: Request) -> Response:
        """GET policy/configurations/{id}/revisions/{revision}."""
        project, number = shapes.project_of(self._store, request), _number(request)
        wanted = shapes.number(request.params["revision"], "revisionId")
        for one in policies.revisions_of(
            self._store, project_id=project.project_id, configuration_id=number
        ):
            if one.revision == wanted:
                return json_response(shape_of(self._store, request, project, one))
        raise NotFound(f"the policy configuration {number} has no revision {wanted}",
                       code="PolicyConfigurationNotFoundException", where="revisionId")  # fmt: skip

    def types(self, request: Request) -> Response:
        """GET policy/types: those that are enforced here."""
        project = shapes.project_of(self._store, request)
        return shapes.collection([_type(request, project, t) for t in policy_types.TYPES])

    def type(self, request: Request) -> Response:
        """GET policy/types/{id}."""
        project = shapes.project_of(self._store, request)
        found = policy_types.get(request.params["type"])
        return json_response(_type(request, project, found))

    def _one(self, request: Request, project: Project) -> Policy:
        return policies.get(
            self._store, project_id=project.project_id, configuration_id=_number(request)
        )

    def _page(self, request: Request, project: Project, repository_id: str, ref: str) -> Response:
        kind = request.arg("policyType").lower()
        # the legacy scope writes the id without hyphens
        wanted = repository_id.replace("-", "").lower()
        listed = [
            p for p in policies.list_of(self._store, project_id=project.project_id)
            if kind in ("", p.type_id) and _is_in(p, wanted, ref)
        ]  # fmt: skip
        page, following = shapes.paged(request, listed)
        values = [shape_of(self._store, request, project, p) for p in page]
        return shapes.collection(values, continuation=following)


def shape_of(store: Store, request: Request, project: Project, policy: Policy) -> dict[str, Any]:
    """`PolicyConfiguration`."""
    base = f"{shapes.project_url(request, project)}/_apis/policy"
    url = f"{base}/configurations/{policy.configuration_id}"
    return {
        "createdBy": shapes.identity(store, request, policy.created_by),
        "createdDate": shapes.moment(policy.created_at),
        "isEnabled": policy.is_enabled, "isBlocking": policy.is_blocking,
        "isDeleted": policy.is_deleted, "isEnterpriseManaged": False,
        "settings": {**policy.settings, "scope": [_scope_shape(s) for s in policy.scopes]},
        "_links": {"self": {"href": url},
                   "policyType": {"href": f"{base}/types/{policy.type_id}"}},
        "revision": policy.revision, "id": policy.configuration_id, "url": url,
        "type": {"id": policy.type_id, "url": f"{base}/types/{policy.type_id}",
                 "displayName": policy.kind.name},
    }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Policies."""
    noun = Policies(store)
    one = "policy/configurations/{configuration}"
    page = ("$top", "$skip", "continuationToken")
    return (
        in_project("GET", "policy/configurations", noun.list_all,
                   query=("scope", "policyType", *page)),
        in_project("POST", "policy/configurations", noun.create, action="administer"),
        in_project("GET", one, noun.get),
        in_project("PUT", one, noun.update, action="administer"),
        in_project("DELETE", one, noun.delete, action="administer"),
        in_project("GET", f"{one}/revisions", noun.revisions, query=page),
        in_project("GET", f"{one}/revisions/{{revision}}", noun.revision),
        in_project("GET", "policy/types", noun.types),
        in_project("GET", "policy/types/{type}", noun.type),
        in_project("GET", "git/policy/configurations", noun.of_branch,
                   query=("repositoryId", "refName", "policyType", *page)),
    )  # fmt: skip


def _is_in(policy: Policy, repository_id: str, ref: str) -> bool:
    """Whether a policy holds in a repository (no hyphens) and on a branch; empty: any."""
    return any(
        (not repository_id or scope.repository_id.replace("-", "") in ("", repository_id))
        and (
            not ref or scope.ref in ("", ref)
            or (scope.match_kind == "Prefix" and ref.startswith(f"{scope.ref.rstrip('/')}/"))
        )
        for scope in policy.scopes
    )  # fmt: skip


def _content(body: Fields) -> PolicyContent:
    settings = body.child("settings")
    if body.boolean("isDeleted"):
        raise BadInput("a policy is not deleted by its body", where="isDeleted",
                       code="InvalidArgumentValueException", hint="Use DELETE.")  # fmt: skip
    for name in ("isEnabled", "isBlocking"):
        if not body.has(name):
            body.text(name)  # raises in the service's words
    return PolicyContent(
        type_id=body.child("type").text("id"), is_enabled=body.boolean("isEnabled"),
        is_blocking=body.boolean("isBlocking"),
        scopes=tuple(_scope(one) for one in settings.children("scope")),
        settings={n: v for n, v in settings.values.items() if n.lower() != "scope"},
    )  # fmt: skip


def _scope(body: Fields) -> Scope:
    unknown = [n for n in body.values if n.lower() not in ("repositoryid", "refname", "matchkind")]
    if unknown:
        raise BadInput(
            f"a scope has no '{unknown[0][:60]}'", code="InvalidPolicySettingsException",
            where=f"{body.path}.{unknown[0][:60]}", hint="It has repositoryId, refName, matchKind.",
        )  # fmt: skip
    return Scope(
        repository_id=body.text("repositoryId", "").lower(), ref=body.text("refName", ""),
        match_kind=body.choice("matchKind", _MATCH_KINDS, "Exact"),
    )  # fmt: skip


def _scope_shape(scope: Scope) -> dict[str, Any]:
    shape: dict[str, Any] = {"repositoryId": scope.repository_id or None}
    if scope.ref:
        shape["refName"] = scope.ref
    return {**shape, "matchKind": scope.match_kind}


def _type(request: Request, project: Project, kind: PolicyType) -> dict[str, Any]:
    url = f"{shapes.project_url(request, project)}/_apis/policy/types/{kind.type_id}"
    return {"id": kind.type_id, "displayName": kind.name, "description": kind.description,
            "url": url, "_links": {"self": {"href": url}}}  # fmt: skip


def _number(request: Request) -> int:
    return shapes.number(request.params["configuration"], "configurationId")


def _by(request: Request) -> Requester:
    return Requester(object_id=request.principal.object_id, name=request.principal.name)
