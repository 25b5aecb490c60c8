"""Who acts on Azure DevOps' routes, what they may do, and how they are told that they may not.

A personal access token or job token comes as Basic password or Bearer, an Entra token for
audience 499b84ac-1321-427f-aa17-267ca6975798 as either. Source:
https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/authentication-guidance
"""

from shipway.azure.entra import personal_access_tokens
from shipway.azure.entra.principals import Principal
from shipway.base.errors import Forbidden, NotFound, ShipwayError, Unauthenticated
from shipway.devops import checkout_sources, members, projects, repositories, runs
from shipway.devops.members import Permission
from shipway.store.store import Store
from shipway.wire import errors
from shipway.wire.chain import Authenticate, Authorize
from shipway.wire.devops import git, rights, versions
from shipway.wire.http import Request, Response, Route

_CHALLENGE = 'Basic realm="https://dev.azure.com/"'
_PERMISSIONS: dict[str, Permission] = {
    "read": "read", "job": "job", "contribute": "contribute", "build": "build",
    "endpoint": "endpoint", "administer": "administer", "organize": "organize",
}  # fmt: skip


def authenticator(store: Store) -> Authenticate:
    """Finds the identity of a request. Raises `Unauthenticated` with a Basic challenge."""

    def authenticate(request: Request) -> Principal:
        header = request.headers.get("Authorization")
        try:
            principal = personal_access_tokens.principal_of_header(store, header)
        except Unauthenticated as error:
            # git asks its user once for a password, whatever was wrong with the token
            error.headers["WWW-Authenticate"] = _CHALLENGE
            raise
        if principal.run_id and runs.get(store, principal.run_id).state == "completed":
            raise Unauthenticated(
                f"TF400813: The access token of run {principal.run_id} ended with the run",
                code="UnauthorizedRequestException",
                hint="System.AccessToken is good while its run lasts.",
                headers={"WWW-Authenticate": _CHALLENGE},
            )  # fmt: skip
        if not members.belongs(store, principal):
            raise Unauthenticated(
                f"TF400813: The user '{principal.name}' is not authorized to access this resource",
                code="UnauthorizedRequestException",
                hint="An application has to be added to the organization first.",
                headers={"WWW-Authenticate": _CHALLENGE},
            )  # fmt: skip
        return principal

    return authenticate


def authorizer(store: Store) -> Authorize:
    """Checks organization, role, and that a job's token stays in its project."""

    def authorize(request: Request, route: Route) -> None:
        organization = request.params.get("organization", projects.ORGANIZATION)
        if organization.lower() != projects.ORGANIZATION:
            raise NotFound(
                f"VS800075: The organization '{organization}' does not exist here",
                code="HostNotFoundException", where=organization,
                hint=f"The organization is https://dev.azure.com/{projects.ORGANIZATION}.",
            )  # fmt: skip
        versions.check(request)
        if git.is_fetch(request) and _is_lent(store, request):
            return
        _stay_in_project(store, request)
        project_id = _project_of(store, request)
        rights.require(store, request, _PERMISSIONS[route.action], project_id=project_id)

    return authorize


def envelope(error: ShipwayError, request: Request) -> Response:
    """Plain text for git, Azure DevOps' JSON for everyone else.

    The service names an argument at the end of its message, and so does this.
    """
    if git.is_git(request):
        return git.plain_error(error, request)
    if error.status == 400 and error.where and error.where not in error.message:
        error.message = f"{error.message.rstrip('.')}. Parameter name: {error.where}"
    return errors.devops_error(error, request)


def _project_of(store: Store, request: Request) -> str | None:
    """The id of the project that the path names, itself or by the id of a repository."""
    name, repository_id = request.params.get("project"), request.params.get("repository")
    if name:
        project = projects.find(store, name)
        return project.project_id if project else None
    repository = repositories.by_id(store, repository_id) if repository_id else None
    return repository.project_id if repository else None


def _is_lent(store: Store, request: Request) -> bool:
    """Whether the job's token may read a repository of another project, for a checkout."""
    project_id, number = _project_of(store, request), request.principal.run_id
    if not number or project_id is None or runs.get(store, number).project_id == project_id:
        return False
    name = request.params["repository"].removesuffix(".git")
    found = repositories.find(store, project_id=project_id, name_or_id=name)
    return found is not None and checkout_sources.is_lent(store, number, found.repository_id)


def _stay_in_project(store: Store, request: Request) -> None:
    """A job's token reaches the project of its run and nothing else."""
    principal = request.principal
    name = request.params.get("project") or request.params.get("repository")
    if not principal.run_id or not name:
        return
    run = runs.get(store, principal.run_id)
    if _project_of(store, request) != run.project_id:
        raise Forbidden(
            f"the access token of run {run.run_id} is limited to its own project, not '{name}'",
            code="AccessDeniedException", where=name,
            hint="Job authorization scope is limited to the current project.",
        )  # fmt: skip
