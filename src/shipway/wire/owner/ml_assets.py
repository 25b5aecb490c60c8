"""Registered models and schedules of every workspace, for the owner's commands."""

from typing import Any

from shipway.base.clock import timestamp
from shipway.base.errors import NotFound
from shipway.ml import model_versions
from shipway.ml.model_versions import ModelVersion
from shipway.ml.schedules import KIND as SCHEDULE
from shipway.ml.schedules import Schedule
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response


def models(store: Store, request: Request) -> Response:
    """`GET /api/v1/models`: every version, the newest first."""
    del request
    return json_response({"value": [_version(m) for m in _versions(store)]})


def model(store: Store, request: Request) -> Response:
    """`GET /api/v1/models/{model}`: the versions of a name, in every workspace."""
    name = request.params["model"]
    found = [m for m in _versions(store) if m.name == name]
    if not found:
        known = sorted({m.name for m in _versions(store)})
        raise NotFound(
            f"there is no model '{name}'", where=name,
            hint=f"Registered: {', '.join(known) or 'none'}.",
        )  # fmt: skip
    return json_response({"value": [_version(m) for m in found]})


def schedules(store: Store, request: Request) -> Response:
    """`GET /api/v1/schedules`: every schedule with its next time."""
    del request
    found = (Schedule.read(row) for row in store.documents.list(SCHEDULE))
    return json_response({"value": [_schedule(store, one) for one in found]})


def _versions(store: Store) -> list[ModelVersion]:
    rows = store.documents.list(model_versions.KIND.version, newest_first=True)
    return [m for m in map(ModelVersion.read, rows) if not m.is_anonymous]


def _version(one: ModelVersion) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.version,
        "workspace": one.workspace.rpartition("/")[2],
        "type": one.model_type,
        "job": one.tags.get("job") or one.job,
        "created_at": timestamp(one.created_at) if one.created_at else None,
        "created_by": one.author,
        "tags": dict(one.tags),
        "files": len(one.files),
    }


def _schedule(store: Store, one: Schedule) -> dict[str, Any]:
    timer = store.timers.find(one.subject)
    return {
        "name": one.name,
        "workspace": one.workspace.rpartition("/")[2],
        "is_enabled": one.is_enabled,
        "trigger": {name: value for name, value in one.trigger.items() if value},
        "next": timestamp(timer.due) if timer else None,
        "last_fired": one.last_fired or None,
        "last_job": one.last_job,
        "last_error": one.last_error,
    }
