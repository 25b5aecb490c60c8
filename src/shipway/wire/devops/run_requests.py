"""What a client may say when it asks for a run, and asking for it.

Source: https://learn.microsoft.com/rest/api/azure/devops/pipelines/runs/run-pipeline
"""

from collections.abc import Collection, Mapping
from typing import Any

from shipway.azure.entra.principals import Principal
from shipway.base.errors import BadInput
from shipway.devops import definitions, github_mirrors, repositories, runs
from shipway.devops.definitions import PipelineDefinition
from shipway.devops.runs import Reason, RepositoryChoice, Requester, Run
from shipway.store.store import Store
from shipway.wire.devops.fields import Fields

# may always be given, whatever the definition says
_FREE = frozenset({"system.debug", "build.clean", "agent.diagnostic"})


def queue(  # noqa: PLR0913  # one argument for each thing that a client may say
    store: Store,
    definition: PipelineDefinition,
    principal: Principal,
    *,
    branch: str,
    version: str,
    variables: Mapping[str, str],
    parameters: Mapping[str, Any],
    secrets: Collection[str] = (),
    stages_to_skip: tuple[str, ...] = (),
    reason: Reason = "manual",
    pipeline_versions: Mapping[str, str] | None = None,
    repository_choices: Mapping[str, RepositoryChoice] | None = None,
) -> Run:
    """Queue a run of a branch (the definition's own when empty) at a commit (its tip when empty).

    `secrets` names the variables that are secret; those that are so in the definition stay it.
    Raises `BadInput` for a branch or commit that is not there, or a variable that may not be set.
    """
    ref = definitions.full_branch(branch or definition.default_branch)
    commit = _commit(store, definition, ref, version)
    _check_variables(definition, variables)
    hidden = _secret_names(definition, secrets)
    return runs.queue_run(
        store, definition=definition, branch=ref, version=commit, reason=reason,
        requested_by=principal, parameters=parameters,
        variables={n: v for n, v in variables.items() if n.lower() not in hidden},
        secrets={n: v for n, v in variables.items() if n.lower() in hidden},
        stages_to_skip=stages_to_skip, pipeline_versions=pipeline_versions,
        repository_choices=repository_choices,
    )  # fmt: skip


def unqueued(
    store: Store,
    definition: PipelineDefinition,
    principal: Principal,
    *,
    branch: str,
    version: str,
    variables: Mapping[str, str],
    parameters: Mapping[str, Any],
    secrets: Collection[str] = (),
) -> Run:
    """The run that `queue` would make, kept nowhere: for a preview. Raises what `queue` raises."""
    ref = definitions.full_branch(branch or definition.default_branch)
    commit = _commit(store, definition, ref, version)
    _check_variables(definition, variables)
    hidden = _secret_names(definition, secrets)
    public = {n: v for n, v in variables.items() if n.lower() not in hidden}
    by, now = Requester(object_id=principal.object_id, name=principal.name), store.clock.now()
    return Run(
        run_id=0, project_id=definition.project_id, definition_id=definition.definition_id,
        definition_name=definition.name, repository_id=definition.repository_id, run_name="",
        source_branch=ref, source_version=commit, reason="manual", requested_by=by,
        requested_for=by, queued_at=now, updated_at=now, variables=public,
        parameters=dict(parameters), plan_id="",
    )  # fmt: skip


def variables(named: Mapping[str, Fields]) -> dict[str, str]:
    """The values of `{name: {value, isSecret}}`."""
    return {name: body.text("value", "") for name, body in named.items()}


def secrets(named: Mapping[str, Fields]) -> tuple[str, ...]:
    """The names in `{name: {value, isSecret}}` that are secret."""
    return tuple(name for name, body in named.items() if body.boolean("isSecret"))


def _secret_names(definition: PipelineDefinition, given: Collection[str]) -> set[str]:
    own = (name for name, variable in definition.variables.items() if variable.is_secret)
    return {name.lower() for name in (*own, *given)}


def pipeline_versions(body: Fields) -> dict[str, str]:
    """`resources.pipelines.ALIAS.version`: names of runs, by alias."""
    named = body.child("resources").named("pipelines")
    return {alias: one.text("version", "") for alias, one in named.items()}


def repository_choices(body: Fields) -> dict[str, RepositoryChoice]:
    """`resources.repositories.ALIAS` but `self`: `refName` and `version`, by alias."""
    named = body.child("resources").named("repositories")
    return {
        alias.lower(): RepositoryChoice(
            ref=one.text("refName", ""), version=one.text("version", "")
        )
        for alias, one in named.items()
        if alias.lower() != "self"
    }


def self_branch(body: Fields) -> str:
    """`resources.repositories.self.refName`; empty when it is not given."""
    return body.child("resources").child("repositories").child("self").text("refName", "")


def self_version(body: Fields) -> str:
    """`resources.repositories.self.version`; empty when it is not given."""
    return body.child("resources").child("repositories").child("self").text("version", "")


def _commit(store: Store, definition: PipelineDefinition, ref: str, version: str) -> str:
    repository = repositories.by_id(store, definition.repository_id)
    if repository is None and definition.github is not None:
        raise github_mirrors.not_mapped(definition.github.name)
    if repository is None:
        raise BadInput(
            f"the repository of the pipeline '{definition.name}' is gone",
            code="RepositoryInformationInvalidException", where=definition.repository_id,
        )  # fmt: skip
    found = repositories.resolve(store, repository, version or ref)
    if found is None:
        missing = f"version {version[:60]}" if version else f"branch {ref[:200]}"
        raise BadInput(
            f"Could not find {missing} in the repository {repository.name}",
            code="PipelineValidationException", where="resources.repositories.self",
            hint="Push it first.",
        )  # fmt: skip
    return found


def _check_variables(definition: PipelineDefinition, given: Mapping[str, str]) -> None:
    settable = {n.lower() for n, v in definition.variables.items() if v.allow_override} | _FREE
    refused = sorted(n for n in given if n.lower() not in settable)
    if refused:
        names = ", ".join(refused)
        raise BadInput(
            f"You can't set the following variables ({names}). If you want to be able to set "
            "these variables, then edit the pipeline and select Settable at queue time on the "
            "variables tab of the pipeline editor.",
            code="PipelineValidationException", where=f"variables.{refused[0]}",
        )  # fmt: skip
