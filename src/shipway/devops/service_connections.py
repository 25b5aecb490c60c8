"""Service connections: an identity that pipelines act with (`service endpoint` on the wire).

Type azurerm, by workload identity federation (no secret anywhere) or by a service principal's
key, which lies in the secrets only. Knows: documents, secrets, projects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from shipway.azure.entra import federated_credentials
from shipway.base import ids
from shipway.base.errors import BadInput, Conflict, NotFound
from shipway.devops import pipeline_permissions, projects, rows
from shipway.devops.projects import Project
from shipway.store.store import Store

_KIND = "service_connection"
Scheme = Literal[
    "WorkloadIdentityFederation", "ServicePrincipal", "UsernamePassword", "None",
    "Token", "OAuth", "InstallationToken",
]  # fmt: skip
# keys of authorization parameters whose values are secret, by Azure's own types
SECRET_PARAMETERS = frozenset(
    {"serviceprincipalkey", "password", "apitoken", "accesstoken", "serviceprincipalcertificate"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConnection:
    """An identity of a project (and those it is shared with).

    `app_id` is the application that azurerm connections act as. `parameters` and `data` keep
    Azure's key names; secret parameters are never among them.
    """

    connection_id: str
    project_id: str
    shared_with: tuple[str, ...] = ()
    name: str
    kind: str
    url: str
    description: str = ""
    scheme: Scheme
    tenant_id: str = ""
    app_id: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()
    created_by_id: str = ""
    created_by_name: str = ""
    created_at: datetime
    updated_at: datetime


def issuer(store: Store) -> str:
    """The issuer of federated tokens for this organization's connections."""
    return federated_credentials.issuer_of(store)


def subject_of(project: Project, connection_name: str) -> str:
    """The subject that a federated credential of the application has to name."""
    return f"sc://{projects.ORGANIZATION}/{project.name}/{connection_name}"


def create(  # noqa: PLR0913  # one argument for each field that a client may set
    store: Store,
    *,
    project_id: str,
    name: str,
    kind: str = "azurerm",
    scheme: Scheme = "WorkloadIdentityFederation",
    url: str = "https://management.azure.com/",
    parameters: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
    description: str = "",
    shared_with: tuple[str, ...] = (),
    created_by_id: str = "",
    created_by_name: str = "",
) -> ServiceConnection:
    """A new connection; secret parameters go to the secrets.

    Raises `BadInput` naming the parameter that is missing, `Conflict` when the name is taken.
    """
    now = store.clock.now()
    with store.database.transaction():
        made = ServiceConnection(
            connection_id=ids.new_guid(), project_id=project_id, name=name, kind=kind, url=url,
            scheme=scheme, description=description, parameters=parameters or {},
            data=data or {}, shared_with=shared_with, created_by_id=created_by_id,
            created_by_name=created_by_name, created_at=now, updated_at=now,
        )  # fmt: skip
        return _save(store, made)


def replace_connection(store: Store, connection: ServiceConnection) -> ServiceConnection:
    """Store a changed connection; a secret parameter that is not given keeps its value."""
    with store.database.transaction():
        get(store, connection.connection_id)
        return _save(store, replace(connection, updated_at=store.clock.now()))


def find(store: Store, *, project_id: str, name_or_id: str) -> ServiceConnection | None:
    """The connection of a project by name (any letter case) or id, or None."""
    wanted = name_or_id.casefold()
    for made in list_of(store, project_id=project_id):
        if wanted in (made.name.casefold(), made.connection_id):
            return made
    return None


def get(store: Store, connection_id: str, *, project_id: str | None = None) -> ServiceConnection:
    """The connection. Raises `NotFound`."""
    found = store.documents.find(_KIND, connection_id.lower())
    made = rows.read(ServiceConnection, found.body) if found else None
    if made is None or (project_id is not None and not _is_in(made, project_id)):
        raise NotFound(
            f"The service connection '{connection_id}' was not found.",
            code="ServiceEndpointNotFoundException", where=connection_id,
        )  # fmt: skip
    return made


