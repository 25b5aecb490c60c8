"""The MLflow REST API for experiments and runs, as `azureml-mlflow` calls it.

Source: https://mlflow.org/docs/latest/rest-api.html
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.compute import job_folders
from shipway.ml import run_filters, tracking
from shipway.ml.tracking import Experiment, TrackingRun
from shipway.ml.workspaces import Workspace
from shipway.store.growing import MetricPoint
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields

_MOST_RESULTS = 1000


def create_experiment(store: Store, request: Request) -> Response:
    """`experiments/create`; the name that is there already is an error, as in MLflow."""
    key = envelopes.workspace_of(store, request).key
    name = _required(request.json(), "name")
    if tracking.find_experiment_by_name(store, workspace=key, name=name) is not None:
        raise Conflict(
            f"Experiment '{name}' already exists", code="RESOURCE_ALREADY_EXISTS", status=400,
            where="name",
        )  # fmt: skip
    made = tracking.create_experiment(store, workspace=key, name=name, principal=request.principal)
    return json_response({"experiment_id": made.experiment_id})


def get_experiment(store: Store, request: Request) -> Response:
    """`experiments/get`."""
    workspace = envelopes.workspace_of(store, request)
    found = tracking.get_experiment(
        store, workspace=workspace.key, experiment_id=_argument(request, "experiment_id")
    )
    return json_response({"experiment": _experiment(workspace, found)})


def get_experiment_by_name(store: Store, request: Request) -> Response:
    """`experiments/get-by-name`."""
    workspace = envelopes.workspace_of(store, request)
    name = _argument(request, "experiment_name")
    found = tracking.find_experiment_by_name(store, workspace=workspace.key, name=name)
    if found is None:
        raise NotFound(
            f"Could not find experiment with name '{name}'", code="RESOURCE_DOES_NOT_EXIST",
            where="experiment_name",
        )  # fmt: skip
    return json_response({"experiment": _experiment(workspace, found)})


def search_experiments(store: Store, request: Request) -> Response:
    """`experiments/search`, by GET or POST."""
    workspace = envelopes.workspace_of(store, request)
    body = _given(request)
    found = tracking.list_experiments(store, workspace=workspace.key)
    found = [e for e in found if _in_view(e.is_deleted, str(body.get("view_type") or ""))]
    comparisons = run_filters.parse_filter(str(body.get("filter") or ""))

    def lookup_in(experiment: Experiment) -> run_filters.Lookup:
        return lambda kind, name: (
            experiment.tags.get(name) if kind == "tags" else getattr(experiment, name, None)
        )

    found = [e for e in found if run_filters.matches(comparisons, lookup_in(e))]
    page, token = _page(found, body)
    return json_response({"experiments": [_experiment(workspace, e) for e in page]} | _next(token))


def change_experiment(store: Store, request: Request) -> Response:
    """`experiments/delete`, `restore`, `update` and `set-experiment-tag`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    found = tracking.get_experiment(
        store, workspace=key, experiment_id=_required(body, "experiment_id")
    )
    verb = request.path.rstrip("/").rpartition("/")[2]
    if verb == "update":
        raise BadInput(
            "Renaming experiments is not supported", code="INVALID_PARAMETER_VALUE",
            where="new_name", hint="Azure ML keeps an experiment's name.",
        )  # fmt: skip
    tags = dict(found.tags)
    if verb == "set-experiment-tag":
        tags[_required(body, "key")] = fields.text(body, "value")
    tracking.save_experiment(
        store,
        Experiment(
            workspace=key, experiment_id=found.experiment_id, name=found.name, tags=tags,
            is_deleted={"delete": True, "restore": False}.get(verb, found.is_deleted),
            author=found.author, author_type=found.author_type, author_id=found.author_id,
        ),
    )  # fmt: skip
    return json_response({})


