"""Which run a download is from: this one, another pipeline's latest, or a run by its number.

Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/download-pipeline-artifact-v2
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shipway.agent import file_matching
from shipway.agent.task import StepRun
from shipway.agent.tasks import paths
from shipway.base.errors import BadInput, NotFound
from shipway.devops import artifacts, definitions, projects, requester_rights, runs
from shipway.devops.artifacts import ArtifactFile, PipelineArtifact
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInputs:
    """The names that a task has for the same questions."""

    source: str
    definition: str
    triggering: str
    version: str
    branch: str
    run_id: str


PIPELINE_INPUTS = SourceInputs(
    source="source", definition="pipeline", triggering="preferTriggeringPipeline",
    version="runVersion", branch="runBranch", run_id="runId",
)  # fmt: skip
BUILD_INPUTS = SourceInputs(
    source="buildType", definition="definition", triggering="specificBuildWithTriggering",
    version="buildVersionToDownload", branch="branchName", run_id="buildId",
)  # fmt: skip


def run_of(step: StepRun, names: SourceInputs) -> Run:
    """The run that the inputs choose. Raises `BadInput`, `NotFound`."""
    source = step.input(names.source, "current").lower()
    if source == "current":
        return step.job.run
    if source != "specific":
        raise BadInput(
            f"Build type '{source}' is not recognized.", code="InvalidInput", where=names.source,
            hint="Use current or specific.",
        )  # fmt: skip
    project = projects.get(step.job.store, paths.required(step, "project"))
    definition = definition_of(
        step, project_id=project.project_id, name=paths.required(step, names.definition)
    )
    triggering = step.job.run.trigger_info
    if step.flag(names.triggering) and str(definition.definition_id) == triggering.get(
        "definitionId", triggering.get("triggeredBy.definitionId")
    ):
        number = triggering.get("buildId", triggering.get("triggeredBy.buildId", ""))
        return _by_number(step, number, definition)
    version = step.input(names.version, "latest").lower()
    if version == "specific":
        return _by_number(step, paths.required(step, names.run_id), definition)
    if version not in ("latest", "latestfrombranch"):
        raise BadInput(
            f"'{version}' is no version of a run", code="InvalidInput", where=names.version,
            hint="Use latest, latestFromBranch or specific.",
        )  # fmt: skip
    branch = step.input(names.branch, "refs/heads/master") if version != "latest" else ""
    return latest_of(step, definition, branch=branch, results=_results(step))


def definition_of(step: StepRun, *, project_id: str, name: str) -> PipelineDefinition:
    """A pipeline by its name or number. Raises `NotFound`."""
    store = step.job.store
    # of a project that is not for the eyes of who asked for the run, nothing is known
    is_seen = requester_rights.sees(store, step.job.run, project_id)
    known = definitions.list_of(store, project_id=project_id) if is_seen else []
    bare = name.replace("/", "\\").rsplit("\\", 1)[-1].casefold()
    for one in known:
        if name == str(one.definition_id) or one.name.casefold() in (bare, name.casefold()):
            return one
    raise NotFound(
        f"Definition name {name} didn't correspond to a valid definition",
        code="DefinitionNotFound", where=name,
        hint=f"Known: {', '.join(d.name for d in known) or 'none'}.",
    )  # fmt: skip


def latest_of(
    step: StepRun, definition: PipelineDefinition, *, branch: str = "",
    results: tuple[str, ...] = ("succeeded",), tags: tuple[str, ...] = (),
) -> Run:  # fmt: skip
    """The newest run that ended with one of `results`, of a branch and with the wanted tags."""
    full = branch if branch.startswith("refs/") or not branch else f"refs/heads/{branch}"
    given = (*step.input("tags").split(","), *tags)
    wanted_tags = {tag.strip().casefold() for tag in given if tag.strip()}
    for run in runs.list_of(step.job.store, definition_id=definition.definition_id):
        # a run of a working tree stands for no branch: its tree was never pushed
        is_one = run.local is None and wanted_tags <= {t.casefold() for t in run.tags}
        if is_one and run.result in results and full in ("", run.source_branch):
            return run
    wanted = f" of branch {full}" if full else ""
    raise NotFound(
        f"Latest build{wanted} not found for pipeline {definition.name}",
        code="BuildNotFound", where=definition.name, hint="Run that pipeline first.",
    )  # fmt: skip


def _results(step: StepRun) -> tuple[str, ...]:
    found = ["succeeded"]
    if step.flag("allowPartiallySucceededBuilds"):
        found.append("succeededWithIssues")
    if step.flag("allowFailedBuilds"):
        found.append("failed")
    return tuple(found)


def _by_number(step: StepRun, text: str, definition: PipelineDefinition) -> Run:
    if not text.isdecimal():
        raise BadInput(f"Run ID '{text}' is not a number", code="InvalidInput", where="runId")
    run = runs.get(step.job.store, int(text))
    if run.definition_id != definition.definition_id:
        raise NotFound(
            f"Build with ID {text} not found for build pipeline ID {definition.definition_id}",
            code="BuildNotFound", where=text,
        )  # fmt: skip
    return run


def resource_run(step: StepRun, alias: str) -> Run:
    """The run that a `resources.pipelines` alias stands for. Raises `NotFound`."""
    store = step.job.store
    chosen = step.job.variables.get(f"resources.pipeline.{alias}.runID")
    if chosen.isdecimal():
        return runs.get(store, int(chosen))
    resource = _resource(step, alias)
    given = resource.get("project")
    project_id = projects.get(store, str(given)).project_id if given else step.job.run.project_id
    definition = definition_of(step, project_id=project_id, name=str(resource.get("source")))
    version = resource.get("version")
    if version:
        for run in runs.list_of(store, definition_id=definition.definition_id):
            if run.run_name == version:
                return run
        raise NotFound(
            f"{definition.name} has no run named {version}", code="BuildNotFound", where=alias
        )
    return latest_of(
        step, definition, branch=str(resource.get("branch") or ""),
        results=("succeeded", "succeededWithIssues"), tags=_tags(resource),
    )  # fmt: skip


def _tags(resource: Mapping[str, object]) -> tuple[str, ...]:
    given = resource.get("tags")
    return tuple(str(tag) for tag in given) if isinstance(given, list | tuple) else ()


def _resource(step: StepRun, alias: str) -> Mapping[str, object]:
    plan = runs.get(step.job.store, step.job.run.run_id).plan
    listed = plan.get("pipelines", []) if isinstance(plan, dict) else []
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and str(one.get("alias")).casefold() == alias.casefold():
            return one
    raise NotFound(
        f"there is no pipeline resource '{alias}'", code="DownloadSourceNotSupported", where=alias,
        hint="Use current, none, or an alias of resources.pipelines.",
    )  # fmt: skip


def matching(
    files: list[ArtifactFile], artifact: PipelineArtifact, patterns: list[str], *, bare: bool
) -> list[ArtifactFile]:  # fmt: skip
    """The files that the patterns choose; their paths begin with the artifact's name.

    With `bare` a pattern may also leave the name out.
    """
    if patterns in ([], ["**"], ["**/*"]):
        return files
    named = {f"{artifact.name}/{f.path}": f for f in files}
    chosen: set[str] = set()
    for pattern in patterns:
        text = pattern.lstrip("!")
        hits = set(file_matching.match(list(named), [text]))
        if bare:
            short = file_matching.match([f.path for f in files], [text])
            hits |= {f"{artifact.name}/{path}" for path in short}
        is_include = (len(pattern) - len(text)) % 2 == 0
        chosen = chosen | hits if is_include else chosen - hits
    return [file for name, file in named.items() if name in chosen]


def choose(step: StepRun, run: Run, name: str) -> list[PipelineArtifact]:
    """The one of that name, or all of the run. Raises `NotFound`."""
    if name:
        return [artifacts.get(step.job.store, run_id=run.run_id, name=name)]
    return artifacts.list_of(step.job.store, run_id=run.run_id)
