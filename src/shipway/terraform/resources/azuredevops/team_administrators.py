"""Who administers a team: an entry with all rights in the access control list of its identity.

Calls: GET `_apis/accesscontrollists/{namespace}`, POST and DELETE of
`_apis/accesscontrolentries/{namespace}`.
"""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import AtAttribute
from shipway.terraform.resources.azuredevops import graph
from shipway.terraform.resources.azuredevops.attributes import doing, listed, path, query

_IDENTITIES = "5a27515b-ccd7-42c9-84f1-54c998f03866"
# Read, Write, Delete, ManageMembership and CreateScope of that namespace
_ALL = 1 | 2 | 4 | 8 | 16


def of(calls: Calls, project: str, team: str) -> list[str]:
    """The subject descriptors of a team's administrators."""
    asked = query({"token": _token(project, team), "includeExtendedInfo": "false"})
    address = f"/_apis{path('accesscontrollists', _IDENTITIES)}{asked}"
    found = listed(calls.devops("GET", address))
    entries = (entry for one in found for entry in (one.get("acesDictionary") or {}).values())
    allowed = [entry["descriptor"] for entry in entries if entry.get("allow", 0) & _ALL == _ALL]
    return graph.subjects_of(calls, allowed)


def set_all(calls: Calls, project: str, team: str, wanted: list[str]) -> None:
    """Let exactly these administer the team. Raises `AtAttribute` for one that is not there."""
    present = of(calls, project, team)
    added = [one for one in wanted if one not in present]
    removed = [one for one in present if one not in wanted]
    token, place = _token(project, team), f"/_apis{path('accesscontrolentries', _IDENTITIES)}"
    if removed:
        gone = [one["descriptor"] for one in graph.identities_of(calls, removed)]
        asked = query({"token": token, "descriptors": ",".join(gone)})
        with doing("Updating team administrators"):
            calls.devops("DELETE", place + asked)
    if added:
        found = graph.identities_of(calls, added)
        unknown = set(added) - {one["subjectDescriptor"] for one in found}
        if unknown:
            raise AtAttribute(
                "administrators",
                f"Failed to load identity data for subjects: {', '.join(sorted(unknown))}",
            )
        entries = [{"descriptor": one["descriptor"], "allow": _ALL, "deny": 0} for one in found]
        body = {"token": token, "merge": False, "accessControlEntries": entries}
        with doing("Updating team administrators"):
            calls.devops("POST", place, body=body)


def _token(project: str, team: str) -> str:
    return f"{project}\\{team}"
