"""The variables that the system gives: of a run, of a stage, of a job.

Those of a job's agent (folders, machine, status) are added by the agent. Knows: definitions,
repositories, people. Must not know: agents, HTTP.
Source: https://learn.microsoft.com/azure/devops/pipelines/build/variables
"""

from datetime import datetime

from shipway.azpipelines.plan import JobPlan, LegPlan, StagePlan
from shipway.azure.entra import users
from shipway.devops import (
    definitions,
    environments,
    github_mirrors,
    pipeline_resources,
    projects,
    pull_request_variables,
    repositories,
    resource_context,
    run_progress,
    runs,
)
from shipway.devops.repositories import Repository
from shipway.devops.runs import Record, Run
from shipway.store.store import Store

_REASONS = {"individualCI": "IndividualCI", "batchedCI": "BatchedCI", "manual": "Manual",
            "schedule": "Schedule", "pullRequest": "PullRequest",
            "resourceTrigger": "ResourceTrigger", "buildCompletion": "BuildCompletion"}  # fmt: skip
_HOST = "https://dev.azure.com"
_MESSAGE_LENGTH = 200

OF_CHECKS = frozenset({"Checks.StageAttempt"})
"""What only the checks of a stage see."""

SETTABLE = frozenset({"build.clean", "system.debug", "agent.diagnostic"})
"""What people may set although the system reads it."""

_NOT_IN_TEMPLATES = frozenset(
    (
        "build.buildid", "build.buildnumber", "build.builduri", "build.containerid",
        "azure_http_user_agent", "build.repository.clean", "build.repository.provider",
        "build.repository.git.submodulecheckout", "build.sourceversionmessage",
        "msdeploy_http_user_agent", "system.enableaccesstoken", "system.planid",
        "system.timelineid", "tf_build",
    )
)  # fmt: skip


def of_run(store: Store, run: Run) -> dict[str, str]:
    """Build.* and System.* of a run, by name."""
    repository = _triggering(store, run)
    values = {
        **_of_build(store, run),
        **_of_source(store, run, repository),
        **_of_repository(store, repository),
        **_of_system(store, run),
    }
    values |= pull_request_variables.of(run, values["Build.Repository.Uri"])
    values |= pipeline_resources.variables_of(store, run)
    return values


def in_templates(name: str) -> bool:
    """Whether `${{ variables[name] }}` has the value already: it is known before the run."""
    return name.lower() not in _NOT_IN_TEMPLATES and not name.lower().startswith("resources.")


def of_stage(store: Store, run: Run, stage: StagePlan) -> dict[str, str]:
    """System.Stage* and who asked for the stage."""
    record = stage_record(store, run, stage)
    asked = record.data if record else {}
    attempt = str(record.attempt if record else 1)
    return {
        "System.StageName": stage.name,
        "System.StageDisplayName": stage.display_name or stage.name,
        "System.StageId": record.record_id if record else run_progress.stage_id(run, stage.name),
        "System.StageAttempt": attempt,
        "Checks.StageAttempt": attempt,
        "Build.StageRequestedBy": str(asked.get("requested_by") or runs.SERVICE.name),
        "Build.StageRequestedForId": str(asked.get("requested_by_id") or runs.SERVICE.object_id),
    }


def of_job(
    store: Store, run: Run, stage: StagePlan, job: JobPlan, leg: LegPlan, record: Record
) -> dict[str, str]:
    """System.Job*, System.Phase*: one job as it runs."""
    shown = job.display_name or job.name
    phase = runs.find_record(store, run.run_id, record.parent_id) if record.parent_id else None
    planned = run_progress.legs_from(phase.data.get("legs")) if phase else ()
    names = [one.name for one in planned]
    oidc = (
        f"{_collection()}{run.project_id}/_apis/distributedtask/hubs/build/plans/{run.plan_id}"
        f"/jobs/{record.record_id}/oidctoken"
    )
    return {
        "System.JobAttempt": str(record.attempt),
        "System.JobDisplayName": f"{shown} {leg.name}".strip(),
        "System.JobId": record.record_id,
        "System.JobIdentifier": record.identifier,
        "System.JobName": leg.name or "__default",
        "System.JobParallelismTag": "Private",
        "System.JobPositionInPhase": str(names.index(leg.name) + 1 if leg.name in names else 1),
        "System.JobTimeout": str(job.timeout_in_minutes),
        "System.OidcRequestUri": oidc,
        "System.PhaseAttempt": str(phase.attempt if phase else record.attempt),
        "System.PhaseDisplayName": shown,
        "System.PhaseId": phase.record_id if phase else "",
        "System.PhaseName": job.name,
        "System.TotalJobsInPhase": str(len(names) or 1),
        **_of_environment(store, run, job, leg),
    }


def _of_environment(store: Store, run: Run, job: JobPlan, leg: LegPlan) -> dict[str, str]:
    """Environment.* and Strategy.* of a deployment; its leg knows the machine and the cycle."""
    target = job.environment
    if target is None:
        return {}
    found = environments.find(store, project_id=run.project_id, name=target.name)
    return {
        "Environment.Id": str(found.environment_id) if found else "",
        "Environment.Name": target.name,
        "Environment.ResourceName": target.resource_name or "",
        "Environment.ResourceId": "",
        "Strategy.Name": job.deployment_strategy or "runOnce",
        **leg.variables,
    }


