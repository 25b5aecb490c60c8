"""What the caller of a local run chose: the parts to run, other trees, which variables are secret.

A local run is of a working tree that was never pushed. Knows: secrets. Must not know: HTTP, git.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shipway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRepository:
    """The working tree that stands for a repository of `resources`: where its commit is kept."""

    repository_id: str
    version: str
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalChoices:
    """`folder` is the root of the tree on this machine; `stages` and `jobs` are names as given.

    `repositories` is by alias in lower case. The values of `secret_names` lie in the secrets.
    """

    folder: str
    has_changes: bool = False
    stages: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    repositories: Mapping[str, LocalRepository] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()


def keep_secrets(store: Store, run_id: int, values: Mapping[str, str]) -> None:
    """Keep the values of a run's secret variables, encrypted."""
    for name, value in values.items():
        store.secrets.put(_secret(run_id, name), value)


def secrets_of(store: Store, run_id: int, choices: LocalChoices) -> dict[str, str]:
    """The secret variables by name, in clear; for the agent only."""
    return kept_secrets(store, run_id, choices.secret_names)


def kept_secrets(store: Store, run_id: int, names: Iterable[str]) -> dict[str, str]:
    """The values that `keep_secrets` kept under these names, in clear; for the agent only."""
    found = {name: store.secrets.find(_secret(run_id, name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _secret(run_id: int, name: str) -> str:
    return f"run/{run_id}/variable/{name.lower()}"
