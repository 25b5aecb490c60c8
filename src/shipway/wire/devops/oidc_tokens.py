"""The assertion with which a job of a pipeline signs in as a service connection.

Only a run's own job token gets one, only while that job runs, only for a connection that its
pipeline may use. Source:
https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
"""

from shipway.azure.entra import federated_credentials
from shipway.base.errors import BadInput, Conflict, Forbidden, NotFound
from shipway.devops import projects, runs, service_connections, stage_resources
from shipway.devops.runs import Record, Run
from shipway.devops.service_connections import ServiceConnection
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response


class OidcTokens:
    """Handler."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Request) -> Response:
        """POST .../plans/{plan}/jobs/{job}/oidctoken?serviceConnectionId=."""
        project = shapes.project_of(self._store, request)
        run = self._run(request)
        job = self._job(request, run)
        asked = request.arg("serviceConnectionId")
        if not asked:
            raise BadInput(
                "Value cannot be null. Parameter name: serviceConnectionId",
                code="ArgumentNullException", where="serviceConnectionId",
                hint="Give the id of the service connection.",
            )  # fmt: skip
        connection = service_connections.get(self._store, asked, project_id=project.project_id)
        self._check_use(run, connection)
        stage_resources.require_named(
            self._store, run=run, stage_name=str(job.data.get("stage", "")), connection=connection
        )
        owner = projects.get(self._store, connection.project_id)
        assertion = federated_credentials.issue_assertion(
            self._store, subject=service_connections.subject_of(owner, connection.name)
        )
        return json_response({"oidcToken": assertion})

    def _run(self, request: Request) -> Run:
        if request.params["hub"].lower() != "build":
            raise NotFound(
                f"the hub '{request.params['hub'][:60]}' is not known", where="hubName",
                code="TaskHubNotFoundException", hint="Pipelines run in the hub 'build'.",
            )  # fmt: skip
        run = runs.find_by_plan(self._store, request.params["plan"])
        if run is None:
            raise NotFound(
                f"No plan found for identifier {request.params['plan'][:60]}.", where="planId",
                code="TaskOrchestrationPlanNotFoundException",
            )  # fmt: skip
        if request.principal.run_id != run.run_id or request.principal.check_run_id:
            raise Forbidden(
                "only the access token of a job of this very run may ask for its OIDC token",
                code="AccessDeniedException", where="Authorization",
                hint="Send System.AccessToken of the job.",
            )  # fmt: skip
        return run

    def _job(self, request: Request, run: Run) -> Record:
        job = runs.find_record(self._store, run.run_id, request.params["job"].lower())
        if job is None or job.kind != "Job":
            raise NotFound(
                f"run {run.run_id} has no job {request.params['job'][:60]}", where="jobId",
                code="JobNotFoundException",
            )  # fmt: skip
        if job.state != "inProgress":
            raise Conflict(
                f"the job '{job.name}' of run {run.run_id} is {job.state}",
                code="TaskOrchestrationJobNotRunningException", where="jobId",
                hint="An OIDC token is given while the job runs.",
            )  # fmt: skip
        return job

    def _check_use(self, run: Run, connection: ServiceConnection) -> None:
        if not service_connections.is_authorized(
            self._store, connection=connection, definition_id=run.definition_id
        ):
            raise Forbidden(
                f"the pipeline '{run.definition_name}' is not authorized to use the service "
                f"connection '{connection.name}'",
                code="ServiceConnectionNotAuthorizedException", where="serviceConnectionId",
                hint="Authorize it: PATCH pipelines/pipelinepermissions/endpoint/"
                f"{connection.connection_id}.",
            )  # fmt: skip
        if connection.scheme != "WorkloadIdentityFederation":
            raise Conflict(
                f"the service connection '{connection.name}' uses {connection.scheme}, not "
                "workload identity federation",
                code="InvalidServiceEndpointException", where="serviceConnectionId",
            )  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """One route, as the tasks call it."""
    tail = "distributedtask/hubs/{hub}/plans/{plan}/jobs/{job}/oidctoken"
    query = ("serviceConnectionId",)
    return (in_project("POST", tail, OidcTokens(store).create, action="job", query=query),)
