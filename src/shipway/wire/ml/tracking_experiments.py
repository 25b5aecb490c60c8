"""The MLflow REST API for experiments.

Source: https://mlflow.org/docs/latest/rest-api.html
"""

from typing import Any

from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.ml import run_filters, tracking
from shipway.ml.tracking import Experiment
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response
from shipway.wire.ml import envelopes, fields, mlflow_bodies


def create_experiment(store: Store, request: Request) -> Response:
    """`experiments/create`; the name that is there already is an error, as in MLflow."""
    key = envelopes.workspace_of(store, request).key
    name = mlflow_bodies.required(request.json(), "name")
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
        store,
        workspace=workspace.key,
        experiment_id=mlflow_bodies.argument(request, "experiment_id"),
    )
    return json_response({"experiment": _experiment(found)})


def get_experiment_by_name(store: Store, request: Request) -> Response:
    """`experiments/get-by-name`."""
    workspace = envelopes.workspace_of(store, request)
    name = mlflow_bodies.argument(request, "experiment_name")
    found = tracking.find_experiment_by_name(store, workspace=workspace.key, name=name)
    if found is None:
        raise NotFound(
            f"Could not find experiment with name '{name}'", code="RESOURCE_DOES_NOT_EXIST",
            where="experiment_name",
        )  # fmt: skip
    return json_response({"experiment": _experiment(found)})


def search_experiments(store: Store, request: Request) -> Response:
    """`experiments/search`, by GET or POST."""
    workspace = envelopes.workspace_of(store, request)
    body = mlflow_bodies.given(request)
    found = tracking.list_experiments(store, workspace=workspace.key)
    found = [
        e for e in found if mlflow_bodies.in_view(e.is_deleted, str(body.get("view_type") or ""))
    ]
    comparisons = run_filters.parse_filter(str(body.get("filter") or ""))

    def lookup_in(experiment: Experiment) -> run_filters.Lookup:
        return lambda kind, name: (
            experiment.tags.get(name) if kind == "tags" else getattr(experiment, name, None)
        )

    found = [e for e in found if run_filters.matches(comparisons, lookup_in(e))]
    page, token = mlflow_bodies.page(found, body)
    return json_response(
        {"experiments": [_experiment(e) for e in page]} | mlflow_bodies.next_token(token)
    )


def change_experiment(store: Store, request: Request) -> Response:
    """`experiments/delete`, `restore`, `update` and `set-experiment-tag`."""
    key = envelopes.workspace_of(store, request).key
    body = request.json()
    found = tracking.get_experiment(
        store, workspace=key, experiment_id=mlflow_bodies.required(body, "experiment_id")
    )
    verb = request.path.rstrip("/").rpartition("/")[2]
    if verb == "update":
        raise BadInput(
            "Renaming experiments is not supported", code="INVALID_PARAMETER_VALUE",
            where="new_name", hint="Azure ML keeps an experiment's name.",
        )  # fmt: skip
    tags = dict(found.tags)
    if verb == "set-experiment-tag":
        tags[mlflow_bodies.required(body, "key")] = fields.text(body, "value")
    tracking.save_experiment(
        store,
        Experiment(
            workspace=key, experiment_id=found.experiment_id, name=found.name, tags=tags,
            is_deleted={"delete": True, "restore": False}.get(verb, found.is_deleted),
            author=found.author, author_type=found.author_type, author_id=found.author_id,
        ),
    )  # fmt: skip
    return json_response({})


def _experiment(experiment: Experiment) -> dict[str, Any]:
    created = experiment.created_at
    milliseconds = int(created.timestamp() * 1000) if created else 0
    return {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "artifact_location": "",
        "lifecycle_stage": "deleted" if experiment.is_deleted else "active",
        "creation_time": milliseconds,
        "last_update_time": milliseconds,
        "tags": mlflow_bodies.key_values(experiment.tags),
    }