def create_run(store: Store, request: Request) -> Response:
    """`runs/create`."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    made = tracking.create_run(
        store, workspace=workspace.key, experiment_id=fields.text(body, "experiment_id", "0"),
        run_name=fields.text(body, "run_name"), start_time=_integer(body, "start_time"),
        tags=_pairs(body, "tags"), principal=request.principal,
    )  # fmt: skip
    return json_response({"run": _run(store, workspace, made)})


def get_run(store: Store, request: Request) -> Response:
    """`runs/get`."""
    workspace = envelopes.workspace_of(store, request)
    found = tracking.get_run(store, workspace=workspace.key, run_id=_run_id(request.query))
    return json_response({"run": _run(store, workspace, found)})


def update_run(store: Store, request: Request) -> Response:
    """`runs/update`."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    status = fields.text(body, "status")
    if status and status not in tracking.STATUSES:
        raise BadInput(
            f"'{status}' is no run status", code="INVALID_PARAMETER_VALUE", where="status",
            hint=f"Possible: {', '.join(tracking.STATUSES)}.",
        )  # fmt: skip
    changed = tracking.update_run(
        store, workspace=workspace.key, run_id=_run_id(body), status=status,
        end_time=_integer(body, "end_time"), run_name=fields.text(body, "run_name"),
    )  # fmt: skip
    return json_response({"run_info": _info(workspace, changed)})


def delete_run(store: Store, request: Request) -> Response:
    """`runs/delete` and `runs/restore`."""
    key = envelopes.workspace_of(store, request).key
    deleted = request.path.rstrip("/").endswith("/delete")
    tracking.set_deleted(store, workspace=key, run_id=_run_id(request.json()), is_deleted=deleted)
    return json_response({})


def log_metric(store: Store, request: Request) -> Response:
    """`runs/log-metric`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    tracking.log(store, workspace=key, run_id=_run_id(body), metrics=[_point(body)])
    return json_response({})


def log_param(store: Store, request: Request) -> Response:
    """`runs/log-parameter`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    params = {_required(body, "key"): fields.text(body, "value")}
    tracking.log(store, workspace=key, run_id=_run_id(body), params=params)
    return json_response({})


def set_tag(store: Store, request: Request) -> Response:
    """`runs/set-tag`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    tags = {_required(body, "key"): fields.text(body, "value")}
    tracking.log(store, workspace=key, run_id=_run_id(body), tags=tags)
    return json_response({})


def delete_tag(store: Store, request: Request) -> Response:
    """`runs/delete-tag`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    tracking.delete_tag(store, workspace=key, run_id=_run_id(body), name=_required(body, "key"))
    return json_response({})


def log_batch(store: Store, request: Request) -> Response:
    """`runs/log-batch`, and Azure's `log-batch-async`, which here is done when it answers."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    points = [_point(_object(item, "metrics")) for item in fields.items(body, "metrics")]
    tracking.log(
        store, workspace=key, run_id=_run_id(body), metrics=points,
        params=_pairs(body, "params"), tags=_pairs(body, "tags"),
    )  # fmt: skip
    # an empty id tells azureml-mlflow that there is nothing to wait for
    return json_response({"batch_tracking_id": ""} if "async" in request.path else {})


def run_data_status(store: Store, request: Request) -> Response:
    """`runs/get-run-data-status`: whatever was sent is there."""
    envelopes.workspace_of(store, request)
    return json_response({"is_complete": True})


def log_inputs(store: Store, request: Request) -> Response:
    """`runs/log-inputs`: the data sets that a run has read."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    inputs = [_object(item, "datasets") for item in fields.items(body, "datasets")]
    tracking.add_inputs(store, workspace=key, run_id=_run_id(body), inputs=inputs)
    return json_response({})


