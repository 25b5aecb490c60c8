"""System.PullRequest.* of a run that validates a pull request.

Source: https://learn.microsoft.com/azure/devops/pipelines/build/variables#system-variables
"""

from collections.abc import Mapping

from shipway.devops.runs import Run


def of(run: Run, repository_uri: str) -> Mapping[str, str]:
    """Name to value; IsFork alone for a run of another reason."""
    found = {"System.PullRequest.IsFork": "False"}
    if run.reason != "pullRequest":
        return found
    info = run.trigger_info
    target = info.get("pr.targetBranch", "")
    return {
        **found,
        "System.PullRequest.PullRequestId": info.get("pr.number", ""),
        "System.PullRequest.PullRequestIteration": info.get("pr.iteration", ""),
        "System.PullRequest.SourceBranch": info.get("pr.sourceBranch", ""),
        "System.PullRequest.SourceCommitId": info.get("pr.sourceSha", ""),
        "System.PullRequest.SourceRepositoryURI": repository_uri,
        "System.PullRequest.TargetBranch": target,
        "System.PullRequest.TargetBranchName": target.removeprefix("refs/heads/"),
    }
