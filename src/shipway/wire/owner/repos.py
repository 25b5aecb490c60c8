"""GitHub repositories and what they are bound to, for `shipway repos`."""

from typing import Any

from shipway.base.clock import timestamp
from shipway.devops import definitions, github_mirrors
from shipway.devops.github_mirrors import GithubMirror
from shipway.loop import github_mirror
from shipway.loop.push import Accepted
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people


def get_all(store: Store, request: Request) -> Response:
    """`GET /api/v1/repos`: the mapped ones, and those that definitions name without."""
    del request
    mapped = github_mirrors.list_all(store)
    known = {m.name.casefold() for m in mapped}
    named = {
        d.github.name: d.github.name
        for d in definitions.list_everywhere(store)
        if d.github is not None and d.github.name.casefold() not in known
    }
    found = [_shape(store, m) for m in mapped]
    found += [_unmapped(store, name) for name in sorted(named)]
    return json_response({"value": found})


def put(store: Store, request: Request) -> Response:
    """`PUT /api/v1/repos/{owner}/{name}`: map it to the body's `source`."""
    made = github_mirror.map_repository(
        store, name=_name(request), source=people.text(request, "source"),
        by=people.acting(store, request),
    )  # fmt: skip
    return json_response(_shape(store, made), status=201)


def delete(store: Store, request: Request) -> Response:
    """`DELETE /api/v1/repos/{owner}/{name}`."""
    github_mirrors.delete(store, github_mirrors.get(store, _name(request)))
    return json_response({})


def sync(store: Store, request: Request) -> Response:
    """`POST /api/v1/repos/{owner}/{name}/sync`: look at the source now."""
    accepted = github_mirror.sync(store, github_mirrors.get(store, _name(request)))
    return json_response(_accepted(accepted))


def _name(request: Request) -> str:
    return f"{request.params['owner']}/{request.params['name']}"


def _accepted(accepted: Accepted) -> dict[str, Any]:
    return {
        "moved": [{"ref": m.ref, "old": m.old, "new": m.new} for m in accepted.moves],
        "runs": [{"run_id": r.run_id, "pipeline": r.definition_name} for r in accepted.runs],
    }


def _shape(store: Store, mirror: GithubMirror) -> dict[str, Any]:
    return {
        "name": mirror.name,
        "source": mirror.source,
        "push_url": github_mirrors.push_url(mirror.name),
        "branches": sorted(
            ref.removeprefix("refs/heads/")
            for ref in mirror.source_refs
            if ref.startswith("refs/heads/")
        ),
        "pipelines": _pipelines(store, mirror.name),
        "synced_at": timestamp(mirror.synced_at) if mirror.synced_at else None,
        "error": mirror.last_error,
    }


def _unmapped(store: Store, name: str) -> dict[str, Any]:
    return {
        "name": name, "source": None, "push_url": None, "branches": [],
        "pipelines": _pipelines(store, name), "synced_at": None,
        "error": github_mirrors.how_to_map(name),
    }  # fmt: skip


def _pipelines(store: Store, name: str) -> list[str]:
    found = definitions.of_repository(store, github_mirrors.repository_id(name))
    return [d.name for d in found]
