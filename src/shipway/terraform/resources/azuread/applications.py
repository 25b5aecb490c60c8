"""`azuread_application` and the data source of that name.

Calls: POST, PATCH, GET and DELETE of /applications, owners, addPassword and removePassword.
Source: azuread's internal/services/applications/application_resource.go.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from shipway.base import ids
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.resource import (
    UNKNOWN,
    AtAttribute,
    Change,
    PartlyCreated,
    Problem,
    TerraformDataSource,
    TerraformResource,
    Values,
)
from shipway.terraform.resources.azuread import application_blocks as blocks
from shipway.terraform.resources.azuread import application_passwords as passwords
from shipway.terraform.resources.azuread import refusals
from shipway.terraform.resources.azuread.graph_values import (
    Json,
    feature_tags,
    features_of,
    find,
    first,
    flag,
    given,
    list_ids,
    quoted,
    reference,
    settle_references,
    text,
    texts,
)
from shipway.terraform.resources.azuread.resource_ids import APPLICATION, name_is_taken

_TYPE = "azuread_application"
_INFO = {
    "marketing_url": "marketingUrl", "privacy_statement_url": "privacyStatementUrl",
    "support_url": "supportUrl", "terms_of_service_url": "termsOfServiceUrl",
}  # fmt: skip
_PERSONAL = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")


def create(calls: Calls, values: Values) -> Values:
    """Make it with its owners, then its password."""
    refusals.refuse("application", values)
    if values.get("prevent_duplicate_names"):
        _refuse_duplicate(calls, str(values["display_name"]))
    body = _body(values) | {
        "owners@odata.bind": [reference(one) for one in values.get("owners") or ()]
    }
    made = calls.graph("POST", "/applications", body=body) or {}
    resource_id = APPLICATION.id_of(str(made["id"]))
    told: Values = {"id": resource_id}
    if values.get("password"):
        try:
            told["password"] = [passwords.add_block(calls, str(made["id"]), values["password"][0])]
        except (ApiError, AtAttribute) as error:
            raise PartlyCreated({**values, "id": resource_id, "password": []}, error) from error
    return told


def read(calls: Calls, values: Values) -> Values | None:
    """The application with its owners; None when it is gone."""
    object_id = APPLICATION.object_id(str(values["id"]), at="id")
    told = calls.graph("GET", f"/applications/{object_id}", missing_ok=True)
    if told is None:
        return None
    more = calls.graph(
        "GET", f"/applications/{object_id}?$select=oauth2RequirePostResponse", beta=True
    )
    shown = _common(told) | {
        "app_role": blocks.app_roles_of(told.get("appRoles")),
        "api": blocks.api_of(told),
        "logo_image": values.get("logo_image") or "",
        "oauth2_post_response_required": flag(more or {}, "oauth2RequirePostResponse"),
        "owners": list_ids(calls, f"/applications/{object_id}/owners"),
        "password": passwords.block_of(told, first(values, "password")),
        "prevent_duplicate_names": bool(values.get("prevent_duplicate_names")),
        "template_id": text(told, "applicationTemplateId"),
    }
    return shown


def update(calls: Calls, prior: Values, planned: Values) -> Values | None:
    """Write everything anew, then owners and password."""
    refusals.refuse("application", planned)
    object_id = APPLICATION.object_id(str(prior["id"]), at="id")
    if planned.get("prevent_duplicate_names") and prior["display_name"] != planned["display_name"]:
        _refuse_duplicate(calls, str(planned["display_name"]), but=object_id)
    calls.graph("PATCH", f"/applications/{object_id}", body=_body(planned, prior))
    path = f"/applications/{object_id}/owners"
    settle_references(calls, path, wanted=planned.get("owners") or (), there=list_ids(calls, path))
    return passwords.settle_block(
        calls, object_id, first(prior, "password"), first(planned, "password")
    )


def delete(calls: Calls, values: Values) -> None:
    """Delete it; gone already is fine."""
    object_id = APPLICATION.object_id(str(values["id"]), at="id")
    calls.graph("DELETE", f"/applications/{object_id}", missing_ok=True)


def import_state(calls: Calls, given_id: str) -> Values:
    """By `/applications/<object id>`."""
    del calls
    object_id = APPLICATION.object_id(given_id, at="id")
    return {"id": APPLICATION.id_of(object_id), "prevent_duplicate_names": False}


def validate(config: Values) -> Iterable[Problem]:
    """Ids that are none, roles and scopes that clash, personal accounts with older tokens."""
    yield from refusals.problems("application", config)
    roles = [one for one in config.get("app_role") or () if isinstance(one, dict)]
    api = first(config, "api") if isinstance(config.get("api"), list) else None
    scopes = (api or {}).get("oauth2_permission_scope")
    scopes = [one for one in scopes or () if isinstance(one, dict)]
    for where, items in (("app_role", roles), ("api.0.oauth2_permission_scope", scopes)):
        for one in items:
            found = one.get("id")
            if isinstance(found, str) and not ids.is_guid(found):
                yield Problem(where, f'expected "id" to be a valid UUID, got {found}')
    for name in ("id", "value"):
        counted = Counter(
            one[name] for one in (*roles, *scopes) if isinstance(one.get(name), str) and one[name]
        )
        for value, count in counted.items():
            if count > 1:
                yield Problem(
                    "app_role" if roles else "api",
                    "checking for duplicate app roles / OAuth2.0 permission scopes: "
                    f"validation failed: duplicate {name}: {value}",
                )
    version = (api or {}).get("requested_access_token_version")
    if config.get("sign_in_audience") in _PERSONAL and version in (None, 1):
        yield Problem(
            "sign_in_audience",
            "`requested_access_token_version` must be 2 when `sign_in_audience` is "
            f'"{_PERSONAL[0]}" or "{_PERSONAL[1]}"',
        )


def customize(change: Change) -> None:
    """What follows from a change: ids by value, and tags and feature tags from one another."""
    if change.prior is None:
        return
    if change.planned.get("app_role") != change.prior.get("app_role"):
        change.planned["app_role_ids"] = UNKNOWN
    if change.planned.get("api") != change.prior.get("api"):
        change.planned["oauth2_permission_scope_ids"] = UNKNOWN
    for one, other in (("tags", "feature_tags"), ("feature_tags", "tags")):
        is_given = change.config.get(one) not in (None, [])
        if is_given and change.planned.get(one) != change.prior.get(one):
            change.planned[other] = UNKNOWN


def read_data(calls: Calls, config: Values) -> Values:
    """The data source: by object id, client id, name or identifier URI."""
    told = _found(calls, config)
    object_id = str(told["id"])
    api = blocks.api_of(told)[0]
    scopes = api.pop("oauth2_permission_scope")
    return _common(told) | {
        "id": APPLICATION.id_of(object_id),
        "api": [{**api, "oauth2_permission_scopes": scopes}],
        "app_roles": blocks.app_roles_of(told.get("appRoles")),
        "identifier_uri": config.get("identifier_uri"),
        "oauth2_post_response_required": flag(told, "oauth2RequirePostResponse"),
        "owners": list_ids(calls, f"/applications/{object_id}/owners"),
    }


def _found(calls: Calls, config: Values) -> Json:
    if config.get("object_id"):
        object_id = str(config["object_id"])
        told = calls.graph("GET", f"/applications/{object_id}", missing_ok=True)
        if told is None:
            raise AtAttribute(
                "object_id", f'Application with object ID "{object_id}" was not found'
            )
        return told
    by = {"client_id": "appId", "display_name": "displayName"}
    name = next((one for one in by if config.get(one)), "identifier_uri")
    value = str(config.get(name) or "")
    condition = (
        f"{by[name]} eq '{quoted(value)}'" if name in by
        else f"identifierUris/any(uri:uri eq '{quoted(value)}')"
    )  # fmt: skip
    found = find(calls, "applications", condition)
    if len(found) > 1:
        raise AtAttribute(name, f'Found multiple applications matching {name} "{value}"')
    if not found:
        raise AtAttribute(name, f'No application found matching {name} "{value}"')
    return found[0]


def _common(told: Json) -> Values:
    info: Json = told.get("info") or {}
    api: Json = told.get("api") or {}
    claims = [one for one in text(told, "groupMembershipClaims").split(",") if one]
    tags = texts(told, "tags")
    return {
        "app_role_ids": blocks.ids_by_value(told.get("appRoles")),
        "client_id": text(told, "appId"),
        "description": text(told, "description"),
        "device_only_auth_enabled": flag(told, "isDeviceOnlyAuthSupported"),
        "disabled_by_microsoft": text(told, "disabledByMicrosoftStatus"),
        "display_name": text(told, "displayName"),
        "fallback_public_client_enabled": flag(told, "isFallbackPublicClient"),
        "feature_tags": features_of(tags),
        "group_membership_claims": claims,
        "identifier_uris": texts(told, "identifierUris"),
        "logo_url": text(info, "logoUrl"),
        **{name: text(info, other) for name, other in _INFO.items()},
        "notes": text(told, "notes"),
        "oauth2_permission_scope_ids": blocks.ids_by_value(api.get("oauth2PermissionScopes")),
        "object_id": text(told, "id"),
        "optional_claims": blocks.optional_claims_of(told),
        "public_client": blocks.redirects_of(told, "publicClient"),
        "publisher_domain": text(told, "publisherDomain"),
        "required_resource_access": blocks.required_access_of(told),
        "service_management_reference": text(told, "serviceManagementReference"),
        "sign_in_audience": text(told, "signInAudience"),
        "single_page_application": blocks.redirects_of(told, "spa"),
        "tags": tags,
        "web": blocks.web_of(told),
    }


def _body(values: Values, prior: Values | None = None) -> dict[str, Any]:
    return {
        "api": blocks.api(values),
        "appRoles": blocks.app_roles(values),
        "description": given(values, "description"),
        "displayName": values["display_name"],
        "groupMembershipClaims": ",".join(values.get("group_membership_claims") or ()) or None,
        "identifierUris": values.get("identifier_uris") or [],
        "info": {other: given(values, name) for name, other in _INFO.items()},
        "isDeviceOnlyAuthSupported": bool(values.get("device_only_auth_enabled")),
        "isFallbackPublicClient": bool(values.get("fallback_public_client_enabled")),
        "notes": given(values, "notes"),
        "oauth2RequirePostResponse": bool(values.get("oauth2_post_response_required")),
        "optionalClaims": blocks.optional_claims(values),
        "publicClient": blocks.redirects(values, "public_client"),
        "requiredResourceAccess": blocks.required_access(values),
        "serviceManagementReference": given(values, "service_management_reference"),
        "signInAudience": values.get("sign_in_audience"),
        "spa": blocks.redirects(values, "single_page_application"),
        "tags": _tags(values, prior),
        "web": blocks.web(values),
    }


def _tags(values: Values, prior: Values | None) -> list[str]:
    """Of the two ways to say them the one that was changed; on create the one that is given."""
    features, tags = first(values, "feature_tags"), values.get("tags")
    if tags is None or (prior and values.get("feature_tags") != prior.get("feature_tags")):
        return feature_tags(features) if features else list(tags or ())
    return list(tags)


def _refuse_duplicate(calls: Calls, name: str, *, but: str = "") -> None:
    found = find(calls, "applications", f"displayName eq '{quoted(name)}'")
    other = next((str(one["id"]) for one in found if one["id"] != but), None)
    if other:
        raise name_is_taken(_TYPE, other, name)


RESOURCE = TerraformResource(
    type_name=_TYPE, create=create, read=read, update=update, delete=delete,
    import_state=import_state, validate=validate, customize=customize,
    suppress={
        **dict.fromkeys(
            ("api", "optional_claims", "public_client", "single_page_application", "web",
             "web.implicit_grant"),
            blocks.is_default,
        ),
    },
)  # fmt: skip
DATA_SOURCE = TerraformDataSource(type_name=_TYPE, read=read_data)
