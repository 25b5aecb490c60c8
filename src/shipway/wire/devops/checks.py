"""Check configurations on protected resources.

Source: https://learn.microsoft.com/rest/api/azure/devops/approvalsandchecks/check-configurations
"""

from typing import Any

from shipway.azure.entra import users
from shipway.base.errors import BadInput, NotSupported
from shipway.devops import (
    approver_names,
    checks,
)
from shipway.devops.checks import Check, CheckKind
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.store.store import Store
from shipway.wire.devops import body_fields, protected_resources, rights, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response

# Azure's fixed ids; a `Task Check` is told apart by its definitionRef
_TYPES: dict[CheckKind, tuple[str, str]] = {
    "Approval": ("8c6f20a7-a545-4486-9777-f762fafe0d4d", "Approval"),
    "ExclusiveLock": ("2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", "ExclusiveLock"),
    "RequiredTemplate": ("4020e66e-b0f3-47e1-bc88-48f3cc59b5f3", "ExtendsCheck"),
    "BranchControl": ("fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", "Task Check"),
    "BusinessHours": ("fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", "Task Check"),
    "RestApi": ("fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", "Task Check"),
    "AzureFunction": ("fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", "Task Check"),
}
_TASKS: dict[str, CheckKind] = {
    "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b": "BranchControl",
    "445fde2f-6c39-441c-807f-8a59ff2e075f": "BusinessHours",
    "9c3e8943-130d-4c78-ac63-8af81df62dfb": "RestApi",
    "537fdb7a-a601-4537-aa70-92645a2b5ce4": "AzureFunction",
}
_TASK_CHECK = "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7"