def log_model(store: Store, request: Request) -> Response:
    """`runs/log-model`: noted in the tag that MLflow keeps for it."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    run = tracking.get_run(store, workspace=key, run_id=_run_id(body))
    model = _required(body, "model_json")
    before = run.tags.get("mlflow.log-model.history", "[]").rstrip("]")
    history = f"{before}{', ' if len(before) > 1 else ''}{model}]"
    tracking.log(
        store, workspace=key, run_id=run.run_id, tags={"mlflow.log-model.history": history}
    )
    return json_response({})


def search_runs(store: Store, request: Request) -> Response:
    """`runs/search`: filter, order and pages over the runs of the experiments asked for."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    wanted = [str(item) for item in fields.items(body, "experiment_ids")]
    found = [
        run
        for run in tracking.list_runs(store, workspace=workspace.key, experiment_ids=wanted)
        if _in_view(run.is_deleted, fields.text(body, "run_view_type"))
    ]
    comparisons = run_filters.parse_filter(fields.text(body, "filter"))
    orders = [run_filters.parse_order(str(o)) for o in fields.items(body, "order_by")]
    lookups = {run.run_id: _lookup(store, run) for run in found} if comparisons or orders else {}
    found = [run for run in found if run_filters.matches(comparisons, lookups.get(
        run.run_id, _nothing))]  # fmt: skip
    for kind, name, descending in reversed(orders):
        found = _sorted(found, lookups, kind, name, descending=descending)
    page, token = _page(found, body)
    return json_response({"runs": [_run(store, workspace, run) for run in page]} | _next(token))


def metric_history(store: Store, request: Request) -> Response:
    """`metrics/get-history` and its bulk form."""
    key = envelopes.workspace_of(store, request).key
    name = _argument(request, "metric_key")
    run_ids = request.args("run_ids") or [_run_id(request.query)]
    history = [
        _metric(point) | ({"run_id": run_id} if request.args("run_ids") else {})
        for run_id in run_ids
        for point in tracking.metric_history(
            store, tracking.get_run(store, workspace=key, run_id=run_id), name
        )
    ]
    limit = request.arg("max_results")
    return json_response({"metrics": history[: int(limit)] if limit.isdecimal() else history})


def logged_models(store: Store, request: Request) -> Response:
    """MLflow 3's `logged-models`, which Azure does not have: 404, with a hint in the job's log."""
    key = envelopes.workspace_of(store, request).key
    hint = (
        "Azure ML's tracking has no logged-models (MLflow 3). Pin mlflow<3 in the environment:"
        " mlflow==2.22.* with azureml-mlflow."
    )
    run_id = str(_given(request).get("source_run_id") or "")
    run = tracking.find_run(store, workspace=key, run_id=run_id) if run_id else None
    if run is not None and run.is_job:
        log = job_folders.folder_of(store.home, run.run_id).log
        if log.exists():
            with log.open("a") as file:
                file.write(f"\nshipway: {hint}\n")
    raise NotFound(
        f"No route for {request.method} {request.path.partition('/api/')[2]}",
        code="ENDPOINT_NOT_FOUND", where=request.path, hint=hint,
    )  # fmt: skip


# -- shapes --------------------------------------------------------------------------------


def _experiment(workspace: Workspace, experiment: Experiment) -> dict[str, Any]:
    created = experiment.created_at
    milliseconds = int(created.timestamp() * 1000) if created else 0
    return {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "artifact_location": "",
        "lifecycle_stage": "deleted" if experiment.is_deleted else "active",
        "creation_time": milliseconds,
        "last_update_time": milliseconds,
        "tags": _tags(experiment.tags),
    }


def _run(store: Store, workspace: Workspace, run: TrackingRun) -> dict[str, Any]:
    metrics = [_metric(point) for point in tracking.latest_metrics(store, run)]
    return {
        "info": _info(workspace, run),
        "data": {"metrics": metrics, "params": _tags(run.params), "tags": _tags(run.tags)},
        "inputs": {"dataset_inputs": list(run.inputs)},
    }


def _info(workspace: Workspace, run: TrackingRun) -> dict[str, Any]:
    info: dict[str, Any] = {
        "run_id": run.run_id,
        "run_uuid": run.run_id,
        "run_name": run.run_name,
        "experiment_id": run.experiment_id,
        "user_id": run.author,
        "status": run.status,
        "start_time": run.start_time,
        "artifact_uri": tracking.artifact_uri(workspace, run),
        "lifecycle_stage": "deleted" if run.is_deleted else "active",
    }
    return info | ({"end_time": run.end_time} if run.end_time else {})


def _metric(point: MetricPoint) -> dict[str, Any]:
    value: object = point.value if math.isfinite(point.value) else _odd(point.value)
    return {"key": point.key, "value": value, "timestamp": point.at, "step": point.step}


