"""Required template: only pipelines that extend one of some templates may use a resource.

Judged on the plan: a template counts with its repository, its ref and its path, as the run was
compiled. One of the templates that a check lists is enough, wherever in the chain of `extends`. The
pipeline's own repository puts no stubs in the place of tasks that are here.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/approvals#required-template
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shipway.azpipelines.plan import RunPlan
from shipway.base.errors import BadInput
from shipway.base.messages import Json
from shipway.devops import (
    chosen_commits,
    projects,
    repositories,
    run_stubs,
    task_definitions,
)
from shipway.devops.runs import Run
from shipway.store.store import Store

_GIT = ("git", "azuregit", "tfsgit")
_TYPES = (*_GIT, "github", "githubenterprise", "bitbucket")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredTemplate:
    """A template that is asked for. `ref` is empty where any will do."""

    repository_type: str
    repository_name: str
    ref: str
    path: str

    def __str__(self) -> str:
        at = f" ({self.ref})" if self.ref else ""
        return f"{self.path} of {self.repository_name}{at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extended:
    """A template that the run extends."""

    type: str
    name: str
    repository_id: str
    ref: str
    path: str
    is_astray: bool = False


def templates_of(settings: Mapping[str, Json]) -> list[RequiredTemplate]:
    """What a check asks for. Raises `BadInput` naming the field that is wrong."""
    listed = settings.get("extendsChecks")
    if not isinstance(listed, list) or not listed:
        raise _bad("a required template check needs at least one template", "extendsChecks",
                   "Give [{repositoryType, repositoryName, repositoryRef, templatePath}].",
                   )  # fmt: skip
    return [_template(one) for one in listed]


def refusal(store: Store, run: Run, plan: RunPlan, settings: Mapping[str, Json]) -> str:
    """Why the check does not pass, empty when it does."""
    wanted = templates_of(settings)
    extended = list(_extended(store, run, plan))
    same = [one for one in extended if any(_is_same(store, run, one, want) for want in wanted)]
    if any(not one.is_astray for one in same):
        stubbed = _stubbed(store, run, plan)
        return stubbed and f"required template: shipway.yml puts a stub in the place of {stubbed}"
    if same:
        return (
            f"required template: {same[0].path} was read at a commit that is not on {same[0].ref}"
        )
    names = " or ".join(str(one) for one in wanted)
    if not extended:
        return f"required template: the pipeline extends no template; it has to extend {names}"
    have = ", ".join(plan.extends)
    return f"required template: the pipeline extends {have}; it has to extend {names}"


def _stubbed(store: Store, run: Run, plan: RunPlan) -> str:
    """A task that the run would use and that its repository replaces; of others, there are none."""
    stubs = run_stubs.of_run(store, run)
    if not stubs.stubs:
        return ""
    for job in (job for stage in plan.stages for job in stage.jobs):
        for step in (*job.steps, *(one for hook in job.hooks for one in hook.steps)):
            major = step.task.version.partition(".")[0]
            number = int(major) if major.isdigit() else -1
            if step.shorthand != "task" or stubs.find(step.task.name, number) is None:
                continue
            if task_definitions.find(step.task.name, number) is not None:
                return f"{step.task.name}@{number}"
    return ""


def _extended(store: Store, run: Run, plan: RunPlan) -> Iterator[_Extended]:
    named = {one.alias.lower(): one for one in plan.repositories}
    for shown in plan.extends:
        path, separator, alias = shown.rpartition("@")
        resource = named.get(alias.lower()) if separator else None
        if resource is not None:
            yield _Extended(
                type=resource.type, name=resource.name, path=path, ref=resource.branch or "",
                repository_id=resource.repository_id or "",
                is_astray=chosen_commits.is_astray(
                    store, run, alias=resource.alias, branch=resource.branch or "",
                    repository=repositories.by_id(store, resource.repository_id or ""),
                    commit=resource.commit,
                ),
            )  # fmt: skip
        else:
            yield _Extended(
                type="git", name="", path=shown, ref=run.source_branch,
                repository_id=run.repository_id,
                is_astray=chosen_commits.own_is_astray(store, run),
            )  # fmt: skip


def _is_same(store: Store, run: Run, have: _Extended, want: RequiredTemplate) -> bool:
    if have.path != want.path or (want.ref and have.ref != want.ref):
        return False
    if want.repository_type in _GIT:
        return have.repository_id != "" and have.repository_id == _id_of(store, run, want)
    same_type = have.type.lower() == want.repository_type
    return same_type and have.name.lower() == want.repository_name.lower()


def _id_of(store: Store, run: Run, want: RequiredTemplate) -> str:
    place, _, name = want.repository_name.rpartition("/")
    project = projects.find(store, place) if place else None
    if place and project is None:
        return ""
    project_id = project.project_id if project else run.project_id
    found = repositories.find(store, project_id=project_id, name_or_id=name)
    return found.repository_id if found else ""


def _template(told: Json) -> RequiredTemplate:
    fields = told if isinstance(told, dict) else {}
    kind = str(fields.get("repositoryType") or "git").lower()
    if kind not in _TYPES:
        raise _bad(f"the repository type '{kind[:40]}' is not known",
                   "extendsChecks[].repositoryType", f"Known: {', '.join(_TYPES)}.")  # fmt: skip
    made = RequiredTemplate(
        repository_type=kind, repository_name=str(fields.get("repositoryName") or "").strip("/ "),
        ref=_full_ref(str(fields.get("repositoryRef") or "").strip()),
        path=str(fields.get("templatePath") or "").replace("\\", "/").lstrip("/ ").strip(),
    )  # fmt: skip
    for name, value in (("repositoryName", made.repository_name), ("templatePath", made.path)):
        if not value:
            raise _bad(f"a required template needs '{name}'", f"extendsChecks[].{name}",
                       "Such as {repositoryName: project/repo, templatePath: t.yml}.")  # fmt: skip
    return made


def _full_ref(ref: str) -> str:
    return ref if not ref or ref.startswith("refs/") else f"refs/heads/{ref}"


def _bad(message: str, where: str, hint: str) -> BadInput:
    return BadInput(
        message, code="InvalidCheckConfigurationException", where=f"settings.{where}", hint=hint
    )
