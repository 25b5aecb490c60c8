"""Who may use what is in a registry: whoever may read it there.

Jobs and deployments are given the files of a registry's assets with the registry's own key, so
that naming one must not be a way to it.
Source: https://learn.microsoft.com/azure/machine-learning/how-to-registry-rbac
"""

import re
from collections.abc import Iterator

from shipway.azure.arm import linked_access, resource_ids
from shipway.ml import registries, registry_names
from shipway.store.store import Store
from shipway.wire.http import Request

_ACTION = "Microsoft.MachineLearningServices/registries/assets/read"
_REFERENCE = re.compile(r"(?:azureml:)?azureml://registries/([^/]+)/", re.IGNORECASE)


def check(store: Store, request: Request) -> None:
    """Raises `Forbidden` (LinkedAuthorizationFailed) for a registry that the body refers to and the
    caller may not read. A registry that is not there is left to the caller."""
    names = {found[1].lower() for text in _texts(request.json()) if (found := _reference(text))}
    for name in sorted(names):
        key = registry_names.find_key(store, name)
        if key is not None:
            linked_access.require(
                store, request.principal, action=_ACTION,
                linked_id=registries.get(store, key).arm_id,
                resource_id=resource_ids.scope_of_path(request.path),
            )  # fmt: skip


def _reference(text: str) -> re.Match[str] | None:
    return _REFERENCE.match(text.strip())


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
