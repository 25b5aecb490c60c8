"""The stages of a run and its tags, as the owner's commands change them."""

from shipway.base.errors import BadInput
from shipway.devops import run_tags
from shipway.loop import run_retry
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.owner import people, runs


def retry(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/retry` {as}: the failed jobs of every stage that did not go well."""
    run = runs.run_of(store, request)
    who = people.acting(store, request)
    changed = run_retry.retry_stages(store, run_id=run.run_id, principal=who)
    return json_response(runs.summary(store, changed))


def retry_stage(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/stages/{stage}/retry` {as, all_jobs, dependents}."""
    run = runs.run_of(store, request)
    changed = run_retry.retry_stages(
        store, run_id=run.run_id, principal=people.acting(store, request),
        stages=[request.params["stage"]], all_jobs=_flag(request, "all_jobs", default=False),
        dependents=_flag(request, "dependents", default=True),
    )  # fmt: skip
    return json_response(runs.summary(store, changed))


def start_stage(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/stages/{stage}/start` {as}."""
    run, stage = runs.run_of(store, request), request.params["stage"]
    who = people.acting(store, request)
    changed = run_retry.start_stage(store, run_id=run.run_id, stage_name=stage, principal=who)
    return json_response(runs.summary(store, changed))


def cancel_stage(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/stages/{stage}/cancel` {as}."""
    run, stage = runs.run_of(store, request), request.params["stage"]
    who = people.acting(store, request)
    changed = run_retry.cancel_stage(store, run_id=run.run_id, stage_name=stage, principal=who)
    return json_response(runs.summary(store, changed))


def tag(store: Store, request: Request) -> Response:
    """`POST /api/v1/runs/{run}/tags` {add, remove}: the run's tags after it."""
    run = runs.run_of(store, request)
    changed = run_tags.change(
        store, run.run_id, add=_texts(request, "add"), remove=_texts(request, "remove")
    )
    return json_response({"run_id": run.run_id, "tags": list(changed.tags)})


def _texts(request: Request, name: str) -> list[str]:
    value = request.json().get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadInput(f"the field '{name}' must be a list of texts", where=name)
    return value


def _flag(request: Request, name: str, *, default: bool) -> bool:
    value = request.json().get(name, default)
    if not isinstance(value, bool):
        raise BadInput(f"the field '{name}' must be true or false", where=name)
    return value