def list_of(store: Store, *, project_id: str) -> list[ServiceConnection]:
    """The connections of a project and those shared with it, by name."""
    found = (rows.read(ServiceConnection, d.body) for d in store.documents.list(_KIND))
    return sorted((c for c in found if _is_in(c, project_id)), key=lambda c: c.name.casefold())


def delete(store: Store, connection_id: str) -> None:
    """Remove a connection and its secrets. Raises `NotFound`."""
    with store.database.transaction():
        made = get(store, connection_id)
        for name in made.secret_names:
            store.secrets.delete(_secret(connection_id, name))
        store.documents.delete(_KIND, made.connection_id)


def secret_of(store: Store, connection: ServiceConnection, name: str) -> str:
    """A secret parameter in clear, empty when there is none; for the agent only."""
    return store.secrets.find(_secret(connection.connection_id, name)) or ""


def is_authorized(store: Store, *, connection: ServiceConnection, definition_id: int) -> bool:
    """Whether runs of the definition may act with the connection."""
    return pipeline_permissions.is_authorized(
        store, resource_type="endpoint", resource_id=connection.connection_id,
        definition_id=definition_id,
    )  # fmt: skip


def _save(store: Store, connection: ServiceConnection) -> ServiceConnection:
    _check(store, connection)
    public: dict[str, str] = {}
    names = set(connection.secret_names)
    for name, value in connection.parameters.items():
        if name.lower() not in SECRET_PARAMETERS:
            public[name] = value
        elif value:
            store.secrets.put(_secret(connection.connection_id, name), value)
            names.add(name.lower())
    clean = replace(
        connection, parameters=public, secret_names=tuple(sorted(names)),
        tenant_id=_of(public, "tenantid"), app_id=_of(public, "serviceprincipalid"),
    )  # fmt: skip
    store.documents.put(_KIND, clean.connection_id, rows.body_of(clean))
    return clean


def _check(store: Store, connection: ServiceConnection) -> None:
    if not connection.name.strip() or len(connection.name) > 256 or "/" in connection.name:
        raise _bad(f"the service connection name '{connection.name}' is not valid", "name",
                   "Names have 1 to 256 characters and no '/'.")  # fmt: skip
    for other in list_of(store, project_id=connection.project_id):
        same = other.name.casefold() == connection.name.casefold()
        if same and other.connection_id != connection.connection_id:
            raise Conflict(
                f"Service connection with name {connection.name} already exists.",
                code="DuplicateServiceConnectionException", where=connection.name,
            )  # fmt: skip
    if connection.kind != "azurerm":
        return
    if connection.scheme not in ("WorkloadIdentityFederation", "ServicePrincipal"):
        raise _bad(
            f"the scheme '{connection.scheme}' is not supported for azurerm",
            "authorization.scheme", "Known: WorkloadIdentityFederation, ServicePrincipal.",
        )  # fmt: skip
    for needed in ("tenantid", "serviceprincipalid"):
        if not _of(connection.parameters, needed):
            raise _bad(
                f"an azurerm service connection needs '{needed}'",
                f"authorization.parameters.{needed}",
                "Create the application first; shipway does not create it on its own.",
            )  # fmt: skip
    has_key = _of(connection.parameters, "serviceprincipalkey") or connection.secret_names
    if connection.scheme == "ServicePrincipal" and not has_key:
        raise _bad(
            "the scheme ServicePrincipal needs 'serviceprincipalkey'",
            "authorization.parameters.serviceprincipalkey",
            "Or use WorkloadIdentityFederation, which has no secret.",
        )  # fmt: skip


def _bad(message: str, where: str, hint: str) -> BadInput:
    return BadInput(message, code="InvalidServiceEndpointException", where=where, hint=hint)


def _of(values: Mapping[str, str], name: str) -> str:
    return next((v for k, v in values.items() if k.lower() == name), "")


def _is_in(connection: ServiceConnection, project_id: str) -> bool:
    return project_id == connection.project_id or project_id in connection.shared_with


def _secret(connection_id: str, name: str) -> str:
    return f"service-connection/{connection_id}/{name.lower()}"
