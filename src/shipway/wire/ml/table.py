"""Every route of Azure ML in the order of the journey: ARM's part and the data plane's.

One row: method, path, handler, action, and the query parameters that are understood. `W` is a
workspace's path; data-plane paths carry the same workspace behind their service's own prefix.
"""

from collections.abc import Callable
from functools import partial

from shipway.store.store import Store
from shipway.wire.http import Request, Response, Route
from shipway.wire.ml import (
    codes,
    components,
    computes,
    data,
    datastores,
    environments,
    jobs,
    model_versions,
    online_deployments,
    online_endpoints,
    operations,
    registry_table,
    run_artifacts,
    run_history,
    schedules,
    tracking,
    tracking_experiments,
    tracking_registry,
    workspaces,
)
from shipway.wire.ml.envelopes import ACTION, LIST_QUERY, PROVIDER, WORKSPACE, WORKSPACES

Handler = Callable[[Store, Request], Response]
Row = tuple[str, str, Handler, str, tuple[str, ...]]

W = WORKSPACE
HISTORY = f"/history/v1.0{WORKSPACE}"
_SUBSCRIPTION = f"/subscriptions/{{subscription}}/providers/{PROVIDER}"
_DOC = "https://learn.microsoft.com/rest/api/azureml/"

# ruff: noqa: E501  # one row, one line
WORKSPACE_ROWS: tuple[Row, ...] = (
    ("GET", f"{_SUBSCRIPTION}/workspaces", workspaces.list_all, f"{ACTION}/read", LIST_QUERY),
    ("GET", WORKSPACES, workspaces.list_all, f"{ACTION}/read", LIST_QUERY),
    ("GET", W, workspaces.get, f"{ACTION}/read", ()),
    ("PUT", W, workspaces.put, f"{ACTION}/write", ()),
    ("PATCH", W, workspaces.patch, f"{ACTION}/write", ()),
    ("DELETE", W, workspaces.delete, f"{ACTION}/delete", ("forceToPurge",)),
    ("POST", f"{W}/listKeys", workspaces.list_keys, f"{ACTION}/listKeys/action", ()),
    ("GET", f"{W}/computes", computes.list_all, f"{ACTION}/computes/read", LIST_QUERY),
    ("GET", f"{W}/computes/{{name}}", computes.get, f"{ACTION}/computes/read", ()),
    ("PUT", f"{W}/computes/{{name}}", computes.put, f"{ACTION}/computes/write", ()),
    ("PATCH", f"{W}/computes/{{name}}", computes.patch, f"{ACTION}/computes/write", ()),
    ("DELETE", f"{W}/computes/{{name}}", computes.delete, f"{ACTION}/computes/delete", ("underlyingResourceAction",)),
    ("POST", f"{W}/computes/{{name}}/start", computes.start, f"{ACTION}/computes/start/action", ()),
    ("POST", f"{W}/computes/{{name}}/stop", computes.stop, f"{ACTION}/computes/stop/action", ()),
    ("POST", f"{W}/computes/{{name}}/restart", computes.restart, f"{ACTION}/computes/restart/action", ()),
    ("GET", f"{W}/datastores", datastores.list_all, f"{ACTION}/datastores/read", LIST_QUERY),
    ("GET", f"{W}/datastores/{{name}}", datastores.get, f"{ACTION}/datastores/read", ()),
    ("PUT", f"{W}/datastores/{{name}}", datastores.put, f"{ACTION}/datastores/write", ("skipValidation",)),
    ("DELETE", f"{W}/datastores/{{name}}", datastores.delete, f"{ACTION}/datastores/delete", ()),
    ("POST", f"{W}/datastores/{{name}}/listSecrets", datastores.list_secrets, f"{ACTION}/datastores/listsecrets/action", ()),
)  # fmt: skip

