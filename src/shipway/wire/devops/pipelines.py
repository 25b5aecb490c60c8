"""Pipelines and their runs: the newer shape.

Source: https://learn.microsoft.com/rest/api/azure/devops/pipelines
"""

from dataclasses import replace
from typing import Any

from shipway.base.errors import BadInput, NotFound
from shipway.devops import definitions, pipeline_resources, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.projects import Project
from shipway.devops.runs import Run
from shipway.loop import pipeline_schedule, run_compilation
from shipway.store.store import Store
from shipway.wire.devops import body_fields, build_repositories, run_requests, run_words, shapes
from shipway.wire.devops.definitions import definition_of
from shipway.wire.devops.fields import body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response


class Pipelines:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET pipelines."""
        project = shapes.project_of(self._store, request)
        found = definitions.list_of(self._store, project_id=project.project_id)
        page, following = shapes.paged(request, found)
        values = [_reference(request, project, d) for d in page]
        return shapes.collection(values, continuation=following)

    def get(self, request: Request) -> Response:
        """GET pipelines/{id}."""
        project = shapes.project_of(self._store, request)
        return json_response(
            self._shape(request, project, definition_of(self._store, request, project))
        )

    def create(self, request: Request) -> Response:
        """POST pipelines: a YAML file of a repository; its own trigger counts."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        settings = body.child("configuration")
        body_fields.check_pipeline(body)
        settings.choice("type", ("yaml",))
        repository = build_repositories.read_of_pipeline(
            self._store, project, settings.child("repository")
        )
        made = definitions.create(
            self._store, project_id=project.project_id, name=body.text("name"),
            repository_id=repository.repository_id, github=repository.github,
            yaml_path=settings.text("path", "azure-pipelines.yml"),
            default_branch=repository.default_branch, folder=body.text("folder", "\\"),
            created_by_id=request.principal.object_id, created_by_name=request.principal.name,
        )  # fmt: skip
        pipeline_schedule.arm_definition(self._store, made)
        return json_response(self._shape(request, project, made))

    def preview(self, request: Request) -> Response:
        """POST pipelines/{id}/preview: the expanded YAML, or what is wrong with it."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        try:
            definition = definition_of(self._store, request, project)
        except NotFound:
            return _unknown_pipeline(request)
        body_fields.check_run(body)
        run = run_requests.unqueued(
            self._store, definition, request.principal,
            branch=run_requests.self_branch(body), version=run_requests.self_version(body),
            variables=run_requests.variables(body.named("variables")),
            secrets=run_requests.secrets(body.named("variables")),
            parameters=body.child("templateParameters").values,
        )  # fmt: skip
        run = replace(run, repository_choices=run_requests.repository_choices(body))
        result = run_compilation.compile_preview(
            self._store, run, path=definition.yaml_path, override=body.text("yamlOverride", "")
        )
        if result.plan is None:
            return _refused(400, "PipelineValidationException", result.error_text)
        run = replace(run, pipeline_versions=run_requests.pipeline_versions(body))
        _, wrong = pipeline_resources.choose(
            self._store, run, result.plan, file=definition.yaml_path
        )
        if wrong:
            text = "\n".join(problem.service_text() for problem in wrong)
            return _refused(400, "PipelineValidationException", text)
        return json_response({"finalYaml": result.final_yaml})

    def run(self, request: Request) -> Response:
        """POST pipelines/{id}/runs."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        definition = definition_of(self._store, request, project)
        body_fields.check_run(body)
        if body.boolean("previewRun"):
            return self.preview(request)
        if body.text("yamlOverride", ""):
            raise BadInput(
                "YAML override is only allowed for a preview run",
                code="InvalidArgumentValueException", where="yamlOverride",
                hint="Set previewRun, or commit the file.",
            )  # fmt: skip
        made = run_requests.queue(
            self._store, definition, request.principal,
            branch=run_requests.self_branch(body), version=run_requests.self_version(body),
            variables=run_requests.variables(body.named("variables")),
            secrets=run_requests.secrets(body.named("variables")),
            parameters=body.child("templateParameters").values,
            stages_to_skip=body.texts("stagesToSkip"),
            pipeline_versions=run_requests.pipeline_versions(body),
            repository_choices=run_requests.repository_choices(body),
        )  # fmt: skip
        return json_response(self.run_shape(request, project, made))

    def runs(self, request: Request) -> Response:
        """GET pipelines/{id}/runs, newest first."""
        project = shapes.project_of(self._store, request)
        definition = definition_of(self._store, request, project)
        found = runs.list_of(
            self._store, project_id=project.project_id, definition_id=definition.definition_id,
            limit=10_000,
        )  # fmt: skip
        return shapes.collection([self.run_shape(request, project, r) for r in found])

    def one_run(self, request: Request) -> Response:
        """GET pipelines/{id}/runs/{run}."""
        project = shapes.project_of(self._store, request)
        return json_response(self.run_shape(request, project, run_of(self._store, request)))

    def run_shape(self, request: Request, project: Project, run: Run) -> dict[str, Any]:
        """`Run`."""
        place = f"{shapes.project_url(request, project)}/_apis/pipelines/{run.definition_id}"
        shape: dict[str, Any] = {
            "id": run.run_id, "name": run.run_name, "state": run_words.run_state(run),
            "createdDate": shapes.moment(run.queued_at),
            "pipeline": {
                "id": run.definition_id, "name": run.definition_name, "folder": "\\",
                "revision": 1, "url": f"{place}?revision=1",
            },
            "templateParameters": {k: str(v) for k, v in run.parameters.items()},
            "variables": {
                **{k: {"value": v} for k, v in run.variables.items()},
                **{k: {"value": None, "isSecret": True} for k in run.secret_names},
            },
            "resources": {
                "repositories": {
                    "self": {
                        "repository": build_repositories.shape_of_run(self._store, run),
                        "refName": run.source_branch, "version": run.source_version,
                    },
                    **build_repositories.others_of_run(self._store, run),
                },
                **self._pipelines_of(request, project, run),
            },
            "url": f"{place}/runs/{run.run_id}",
            "_links": run_words.links(request, project, run),
        }  # fmt: skip
        if run.state == "completed":
            shape["result"] = run_words.run_result(run)
            shape["finishedDate"] = shapes.moment(run.finished_at)
        return shape

    def _pipelines_of(self, request: Request, project: Project, run: Run) -> dict[str, Any]:
        """The runs behind `resources.pipelines`, where there are any."""
        found = {}
        for one in run.pipelines:
            other = runs.get(self._store, one.run_id)
            place = f"{shapes.project_url(request, project)}/_apis/pipelines/{other.definition_id}"
            found[one.alias] = {
                "pipeline": {
                    "id": other.definition_id, "name": other.definition_name, "folder": "\\",
                    "revision": 1, "url": f"{place}?revision=1",
                },
                "version": other.run_name,
            }  # fmt: skip
        return {"pipelines": found} if found else {}

    def _shape(
        self, request: Request, project: Project, definition: PipelineDefinition
    ) -> dict[str, Any]:
        return _reference(request, project, definition) | {
            "configuration": {
                "type": "yaml", "path": definition.yaml_path,
                "repository": build_repositories.shape_of_pipeline(definition),
            }
        }  # fmt: skip


