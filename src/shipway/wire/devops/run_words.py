"""The wire's words for states and results of runs and records, and the links of a run.

Inside there is one spelling; here are Azure's several: `cancelling` and `canceling`,
`partiallySucceeded` and `succeededWithIssues`.
"""

from typing import Any

from shipway.devops.projects import Project
from shipway.devops.runs import Run
from shipway.wire.devops import shapes
from shipway.wire.http import Request

_BUILD_STATUS = {
    "pending": "notStarted", "inProgress": "inProgress", "canceling": "cancelling",
    "completed": "completed",
}  # fmt: skip
_BUILD_RESULT = {
    "succeeded": "succeeded", "succeededWithIssues": "partiallySucceeded", "failed": "failed",
    "canceled": "canceled", "skipped": "succeeded", "abandoned": "failed",
}  # fmt: skip
_RUN_STATE = {
    "pending": "inProgress", "inProgress": "inProgress", "canceling": "canceling",
    "completed": "completed",
}  # fmt: skip
_RUN_RESULT = {
    "succeeded": "succeeded", "succeededWithIssues": "succeeded", "failed": "failed",
    "canceled": "canceled", "skipped": "succeeded", "abandoned": "failed",
}  # fmt: skip


def build_status(run: Run) -> str:
    """`BuildStatus`."""
    return _BUILD_STATUS[run.state]


def build_result(run: Run) -> str | None:
    """`BuildResult`; None while it is not over."""
    return _BUILD_RESULT[run.result] if run.result else None


def run_state(run: Run) -> str:
    """`RunState`."""
    return _RUN_STATE[run.state]


def run_result(run: Run) -> str:
    """`RunResult`."""
    return _RUN_RESULT[run.result] if run.result else "unknown"


def links(request: Request, project: Project, run: Run) -> dict[str, Any]:
    """`_links` of a run."""
    place = shapes.project_url(request, project)
    web = f"{shapes.base_url(request)}/{shapes.quoted(project.name)}/_build/results"
    return {
        "self": {"href": f"{place}/_apis/build/Builds/{run.run_id}"},
        "web": {"href": f"{web}?buildId={run.run_id}"},
        "timeline": {"href": f"{place}/_apis/build/builds/{run.run_id}/Timeline"},
    }