ASSET_ROWS: tuple[Row, ...] = (
    ("GET", f"{W}/data", data.list_containers, f"{ACTION}/data/read", LIST_QUERY),
    ("GET", f"{W}/data/{{name}}", data.get_container, f"{ACTION}/data/read", ()),
    ("PUT", f"{W}/data/{{name}}", data.put_container, f"{ACTION}/data/write", ()),
    ("GET", f"{W}/data/{{name}}/versions", data.list_versions, f"{ACTION}/data/versions/read", LIST_QUERY),
    ("GET", f"{W}/data/{{name}}/versions/{{version}}", data.get, f"{ACTION}/data/versions/read", ()),
    ("PUT", f"{W}/data/{{name}}/versions/{{version}}", data.put, f"{ACTION}/data/versions/write", ()),
    ("GET", f"{W}/models", model_versions.list_containers, f"{ACTION}/models/read", LIST_QUERY),
    ("GET", f"{W}/models/{{name}}", model_versions.get_container, f"{ACTION}/models/read", ()),
    ("PUT", f"{W}/models/{{name}}", model_versions.put_container, f"{ACTION}/models/write", ()),
    ("GET", f"{W}/models/{{name}}/versions", model_versions.list_versions, f"{ACTION}/models/versions/read", LIST_QUERY),
    ("GET", f"{W}/models/{{name}}/versions/{{version}}", model_versions.get, f"{ACTION}/models/versions/read", ()),
    ("PUT", f"{W}/models/{{name}}/versions/{{version}}", model_versions.put, f"{ACTION}/models/versions/write", ()),
    ("PATCH", f"{W}/models/{{name}}/versions/{{version}}", model_versions.patch, f"{ACTION}/models/versions/write", ()),
    ("DELETE", f"{W}/models/{{name}}/versions/{{version}}", model_versions.delete, f"{ACTION}/models/versions/delete", ()),
)  # fmt: skip

SCHEDULE_ROWS: tuple[Row, ...] = (
    ("GET", f"{W}/schedules", schedules.list_all, f"{ACTION}/schedules/read", LIST_QUERY),
    ("GET", f"{W}/schedules/{{name}}", schedules.get, f"{ACTION}/schedules/read", ()),
    ("PUT", f"{W}/schedules/{{name}}", schedules.put, f"{ACTION}/schedules/write", ()),
    ("DELETE", f"{W}/schedules/{{name}}", schedules.delete, f"{ACTION}/schedules/delete", ()),
    ("POST", f"{W}/schedules/{{name}}/trigger", schedules.trigger, f"{ACTION}/schedules/trigger/action", ()),
)  # fmt: skip

_E = f"{W}/onlineEndpoints"
_D = f"{_E}/{{endpoint}}/deployments"
_LOCATION = f"{_SUBSCRIPTION}/locations/{{location}}"

ENDPOINT_ROWS: tuple[Row, ...] = (
    ("GET", _E, online_endpoints.list_all, f"{ACTION}/onlineEndpoints/read", LIST_QUERY),
    ("GET", f"{_E}/{{endpoint}}", online_endpoints.get, f"{ACTION}/onlineEndpoints/read", ()),
    ("PUT", f"{_E}/{{endpoint}}", online_endpoints.put, f"{ACTION}/onlineEndpoints/write", ()),
    ("PATCH", f"{_E}/{{endpoint}}", online_endpoints.patch, f"{ACTION}/onlineEndpoints/write", ()),
    ("DELETE", f"{_E}/{{endpoint}}", online_endpoints.delete, f"{ACTION}/onlineEndpoints/delete", ()),
    ("POST", f"{_E}/{{endpoint}}/listKeys", online_endpoints.list_keys, f"{ACTION}/onlineEndpoints/listkeys/action", ()),
    ("POST", f"{_E}/{{endpoint}}/regenerateKeys", online_endpoints.regenerate_keys, f"{ACTION}/onlineEndpoints/regenerateKeys/action", ()),
    ("POST", f"{_E}/{{endpoint}}/token", online_endpoints.get_token, f"{ACTION}/onlineEndpoints/token/action", ()),
    ("GET", _D, online_deployments.list_all, f"{ACTION}/onlineEndpoints/deployments/read", LIST_QUERY),
    ("GET", f"{_D}/{{deployment}}", online_deployments.get, f"{ACTION}/onlineEndpoints/deployments/read", ()),
    ("PUT", f"{_D}/{{deployment}}", online_deployments.put, f"{ACTION}/onlineEndpoints/deployments/write", ()),
    ("PATCH", f"{_D}/{{deployment}}", online_deployments.patch, f"{ACTION}/onlineEndpoints/deployments/write", ()),
    ("DELETE", f"{_D}/{{deployment}}", online_deployments.delete, f"{ACTION}/onlineEndpoints/deployments/delete", ()),
    ("POST", f"{_D}/{{deployment}}/getLogs", online_deployments.get_logs, f"{ACTION}/onlineEndpoints/deployments/getLogs/action", ()),
    ("GET", f"{_D}/{{deployment}}/skus", online_deployments.list_skus, f"{ACTION}/onlineEndpoints/deployments/read", ("count", "$skip")),
    ("GET", f"{_LOCATION}/mfeOperationsStatus/{{operation}}", operations.get_status, "", ()),
    ("GET", f"{_LOCATION}/mfeOperationResults/{{operation}}", operations.get_result, "", ()),
)  # fmt: skip

