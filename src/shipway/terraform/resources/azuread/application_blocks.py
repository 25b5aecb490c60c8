"""Nested blocks of `azuread_application` to Graph's properties and back.

Source: azuread's internal/services/applications/application_resource.go and applications.go.
"""

from typing import Any

from shipway.terraform.resource import Values
from shipway.terraform.resources.azuread.graph_values import (
    Json,
    first,
    flag,
    given,
    text,
    texts,
)

_TOKENS = {"access_token": "accessToken", "id_token": "idToken", "saml2_token": "saml2Token"}


def api(values: Values) -> dict[str, Any]:
    """`api`."""
    block = first(values, "api") or {}
    return {
        "knownClientApplications": block.get("known_client_applications") or [],
        "acceptMappedClaims": bool(block.get("mapped_claims_enabled")),
        "requestedAccessTokenVersion": block.get("requested_access_token_version"),
        "oauth2PermissionScopes": [
            {
                "adminConsentDescription": given(one, "admin_consent_description"),
                "adminConsentDisplayName": given(one, "admin_consent_display_name"),
                "id": one.get("id"), "isEnabled": bool(one.get("enabled")),
                "type": one.get("type"),
                "userConsentDescription": given(one, "user_consent_description"),
                "userConsentDisplayName": given(one, "user_consent_display_name"),
                "value": given(one, "value"),
            }
            for one in block.get("oauth2_permission_scope") or ()
        ],
    }  # fmt: skip


def api_of(told: Json) -> list[Values]:
    """`api` as read."""
    source: Json = told.get("api") or {}
    return [
        {
            "known_client_applications": texts(source, "knownClientApplications"),
            "mapped_claims_enabled": flag(source, "acceptMappedClaims"),
            "requested_access_token_version": source.get("requestedAccessTokenVersion") or 1,
            "oauth2_permission_scope": scopes_of(source.get("oauth2PermissionScopes")),
        }
    ]


def scopes_of(scopes: Any) -> list[Values]:  # noqa: ANN401  # a list of JSON
    """Permission scopes as read."""
    return [
        {
            "admin_consent_description": text(one, "adminConsentDescription"),
            "admin_consent_display_name": text(one, "adminConsentDisplayName"),
            "enabled": flag(one, "isEnabled"),
            "id": text(one, "id"),
            "type": text(one, "type"),
            "user_consent_description": text(one, "userConsentDescription"),
            "user_consent_display_name": text(one, "userConsentDisplayName"),
            "value": text(one, "value"),
        }
        for one in scopes or ()
    ]


def app_roles(values: Values) -> list[dict[str, Any]]:
    """`app_role`."""
    return [
        {
            "allowedMemberTypes": one.get("allowed_member_types") or [],
            "description": one.get("description"),
            "displayName": one.get("display_name"),
            "id": one.get("id"),
            "isEnabled": bool(one.get("enabled")),
            "value": given(one, "value"),
        }
        for one in values.get("app_role") or ()
    ]


def app_roles_of(roles: Any) -> list[Values]:  # noqa: ANN401  # a list of JSON
    """App roles as read."""
    return [
        {
            "allowed_member_types": texts(one, "allowedMemberTypes"),
            "description": text(one, "description"),
            "display_name": text(one, "displayName"),
            "enabled": flag(one, "isEnabled"),
            "id": text(one, "id"),
            "value": text(one, "value"),
        }
        for one in roles or ()
    ]


def ids_by_value(items: Any) -> dict[str, str]:  # noqa: ANN401  # a list of JSON
    """The ids of app roles or permission scopes by their values."""
    return {str(one["value"]): str(one["id"]) for one in items or () if one.get("value")}


def optional_claims(values: Values) -> dict[str, Any] | None:
    """`optional_claims`."""
    block = first(values, "optional_claims")
    if block is None:
        return None
    return {
        other: [
            {
                "name": one.get("name"), "source": given(one, "source"),
                "essential": bool(one.get("essential")),
                "additionalProperties": one.get("additional_properties") or [],
            }
            for one in block.get(name) or ()
        ]
        for name, other in _TOKENS.items()
    }  # fmt: skip


def optional_claims_of(told: Json) -> list[Values]:
    """`optional_claims` as read; none where Graph has none."""
    source = told.get("optionalClaims")
    if not source:
        return []
    return [
        {
            name: [
                {
                    "name": text(one, "name"), "source": text(one, "source"),
                    "essential": flag(one, "essential"),
                    "additional_properties": texts(one, "additionalProperties"),
                }
                for one in source.get(other) or ()
            ]
            for name, other in _TOKENS.items()
        }
    ]  # fmt: skip


def required_access(values: Values) -> list[dict[str, Any]]:
    """`required_resource_access`."""
    return [
        {
            "resourceAppId": one.get("resource_app_id"),
            "resourceAccess": [
                {"id": inner.get("id"), "type": inner.get("type")}
                for inner in one.get("resource_access") or ()
            ],
        }
        for one in values.get("required_resource_access") or ()
    ]


def required_access_of(told: Json) -> list[Values]:
    """`required_resource_access` as read."""
    return [
        {
            "resource_app_id": text(one, "resourceAppId"),
            "resource_access": [
                {"id": text(inner, "id"), "type": text(inner, "type")}
                for inner in one.get("resourceAccess") or ()
            ],
        }
        for one in told.get("requiredResourceAccess") or ()
    ]


def redirects(values: Values, name: str) -> dict[str, Any]:
    """`public_client` and `single_page_application`."""
    return {"redirectUris": (first(values, name) or {}).get("redirect_uris") or []}


def redirects_of(told: Json, name: str) -> list[Values]:
    """`public_client` and `single_page_application` as read."""
    return [{"redirect_uris": texts(told.get(name) or {}, "redirectUris")}]


def web(values: Values) -> dict[str, Any]:
    """`web`."""
    block = first(values, "web") or {}
    grant = first(block, "implicit_grant") or {}
    return {
        "homePageUrl": given(block, "homepage_url"),
        "logoutUrl": given(block, "logout_url"),
        "redirectUris": block.get("redirect_uris") or [],
        "implicitGrantSettings": {
            "enableAccessTokenIssuance": bool(grant.get("access_token_issuance_enabled")),
            "enableIdTokenIssuance": bool(grant.get("id_token_issuance_enabled")),
        },
    }


def web_of(told: Json) -> list[Values]:
    """`web` as read."""
    source: Json = told.get("web") or {}
    grant: Json = source.get("implicitGrantSettings") or {}
    return [
        {
            "homepage_url": text(source, "homePageUrl"),
            "logout_url": text(source, "logoutUrl"),
            "redirect_uris": texts(source, "redirectUris"),
            "implicit_grant": [
                {
                    "access_token_issuance_enabled": flag(grant, "enableAccessTokenIssuance"),
                    "id_token_issuance_enabled": flag(grant, "enableIdTokenIssuance"),
                }
            ],
        }
    ]


def is_default(before: object, value: object) -> bool:
    """Whether a block that is not configured only shows what an application has anyway."""
    return not value and isinstance(before, list) and len(before) == 1 and _is_bare(before[0])


def _is_bare(block: Values) -> bool:
    for name, value in block.items():
        if name == "requested_access_token_version":
            if (value or 1) > 1:
                return False
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            if not all(_is_bare(one) for one in value):
                return False
        elif value not in (None, "", [], False) and name not in ("homepage_url", "logout_url"):
            return False
    return True
