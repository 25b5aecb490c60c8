"""How a task gets a service connection's identity: over Azure DevOps' own routes, as a task would.

With workload identity federation the job's token buys a short assertion for exactly this
connection; with a service principal's key the key itself is handed to the task, masked.
"""

from dataclasses import dataclass, replace

from shipway.agent.job_context import JobContext
from shipway.azure.entra import federated_credentials
from shipway.base.errors import BadInput, Forbidden
from shipway.devops import projects, service_connections, stage_resources
from shipway.devops.service_connections import ServiceConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLogin:
    """What `az login` needs. `secret` is an assertion when `federated`, else a key."""

    client_id: str
    tenant_id: str
    subscription_id: str
    secret: str
    federated: bool


def connection_of(job: JobContext, name_or_id: str) -> ServiceConnection:
    """A connection of any kind that this pipeline may use in this stage.

    Raises `BadInput` when there is none of that name, `Forbidden` when it is not authorized or
    has checks that nobody was asked about.
    """
    store, run = job.store, job.run
    connection = service_connections.find(store, project_id=run.project_id, name_or_id=name_or_id)
    if connection is None:
        raise BadInput(
            f"There was a resource authorization issue: service connection '{name_or_id}' "
            "could not be found",
            code="ServiceConnectionMissing",
            hint="The service connection does not exist, has been disabled or has not been "
            "authorized for use.",
        )
    if not service_connections.is_authorized(
        store, connection=connection, definition_id=run.definition_id
    ):
        raise Forbidden(
            f"the pipeline '{run.definition_name}' is not authorized to use the service "
            f"connection '{connection.name}'",
            code="ServiceConnectionNotAuthorized",
            hint="Authorize it: PATCH pipelines/pipelinepermissions/endpoint/<id>.",
        )
    stage_resources.require_named(store, run=run, stage_name=job.stage_name, connection=connection)
    return _changed(job, connection)


def _changed(job: JobContext, connection: ServiceConnection) -> ServiceConnection:
    """The connection with what steps of this job have changed of it."""
    url, data, parameters = connection.url, dict(connection.data), dict(connection.parameters)
    for (connection_id, field, key), value in job.endpoint_changes.items():
        if connection_id != connection.connection_id:
            continue
        if field == "url":
            url = value
        else:
            target = data if field == "dataparameter" else parameters
            known = next((name for name in target if name.lower() == key), key)
            target[known] = value
    return replace(connection, url=url, data=data, parameters=parameters)


def secret_of(job: JobContext, connection: ServiceConnection, name: str) -> str:
    """A secret parameter of a connection, masked in the job from now on; empty without it."""
    changed = job.endpoint_changes.get((connection.connection_id, "authparameter", name.lower()))
    value = changed or service_connections.secret_of(job.store, connection, name)
    if value:
        job.masker.add(value)
    return value


def login_of(
    job: JobContext, name_or_id: str, *, seconds: int = federated_credentials.ASSERTION_SECONDS
) -> ConnectionLogin:
    """The login of an azurerm connection that this pipeline may use.

    With workload identity federation the assertion holds for `seconds`.
    Raises `BadInput` for one of another kind, and whatever `connection_of` raises.
    """
    store, run = job.store, job.run
    connection = connection_of(job, name_or_id)
    if connection.kind != "azurerm":
        raise BadInput(
            f"the service connection '{connection.name}' is of type {connection.kind}, and one of "
            "type azurerm is expected",
            code="ServiceConnectionKind", where=connection.name,
        )  # fmt: skip
    federated = connection.scheme == "WorkloadIdentityFederation"
    project = projects.get(store, run.project_id)
    secret = (
        federated_credentials.issue_assertion(
            store,
            subject=service_connections.subject_of(project, connection.name),
            seconds=seconds,
        )
        if federated
        else secret_of(job, connection, "serviceprincipalkey")
    )
    data = {name.lower(): value for name, value in connection.data.items()}
    return ConnectionLogin(
        client_id=connection.app_id,
        tenant_id=connection.tenant_id,
        subscription_id=data.get("subscriptionid", ""),
        secret=secret,
        federated=federated,
    )
