"""The data sources of people: `azuredevops_user`, `azuredevops_users`, `azuredevops_identity_user`
and `azuredevops_descriptor`.

Calls: GET `_apis/graph/users`, `_apis/graph/storagekeys`, `_apis/identities`.
"""

from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute, TerraformDataSource, Values
from shipway.terraform.resources.azuredevops import graph
from shipway.terraform.resources.azuredevops.attributes import (
    doing,
    listed,
    path,
    query,
    same_letters,
    text,
    texts,
)
from shipway.terraform.resources.azuredevops.project import digest

_BASE = "/_apis/graph/users"


def read_one(calls: Calls, config: Values) -> Values:
    """`data azuredevops_user`: by descriptor."""
    descriptor = text(config, "descriptor")
    found = calls.devops(
        "GET", _BASE + path(descriptor), api_version=graph.VERSION, missing_ok=True
    )
    if found is None:
        raise AtAttribute("descriptor", f"User does not exist with descriptor: {descriptor}")
    return {
        "id": found["descriptor"],
        "display_name": found.get("displayName"),
        "domain": found.get("domain"),
        "mail_address": found.get("mailAddress"),
        "origin": found.get("origin"),
        "origin_id": found.get("originId"),
        "principal_name": found.get("principalName"),
        "subject_kind": found.get("subjectKind"),
    }


def read_all(calls: Calls, config: Values) -> Values:
    """`data azuredevops_users`: all, or those of a name or an origin."""
    kinds = query({"subjectTypes": ",".join(sorted(texts(config, "subject_types")))})
    wanted = {
        "principalName": text(config, "principal_name"),
        "origin": text(config, "origin"),
        "originId": text(config, "origin_id"),
    }
    with doing("Listing users"):
        found = listed(calls.devops("GET", _BASE + kinds, api_version=graph.VERSION))
    shown = [
        {
            "id": graph.storage_key_of(calls, one["descriptor"]),
            "descriptor": one["descriptor"],
            "principal_name": one.get("principalName"),
            "origin": one.get("origin"),
            "origin_id": one.get("originId"),
            "display_name": one.get("displayName"),
            "mail_address": one.get("mailAddress"),
        }
        for one in found
        if all(not value or same_letters(one.get(name), value) for name, value in wanted.items())
    ]
    descriptors = "-".join(str(one["descriptor"]) for one in shown)
    return {"id": "users#" + digest(descriptors), "users": shown}


def read_identity(calls: Calls, config: Values) -> Values:
    """`data azuredevops_identity_user`: the first whose name fits."""
    name, kind = text(config, "name"), text(config, "search_filter") or "General"
    asked = query({"searchFilter": kind, "filterValue": name})
    with doing(f"Finding user with filter {kind}"):
        found = listed(calls.devops("GET", f"/_apis/identities{asked}"))
    for one in found:
        if kind == "General" or name.casefold() in _word(one, kind).casefold():
            return {
                "id": one["id"],
                "descriptor": one.get("descriptor"),
                "subject_descriptor": one.get("subjectDescriptor"),
            }
    raise AtAttribute("name", f"Could not find user with name: {name}, with filter: {kind}")


def read_descriptor(calls: Calls, config: Values) -> Values:
    """`data azuredevops_descriptor`: of a storage key."""
    key = text(config, "storage_key")
    with doing(f"The specified storage key {key} does not exist", {404: "storage_key"}):
        return {"id": key, "descriptor": graph.descriptor_of(calls, key)}


def _word(identity: dict[str, Any], kind: str) -> str:
    if kind == "DisplayName":
        return str(identity.get("providerDisplayName") or "")
    name = {"MailAddress": "Mail", "AccountName": "Account"}[kind]
    return str(((identity.get("properties") or {}).get(name) or {}).get("$value") or "")


ONE = TerraformDataSource(type_name="azuredevops_user", read=read_one)
MANY = TerraformDataSource(type_name="azuredevops_users", read=read_all)
IDENTITY = TerraformDataSource(type_name="azuredevops_identity_user", read=read_identity)
DESCRIPTOR = TerraformDataSource(type_name="azuredevops_descriptor", read=read_descriptor)