JOB_ROWS: tuple[Row, ...] = (
    ("GET", f"{W}/codes/{{name}}/versions", codes.list_versions, f"{ACTION}/codes/versions/read", (*LIST_QUERY, "hash", "hashVersion")),
    ("POST", f"{W}/codes/{{name}}/versions/{{version}}/startPendingUpload", codes.start_pending_upload, f"{ACTION}/codes/versions/write", ()),
    ("PUT", f"{W}/codes/{{name}}/versions/{{version}}", codes.put, f"{ACTION}/codes/versions/write", ()),
    ("GET", f"{W}/codes/{{name}}/versions/{{version}}", codes.get, f"{ACTION}/codes/versions/read", ()),
    ("GET", f"{W}/environments", environments.list_containers, f"{ACTION}/environments/read", LIST_QUERY),
    ("GET", f"{W}/environments/{{name}}", environments.get_container, f"{ACTION}/environments/read", ()),
    ("PUT", f"{W}/environments/{{name}}", environments.put_container, f"{ACTION}/environments/write", ()),
    ("GET", f"{W}/environments/{{name}}/versions", environments.list_versions, f"{ACTION}/environments/versions/read", LIST_QUERY),
    ("GET", f"{W}/environments/{{name}}/versions/{{version}}", environments.get, f"{ACTION}/environments/versions/read", ()),
    ("PUT", f"{W}/environments/{{name}}/versions/{{version}}", environments.put, f"{ACTION}/environments/versions/write", ()),
    ("GET", f"{W}/components", components.list_containers, f"{ACTION}/components/read", LIST_QUERY),
    ("GET", f"{W}/components/{{name}}", components.get_container, f"{ACTION}/components/read", ()),
    ("PUT", f"{W}/components/{{name}}", components.put_container, f"{ACTION}/components/write", ()),
    ("GET", f"{W}/components/{{name}}/versions", components.list_versions, f"{ACTION}/components/versions/read", LIST_QUERY),
    ("GET", f"{W}/components/{{name}}/versions/{{version}}", components.get, f"{ACTION}/components/versions/read", ()),
    ("PUT", f"{W}/components/{{name}}/versions/{{version}}", components.put, f"{ACTION}/components/versions/write", ()),
    ("GET", f"{W}/jobs", jobs.list_all, f"{ACTION}/jobs/read", (*LIST_QUERY, "jobType", "tag", "scheduled", "scheduleId", "assetName")),
    ("PUT", f"{W}/jobs/{{name}}", jobs.put, f"{ACTION}/jobs/write", ()),
    ("GET", f"{W}/jobs/{{name}}", jobs.get, f"{ACTION}/jobs/read", ()),
    ("POST", f"{W}/jobs/{{name}}/cancel", jobs.cancel, f"{ACTION}/jobs/cancel/action", ()),
    ("DELETE", f"{W}/jobs/{{name}}", jobs.delete, f"{ACTION}/jobs/delete", ()),
)  # fmt: skip

