"""The MLflow REST API for runs, as `azureml-mlflow` calls it.

Source: https://mlflow.org/docs/latest/rest-api.html
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from shipway.base.errors import BadInput, NotFound
from shipway.compute import job_folders
from shipway.ml import run_filters, tracking
from shipway.ml.tracking import TrackingRun
from shipway.ml.workspaces import Workspace
from shipway.store.growing import MetricPoint
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields, mlflow_bodies


def create_run(store: Store, request: Request) -> Response:
    """`runs/create`."""
    workspace = envelopes.workspace_of(store, request)
    body = request.json()
    made = tracking.create_run(
        store, workspace=workspace.key, experiment_id=fields.text(body, "experiment_id", "0"),
        run_name=fields.text(body, "run_name"),
        start_time=mlflow_bodies.integer(body, "start_time"),
        tags=mlflow_bodies.pairs(body, "tags"), principal=request.principal,
    )  # fmt: skip
    return json_response({"run": _run(store, workspace, made)})


def get_run(store: Store, request: Request) -> Response:
    """`runs/get`."""
    workspace = envelopes.workspace_of(store, request)
    found = tracking.get_run(
        store, workspace=workspace.key, run_id=mlflow_bodies.run_id(request.query)
    )
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
        store, workspace=workspace.key, run_id=mlflow_bodies.run_id(body), status=status,
        end_time=mlflow_bodies.integer(body, "end_time"), run_name=fields.text(body, "run_name"),
    )  # fmt: skip
    return json_response({"run_info": _info(workspace, changed)})


def delete_run(store: Store, request: Request) -> Response:
    """`runs/delete` and `runs/restore`."""
    key = envelopes.workspace_of(store, request).key
    deleted = request.path.rstrip("/").endswith("/delete")
    tracking.set_deleted(
        store, workspace=key, run_id=mlflow_bodies.run_id(request.json()), is_deleted=deleted
    )
    return json_response({})


def log_metric(store: Store, request: Request) -> Response:
    """`runs/log-metric`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    tracking.log(
        store, workspace=key, run_id=mlflow_bodies.run_id(body), metrics=[mlflow_bodies.point(body)]
    )
    return json_response({})


def log_param(store: Store, request: Request) -> Response:
    """`runs/log-parameter`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    params = {mlflow_bodies.required(body, "key"): fields.text(body, "value")}
    tracking.log(store, workspace=key, run_id=mlflow_bodies.run_id(body), params=params)
    return json_response({})


def set_tag(store: Store, request: Request) -> Response:
    """`runs/set-tag`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    tags = {mlflow_bodies.required(body, "key"): fields.text(body, "value")}
    tracking.log(store, workspace=key, run_id=mlflow_bodies.run_id(body), tags=tags)
    return json_response({})


def delete_tag(store: Store, request: Request) -> Response:
    """`runs/delete-tag`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    tracking.delete_tag(
        store,
        workspace=key,
        run_id=mlflow_bodies.run_id(body),
        name=mlflow_bodies.required(body, "key"),
    )
    return json_response({})


def log_batch(store: Store, request: Request) -> Response:
    """`runs/log-batch`, and Azure's `log-batch-async`, which here is done when it answers."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    points = [
        mlflow_bodies.point(mlflow_bodies.json_object(item, "metrics"))
        for item in fields.items(body, "metrics")
    ]
    tracking.log(
        store, workspace=key, run_id=mlflow_bodies.run_id(body), metrics=points,
        params=mlflow_bodies.pairs(body, "params"), tags=mlflow_bodies.pairs(body, "tags"),
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
    inputs = [
        mlflow_bodies.json_object(item, "datasets") for item in fields.items(body, "datasets")
    ]
    tracking.add_inputs(store, workspace=key, run_id=mlflow_bodies.run_id(body), inputs=inputs)
    return json_response({})


def log_model(store: Store, request: Request) -> Response:
    """`runs/log-model`: noted in the tag that MLflow keeps for it."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    run = tracking.get_run(store, workspace=key, run_id=mlflow_bodies.run_id(body))
    model = mlflow_bodies.required(body, "model_json")
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
        if mlflow_bodies.in_view(run.is_deleted, fields.text(body, "run_view_type"))
    ]
    comparisons = run_filters.parse_filter(fields.text(body, "filter"))
    orders = [run_filters.parse_order(str(o)) for o in fields.items(body, "order_by")]
    lookups = {run.run_id: _lookup(store, run) for run in found} if comparisons or orders else {}
    found = [run for run in found if run_filters.matches(comparisons, lookups.get(
        run.run_id, _nothing))]  # fmt: skip
    for kind, name, descending in reversed(orders):
        found = _sorted(found, lookups, kind, name, descending=descending)
    page, token = mlflow_bodies.page(found, body)
    return json_response(
        {"runs": [_run(store, workspace, run) for run in page]} | mlflow_bodies.next_token(token)
    )


def metric_history(store: Store, request: Request) -> Response:
    """`metrics/get-history` and its bulk form."""
    key = envelopes.workspace_of(store, request).key
    name = mlflow_bodies.argument(request, "metric_key")
    run_ids = request.args("run_ids") or [mlflow_bodies.run_id(request.query)]
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
    run_id = str(mlflow_bodies.given(request).get("source_run_id") or "")
    run = tracking.find_run(store, workspace=key, run_id=run_id) if run_id else None
    if run is not None and run.is_job:
        log = job_folders.folder_of(store.home, run.workspace, run.run_id).log
        if log.exists():
            with log.open("a") as file:
                file.write(f"\nshipway: {hint}\n")
    raise NotFound(
        f"No route for {request.method} {request.path.partition('/api/')[2]}",
        code="ENDPOINT_NOT_FOUND", where=request.path, hint=hint,
    )  # fmt: skip


# -- shapes --------------------------------------------------------------------------------


def _run(store: Store, workspace: Workspace, run: TrackingRun) -> dict[str, Any]:
    metrics = [_metric(point) for point in tracking.latest_metrics(store, run)]
    return {
        "info": _info(workspace, run),
        "data": {
            "metrics": metrics,
            "params": mlflow_bodies.key_values(run.params),
            "tags": mlflow_bodies.key_values(run.tags),
        },
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
