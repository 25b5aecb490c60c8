"""Logs of builds and runs, as text or as lines, also while they grow.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/builds/get-build-log
"""

from typing import Any

from shipway.devops import logs, runs
from shipway.devops.logs import Log
from shipway.devops.projects import Project
from shipway.devops.runs import Run
from shipway.store.store import Store
from shipway.wire.devops import shapes, versions
from shipway.wire.devops.builds import build_of
from shipway.wire.devops.pipelines import run_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import FileBody, Request, Response, Route, json_response


class Logs:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_build(self, request: Request) -> Response:
        """GET build/builds/{id}/logs."""
        project = shapes.project_of(self._store, request)
        run = build_of(self._store, request, project)
        found = logs.list_of(self._store, run_id=run.run_id)
        return shapes.collection([self._shape(request, project, log) for log in found])

    def of_run(self, request: Request) -> Response:
        """GET pipelines/{id}/runs/{run}/logs."""
        project, run = shapes.project_of(self._store, request), run_of(self._store, request)
        place = _run_url(request, project, run)
        found = logs.list_of(self._store, run_id=run.run_id)
        values = [self._run_log(request, project, run, log) for log in found]
        return json_response({"logs": values, "url": f"{place}/logs"})

    def one_of_run(self, request: Request) -> Response:
        """GET pipelines/{id}/runs/{run}/logs/{log}."""
        project, run = shapes.project_of(self._store, request), run_of(self._store, request)
        log_id = shapes.number(request.params["log"], "logId")
        log = logs.get(self._store, run_id=run.run_id, log_id=log_id)
        return json_response(self._run_log(request, project, run, log))

    def lines(self, request: Request) -> Response:
        """GET build/builds/{id}/logs/{log}: text for `Accept: text/plain`, else lines."""
        project = shapes.project_of(self._store, request)
        run = build_of(self._store, request, project)
        log_id = shapes.number(request.params["log"], "logId")
        log = logs.get(self._store, run_id=run.run_id, log_id=log_id)
        as_lines = versions.wants(request, "application/json")
        start, end = request.arg("startLine"), request.arg("endLine")
        path = logs.path_of(self._store, log)
        if not as_lines and not start and not end and path.exists():
            return Response(headers=(("Content-Type", "text/plain"),), body=FileBody(path=path))
        # the service counts from 0 here, and takes 0 and 1 both for the first line
        found = logs.read(
            self._store, log, start=max(1, shapes.number(start or "1", "startLine")),
            end=shapes.number(end, "endLine") if end else None,
        )  # fmt: skip
        if as_lines:
            return shapes.collection(found)
        text = "".join(f"{line}\n" for line in found)
        return Response(headers=(("Content-Type", "text/plain"),), body=text.encode())

    def _shape(self, request: Request, project: Project, log: Log) -> dict[str, Any]:
        place = f"{shapes.project_url(request, project)}/_apis/build/builds/{log.run_id}"
        record = runs.find_record(self._store, log.run_id, log.record_id)
        changed = record.finished_at if record else None
        return {
            "id": log.log_id, "type": "Container", "url": f"{place}/logs/{log.log_id}",
            "createdOn": shapes.moment(log.created_at),
            "lastChangedOn": shapes.moment(changed or log.created_at),
            "lineCount": logs.line_count(self._store, log),
        }  # fmt: skip

    def _run_log(self, request: Request, project: Project, run: Run, log: Log) -> dict[str, Any]:
        shape = self._shape(request, project, log)
        shape["url"] = f"{_run_url(request, project, run)}/logs/{log.log_id}"
        del shape["type"]
        if request.arg("$expand").lower() == "signedcontent":
            # the address asks for the same token as everything else; it is not signed
            build = f"{shapes.project_url(request, project)}/_apis/build/builds/{log.run_id}"
            shape["signedContent"] = {
                "url": f"{build}/logs/{log.log_id}", "signatureExpires": None,
            }  # fmt: skip
        return shape


def routes(store: Store) -> tuple[Route, ...]:
    """Logs, both ways to them."""
    noun = Logs(store)
    build, run = "build/builds/{build}/logs", "pipelines/{definition}/runs/{run}/logs"
    return (
        in_project("GET", build, noun.of_build),
        in_project("GET", f"{build}/{{log}}", noun.lines, query=("startLine", "endLine")),
        in_project("GET", run, noun.of_run, query=("$expand",)),
        in_project("GET", f"{run}/{{log}}", noun.one_of_run, query=("$expand",)),
    )


def _run_url(request: Request, project: Project, run: Run) -> str:
    place = f"{shapes.project_url(request, project)}/_apis/pipelines"
    return f"{place}/{run.definition_id}/runs/{run.run_id}"
