"""Which properties of directory objects are kept as they are sent, and what they are at first.

What is not named here is refused by name. Source: https://learn.microsoft.com/graph/api/overview
"""

from collections.abc import Mapping
from typing import Any

from shipway.base.errors import BadInput
from shipway.wire.graph.shapes import text

Fields = Mapping[str, Any]

APPLICATION: Fields = {
    "description": None, "api": {
        "acceptMappedClaims": None, "knownClientApplications": [],
        "requestedAccessTokenVersion": None, "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [], "groupMembershipClaims": None, "identifierUris": [],
    "info": {
        "termsOfServiceUrl": None, "supportUrl": None, "privacyStatementUrl": None,
        "marketingUrl": None, "logoUrl": None,
    },
    "isDeviceOnlyAuthSupported": None, "isFallbackPublicClient": None, "notes": None,
    "oauth2RequirePostResponse": False, "optionalClaims": None,
    "publicClient": {"redirectUris": []}, "requiredResourceAccess": [],
    "serviceManagementReference": None, "signInAudience": "AzureADMyOrg",
    "spa": {"redirectUris": []}, "tags": [],
    "web": {
        "homePageUrl": None, "logoutUrl": None, "redirectUris": [],
        "implicitGrantSettings": {
            "enableIdTokenIssuance": False, "enableAccessTokenIssuance": False,
        },
    },
    "defaultRedirectUri": None, "samlMetadataUrl": None, "parentalControlSettings": None,
}  # fmt: skip
SERVICE_PRINCIPAL: Fields = {
    "accountEnabled": True, "alternativeNames": [], "appRoleAssignmentRequired": False,
    "description": None, "loginUrl": None, "notes": None, "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None, "samlSingleSignOnSettings": None, "tags": [],
    "samlMetadataUrl": None,
}  # fmt: skip
GROUP: Fields = {
    "description": None, "visibility": None, "isAssignableToRole": None, "theme": None,
    "preferredDataLocation": None, "preferredLanguage": None, "resourceBehaviorOptions": [],
    "resourceProvisioningOptions": [],
}  # fmt: skip
USER: Fields = {
    "givenName": None, "surname": None, "jobTitle": None, "department": None, "companyName": None,
    "officeLocation": None, "city": None, "country": None, "state": None, "streetAddress": None,
    "postalCode": None, "employeeId": None, "employeeType": None, "usageLocation": None,
    "mobilePhone": None, "preferredLanguage": None, "businessPhones": [], "otherMails": [],
    "faxNumber": None, "ageGroup": None, "consentProvidedForMinor": None, "showInAddressList": None,
}  # fmt: skip
# what clients send although it says nothing here: references, types, passwords nobody needs
_IGNORED = frozenset({"id", "@odata.type", "@odata.id", "passwordProfile", "passwordPolicies"})


def read(body: Fields, known: Fields, *, own: tuple[str, ...]) -> dict[str, Any]:
    """The properties of a body that are kept; `own` are those that the caller reads itself.

    Raises `BadInput` that names an unknown property. Empty ones of others are passed over.
    """
    kept: dict[str, Any] = {}
    for name, value in body.items():
        if name in known:
            kept[name] = _merged(known[name], value)
        elif name not in own and name not in _IGNORED and value not in (None, "", [], {}):
            raise BadInput(
                f"the property '{name}' is not supported", code="Request_BadRequest", where=name,
                hint=f"Supported: {', '.join((*own, *known))}.",
            )  # fmt: skip
    return kept


def name_of(body: Fields, name: str) -> str | None:
    """A property of text that may be absent. Raises `BadInput` for an empty one."""
    return text(body, name) if name in body else None


def _merged(default: object, value: object) -> object:
    if isinstance(default, dict):
        given = value if isinstance(value, dict) else {}
        return {**default, **{k: _merged(default.get(k), v) for k, v in given.items()}}
    return default if value is None and isinstance(default, list | bool) else value