def _odd(value: float) -> str:
    """JSON has no word for these; protobuf's JSON has."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _tags(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name, value in pairs.items()]


# -- reading requests ----------------------------------------------------------------------


def _required(body: Mapping[str, Any], name: str) -> str:
    value = fields.text(body, name)
    if not value:
        raise BadInput(
            f"Missing value for required parameter '{name}'", code="INVALID_PARAMETER_VALUE",
            where=name, hint="See the MLflow REST API.",
        )  # fmt: skip
    return value


def _argument(request: Request, name: str) -> str:
    return _required({name: request.arg(name) or None}, name)


def _run_id(given: Mapping[str, Any] | Sequence[tuple[str, str]]) -> str:
    body = given if isinstance(given, Mapping) else dict(given)
    return _required({"run_id": body.get("run_id") or body.get("run_uuid")}, "run_id")


def _given(request: Request) -> dict[str, Any]:
    return request.json() if request.method == "POST" else dict(request.query)


def _integer(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if value is None:
        return 0
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BadInput(
            f"Invalid value {value!r} for parameter '{name}': an integer is needed",
            code="INVALID_PARAMETER_VALUE", where=name,
        ) from None  # fmt: skip


def _point(body: Mapping[str, Any]) -> MetricPoint:
    value = body.get("value")
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no number is refused below
    except (TypeError, ValueError):
        raise BadInput(
            f"Got invalid value {value!r} for metric '{body.get('key')}'. Please specify value as a"
            " valid double (64-bit floating point)", code="INVALID_PARAMETER_VALUE", where="value",
        ) from None  # fmt: skip
    return MetricPoint(
        key=_required(body, "key"), value=number, step=_integer(body, "step"),
        at=_integer(body, "timestamp"),
    )  # fmt: skip


def _object(item: object, name: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise BadInput(
            f"Invalid item {item!r} in '{name}': an object is needed",
            code="INVALID_PARAMETER_VALUE", where=name,
        )  # fmt: skip
    return item


def _pairs(body: Mapping[str, Any], name: str) -> dict[str, str]:
    rows = [_object(item, name) for item in fields.items(body, name)]
    return {_required(row, "key"): fields.text(row, "value") for row in rows}


def _in_view(is_deleted: bool, view: str) -> bool:  # a fact, not a switch
    wanted = view.upper()
    return wanted == "ALL" or is_deleted == (wanted == "DELETED_ONLY")


def _page(items: Sequence[Any], body: Mapping[str, Any]) -> tuple[Sequence[Any], str]:
    limit = min(_integer(body, "max_results") or _MOST_RESULTS, 50 * _MOST_RESULTS)
    start = _integer(body, "page_token")
    token = str(start + limit) if start + limit < len(items) else ""
    return items[start : start + limit], token


def _next(token: str) -> dict[str, Any]:
    return {"next_page_token": token} if token else {}


def _lookup(store: Store, run: TrackingRun) -> run_filters.Lookup:
    metrics = {point.key: point.value for point in tracking.latest_metrics(store, run)}
    attributes = {
        "run_id": run.run_id, "run_name": run.run_name, "status": run.status,
        "start_time": run.start_time, "end_time": run.end_time or None, "user_id": run.author,
        "created": run.start_time, "experiment_id": run.experiment_id,
        "Run Name": run.run_name, "Created": run.start_time,
    }  # fmt: skip
    tables: dict[str, Mapping[str, Any]] = {
        "metrics": metrics, "params": run.params, "tags": run.tags, "attributes": attributes,
    }  # fmt: skip
    return lambda kind, name: tables[kind].get(name)


def _nothing(kind: str, name: str) -> None:
    del kind, name


def _sorted(
    runs: Sequence[TrackingRun],
    lookups: Mapping[str, run_filters.Lookup],
    kind: str,
    name: str,
    *,
    descending: bool,
) -> list[TrackingRun]:
    """Sorted by one value; runs without it come last whichever way, as in MLflow."""
    keyed = [(lookups[run.run_id](kind, name), run) for run in runs]
    present = [pair for pair in keyed if pair[0] is not None]
    present.sort(key=lambda pair: pair[0], reverse=descending)
    return [run for _, run in present] + [run for value, run in keyed if value is None]