RUN_HISTORY_ROWS: tuple[Row, ...] = (
    ("GET", f"{HISTORY}/runs/{{name}}", run_history.get, f"{ACTION}/jobs/read", ()),
    ("GET", f"{HISTORY}/runs/{{name}}/details", run_history.details, f"{ACTION}/jobs/read", ()),
    ("GET", f"{HISTORY}/runs/{{name}}/children", run_history.children, f"{ACTION}/jobs/read", ("$top", "$skip", "$orderby", "$filter", "$sortorder", "$continuationToken")),
    ("GET", f"{HISTORY}/runs/{{name}}/serviceinstances/{{node}}", run_history.service_instances, f"{ACTION}/jobs/read", ()),
    ("POST", f"{HISTORY}/rundata", run_history.run_data, f"{ACTION}/jobs/read", ()),
    ("PATCH", f"{HISTORY}/runs/{{name}}", run_history.change, f"{ACTION}/jobs/write", ()),
    ("PATCH", f"{HISTORY}/experiments/{{experiment}}/runs/{{name}}", run_history.change, f"{ACTION}/jobs/write", ()),
    ("GET", f"{HISTORY}/experiments/{{experiment}}/runs/{{name}}", run_history.get, f"{ACTION}/jobs/read", ()),
    ("GET", f"{HISTORY}/experiments/{{experiment}}/runs/{{name}}/details", run_history.details, f"{ACTION}/jobs/read", ()),
    ("POST", f"/data/v1.0{W}/dataversion/batchGetResolvedUris", run_history.resolve_data, f"{ACTION}/data/versions/read", ()),
    ("POST", f"/modelregistry/v1.0{W}/models/batchGetResolvedUris", run_history.resolve_models, f"{ACTION}/models/versions/read", ()),
)  # fmt: skip

_MLFLOW = f"/mlflow/{{api}}{WORKSPACE}/api/2.0/mlflow"
_PREVIEW = f"/mlflow/{{api}}{WORKSPACE}/api/2.0/preview/mlflow"
_RUNS_READ, _RUNS_WRITE = f"{ACTION}/experiments/runs/read", f"{ACTION}/experiments/runs/write"
_MODELS_READ, _MODELS_WRITE = f"{ACTION}/models/read", f"{ACTION}/models/write"
_RUN = f"{HISTORY}/experiments/{{experiment}}/runs/{{run}}"
_RUN_BY_ID = f"{HISTORY}/experimentids/{{experiment}}/runs/{{run}}"
_ARTIFACTS = f"/artifact/v2.0{WORKSPACE}/artifacts"
# MLflow's clients send what they like beside what is read here
_ANY = (
    "experiment_id",
    "experiment_name",
    "run_id",
    "run_uuid",
    "run_ids",
    "metric_key",
    "max_results",
    "page_token",
    "filter",
    "view_type",
    "order_by",
    "path",
    "name",
    "version",
    "stages",
    "alias",
    "start_step",
    "end_step",
    "batch_tracking_id",
    "key",
)

