"""What may be configured on Azure DevOps and is not so here: refused in the plan, by its name.

A state that was written elsewhere is not refused, only a configuration.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shipway.terraform.resource import UNKNOWN, AtAttribute, Change, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An attribute or block, `allowed` values of it (none: it may not be there), and a way out.

    `at_first` only counts when a thing is made: one that is there may keep what it has.
    """

    allowed: tuple[Any, ...] = ()
    why: str
    instead: str
    at_first: bool = False


_IN_YAML = "A pipeline is what its YAML file says."
REFUSALS: Final[Mapping[str, Mapping[str, Refusal]]] = {
    "project": {
        "version_control": Refusal(
            allowed=("git",), why="Repositories are of git only.", instead="Use Git."
        ),
    },
    "git_repository": {
        "initialization.init_type": Refusal(
            allowed=("Clean", "Uninitialized"), why="Repositories are not copied.", at_first=True,
            instead="Use Uninitialized, then push the other repository: git push --mirror.",
        ),
        "disabled": Refusal(
            allowed=(False,), why="Repositories cannot be switched off.",
            instead="Delete it, or keep it.",
        ),
    },
    "serviceendpoint_azurerm": {
        "service_endpoint_authentication_scheme": Refusal(
            allowed=("WorkloadIdentityFederation", "ServicePrincipal"),
            why="Agents run on this machine, which has no managed identity.",
            instead="Use WorkloadIdentityFederation, which has no secret either.",
        ),
        "features.validate": Refusal(
            allowed=(False,), why="A connection is tried by the pipeline that uses it.",
            instead="Leave it out.",
        ),
    },
    "build_definition": {
        "agent_pool_name": Refusal(
            allowed=("Azure Pipelines",), why=_IN_YAML, instead="Name the pool by `pool` there."
        ),
        "agent_specification": Refusal(why=_IN_YAML, instead="Write `pool.vmImage` there."),
        "build_completion_trigger": Refusal(
            why=_IN_YAML, instead="Write `resources.pipelines` there."
        ),
        "jobs": Refusal(why=_IN_YAML, instead="Write `jobs` there."),
        "schedules": Refusal(why=_IN_YAML, instead="Write `schedules` there."),
        "pull_request_trigger.override": Refusal(
            why=_IN_YAML, instead="Write `pr` there, and set use_yaml."
        ),
        "ci_trigger.override.max_concurrent_builds_per_branch": Refusal(
            allowed=(0, 1), why="A batch waits for the run before it.", instead="Leave it at 1."
        ),
        "ci_trigger.override.polling_interval": Refusal(
            allowed=(0,), why="Repositories are not polled: a push starts the pipeline.",
            instead="Leave it out.",
        ),
        "repository.repo_type": Refusal(
            allowed=("TfsGit", "GitHub"), why="There are no other repositories.",
            instead="Use TfsGit, or GitHub with a mirror.",
        ),
    },
    "team": {
        "area": Refusal(why="There are no boards, so no areas.", instead="Leave it out."),
    },
    "variable_group": {
        "key_vault": Refusal(
            why="Variable groups do not read key vaults.",
            instead="Read data.azurerm_key_vault_secret, and give it as secret_value.",
        ),
    },
}  # fmt: skip


def check(noun: str) -> Callable[[Change], None]:
    """A `customize` that raises `AtAttribute` for what `noun` refuses."""
    refusals = REFUSALS[noun]

    def refuse(change: Change) -> None:
        for path, one in refusals.items():
            if one.at_first and change.prior is not None:
                continue
            for place, value in _found(change.config, path.split("."), ""):
                if not _is_allowed(value, one):
                    name = path.rpartition(".")[2]
                    shown = f" = {value}" if isinstance(value, str | int) else ""
                    summary = f"`{name}`{shown} is not supported: {one.why}"
                    raise AtAttribute(place, summary, one.instead)

    return refuse


def _found(values: Values, parts: list[str], prefix: str) -> Iterator[tuple[str, Any]]:
    """Each value at a path without indexes, with its path with indexes."""
    name, *rest = parts
    value = values.get(name)
    if value is None or value is UNKNOWN or value == []:
        return
    if not rest:
        yield f"{prefix}{name}", value
    for index, item in enumerate(value if rest and isinstance(value, list) else []):
        if isinstance(item, dict):
            yield from _found(item, rest, f"{prefix}{name}.{index}.")


def _is_allowed(value: object, refusal: Refusal) -> bool:
    words = [one.casefold() if isinstance(one, str) else one for one in refusal.allowed]
    return (value.casefold() if isinstance(value, str) else value) in words
