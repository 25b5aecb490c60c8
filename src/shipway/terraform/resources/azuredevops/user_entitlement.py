"""`azuredevops_user_entitlement`: a person of the organization, and their licence.

Calls: POST, GET, PATCH and DELETE of `_apis/userentitlements`.
"""

import re
from collections.abc import Iterable
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, Problem, TerraformResource, Values
from shipway.terraform.resources.azuredevops.attributes import (
    doing,
    listed,
    not_one_of,
    path,
    query,
    same_letters,
    text,
)
from shipway.terraform.resources.azuredevops.imports import is_guid

_VERSION = "7.1-preview.3"
_BASE = "/_apis/userentitlements"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_LICENCES = (
    "advanced", "earlyAdopter", "express", "basic", "none", "professional", "stakeholder",
)  # fmt: skip
_SOURCES = ("none", "account", "msdn", "profile", "auto", "trial")
_SAME_LICENCES = ("earlyadopter", "express", "basic")  # one licence by three names
_GONE = ("deleted", "none")


def create(calls: Calls, values: Values) -> Values:
    """Give a person a licence."""
    body = {
        "accessLevel": _level(values),
        "user": {
            "origin": text(values, "origin"),
            "originId": text(values, "origin_id"),
            "principalName": text(values, "principal_name"),
            "subjectKind": "user",
        },
    }
    about = "principal_name" if text(values, "principal_name") else "origin_id"
    with doing("Creating user entitlement", {404: about, 400: about}):
        answer = calls.devops("POST", _BASE, api_version=_VERSION, body=body)
    if not answer.get("isSuccess"):
        raise AtAttribute(about, f"Adding user entitlement: {_told(answer)}")
    return {"id": answer["userEntitlement"]["id"]}


def read(calls: Calls, values: Values) -> Values | None:
    """The person's licence; None when it is gone."""
    address = _BASE + path(text(values, "id"))
    found = calls.devops("GET", address, api_version=_VERSION, missing_ok=True)
    if found is None or str((found.get("accessLevel") or {}).get("status", "")).lower() in _GONE:
        return None
    user, level = found["user"], found["accessLevel"]
    return {
        "id": found["id"],
        "descriptor": user["descriptor"],
        "origin": user.get("origin"),
        "origin_id": user.get("originId"),
        "principal_name": user.get("principalName"),
        "account_license_type": level.get("accountLicenseType"),
        "licensing_source": level.get("licensingSource"),
    }


def update(calls: Calls, prior: Values, planned: Values) -> None:
    """Another licence."""
    change = {"op": "replace", "from": None, "path": "/accessLevel", "value": _level(planned)}
    address = _BASE + path(text(prior, "id"))
    with doing("Updating user entitlement", {400: "account_license_type"}):
        answer = calls.devops("PATCH", address, api_version=_VERSION, body=[change])
    if not answer.get("isSuccess"):
        raise AtAttribute("account_license_type", f"Updating user entitlement: {_told(answer)}")


def delete(calls: Calls, values: Values) -> None:
    """Take the person out of the organization."""
    address = _BASE + path(text(values, "id"))
    with doing("Deleting user entitlement"):
        calls.devops("DELETE", address, api_version=_VERSION, missing_ok=True)


def imported(calls: Calls, given: str) -> Values:
    """A guid, or a principal name."""
    if is_guid(given):
        return {"id": given}
    if _ADDRESS.fullmatch(given) is None:
        raise AtAttribute("id", f"Only UUID and UPN values can used for import [{given}]")
    asked = query({"searchFilter": "General", "filterValue": given})
    found = listed(calls.devops("GET", f"/_apis/identities{asked}"))
    if not found:
        raise AtAttribute("id", f"No entitlement found for [{given}]")
    if len(found) > 1:
        raise AtAttribute("id", f"More than one entitlement found for [{given}]")
    return {"id": found[0]["id"]}


def problems(config: Values) -> Iterable[Problem]:
    """Words that mean nothing."""
    for name, words in (("account_license_type", _LICENCES), ("licensing_source", _SOURCES)):
        yield from not_one_of(config.get(name), words, name)


def same_licence(old: object, new: object) -> bool:
    """Whether two licence types are one."""
    if same_letters(old, new):
        return True
    return all(isinstance(one, str) and one.lower() in _SAME_LICENCES for one in (old, new))


def _level(values: Values) -> dict[str, str]:
    licence = text(values, "account_license_type")
    if licence.lower() == "basic":
        licence = "express"
    return {"accountLicenseType": licence, "licensingSource": text(values, "licensing_source")}


def _told(answer: dict[str, Any]) -> str:
    results = answer.get("operationResults") or [answer.get("operationResult") or {}]
    told = [
        f"({error.get('key')}) {error.get('value')}"
        for one in results
        if not one.get("isSuccess")
        for error in one.get("errors") or [{"key": "0000", "value": "Unknown API error"}]
    ]
    return "\n".join(told) or "Unknown API error"


RESOURCE = TerraformResource(
    type_name="azuredevops_user_entitlement",
    create=create,
    read=read,
    update=update,
    delete=delete,
    import_state=imported,
    validate=problems,
    suppress={
        "account_license_type": same_licence,
        "licensing_source": same_letters,
        "principal_name": same_letters,
    },
)
