"""`resources.pipelines`: which run of another pipeline a run uses, and its variables.

Chosen once, when a run begins: the run that triggered it; else the one that was asked for by name
when it was queued or in the YAML; else the newest that went well. Knows: definitions, runs.
Must not know: HTTP, what starts a run.
Source: https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/resources-pipelines-pipeline
"""

from collections.abc import Sequence

from shipway.azpipelines.diagnostics import Diagnostic
from shipway.azpipelines.plan import RunPlan
from shipway.azpipelines.plan_resources import PipelineResource
from shipway.base.errors import NotFound
from shipway.devops import (
    definitions,
    github_mirrors,
    projects,
    repositories,
    requester_rights,
    run_tags,
    runs,
)
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import ChosenRun, Run
from shipway.store.store import Store

ALIAS = "alias"
TRIGGERING_RUN = "pipelineId"
"""Keys of `Run.trigger_info` of a run that another pipeline's run has started."""
GOOD = ("succeeded", "succeededWithIssues")


def choose(
    store: Store, run: Run, plan: RunPlan, *, file: str
) -> tuple[tuple[ChosenRun, ...], list[Diagnostic]]:
    """The run behind each pipeline resource of a plan, and what is wrong with the others."""
    found: list[ChosenRun] = []
    wrong: list[Diagnostic] = []
    for one in plan.pipelines:
        definition = definition_of(store, one.source, one.project, project_id=run.project_id)
        if definition is None or not requester_rights.sees(store, run, definition.project_id):
            wrong.append(_problem(one, f"Pipeline Resource {one.alias} Input Must be Valid.", file,
                                  f"There is no pipeline called '{one.source}' here."))  # fmt: skip
            continue
        other = _chosen(store, run, one, definition)
        if other is None:
            text = (
                f"Unable to resolve latest version for pipeline {one.alias} this could be due to "
                "inaccessible pipeline or no version is available"
            )
            hint = f"Run '{definition.name}' first: {_wanted(run, one)}."
            wrong.append(_problem(one, text, file, hint))
            continue
        found.append(
            ChosenRun(alias=one.alias, run_id=other.run_id, names_project=bool(one.project))
        )
    return tuple(found), wrong


def definition_of(
    store: Store, source: str, project: str | None, *, project_id: str
) -> PipelineDefinition | None:
    """The pipeline that `source` names, with its folder or without, in any letter case."""
    if project:
        try:
            project_id = projects.get(store, project).project_id
        except NotFound:
            return None
    wanted = source.replace("/", "\\").casefold()
    listed = [d for d in definitions.list_of(store, project_id=project_id) if not d.is_local]
    for one in listed:
        if wanted in (one.name.casefold(), path_of(one).casefold(), path_of(one)[1:].casefold()):
            return one
    return None


def path_of(definition: PipelineDefinition) -> str:
    """The name of a pipeline with its folder: `\\team\\name`."""
    return "\\".join((definition.folder.rstrip("\\"), definition.name))


def variables_of(store: Store, run: Run) -> dict[str, str]:
    """resources.pipeline.ALIAS.* of a run, and which of them triggered it, if any did."""
    is_triggered = run.reason == "resourceTrigger"
    found = {
        "resources.triggeringAlias": run.trigger_info.get(ALIAS, "") if is_triggered else "",
        "resources.triggeringCategory": "pipeline" if is_triggered else "",
    }
    for chosen in run.pipelines:
        other = runs.get(store, chosen.run_id)
        found |= _of_resource(store, chosen, other)
    if is_triggered and run.trigger_info.get(TRIGGERING_RUN, "").isdecimal():
        found |= _triggered_by(runs.get(store, int(run.trigger_info[TRIGGERING_RUN])))
    return found


def _of_resource(store: Store, chosen: ChosenRun, other: Run) -> dict[str, str]:
    repository = repositories.by_id(store, other.repository_id)
    mirrored = repository is not None and github_mirrors.is_mirror(repository)
    values = {
        "projectID": other.project_id, "pipelineName": other.definition_name,
        "pipelineID": str(other.definition_id), "runName": other.run_name,
        "runID": str(other.run_id), "runURI": f"vstfs:///Build/Build/{other.run_id}",
        "sourceBranch": other.source_branch, "sourceCommit": other.source_version,
        "sourceProvider": "GitHub" if mirrored else "TfsGit",
        "requestedFor": other.requested_for.name, "requestedForID": other.requested_for.object_id,
    }  # fmt: skip
    if chosen.names_project:
        values["projectName"] = projects.get(store, other.project_id).name
    return {f"resources.pipeline.{chosen.alias}.{name}": v for name, v in values.items()}


def _triggered_by(other: Run) -> dict[str, str]:
    return {
        "Build.TriggeredBy.BuildId": str(other.run_id),
        "Build.TriggeredBy.BuildNumber": other.run_name,
        "Build.TriggeredBy.DefinitionId": str(other.definition_id),
        "Build.TriggeredBy.DefinitionName": other.definition_name,
        "Build.TriggeredBy.ProjectID": other.project_id,
    }


def _chosen(
    store: Store, run: Run, one: PipelineResource, definition: PipelineDefinition
) -> Run | None:
    if run.trigger_info.get(ALIAS, "").casefold() == one.alias.casefold() != "":
        return runs.get(store, int(run.trigger_info[TRIGGERING_RUN]))
    listed = runs.list_of(store, definition_id=definition.definition_id)
    version = _asked(run, one.alias) or one.version
    if version:
        return next((r for r in listed if version in (r.run_name, str(r.run_id))), None)
    return next((r for r in listed if _is_candidate(r, one)), None)


def _is_candidate(run: Run, one: PipelineResource) -> bool:
    """Whether a run may stand for a resource that asks for no run by name."""
    if run.local is not None:  # its tree was never pushed
        return False
    if one.branch and run.source_branch != definitions.full_branch(one.branch):
        return False
    return run.state == "completed" and run.result in GOOD and run_tags.has_all(run, one.tags)


def _asked(run: Run, alias: str) -> str:
    """The version that was asked for when the run was queued."""
    given = {name.casefold(): version for name, version in run.pipeline_versions.items()}
    return given.get(alias.casefold(), "")


def _wanted(run: Run, one: PipelineResource) -> str:
    version = _asked(run, one.alias) or one.version
    parts: Sequence[str] = (
        f"its run {version}" if version else "a run that went well",
        f"on the branch {one.branch}" if one.branch and not version else "",
        f"with the tags {', '.join(one.tags)}" if one.tags and not version else "",
    )
    return " ".join(["this needs", *(part for part in parts if part)])


def _problem(one: PipelineResource, message: str, file: str, hint: str) -> Diagnostic:
    at = one.position
    return Diagnostic(
        code="pipeline-resource", severity="error", message=message, file=at.file or file,
        line=at.line, column=at.column, hint=hint, shown="place" if at.line else "file",
    )  # fmt: skip
