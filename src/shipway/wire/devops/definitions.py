"""Build definitions: the older shape of a pipeline, the one with triggers and variables.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/definitions
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shipway.base.errors import BadInput, NotFound
from shipway.devops import definitions
from shipway.devops.agent_pools import HOSTED, POOLS
from shipway.devops.agent_pools import find as find_pool
from shipway.devops.definitions import (
    DefinitionVariable,
    GithubRepository,
    JobScope,
    PipelineDefinition,
    PullRequestTrigger,
    QueueStatus,
    TriggerOverride,
)
from shipway.devops.projects import Project
from shipway.devops.runs import Requester
from shipway.loop import pipeline_schedule
from shipway.store.store import Store
from shipway.wire.devops import agent_pools, body_fields, build_repositories, shapes
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route, json_response

_STATUSES: tuple[QueueStatus, ...] = ("enabled", "paused", "disabled")
_SCOPES: tuple[JobScope, ...] = ("project", "projectCollection")
_YAML_PROCESS = 2
_LIST_QUERY = (
    "name", "repositoryId", "repositoryType", "queryOrder", "$top", "continuationToken",
    "definitionIds", "path", "includeAllProperties", "includeLatestBuilds", "processType",
    "yamlFilename",
)  # fmt: skip


class Definitions:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_all(self, request: Request) -> Response:
        """GET build/definitions."""
        project = shapes.project_of(self._store, request)
        found = [
            d for d in definitions.list_of(self._store, project_id=project.project_id)
            if _matches(request, d)
        ]  # fmt: skip
        page, following = shapes.paged(request, found)
        whole = shapes.is_true(request, "includeAllProperties")
        values = [
            self.shape(request, project, d) if whole else reference(request, project, d)
            for d in page
        ]
        return shapes.collection(values, continuation=following)

    def get(self, request: Request) -> Response:
        """GET build/definitions/{id}."""
        project = shapes.project_of(self._store, request)
        found = definition_of(self._store, request, project)
        revision = request.arg("revision")
        if revision and shapes.number(revision, "revision") != found.revision:
            raise NotFound(
                f"revision {revision} of the pipeline '{found.name}' is not kept",
                code="DefinitionRevisionNotFoundException", where="revision",
                hint=f"The present one is {found.revision}; the YAML's history is in git.",
            )  # fmt: skip
        return json_response(self.shape(request, project, found))

    def create(self, request: Request) -> Response:
        """POST build/definitions."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        body_fields.check(body, body_fields.DEFINITION, body_fields.DEFINITION_NEUTRAL)
        _check_process(body)
        repository = build_repositories.read(self._store, project, body.child("repository"))
        made = definitions.create(
            self._store,
            project_id=project.project_id,
            name=body.text("name"),
            repository_id=repository.repository_id,
            github=repository.github,
            yaml_path=body.child("process").text("yamlFilename", "azure-pipelines.yml"),
            default_branch=body.child("repository").text("defaultBranch", "")
            or repository.default_branch,
            folder=body.text("path", "\\"),
            trigger_override=_trigger(body),
            pull_request_trigger=_pull_request_trigger(body, repository.github),
            variables=_variables(body),
            variable_group_ids=tuple(g.number("id") for g in body.children("variableGroups")),
            queue_status=body.choice("queueStatus", _STATUSES, "enabled"),
            queue_number=_queue(body),
            job_authorization_scope=body.choice(
                "jobAuthorizationScope", _SCOPES, "projectCollection"
            ),
            created_by_id=request.principal.object_id,
            created_by_name=request.principal.name,
        )
        pipeline_schedule.arm_definition(self._store, made)
        return json_response(self.shape(request, project, made))

    def update(self, request: Request) -> Response:
        """PUT build/definitions/{id}: the whole definition, with the revision that was read."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        body_fields.check(body, body_fields.DEFINITION, body_fields.DEFINITION_NEUTRAL)
        _check_process(body)
        before = definition_of(self._store, request, project)
        if body.number("revision", before.revision) != before.revision:
            raise BadInput(
                f"revision {body.number('revision')} of the pipeline was changed meanwhile to "
                f"{before.revision}",
                code="DefinitionRevisionConflictException", status=409, where="revision",
                hint="Read it again, then change it.",
            )  # fmt: skip
        repository = build_repositories.read(self._store, project, body.child("repository"))
        changed = definitions.replace_definition(
            self._store,
            replace(
                before,
                name=body.text("name"),
                folder=body.text("path", before.folder),
                repository_id=repository.repository_id,
                github=repository.github,
                yaml_path=body.child("process").text("yamlFilename", before.yaml_path).lstrip("/"),
                default_branch=definitions.full_branch(
                    body.child("repository").text("defaultBranch", before.default_branch)
                ),
                queue_status=body.choice("queueStatus", _STATUSES, before.queue_status),
                queue_number=_queue(body, before.queue_number),
                job_authorization_scope=body.choice(
                    "jobAuthorizationScope", _SCOPES, before.job_authorization_scope
                ),
                trigger_override=_trigger(body),
                pull_request_trigger=_pull_request_trigger(body, repository.github),
                variables=_variables(body),
                variable_group_ids=tuple(g.number("id") for g in body.children("variableGroups")),
            ),
        )
        pipeline_schedule.arm_definition(self._store, changed)
        return json_response(self.shape(request, project, changed))

    def delete(self, request: Request) -> Response:
        """DELETE build/definitions/{id}."""
        project = shapes.project_of(self._store, request)
        found = definition_of(self._store, request, project)
        definitions.delete(
            self._store, project_id=project.project_id, definition_id=found.definition_id
        )
        return shapes.no_content()

    def shape(
        self, request: Request, project: Project, definition: PipelineDefinition
    ) -> dict[str, Any]:
        """`BuildDefinition`."""
        return reference(request, project, definition) | {
            "quality": "definition",
            "authoredBy": shapes.identity(
                self._store, request,
                Requester(object_id=definition.created_by_id, name=definition.created_by_name),
            ),
            "process": {"type": _YAML_PROCESS, "yamlFilename": definition.yaml_path},
            "repository": build_repositories.shape(
                self._store, request, project, definition
            ),
            "queue": agent_pools.queue_shape(request, project, definition.queue_number),
            "triggers": _triggers_shape(definition),
            "variables": {
                name: {
                    "value": None if v.is_secret else v.value,
                    "isSecret": v.is_secret, "allowOverride": v.allow_override,
                }
                for name, v in definition.variables.items()
            },
            "variableGroups": [{"id": g} for g in definition.variable_group_ids],
            "jobAuthorizationScope": definition.job_authorization_scope, "jobTimeoutInMinutes": 60,
            "jobCancelTimeoutInMinutes": 5, "options": [], "tags": [], "properties": {},
        }  # fmt: skip


def routes(store: Store) -> tuple[Route, ...]:
    """Build definitions."""
    noun = Definitions(store)
    one = "build/definitions/{definition}"
    return (
        in_project("GET", "build/definitions", noun.list_all, query=_LIST_QUERY),
        in_project("POST", "build/definitions", noun.create, action="contribute",
                   query=("definitionToCloneId", "definitionToCloneRevision")),
        in_project("GET", one, noun.get,
                   query=("revision", "propertyFilters", "includeLatestBuilds",
                          "minMetricsTime")),
        in_project("PUT", one, noun.update, action="contribute",
                   query=("secretsSourceDefinitionId", "secretsSourceDefinitionRevision")),
        in_project("DELETE", one, noun.delete, action="contribute"),
    )  # fmt: skip


def definition_of(store: Store, request: Request, project: Project) -> PipelineDefinition:
    """The definition that the path names. Raises `NotFound`, `BadInput`."""
    return definitions.get(
        store, project_id=project.project_id,
        definition_id=shapes.number(request.params["definition"], "definitionId"),
    )  # fmt: skip


def reference(request: Request, project: Project, definition: PipelineDefinition) -> dict[str, Any]:
    """`BuildDefinitionReference`."""
    return {
        "id": definition.definition_id, "name": definition.name, "path": definition.folder,
        "type": "build", "queueStatus": definition.queue_status, "revision": definition.revision,
        "createdDate": shapes.moment(definition.created_at),
        "project": shapes.project_reference(request, project),
        "uri": f"vstfs:///Build/Definition/{definition.definition_id}",
        "url": f"{shapes.project_url(request, project)}/_apis/build/Definitions/"
        f"{definition.definition_id}?revision={definition.revision}",
    }  # fmt: skip


def _matches(request: Request, definition: PipelineDefinition) -> bool:
    name, folder = request.arg("name"), request.arg("path")
    wanted = [shapes.number(i, "definitionIds") for i in request.arg("definitionIds").split(",")
              if i]  # fmt: skip
    return (
        (not name or definitions.matches_name(definition, name))
        and (not folder or definition.folder.casefold() == folder.casefold())
        and (not wanted or definition.definition_id in wanted)
        and build_repositories.matches(request, definition)
        and request.arg("yamlFilename", definition.yaml_path) == definition.yaml_path
    )


def _check_process(body: Fields) -> None:
    process = body.child("process")
    if process.number("type", _YAML_PROCESS) != _YAML_PROCESS:
        raise BadInput(
            "only YAML pipelines are supported: 'process.type' is not 2",
            code="NotSupportedException", status=400, where="process.type",
            hint="Classic pipelines have to be exported to YAML.",
        )  # fmt: skip


_KINDS = ("continuousIntegration", "schedule", "pullRequest", "buildCompletion")
_FROM_YAML = 2


def _queue(body: Fields, default: int = HOSTED) -> int:
    """The queue of jobs that name no pool, by its id or name. Raises `NotFound`."""
    queue = body.child("queue")
    number, name = queue.number("id", 0), queue.text("name", queue.child("pool").text("name", ""))
    found = POOLS.get(number) if number else find_pool(name)
    if found is None and (number or name):
        raise NotFound(
            f"No agent queue found with identifier {number or name[:60]}.", where="queue",
            code="TaskAgentQueueNotFoundException",
            hint=f"Known: {', '.join(p.name for p in POOLS.values())}.",
        )  # fmt: skip
    return found.number if found else default


def _trigger(body: Fields) -> TriggerOverride | None:
    """Azure's triggers: settingsSourceType 2 leaves it to the YAML, none at all means no CI."""
    for trigger in body.children("triggers"):
        kind = trigger.choice("triggerType", _KINDS)
        if kind == "pullRequest":
            continue
        if kind != "continuousIntegration":
            raise _not_supported(trigger, kind)
        if trigger.number("settingsSourceType", 1) == _FROM_YAML:
            return None
        return TriggerOverride(
            branch_filters=trigger.texts("branchFilters") or ("+refs/heads/*",),
            path_filters=trigger.texts("pathFilters"),
            batch_changes=trigger.boolean("batchChanges"),
        )
    return TriggerOverride(enabled=False)