TRACKING_ROWS: tuple[Row, ...] = (
    ("POST", f"{_MLFLOW}/experiments/create", tracking_experiments.create_experiment, f"{ACTION}/experiments/write", _ANY),
    ("GET", f"{_MLFLOW}/experiments/get", tracking_experiments.get_experiment, f"{ACTION}/experiments/read", _ANY),
    ("GET", f"{_MLFLOW}/experiments/get-by-name", tracking_experiments.get_experiment_by_name, f"{ACTION}/experiments/read", _ANY),
    ("GET", f"{_MLFLOW}/experiments/search", tracking_experiments.search_experiments, f"{ACTION}/experiments/read", _ANY),
    ("POST", f"{_MLFLOW}/experiments/search", tracking_experiments.search_experiments, f"{ACTION}/experiments/read", _ANY),
    ("POST", f"{_MLFLOW}/experiments/delete", tracking_experiments.change_experiment, f"{ACTION}/experiments/write", _ANY),
    ("POST", f"{_MLFLOW}/experiments/restore", tracking_experiments.change_experiment, f"{ACTION}/experiments/write", _ANY),
    ("POST", f"{_MLFLOW}/experiments/update", tracking_experiments.change_experiment, f"{ACTION}/experiments/write", _ANY),
    ("POST", f"{_MLFLOW}/experiments/set-experiment-tag", tracking_experiments.change_experiment, f"{ACTION}/experiments/write", _ANY),
    ("POST", f"{_MLFLOW}/runs/create", tracking.create_run, _RUNS_WRITE, _ANY),
    ("GET", f"{_MLFLOW}/runs/get", tracking.get_run, _RUNS_READ, _ANY),
    ("POST", f"{_MLFLOW}/runs/update", tracking.update_run, _RUNS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/runs/delete", tracking.delete_run, _RUNS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/runs/restore", tracking.delete_run, _RUNS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/runs/search", tracking.search_runs, _RUNS_READ, _ANY),
    ("POST", f"{_MLFLOW}/runs/log-metric", tracking.log_metric, _RUNS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/runs/log-parameter", tracking.log_param, _RUNS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/runs/set-tag", tracking.set_tag, _RUNS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/runs/delete-tag", tracking.delete_tag, _RUNS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/runs/log-batch", tracking.log_batch, _RUNS_WRITE, _ANY),
    ("POST", f"{_PREVIEW}/runs/log-batch-async", tracking.log_batch, _RUNS_WRITE, _ANY),
    ("GET", f"{_PREVIEW}/runs/get-run-data-status", tracking.run_data_status, _RUNS_READ, _ANY),
    ("POST", f"{_MLFLOW}/runs/log-batch-async", tracking.log_batch, _RUNS_WRITE, _ANY),
    ("GET", f"{_MLFLOW}/runs/get-run-data-status", tracking.run_data_status, _RUNS_READ, _ANY),
    ("POST", f"{_MLFLOW}/runs/log-inputs", tracking.log_inputs, _RUNS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/runs/log-model", tracking.log_model, _RUNS_WRITE, _ANY),
    ("GET", f"{_MLFLOW}/metrics/get-history", tracking.metric_history, _RUNS_READ, _ANY),
    ("GET", f"{_MLFLOW}/metrics/get-history-bulk-interval", tracking.metric_history, _RUNS_READ, _ANY),
    ("GET", f"{_MLFLOW}/artifacts/list", run_artifacts.mlflow_list, _RUNS_READ, _ANY),
    *((method, f"{_MLFLOW}/logged-models{rest}", tracking.logged_models, _RUNS_READ, _ANY) for method in ("GET", "POST", "PATCH", "DELETE") for rest in ("", "/{rest:path}")),
    ("POST", f"{_MLFLOW}/registered-models/create", tracking_registry.create_model, _MODELS_WRITE, _ANY),
    ("GET", f"{_MLFLOW}/registered-models/get", tracking_registry.get_model, _MODELS_READ, _ANY),
    ("GET", f"{_MLFLOW}/registered-models/search", tracking_registry.search_models, _MODELS_READ, _ANY),
    ("PATCH", f"{_MLFLOW}/registered-models/update", tracking_registry.update_model, _MODELS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/registered-models/rename", tracking_registry.rename_model, _MODELS_WRITE, _ANY),
    ("DELETE", f"{_MLFLOW}/registered-models/delete", tracking_registry.delete_model, f"{ACTION}/models/delete", _ANY),
    ("GET", f"{_MLFLOW}/registered-models/get-latest-versions", tracking_registry.latest_versions, _MODELS_READ, _ANY),
    ("POST", f"{_MLFLOW}/registered-models/get-latest-versions", tracking_registry.latest_versions, _MODELS_READ, _ANY),
    ("POST", f"{_MLFLOW}/registered-models/set-tag", tracking_registry.set_model_tag, _MODELS_WRITE, _ANY),
    ("DELETE", f"{_MLFLOW}/registered-models/delete-tag", tracking_registry.set_model_tag, _MODELS_WRITE, _ANY),
    ("GET", f"{_MLFLOW}/registered-models/alias", tracking_registry.get_by_alias, _MODELS_READ, _ANY),
    ("POST", f"{_MLFLOW}/registered-models/alias", tracking_registry.set_alias, _MODELS_WRITE, _ANY),
    ("DELETE", f"{_MLFLOW}/registered-models/alias", tracking_registry.delete_alias, _MODELS_WRITE, _ANY),
    ("POST", f"{_MLFLOW}/model-versions/create", tracking_registry.create_version, f"{ACTION}/models/versions/write", _ANY),
    ("GET", f"{_MLFLOW}/model-versions/get", tracking_registry.get_version, f"{ACTION}/models/versions/read", _ANY),
    ("GET", f"{_MLFLOW}/model-versions/search", tracking_registry.search_versions, f"{ACTION}/models/versions/read", _ANY),
    ("PATCH", f"{_MLFLOW}/model-versions/update", tracking_registry.update_version, f"{ACTION}/models/versions/write", _ANY),
    ("POST", f"{_MLFLOW}/model-versions/transition-stage", tracking_registry.transition_stage, f"{ACTION}/models/versions/write", _ANY),
    ("DELETE", f"{_MLFLOW}/model-versions/delete", tracking_registry.delete_version, f"{ACTION}/models/versions/delete", _ANY),
    ("GET", f"{_MLFLOW}/model-versions/get-download-uri", tracking_registry.download_uri, f"{ACTION}/models/versions/read", _ANY),
    ("POST", f"{_MLFLOW}/model-versions/set-tag", tracking_registry.set_version_tag, f"{ACTION}/models/versions/write", _ANY),
    ("DELETE", f"{_MLFLOW}/model-versions/delete-tag", tracking_registry.set_version_tag, f"{ACTION}/models/versions/write", _ANY),
    *((method, f"{base}/artifacts{rest}", handler, action, ("path", "continuationToken")) for base in (_RUN, _RUN_BY_ID) for method, rest, handler, action in (
        ("GET", "", run_artifacts.list_artifacts, _RUNS_READ),
        ("GET", "/contentinfo", run_artifacts.content_information, _RUNS_READ),
        ("POST", "/batch/metadata", run_artifacts.create_empty, _RUNS_WRITE),
    )),
    ("GET", f"{_RUN}/token", run_artifacts.get_token, _RUNS_WRITE, ()),
    ("GET", f"{_RUN_BY_ID}/token", run_artifacts.get_token, _RUNS_WRITE, ()),
    ("GET", f"{_ARTIFACTS}/{{origin}}/{{container}}", run_artifacts.list_artifacts, _RUNS_READ, ("path", "continuationToken")),
    ("GET", f"{_ARTIFACTS}/{{origin}}/{{container}}/contentinfo", run_artifacts.content_information, _RUNS_READ, ("path",)),
    ("POST", f"{_ARTIFACTS}/{{origin}}/{{container}}/batch/metadata", run_artifacts.create_empty, _RUNS_WRITE, ()),
)  # fmt: skip

DISCOVERY_ROWS: tuple[Row, ...] = (
    # public: the SDK reads it without a token
    ("GET", "/discovery", workspaces.discovery, "", ()),
    ("GET", "/discovery/workspaces/{workspace}", workspaces.discovery, "", ()),
)  # fmt: skip


def arm_routes(store: Store) -> tuple[Route, ...]:
    """What management.azure.com answers for Azure ML."""
    rows = WORKSPACE_ROWS + ASSET_ROWS + SCHEDULE_ROWS + ENDPOINT_ROWS + JOB_ROWS
    return _routes(store, rows + registry_table.ARM_ROWS)


def dataplane_routes(store: Store) -> tuple[Route, ...]:
    """What `<region>.api.azureml.ms` answers."""
    rows = DISCOVERY_ROWS + RUN_HISTORY_ROWS + TRACKING_ROWS
    return _routes(store, rows + registry_table.SERVICE_ROWS)


def _routes(store: Store, rows: tuple[Row, ...]) -> tuple[Route, ...]:
    return tuple(
        Route(
            method=method, pattern=pattern, handler=partial(handler, store), action=action,
            query=query, doc=_DOC,
        )
        for method, pattern, handler, action, query in rows
    )  # fmt: skip
