"""Runs of working trees, for `shipway pipelines run`: the caller is on this machine too."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shipway.base.errors import BadInput
from shipway.loop import local_run
from shipway.loop.local_run import LocalOrder, Tree
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people, runs


def create(store: Store, request: Request) -> Response:
    """`POST /api/v1/local-runs`: queue a run of a commit that was never pushed."""
    body = request.json()
    order = LocalOrder(
        tree=_tree(_object(body, "tree")), path=people.text(request, "path"),
        project=people.text(request, "project"), pipeline=people.text(request, "pipeline"),
        parameters=_object(body, "parameters"), variables=_texts(body, "variables"),
        secrets=_texts(body, "secrets"), stages=_names(body, "stages"),
        jobs=_names(body, "jobs"),
        others={alias: _tree(one) for alias, one in _object(body, "repositories").items()},
    )  # fmt: skip
    made = local_run.queue(store, order, people.acting(store, request))
    return json_response(runs.summary(store, made), status=201)


def _tree(body: Mapping[str, Any]) -> Tree:
    source = Path(str(body.get("source", "")))
    version = str(body.get("version", ""))
    if not source.is_absolute() or not source.is_dir():
        raise BadInput(f"there is no repository '{source}'", where="tree.source",
                       hint="Give the folder of a git repository on this machine.")  # fmt: skip
    if len(version) != 40 or not all(c in "0123456789abcdef" for c in version):
        raise BadInput(f"'{version[:60]}' is no commit id", where="tree.version",
                       hint="Give all 40 digits of the commit.")  # fmt: skip
    return Tree(
        folder=str(body.get("folder", "")), source=source, version=version,
        branch=str(body.get("branch", "")) or "refs/heads/main", name=str(body.get("name", "")),
        remotes=_names(body, "remotes"), has_changes=body.get("has_changes") is True,
    )  # fmt: skip


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise BadInput(f"the field '{name}' must be an object", where=name, hint="Give {...}.")
    return value


def _texts(body: Mapping[str, Any], name: str) -> dict[str, str]:
    found = _object(body, name)
    if not all(isinstance(value, str) for value in found.values()):
        raise BadInput(f"the values of '{name}' must be texts", where=name,
                       hint="Put them in quotes.")  # fmt: skip
    return dict(found)


def _names(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput(f"the field '{name}' must be a list of texts", where=name,
                       hint="Give [...].")  # fmt: skip
    return tuple(value)
