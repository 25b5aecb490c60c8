"""`azuread_service_principal` and the data source of that name.

Calls: POST, PATCH, GET and DELETE of /servicePrincipals, owners.
Source: azuread's internal/services/serviceprincipals/service_principal_resource.go.
"""

from collections.abc import Iterable
from typing import Any

from shipway.base import ids
from shipway.terraform.calls import Calls
from shipway.terraform.resource import (
    UNKNOWN,
    AtAttribute,
    Change,
    Problem,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuread import application_blocks as blocks
from shipway.terraform.resources.azuread.graph_values import (
    Json,
    feature_tags,
    features_of,
    find,
    first,
    flag,
    given,
    list_ids,
    older_features_of,
    quoted,
    reference,
    settle_references,
    text,
    texts,
)
from shipway.terraform.resources.azuread.resource_ids import SERVICE_PRINCIPAL, exists_already

_TYPE = "azuread_service_principal"
_TAG_NAMES = ("tags", "feature_tags", "features")


def create(calls: Calls, values: Values) -> Values:
    """Make the principal of an application, or take one over with `use_existing`."""
    client_id = str(values["client_id"])
    known = find(calls, "servicePrincipals", f"appId eq '{quoted(client_id)}'")
    if known:
        resource_id = SERVICE_PRINCIPAL.id_of(str(known[0]["id"]))
        if not values.get("use_existing"):
            raise exists_already(_TYPE, resource_id, at="client_id")
        update(calls, {**values, "id": resource_id}, values)
        return {"id": resource_id}
    body = _body(values) | {
        "appId": client_id,
        "owners@odata.bind": [reference(one) for one in values.get("owners") or ()],
    }
    made = calls.graph("POST", "/servicePrincipals", body=body) or {}
    return {"id": SERVICE_PRINCIPAL.id_of(str(made["id"]))}


def read(calls: Calls, values: Values) -> Values | None:
    """The principal with its owners; None when it is gone."""
    object_id = SERVICE_PRINCIPAL.object_id(str(values["id"]), at="id")
    told = calls.graph("GET", f"/servicePrincipals/{object_id}", missing_ok=True)
    if told is None:
        return None
    shown = _common(told)
    return shown | {
        "owners": list_ids(calls, f"/servicePrincipals/{object_id}/owners"),
        "use_existing": bool(values.get("use_existing")),
    }


def update(calls: Calls, prior: Values, planned: Values) -> Values | None:
    """Write everything anew, then the owners."""
    object_id = SERVICE_PRINCIPAL.object_id(str(prior["id"]), at="id")
    path = f"/servicePrincipals/{object_id}"
    calls.graph("PATCH", path, body=_body(planned, prior))
    there = list_ids(calls, f"{path}/owners")
    settle_references(calls, f"{path}/owners", wanted=planned.get("owners") or (), there=there)
    return None


def delete(calls: Calls, values: Values) -> None:
    """Delete it; one that was there before Terraform stays."""
    if values.get("use_existing"):
        return
    object_id = SERVICE_PRINCIPAL.object_id(str(values["id"]), at="id")
    calls.graph("DELETE", f"/servicePrincipals/{object_id}", missing_ok=True)


def import_state(calls: Calls, given_id: str) -> Values:
    """By `/servicePrincipals/<object id>`."""
    del calls
    object_id = SERVICE_PRINCIPAL.object_id(given_id, at="id")
    return {"id": SERVICE_PRINCIPAL.id_of(object_id)}


def validate(config: Values) -> Iterable[Problem]:
    """The client id is a GUID."""
    value = config.get("client_id")
    if isinstance(value, str) and not ids.is_guid(value):
        yield Problem("client_id", f'expected "client_id" to be a valid UUID, got {value}')


def customize(change: Change) -> None:
    """Tags in one form change those in the others."""
    if change.prior is None:
        return
    for one in _TAG_NAMES:
        is_given = change.config.get(one) not in (None, [])
        if is_given and change.planned.get(one) != change.prior.get(one):
            for other in _TAG_NAMES:
                if other != one:
                    change.planned[other] = UNKNOWN


def read_data(calls: Calls, config: Values) -> Values:
    """The data source: by object id, client id or name."""
    told = _found(calls, config)
    return _common(told) | {"id": SERVICE_PRINCIPAL.id_of(str(told["id"]))}


def _found(calls: Calls, config: Values) -> Json:
    if config.get("object_id"):
        object_id = str(config["object_id"])
        told = calls.graph("GET", f"/servicePrincipals/{object_id}", missing_ok=True)
        if told is None:
            raise AtAttribute(
                "object_id", f'Service principal with object ID "{object_id}" was not found'
            )
        return told
    name = "client_id" if config.get("client_id") else "display_name"
    value = str(config.get(name) or "")
    field = "appId" if name == "client_id" else "displayName"
    found = find(calls, "servicePrincipals", f"{field} eq '{quoted(value)}'")
    if len(found) > 1:
        raise AtAttribute(name, f'Found multiple service principals matching {name} "{value}"')
    if not found:
        raise AtAttribute(name, f'No service principal found matching {name} "{value}"')
    return found[0]


def _common(told: Json) -> Values:
    tags = texts(told, "tags")
    saml: Json = told.get("samlSingleSignOnSettings") or {}
    return {
        "account_enabled": flag(told, "accountEnabled"),
        "alternative_names": texts(told, "alternativeNames"),
        "app_role_assignment_required": flag(told, "appRoleAssignmentRequired"),
        "app_role_ids": blocks.ids_by_value(told.get("appRoles")),
        "app_roles": blocks.app_roles_of(told.get("appRoles")),
        "application_tenant_id": text(told, "appOwnerOrganizationId"),
        "client_id": text(told, "appId"),
        "description": text(told, "description"),
        "display_name": text(told, "displayName"),
        "feature_tags": features_of(tags),
        "features": older_features_of(tags),
        "homepage_url": text(told, "homepage"),
        "login_url": text(told, "loginUrl"),
        "logout_url": text(told, "logoutUrl"),
        "notes": text(told, "notes"),
        "notification_email_addresses": texts(told, "notificationEmailAddresses"),
        "oauth2_permission_scope_ids": blocks.ids_by_value(told.get("oauth2PermissionScopes")),
        "oauth2_permission_scopes": blocks.scopes_of(told.get("oauth2PermissionScopes")),
        "object_id": text(told, "id"),
        "preferred_single_sign_on_mode": text(told, "preferredSingleSignOnMode"),
        "redirect_uris": texts(told, "replyUrls"),
        "saml_metadata_url": text(told, "samlMetadataUrl"),
        "saml_single_sign_on": [{"relay_state": text(saml, "relayState")}] if saml else [],
        "service_principal_names": texts(told, "servicePrincipalNames"),
        "sign_in_audience": text(told, "signInAudience"),
        "tags": tags,
        "type": text(told, "servicePrincipalType"),
    }


def _body(values: Values, prior: Values | None = None) -> dict[str, Any]:
    saml = first(values, "saml_single_sign_on")
    return {
        "accountEnabled": values.get("account_enabled") is not False,
        "alternativeNames": values.get("alternative_names") or [],
        "appRoleAssignmentRequired": bool(values.get("app_role_assignment_required")),
        "description": given(values, "description"),
        "loginUrl": given(values, "login_url"),
        "notes": given(values, "notes"),
        "notificationEmailAddresses": values.get("notification_email_addresses") or [],
        "preferredSingleSignOnMode": given(values, "preferred_single_sign_on_mode"),
        "samlSingleSignOnSettings": {"relayState": given(saml, "relay_state")} if saml else None,
        "tags": _tags(values, prior),
    }


def _tags(values: Values, prior: Values | None) -> list[str]:
    """Of the three ways to say them the one that was changed; on create the one that is given."""
    for name, is_older in (("feature_tags", False), ("features", True)):
        block = first(values, name)
        is_new = values.get("tags") is None if prior is None else values[name] != prior.get(name)
        if block is not None and is_new:
            return feature_tags(block, older=is_older)
    return list(values.get("tags") or ())


RESOURCE = TerraformResource(
    type_name=_TYPE, create=create, read=read, update=update, delete=delete,
    import_state=import_state, validate=validate, customize=customize,
    suppress={"saml_single_sign_on": blocks.is_default},
)  # fmt: skip
DATA_SOURCE = TerraformDataSource(type_name=_TYPE, read=read_data)
