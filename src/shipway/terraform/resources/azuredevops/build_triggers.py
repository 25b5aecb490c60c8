"""The triggers of a build definition: blocks of Terraform to what the service has, and back.

A filter is `+refs/heads/main` or `-docs/` there, two sets here. `settingsSourceType` 2 leaves the
trigger to the YAML file.
"""

from typing import Any

from shipway.terraform.resource import Values
from shipway.terraform.resources.azuredevops.attributes import (
    block,
    blocks,
    flag,
    number,
    text,
    texts,
)

_FROM_YAML = 2
_PUSH, _PULL_REQUEST = "continuousIntegration", "pullRequest"


def expand(values: Values) -> list[dict[str, Any]]:
    """All triggers of a configuration."""
    return [
        *(trigger for one in blocks(values, "ci_trigger") if (trigger := _push(one))),
        *(_pull_request(one) for one in blocks(values, "pull_request_trigger")),
    ]


def flatten(triggers: list[dict[str, Any]]) -> Values:
    """The blocks of all triggers."""
    shown: Values = {"ci_trigger": [], "pull_request_trigger": []}
    for one in triggers:
        kind = str(one.get("triggerType", "")).casefold()
        if kind == _PUSH.casefold():
            shown["ci_trigger"] = [_push_shown(one)]
        elif kind == _PULL_REQUEST.casefold():
            shown["pull_request_trigger"] = [_pull_request_shown(one)]
    return shown


def filters(values: Values, name: str) -> list[str]:
    """The filters of a set with one block."""
    one = block(values, name)
    return [
        *(f"+{pattern}" for pattern in sorted(texts(one, "include"))),
        *(f"-{pattern}" for pattern in sorted(texts(one, "exclude"))),
    ]


def filters_shown(patterns: object) -> list[Values]:
    """The set with one block of filters; none when there are none."""
    given = [one for one in patterns if isinstance(one, str)] if isinstance(patterns, list) else []
    shown = {
        "include": [one[1:] for one in given if one.startswith("+")],
        "exclude": [one[1:] for one in given if one.startswith("-")],
    }
    return [shown] if shown["include"] or shown["exclude"] else []


def _push(values: Values) -> dict[str, Any] | None:
    trigger: dict[str, Any] = {"triggerType": _PUSH}
    if flag(values, "use_yaml"):
        return trigger | {
            "settingsSourceType": _FROM_YAML,
            "batchChanges": False,
            "branchFilters": [],
            "pathFilters": [],
            "maxConcurrentBuildsPerBranch": 1,
        }
    override = block(values, "override")
    if not override:
        return None
    return trigger | {
        "settingsSourceType": 1,
        "batchChanges": flag(override, "batch"),
        "branchFilters": filters(override, "branch_filter"),
        "pathFilters": filters(override, "path_filter"),
        "maxConcurrentBuildsPerBranch": number(override, "max_concurrent_builds_per_branch"),
        "pollingInterval": number(override, "polling_interval"),
    }


def _push_shown(trigger: dict[str, Any]) -> Values:
    if trigger.get("settingsSourceType") == _FROM_YAML:
        return {"use_yaml": True, "override": []}
    override = {
        "batch": bool(trigger.get("batchChanges")),
        "branch_filter": filters_shown(trigger.get("branchFilters")),
        "path_filter": filters_shown(trigger.get("pathFilters")),
        "max_concurrent_builds_per_branch": trigger.get("maxConcurrentBuildsPerBranch"),
        "polling_interval": trigger.get("pollingInterval") or 0,
        "polling_job_id": trigger.get("pollingJobId") or "",
    }
    return {"use_yaml": False, "override": [override]}


def _pull_request(values: Values) -> dict[str, Any]:
    forks, said = block(values, "forks"), text(values, "comment_required")
    trigger: dict[str, Any] = {
        "triggerType": _PULL_REQUEST,
        "forks": {"enabled": flag(forks, "enabled"), "allowSecrets": flag(forks, "share_secrets")},
        "isCommentRequiredForPullRequest": bool(said),
        "requireCommentsForNonTeamMembersOnly": said == "NonTeamMembers",
    }
    if flag(values, "use_yaml"):
        return trigger | {
            "settingsSourceType": _FROM_YAML,
            "branchFilters": [f"+{text(values, 'initial_branch')}"],
            "pathFilters": [],
        }
    override = block(values, "override")
    return trigger | {
        "settingsSourceType": 1,
        "autoCancel": flag(override, "auto_cancel"),
        "branchFilters": filters(override, "branch_filter"),
        "pathFilters": filters(override, "path_filter"),
    }


def _pull_request_shown(trigger: dict[str, Any]) -> Values:
    forks = trigger.get("forks") or {}
    branches = trigger.get("branchFilters") or []
    from_yaml = trigger.get("settingsSourceType") == _FROM_YAML
    said = ""
    if trigger.get("isCommentRequiredForPullRequest"):
        only_others = trigger.get("requireCommentsForNonTeamMembersOnly")
        said = "NonTeamMembers" if only_others else "All"
    override = {
        "auto_cancel": bool(trigger.get("autoCancel")),
        "branch_filter": filters_shown(branches),
        "path_filter": filters_shown(trigger.get("pathFilters")),
    }
    return {
        "use_yaml": from_yaml,
        "initial_branch": branches[0].removeprefix("+") if branches else "",
        "comment_required": said,
        "forks": [
            {
                "enabled": bool(forks.get("enabled")),
                "share_secrets": bool(forks.get("allowSecrets")),
            }
        ],
        "override": [] if from_yaml else [override],
    }