def stage_record(store: Store, run: Run, stage: StagePlan) -> Record | None:
    """The record of a stage's latest attempt, or None before it was made."""
    return runs.find_record(store, run.run_id, run_progress.stage_id(run, stage.name))


def start_time(run: Run) -> str:
    """`pipeline.startTime` as expressions print a date."""
    return _moment(run.started_at or run.queued_at)


def _of_build(store: Store, run: Run) -> dict[str, str]:
    definition = definitions.find(store, run.definition_id)
    folder = definition.folder if definition else "\\"
    return {
        "Build.BuildId": str(run.run_id),
        "Build.BuildNumber": run.run_name,
        "Build.BuildUri": f"vstfs:///Build/Build/{run.run_id}",
        "Build.ContainerId": str(run.run_id),
        **_of_schedule(run),
        "Build.DefinitionFolderPath": "" if folder == "\\" else folder,
        "Build.DefinitionName": run.definition_name,
        "Build.DefinitionVersion": str(definition.revision if definition else 1),
        "Build.QueuedBy": run.requested_by.name,
        "Build.QueuedById": run.requested_by.object_id,
        "Build.Reason": _REASONS[run.reason],
        "Build.RequestedFor": run.requested_for.name,
        "Build.RequestedForEmail": _email(store, run.requested_for.object_id),
        "Build.RequestedForId": run.requested_for.object_id,
    }


def _triggering(store: Store, run: Run) -> Repository | None:
    """The repository that Build.* tell of: of the push that started the run, else its own.

    Source: https://learn.microsoft.com/azure/devops/pipelines/repos/multi-repo-checkout#triggers
    """
    pushed = run.trigger_info.get("ci.triggerRepository", "")
    found = repositories.by_id(store, pushed) if pushed else None
    return found or repositories.by_id(store, run.repository_id)


def _of_schedule(run: Run) -> dict[str, str]:
    if run.reason != "schedule":
        return {}
    return {"Build.CronSchedule.DisplayName": run.trigger_info.get("schedule.displayName", "")}


def _of_source(store: Store, run: Run, repository: Repository | None) -> dict[str, str]:
    branch, version = run.source_branch, run.source_version
    if repository is not None and repository.repository_id != run.repository_id:
        branch, version = run.trigger_info["ci.sourceBranch"], run.trigger_info["ci.sourceSha"]
    commit = repositories.commit(store, repository, version) if repository else None
    message = commit.comment.split("\n")[0][:_MESSAGE_LENGTH] if commit else ""
    return {
        "Build.SourceBranch": branch,
        "Build.SourceBranchName": branch.rsplit("/", 1)[-1],
        "Build.SourceVersion": version,
        "Build.SourceVersionAuthor": commit.author_name if commit else "",
        "Build.SourceVersionMessage": message,
    }


def _of_repository(store: Store, repository: Repository | None) -> dict[str, str]:
    is_mirror = repository is not None and github_mirrors.is_mirror(repository)
    name = repository.name if repository else ""
    key = repository.repository_id if repository else ""
    return {
        "Build.Repository.Clean": "False",
        "Build.Repository.Git.SubmoduleCheckout": "False",
        "Build.Repository.ID": name if is_mirror else key,
        "Build.Repository.Name": name,
        "Build.Repository.Provider": "GitHub" if is_mirror else "TfsGit",
        "Build.Repository.Uri": resource_context.url_of(store, repository) if repository else "",
    }


def _of_system(store: Store, run: Run) -> dict[str, str]:
    project = projects.get(store, run.project_id)
    collection, collection_id = _collection(), projects.organization_id(store)
    client = f"VSTS_{collection_id}_build_{run.definition_id}_0"
    return {
        "System": "build",
        "System.CollectionId": collection_id,
        "System.CollectionUri": collection,
        "System.Culture": "en-US",
        "System.DefinitionId": str(run.definition_id),
        "System.DefinitionName": run.definition_name,
        "System.EnableAccessToken": "SecretVariable",
        "System.HostType": "build",
        "System.IsScheduled": str(run.reason == "schedule"),
        "System.PipelineStartTime": start_time(run),
        "System.PlanId": run.plan_id,
        "System.ServerType": "Hosted",
        "System.TaskDefinitionsUri": collection,
        "System.TeamFoundationCollectionUri": collection,
        "System.TeamFoundationServerUri": collection,
        "System.TeamProject": project.name,
        "System.TeamProjectId": project.project_id,
        "System.TimelineId": run.plan_id,
        "AZURE_HTTP_USER_AGENT": client,
        "MSDEPLOY_HTTP_USER_AGENT": client,
        "TF_BUILD": "True",
    }


def _collection() -> str:
    return f"{_HOST}/{projects.ORGANIZATION}/"


def _email(store: Store, object_id: str) -> str:
    found = users.find(store, object_id)
    return found.principal_name if found else ""


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S+00:00")