class Checks:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_resource(self, request: Request) -> Response:
        """GET pipelines/checks/configurations?resourceType=&resourceId=."""
        _wants_settings(request)
        project = shapes.project_of(self._store, request)
        found = checks.on(
            self._store, project_id=project.project_id,
            resource_type=request.arg("resourceType") or None,
            resource_id=request.arg("resourceId") or None,
        )  # fmt: skip
        return shapes.collection([self._expanded(request, project, c) for c in found])

    def query(self, request: Request) -> Response:
        """POST pipelines/checks/queryconfigurations: the checks on a list of resources."""
        project = shapes.project_of(self._store, request)
        listed = Fields(values={"resources": request.json_value()}).children("resources")
        found = [
            c for one in listed
            for c in checks.on(
                self._store, project_id=project.project_id,
                resource_type=one.text("type"), resource_id=one.text("id"),
            )
        ]  # fmt: skip
        return shapes.collection([self._expanded(request, project, c) for c in found])

    def get(self, request: Request) -> Response:
        """GET pipelines/checks/configurations/{id}."""
        project, found = self._of(request)
        return json_response(self._expanded(request, project, found))

    def create(self, request: Request) -> Response:
        """POST pipelines/checks/configurations."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        body_fields.check(body, body_fields.CHECK, body_fields.CHECK_NEUTRAL)
        kind, resource, settings = _kind(body), body.child("resource"), body.child("settings")
        self._check_approvers(kind, settings)
        checks.check_resource_type(resource.text("type"))
        name = protected_resources.name_of(
            self._store, project, resource.text("type"), resource.text("id")
        )
        self._require_manager(request, project, resource.text("type"), resource.text("id"))
        made = checks.create(
            self._store,
            project_id=project.project_id,
            kind=kind,
            resource_type=resource.text("type"),
            resource_id=resource.text("id"),
            resource_name=resource.text("name", "") or name,
            settings=settings.values,
            timeout_minutes=body.number("timeout", checks.DEFAULT_TIMEOUT_MINUTES),
            is_disabled=body.boolean("isDisabled"),
            created_by_id=request.principal.object_id,
            created_by_name=request.principal.name,
        )
        return json_response(self._shape(request, project, made))

    def update(self, request: Request) -> Response:
        """PATCH pipelines/checks/configurations/{id}: settings, time-out, whether it counts."""
        (project, before), body = self._managed(request), body_of(request)
        body_fields.check(body, body_fields.CHECK, body_fields.CHECK_NEUTRAL)
        settings = body.child("settings")
        if settings.values:
            self._check_approvers(before.kind, settings)
        changed = checks.update(
            self._store, project_id=project.project_id, check_id=before.check_id,
            settings=settings.values or before.settings,
            timeout_minutes=body.number("timeout", before.timeout_minutes),
            is_disabled=body.boolean("isDisabled", default=before.is_disabled),
        )  # fmt: skip
        return json_response(self._shape(request, project, changed))

    def delete(self, request: Request) -> Response:
        """DELETE pipelines/checks/configurations/{id}."""
        project, found = self._managed(request)
        checks.delete(self._store, project_id=project.project_id, check_id=found.check_id)
        return shapes.no_content()

    def _managed(self, request: Request) -> tuple[Project, Check]:
        project, found = self._of(request)
        self._require_manager(request, project, found.resource_type, found.resource_id)
        return project, found

    def _require_manager(
        self, request: Request, project: Project, kind: str, resource_id: str
    ) -> None:
        rights.require_manager(
            self._store, request, project_id=project.project_id, kind=kind,
            resource_id=resource_id,
        )  # fmt: skip

    def _of(self, request: Request) -> tuple[Project, Check]:
        project = shapes.project_of(self._store, request)
        check_id = shapes.number(request.params["check"], "id")
        return project, checks.get(self._store, project_id=project.project_id, check_id=check_id)

    def _check_approvers(self, kind: CheckKind, settings: Fields) -> None:
        """An approver nobody can be would hold every run for ever."""
        for one in settings.children("approvers") if kind == "Approval" else ():
            object_id = one.text("id")
            if approver_names.find_approver(self._store, object_id) is None:
                people = ", ".join(f"{u.name} {u.object_id}" for u in users.list_users(self._store))
                raise BadInput(
                    f"the approver '{object_id[:100]}' is neither a user nor a group",
                    code="InvalidCheckConfigurationException", where=f"{one.path}.id",
                    hint=f"Users: {people}.",
                )  # fmt: skip

    def _expanded(self, request: Request, project: Project, check: Check) -> dict[str, Any]:
        """Settings are told to whoever asks for them, as Azure does."""
        shape = self._shape(request, project, check)
        if not _wants_settings(request):
            del shape["settings"]
        return shape

    def _shape(self, request: Request, project: Project, check: Check) -> dict[str, Any]:
        by = Requester(object_id=check.created_by_id, name=check.created_by_name)
        who = shapes.identity(self._store, request, by)
        return {
            **reference(request, project, check), "version": check.version,
            "timeout": check.timeout_minutes,
            "settings": self._settings(request, check), "isDisabled": check.is_disabled,
            "createdBy": who, "createdOn": shapes.moment(check.created_at),
            "modifiedBy": who, "modifiedOn": shapes.moment(check.updated_at),
        }  # fmt: skip

    def _settings(self, request: Request, check: Check) -> dict[str, Any]:
        settings = dict(check.settings)
        if check.kind == "Approval" and isinstance(settings.get("approvers"), list):
            settings["approvers"] = [
                shapes.identity(
                    self._store, request, Requester(object_id=str(a["id"]), name=str(a["id"]))
                )
                for a in settings["approvers"]
            ]
        return settings


def routes(store: Store) -> tuple[Route, ...]:
    """Check configurations; before `pipelines/{id}`."""
    noun = Checks(store)
    base = "pipelines/checks/configurations"
    one = f"{base}/{{check}}"
    return (
        in_project("GET", base, noun.on_resource, query=("resourceType", "resourceId", "$expand")),
        in_project("POST", base, noun.create, action="contribute"),
        in_project("POST", "pipelines/checks/queryconfigurations", noun.query, query=("$expand",)),
        in_project("GET", one, noun.get, query=("$expand",)),
        in_project("PATCH", one, noun.update, action="contribute"),
        in_project("DELETE", one, noun.delete, action="contribute"),
    )


def reference(request: Request, project: Project, check: Check) -> dict[str, Any]:
    """How others name a check configuration."""
    type_id, type_name = _TYPES[check.kind]
    place = f"{shapes.project_url(request, project)}/_apis/pipelines/checks/configurations"
    return {
        "id": check.check_id, "type": {"id": type_id, "name": type_name},
        "resource": {"type": check.resource_type, "id": check.resource_id,
                     "name": check.resource_name},
        "url": f"{place}/{check.check_id}",
    }  # fmt: skip


def _wants_settings(request: Request) -> bool:
    """Whether `$expand` asks for them. Raises `BadInput`."""
    expand = request.arg("$expand", "none").lower()
    if expand not in ("none", "settings"):
        raise BadInput(
            f"The value '{expand[:60]}' is not valid for parameter '$expand'",
            code="InvalidArgumentValueException", where="$expand", hint="Known: none, settings.",
        )  # fmt: skip
    return expand == "settings"


def _kind(body: Fields) -> CheckKind:
    asked = body.child("type")
    type_id, type_name = asked.text("id", "").lower(), asked.text("name", "").lower()
    if type_id == _TASK_CHECK or (not type_id and type_name == "task check"):
        reference = body.child("settings").child("definitionRef")
        task = reference.text("id").lower()
        if task in _TASKS:
            return _TASKS[task]
        raise NotSupported(
            f"the check task '{reference.text('name', task)[:100]}' is not supported",
            code="CheckNotSupportedException", where="settings.definitionRef.id",
            hint="Supported: evaluatebranchProtection, evaluateBusinessHours, InvokeRESTAPI, "
            "AzureFunction.",
        )  # fmt: skip
    for kind, (known_id, known_name) in _TYPES.items():
        if type_id == known_id or (not type_id and type_name == known_name.lower()):
            return kind
    raise BadInput(
        f"the check type '{(type_id or type_name)[:100]}' is not known",
        code="InvalidCheckConfigurationException", where="type",
        hint=f"Known: {', '.join(sorted({name for _, name in _TYPES.values()}))}.",
    )  # fmt: skip
