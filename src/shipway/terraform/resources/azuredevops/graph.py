"""Subjects of an organization: descriptors, storage keys, memberships, identities.

Calls: `_apis/graph/...` and `_apis/identities`.
"""

from collections.abc import Iterable
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resources.azuredevops.attributes import doing, listed, path, query

VERSION = "7.1-preview.1"
_BASE = "/_apis/graph"
_AT_ONCE = 20


def descriptor_of(calls: Calls, storage_key: str) -> str:
    """The descriptor of a subject's (or a project's) id. Raises `ApiError`."""
    found = calls.devops("GET", _BASE + path("descriptors", storage_key), api_version=VERSION)
    return str(found["value"])


def storage_key_of(calls: Calls, descriptor: str) -> str:
    """The id of a descriptor. Raises `ApiError`."""
    found = calls.devops("GET", _BASE + path("storagekeys", descriptor), api_version=VERSION)
    return str(found["value"])


def members_of(calls: Calls, group: str) -> list[str] | None:
    """The descriptors of a group's direct members; None when there is no such group."""
    asked = query({"direction": "down", "depth": 1})
    answer = calls.devops(
        "GET", _BASE + path("memberships", group) + asked, api_version=VERSION, missing_ok=True
    )
    return None if answer is None else [one["memberDescriptor"] for one in listed(answer)]


def add_members(calls: Calls, group: str, members: Iterable[str]) -> None:
    """Put subjects into a group."""
    for member in members:
        with doing(f"Error adding member {member} to group {group}", {404: "members"}):
            address = _BASE + path("memberships", member, group)
            calls.devops("PUT", address, api_version=VERSION)


def remove_members(calls: Calls, group: str, members: Iterable[str]) -> None:
    """Take subjects out of a group."""
    for member in members:
        with doing("Error removing member from group"):
            address = _BASE + path("memberships", member, group)
            calls.devops("DELETE", address, api_version=VERSION, missing_ok=True)


def subjects_of(calls: Calls, identity_descriptors: list[str]) -> list[str]:
    """The subject descriptors of identity descriptors."""
    found: list[str] = []
    for start in range(0, len(identity_descriptors), _AT_ONCE):
        some = ",".join(identity_descriptors[start : start + _AT_ONCE])
        answer = calls.devops("GET", f"/_apis/identities{query({'descriptors': some})}")
        found += [one["subjectDescriptor"] for one in listed(answer)]
    return found


def identities_of(calls: Calls, subject_descriptors: list[str]) -> list[dict[str, Any]]:
    """The identities of subject descriptors."""
    if not subject_descriptors:
        return []
    asked = query({"subjectDescriptors": ",".join(subject_descriptors)})
    return listed(calls.devops("GET", f"/_apis/identities{asked}"))