def _pull_request_trigger(
    body: Fields, github: GithubRepository | None
) -> PullRequestTrigger | None:
    """For GitHub, and by the YAML's `pr`; pull requests here are validated by branch policies."""
    for trigger in body.children("triggers"):
        if trigger.choice("triggerType", _KINDS) != "pullRequest":
            continue
        if github is None or trigger.number("settingsSourceType", 1) != _FROM_YAML:
            raise _not_supported(trigger, "pullRequest")
        forks = trigger.child("forks")
        return PullRequestTrigger(
            branch_filters=trigger.texts("branchFilters"),
            forks_build=forks.boolean("enabled"),
            forks_get_secrets=forks.boolean("allowSecrets"),
            needs_comment=trigger.boolean("isCommentRequiredForPullRequest"),
            needs_comment_of_others_only=trigger.boolean("requireCommentsForNonTeamMembersOnly"),
        )
    return None


def _not_supported(trigger: Fields, kind: str) -> BadInput:
    return BadInput(
        f"a definition's own '{kind}' trigger is not supported",
        code="NotSupportedException", status=400, where=f"{trigger.path}.triggerType",
        hint="Write it in the YAML; a pull request of Azure Repos is validated by a branch policy.",
    )  # fmt: skip


def _triggers_shape(definition: PipelineDefinition) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    override = definition.trigger_override
    if override is None or override.enabled:
        found.append({
            "triggerType": "continuousIntegration",
            "settingsSourceType": _FROM_YAML if override is None else 1,
            "branchFilters": list(override.branch_filters) if override else [],
            "pathFilters": list(override.path_filters) if override else [],
            "batchChanges": override.batch_changes if override else False,
            "maxConcurrentBuildsPerBranch": 1,
        })  # fmt: skip
    asked = definition.pull_request_trigger
    if asked is not None:
        found.append({
            "triggerType": "pullRequest",
            "settingsSourceType": _FROM_YAML,
            "branchFilters": list(asked.branch_filters),
            "pathFilters": [],
            "forks": {"enabled": asked.forks_build, "allowSecrets": asked.forks_get_secrets},
            "isCommentRequiredForPullRequest": asked.needs_comment,
            "requireCommentsForNonTeamMembersOnly": asked.needs_comment_of_others_only,
        })  # fmt: skip
    return found


def _variables(body: Fields) -> dict[str, DefinitionVariable]:
    return {
        name: DefinitionVariable(
            value=v.text("value", ""), is_secret=v.boolean("isSecret"),
            allow_override=v.boolean("allowOverride"),
        )
        for name, v in body.named("variables").items()
    }  # fmt: skip
