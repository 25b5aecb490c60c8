"""Station 6: a model version goes live behind an endpoint.

Writes what is wanted (documents, operations) and, when serving reports, what has come of it. The
processes belong to `compute/serving.py`; the two meet at the documents and the journal.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shipway.azure.arm import operations, role_assignments
from shipway.azure.entra import managed_identities
from shipway.base.errors import BadInput, Conflict
from shipway.base.machine import Machine
from shipway.base.messages import Event
from shipway.ml import (
    code_versions,
    deployment_states,
    environment_versions,
    model_versions,
    online_deployments,
    online_endpoints,
)
from shipway.ml.online_deployments import OnlineDeployment
from shipway.ml.online_endpoints import OnlineEndpoint
from shipway.store import doorbell
from shipway.store.store import Store

BELL = "serving"


def put_endpoint(store: Store, wanted: OnlineEndpoint) -> tuple[OnlineEndpoint, bool]:
    """Create an endpoint or update it; True when it is new.

    What is to change later is `wanted`'s; state, identity and times stay the endpoint's own.
    Raises `BadInput` (name, traffic) and `Conflict` (name taken, or something under way).
    """
    online_endpoints.check_name(wanted.name)
    with store.database.transaction():
        old = online_endpoints.find(store, workspace=wanted.workspace, name=wanted.name)
        names = _deployment_names(store, wanted)
        online_endpoints.check_split(wanted.name, wanted.traffic, names, mirror=False)
        online_endpoints.check_split(wanted.name, wanted.mirror_traffic, names, mirror=True)
        if old is None:
            _take_host(store, wanted)
            state = "Creating"
        else:
            state = _updating(deployment_states.ENDPOINT, old.provisioning_state, old.name)
            if old.auth_mode != wanted.auth_mode:
                raise BadInput(
                    f"The authMode of endpoint '{old.name}' is {old.auth_mode} and cannot be"
                    " changed.", code="BadArgument", where="properties.authMode",
                    hint="Make another endpoint.",
                )  # fmt: skip
        own_id = online_endpoints.resource_id(wanted.workspace, wanted.name)
        operation = operations.start(store, resource_id=own_id)
        endpoint = online_endpoints.save(
            store,
            replace(
                wanted, provisioning_state=state, operation_id=operation.operation_id,
                principal_id=_identity(store, wanted),
            ),
        )  # fmt: skip
        online_endpoints.keys(store, endpoint)
        _note(store, "EndpointRequested", f"endpoint/{endpoint.key}", {"key": endpoint.key})
        return endpoint, old is None


def settle_endpoint(store: Store, event: Event) -> None:
    """EndpointRequested: the endpoint is rows only, so it is ready as soon as it is looked at."""
    document = store.documents.find(online_endpoints.KIND, str(event.data["key"]))
    if document is None:
        return
    endpoint = OnlineEndpoint.read(document)
    if endpoint.provisioning_state not in ("Creating", "Updating"):
        return
    state = deployment_states.ENDPOINT.step(
        endpoint.provisioning_state, "succeed", subject=endpoint.name
    )
    online_endpoints.save(store, replace(endpoint, provisioning_state=state))
    _finish(store, endpoint.operation_id)


def delete_endpoint(store: Store, *, workspace: str, name: str) -> OnlineEndpoint | None:
    """Begin to delete an endpoint with its deployments; None when there is none."""
    with store.database.transaction():
        endpoint = online_endpoints.find(store, workspace=workspace, name=name)
        if endpoint is None:
            return None
        own_id = online_endpoints.resource_id(workspace, name)
        operation = operations.start(store, resource_id=own_id)
        for deployment in online_deployments.list_of(store, workspace=workspace, endpoint=name):
            _begin_delete(store, deployment)
        endpoint = online_endpoints.save(
            store,
            replace(
                endpoint, provisioning_state="Deleting", operation_id=operation.operation_id,
                traffic={}, mirror_traffic={},
            ),
        )  # fmt: skip
        _forget_empty_endpoint(store, endpoint)
        return endpoint


def put_deployment(store: Store, wanted: OnlineDeployment) -> tuple[OnlineDeployment, bool]:
    """Create a deployment or update it; True when it is new.

    An update that changes nothing but tags, description or properties keeps the process. Raises
    `BadInput` (name, model, environment, script), `NotFound` and `Conflict` (under way).
    """
    online_deployments.check_name(wanted.name)
    with store.database.transaction():
        endpoint = online_endpoints.get(store, workspace=wanted.workspace, name=wanted.endpoint)
        if endpoint.provisioning_state == "Deleting":
            raise Conflict(
                f"The endpoint '{endpoint.name}' is being deleted.", where=endpoint.name,
                hint="Wait for its end.",
            )  # fmt: skip
        wanted = replace(
            wanted, endpoint=endpoint.name, model_key=_model_key(store, wanted),
            environment_id=_environment_id(store, wanted),
        )  # fmt: skip
        _check_script(store, wanted)
        old = online_deployments.find(
            store, workspace=wanted.workspace, endpoint=wanted.endpoint, name=wanted.name
        )
        operation = operations.start(store, resource_id=_deployment_id(wanted))
        if old is None:
            new = replace(wanted, generation=1)
        else:
            state = _updating(deployment_states.DEPLOYMENT, old.provisioning_state, old.name)
            fresh = old.provisioning_state == "Failed" or _is_other_process(old, wanted)
            new = replace(
                wanted, provisioning_state=state, serving_generation=old.serving_generation,
                generation=old.generation + 1 if fresh else old.generation,
            )  # fmt: skip
        saved = online_deployments.save(store, replace(new, operation_id=operation.operation_id))
        _note(store, "DeploymentRequested", saved.lineage_key, _facts(saved))
        _ring(store)
        return saved, old is None


def delete_deployment(
    store: Store, *, workspace: str, endpoint: str, name: str
) -> OnlineDeployment | None:
    """Begin to delete a deployment; None when there is none.

    Raises `BadInput` while it has traffic, as Azure does.
    """
    with store.database.transaction():
        deployment = online_deployments.find(
            store, workspace=workspace, endpoint=endpoint, name=name
        )
        if deployment is None:
            return None
        owner = online_endpoints.find(store, workspace=workspace, name=endpoint)
        percent = _share(owner.traffic if owner else {}, name)
        if percent:
            raise BadInput(
                f"Cannot delete deployment '{name}' with {percent} percent of the traffic.",
                code="BadArgument", where=name,
                hint="Move its traffic to another deployment first.",
            )  # fmt: skip
        if owner and _share(owner.mirror_traffic, name):
            online_endpoints.save(store, replace(owner, mirror_traffic={}))
        return _begin_delete(store, deployment)


def deployment_ready(store: Store, event: Event) -> None:
    """ServingReady: the probes of a generation passed."""
    deployment = _of_event(store, event)
    if deployment is None:
        return
    if deployment.provisioning_state in ("Creating", "Updating"):
        state = deployment_states.DEPLOYMENT.step(
            deployment.provisioning_state, "succeed", subject=deployment.name
        )
        deployment = online_deployments.save(
            store,
            replace(
                deployment, provisioning_state=state, serving_generation=deployment.generation,
                error={},
            ),
        )  # fmt: skip
        _finish(store, deployment.operation_id)
        if deployment.model_key:
            store.growing.add_edge(
                f"model/{deployment.model_key}", "deployed", deployment.lineage_key
            )
        _note(store, "DeploymentSucceeded", deployment.lineage_key, _facts(deployment))
        _ring(store)


def deployment_failed(store: Store, event: Event) -> None:
    """ServingFailed: a generation never became ready; an older one that serves goes on."""
    deployment = _of_event(store, event)
    if deployment is None or deployment.provisioning_state not in ("Creating", "Updating"):
        return
    error = {"code": str(event.data["code"]), "message": str(event.data["message"])}
    state = deployment_states.DEPLOYMENT.step(
        deployment.provisioning_state, "fail", subject=deployment.name
    )
    deployment = online_deployments.save(
        store, replace(deployment, provisioning_state=state, error=error)
    )
    operations.fail(store, deployment.operation_id, code=error["code"], message=error["message"])
    _note(store, "DeploymentFailed", deployment.lineage_key, {**_facts(deployment), **error})
    _ring(store)


def deployment_stopped(store: Store, event: Event) -> None:
    """ServingStopped: the processes of a deployment that is being deleted are gone."""
    deployment = _of_event(store, event, any_generation=True)
    if deployment is None or deployment.provisioning_state != "Deleting":
        return
    store.documents.delete(online_deployments.KIND, deployment.key)
    _finish(store, deployment.operation_id)
    _note(store, "DeploymentDeleted", deployment.lineage_key, _facts(deployment))
    owner = online_endpoints.find(store, workspace=deployment.workspace, name=deployment.endpoint)
    if owner is not None:
        _forget_empty_endpoint(store, owner)


def _begin_delete(store: Store, deployment: OnlineDeployment) -> OnlineDeployment:
    if deployment.provisioning_state == "Deleting":
        return deployment
    operation = operations.start(store, resource_id=_deployment_id(deployment))
    state = deployment_states.DEPLOYMENT.step(
        deployment.provisioning_state, "delete", subject=deployment.name
    )
    saved = online_deployments.save(
        store,
        replace(deployment, provisioning_state=state, operation_id=operation.operation_id),
    )
    _note(store, "DeploymentDeleteRequested", saved.lineage_key, _facts(saved))
    _ring(store)
    return saved


def _forget_empty_endpoint(store: Store, endpoint: OnlineEndpoint) -> None:
    if endpoint.provisioning_state != "Deleting" or _deployment_names(store, endpoint):
        return
    own_id = online_endpoints.resource_id(endpoint.workspace, endpoint.name)
    managed_identities.delete_for(store, own_id)
    role_assignments.remove_at(store, own_id)
    online_endpoints.forget(store, endpoint)
    _finish(store, endpoint.operation_id)
    _note(store, "EndpointDeleted", f"endpoint/{endpoint.key}", {"key": endpoint.key})


def _take_host(store: Store, endpoint: OnlineEndpoint) -> None:
    label = f"{endpoint.name}.{endpoint.location}".lower()
    if store.documents.find(online_endpoints.HOST_KIND, label) is not None:
        raise Conflict(
            f"The endpoint name '{endpoint.name}' is taken in {endpoint.location}.",
            code="BadArgument", status=400, where=endpoint.name,
            hint="Endpoint names are unique in a region: choose another.",
        )  # fmt: skip
    store.documents.create(online_endpoints.HOST_KIND, label, {"key": endpoint.key})


def _identity(store: Store, endpoint: OnlineEndpoint) -> str:
    if "systemassigned" not in endpoint.identity_type.lower().replace("_", ""):
        return ""
    own_id = online_endpoints.resource_id(endpoint.workspace, endpoint.name)
    return managed_identities.create_for(store, own_id).object_id


def _updating(machine: Machine, state: str, name: str) -> str:
    if not deployment_states.is_settled(state):
        raise Conflict(
            f"There is already an ongoing operation on '{name}' ({state}).",
            code="ConflictingOperation", where=name, hint="Wait for its end.",
        )  # fmt: skip
    return machine.step(state, "update", subject=name)


def _model_key(store: Store, wanted: OnlineDeployment) -> str:
    if not wanted.model:
        return ""
    model = model_versions.resolve(store, workspace=wanted.workspace, reference=wanted.model)
    return model.key


def _environment_id(store: Store, wanted: OnlineDeployment) -> str:
    """The environment as sent; a label is replaced by the version that it names today."""
    reference = wanted.environment_id
    if not reference:
        return ""
    found = environment_versions.resolve(store, workspace=wanted.workspace, reference=reference)
    return found.reference if environment_versions.is_label(reference) else reference


def _check_script(store: Store, wanted: OnlineDeployment) -> None:
    if wanted.scoring_script:
        if not wanted.environment_id:
            raise BadInput(
                "A deployment with a scoring script needs an environment.", code="BadArgument",
                where="properties.environmentId", hint="Name an environment version.",
            )  # fmt: skip
        code_versions.resolve(store, workspace=wanted.workspace, reference=wanted.code_id)
        return
    kind = ""
    if wanted.model_key:
        document = store.documents.find(model_versions.KIND.version, wanted.model_key)
        kind = str(document.body["model_type"]) if document else ""
    if kind != "mlflow_model":
        raise BadInput(
            "The deployment has no scoring script and its model is no MLflow model.",
            code="BadArgument", where="properties.codeConfiguration",
            hint="Give codeConfiguration (codeId, scoringScript), or deploy an mlflow_model.",
        )  # fmt: skip


def _is_other_process(old: OnlineDeployment, new: OnlineDeployment) -> bool:
    return any(
        getattr(old, name) != getattr(new, name)
        for name in (
            "model_key", "environment_id", "code_id", "scoring_script", "env_vars",
            "instance_count", "request_timeout", "liveness", "readiness",
        )
    )  # fmt: skip


def _deployment_names(store: Store, endpoint: OnlineEndpoint) -> frozenset[str]:
    found = online_deployments.list_of(store, workspace=endpoint.workspace, endpoint=endpoint.name)
    return frozenset(deployment.name for deployment in found)


def _deployment_id(deployment: OnlineDeployment) -> str:
    endpoint_id = online_endpoints.resource_id(deployment.workspace, deployment.endpoint)
    return f"{endpoint_id}/deployments/{deployment.name}"


def _share(split: Mapping[str, int], name: str) -> int:
    return next((p for n, p in split.items() if n.lower() == name.lower()), 0)


def _of_event(
    store: Store, event: Event, *, any_generation: bool = False
) -> OnlineDeployment | None:
    deployment = online_deployments.find_by_key(store, str(event.data["key"]))
    if deployment is None:
        return None
    current = deployment.generation == int(event.data.get("generation", 0))
    return deployment if current or any_generation else None


def _facts(deployment: OnlineDeployment) -> dict[str, Any]:
    return {
        "key": deployment.key, "workspace": deployment.workspace,
        "endpoint": deployment.endpoint, "deployment": deployment.name,
        "model": deployment.model_key, "generation": deployment.generation,
    }  # fmt: skip


def _finish(store: Store, operation_id: str) -> None:
    if operations.get(store, operation_id).status == "InProgress":
        operations.finish(store, operation_id)


def _note(store: Store, kind: str, subject: str, data: Mapping[str, Any]) -> None:
    store.journal.append(Event(kind=kind, subject=subject, at=store.clock.now(), data=data))


def _ring(store: Store) -> None:
    store.database.after_commit(lambda: doorbell.ring(store.home.sockets, BELL))
