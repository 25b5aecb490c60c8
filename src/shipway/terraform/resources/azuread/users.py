"""The data sources of users, and who Terraform runs as.

Source: azuread's internal/services/users/user_data_source.go, users_data_source.go and
serviceprincipals/client_config_data_source.go.
"""

import base64
import hashlib
from collections.abc import Callable
from functools import partial

from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, TerraformDataSource, Values
from shipway.terraform.resources.azuread.graph_values import (
    Json,
    find,
    flag,
    quoted,
    text,
    texts,
)
from shipway.terraform.resources.azuread.resource_ids import USER

_TEXTS = {
    "age_group": "ageGroup", "city": "city", "company_name": "companyName",
    "consent_provided_for_minor": "consentProvidedForMinor", "country": "country",
    "creation_type": "creationType", "department": "department", "display_name": "displayName",
    "employee_hire_date": "employeeHireDate", "employee_id": "employeeId",
    "employee_type": "employeeType", "external_user_state": "externalUserState",
    "fax_number": "faxNumber", "given_name": "givenName", "job_title": "jobTitle", "mail": "mail",
    "mail_nickname": "mailNickname", "mobile_phone": "mobilePhone", "object_id": "id",
    "office_location": "officeLocation",
    "onpremises_distinguished_name": "onPremisesDistinguishedName",
    "onpremises_domain_name": "onPremisesDomainName",
    "onpremises_immutable_id": "onPremisesImmutableId",
    "onpremises_sam_account_name": "onPremisesSamAccountName",
    "onpremises_security_identifier": "onPremisesSecurityIdentifier",
    "onpremises_user_principal_name": "onPremisesUserPrincipalName", "postal_code": "postalCode",
    "preferred_language": "preferredLanguage", "state": "state",
    "street_address": "streetAddress", "surname": "surname", "usage_location": "usageLocation",
    "user_principal_name": "userPrincipalName", "user_type": "userType",
}  # fmt: skip
_LISTS = {
    "business_phones": "businessPhones", "im_addresses": "imAddresses",
    "other_mails": "otherMails", "proxy_addresses": "proxyAddresses",
}  # fmt: skip
_OF_MANY = (
    "display_name", "employee_id", "mail", "mail_nickname", "object_id", "onpremises_immutable_id",
    "onpremises_sam_account_name", "onpremises_user_principal_name", "usage_location",
    "user_principal_name",
)  # fmt: skip
# attribute -> property, what it is called in errors, and the words for none
_KEYS: dict[str, tuple[str, str, str]] = {
    "user_principal_name": ("userPrincipalName", "UPN", 'User with UPN "{}" was not found'),
    "mail": ("mail", "mail", 'User not found with mail: "{}"'),
    "mail_nickname": (
        "mailNickname", "email alias", 'User not found with email alias: "{}"',
    ),
    "employee_id": ("employeeId", "employee ID", 'User not found with employee ID: "{}"'),
}  # fmt: skip
_NOT_FOUND = 'User not found with object ID: "{}"'


def read_client_config(calls: Calls, config: Values) -> Values:
    """`data azuread_client_config`: who the provider is."""
    del config
    return {
        "id": f"{calls.tenant_id}-{calls.client_id}-{calls.object_id}",
        "client_id": calls.client_id,
        "object_id": calls.object_id,
        "tenant_id": calls.tenant_id,
    }


def read_user(calls: Calls, config: Values) -> Values:
    """`data azuread_user`. Raises `AtAttribute` for none and for more than one."""
    if config.get("object_id"):
        told = _by_id(calls, str(config["object_id"]), at="object_id")
    else:
        name = next((one for one in _KEYS if config.get(one)), "user_principal_name")
        told = _by_key(calls, name, str(config.get(name) or ""), at=name)
    return {
        "id": USER.id_of(str(told["id"])),
        "account_enabled": flag(told, "accountEnabled"),
        "cost_center": "", "division": "", "manager_id": "",
        "onpremises_sync_enabled": flag(told, "onPremisesSyncEnabled"),
        "show_in_address_list": told.get("showInAddressList") is not False,
        **{name: text(told, other) for name, other in _TEXTS.items()},
        **{name: texts(told, other) for name, other in _LISTS.items()},
    }  # fmt: skip


def read_users(calls: Calls, config: Values) -> Values:
    """`data azuread_users`: many by one of their names, or all."""
    found = _listed(calls, config)
    upns = [text(one, "userPrincipalName") for one in found]
    digest = hashlib.sha1("/".join(upns).encode()).digest()  # noqa: S324  # a name, not a secret
    return {
        "id": "users#" + base64.urlsafe_b64encode(digest).decode(),
        "employee_ids": [text(one, "employeeId") for one in found],
        "ignore_missing": bool(config.get("ignore_missing")),
        "mail_nicknames": [text(one, "mailNickname") for one in found],
        "mails": [text(one, "mail") for one in found],
        "object_ids": [text(one, "id") for one in found],
        "return_all": bool(config.get("return_all")),
        "user_principal_names": upns,
        "users": [
            {
                "account_enabled": flag(one, "accountEnabled"),
                **{name: text(one, _TEXTS[name]) for name in _OF_MANY},
            }
            for one in found
        ],
    }


def _listed(calls: Calls, config: Values) -> list[Json]:
    if config.get("return_all"):
        return list((calls.graph("GET", "/users") or {}).get("value") or ())
    looks: dict[str, Callable[[str], Json]] = {
        "object_ids": partial(_by_id, calls, at="object_ids"),
        **{f"{name}s": partial(_by_key, calls, name, at=f"{name}s") for name in _KEYS},
    }
    for name, look in looks.items():
        if config.get(name):
            return _each(config, config[name], look)
    return []


def _each(config: Values, wanted: list[str], look: Callable[[str], Json]) -> list[Json]:
    found = []
    for value in wanted:
        try:
            found.append(look(value))
        except AtAttribute as error:
            if not config.get("ignore_missing") or "More than one" in error.summary:
                raise
    return found


def _by_id(calls: Calls, object_id: str, *, at: str) -> Json:
    told = calls.graph("GET", f"/users/{object_id}", missing_ok=True)
    if told is None:
        raise AtAttribute(at, _NOT_FOUND.format(object_id))
    return told


def _by_key(calls: Calls, name: str, value: str, *, at: str) -> Json:
    field, title, missing = _KEYS[name]
    found = find(calls, "users", f"{field} eq '{quoted(value)}'")
    if len(found) > 1:
        raise AtAttribute(at, f'More than one user found with {title}: "{value}"')
    if not found:
        raise AtAttribute(at, missing.format(value))
    return found[0]


CLIENT_CONFIG = TerraformDataSource(type_name="azuread_client_config", read=read_client_config)
USER_DATA = TerraformDataSource(type_name="azuread_user", read=read_user)
USERS_DATA = TerraformDataSource(type_name="azuread_users", read=read_users)