def run_of(store: Store, request: Request) -> Run:
    """The run that the path names, of the definition that it names. Raises `NotFound`."""
    project = shapes.project_of(store, request)
    found = runs.get(
        store, shapes.number(request.params["run"], "runId"), project_id=project.project_id
    )
    if str(found.definition_id) != request.params["definition"]:
        raise NotFound(
            f"The run {found.run_id} does not belong to the pipeline "
            f"{request.params['definition']}",
            code="RunNotFoundException", where="runId",
            hint=f"It is a run of the pipeline {found.definition_id}.",
        )  # fmt: skip
    return found


def routes(store: Store) -> tuple[Route, ...]:
    """Pipelines and runs; after everything else whose path begins with `pipelines/`."""
    noun = Pipelines(store)
    one = "pipelines/{definition}"
    listed = ("orderBy", "$top", "continuationToken")
    return (
        in_project("GET", "pipelines", noun.list_all, query=listed),
        in_project("POST", "pipelines", noun.create, action="contribute"),
        in_project("GET", one, noun.get, query=("pipelineVersion",)),
        in_project("POST", f"{one}/preview", noun.preview, query=("pipelineVersion",)),
        in_project("GET", f"{one}/runs", noun.runs),
        in_project("POST", f"{one}/runs", noun.run, action="contribute",
                   query=("pipelineVersion",)),
        in_project("GET", f"{one}/runs/{{run}}", noun.one_run),
    )  # fmt: skip


def _unknown_pipeline(request: Request) -> Response:
    """As the service says it: not 404 but 500."""
    return _refused(
        500, "PipelineNotFoundException",
        f"The pipeline '{request.params['definition']}' does not exist",
    )  # fmt: skip


def _refused(status: int, kind: str, message: str) -> Response:
    """An answer of the language's own: clients compare its message, so nothing is added to it."""
    return json_response(
        {
            "$id": "1", "innerException": None, "message": message,
            "typeName": f"Microsoft.Azure.Pipelines.WebApi.{kind}, "
            "Microsoft.Azure.Pipelines.WebApi",
            "typeKey": kind, "errorCode": 0, "eventId": 3000,
        },
        status=status,
    )  # fmt: skip


def _reference(
    request: Request, project: Project, definition: PipelineDefinition
) -> dict[str, Any]:
    place = f"{shapes.project_url(request, project)}/_apis/pipelines/{definition.definition_id}"
    return {
        "id": definition.definition_id, "name": definition.name, "folder": definition.folder,
        "revision": definition.revision, "url": f"{place}?revision={definition.revision}",
    }  # fmt: skip
