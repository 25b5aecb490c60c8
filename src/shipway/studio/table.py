"""Every page of the studio in one list, in the order in which they are tried."""

from shipway.store.store import Store
from shipway.studio.exchange import Answer, PageRoute, Redirect, Visit
from shipway.studio.pages import (
    approvals,
    checks,
    job_logs,
    jobs,
    lineage,
    model_versions,
    online_endpoints,
    patterns,
    pull_requests,
    run_checks,
    run_findings,
    run_logs,
    run_stages,
    runs,
)

# what the navigation shows: first part of the path, its name
SECTIONS = (
    ("runs", "Runs"), ("prs", "Pull requests"), ("approvals", "Approvals"), ("checks", "Checks"),
    ("jobs", "ML jobs"), ("models", "Models"),
    ("endpoints", "Endpoints"), ("lineage", "Lineage"),
)  # fmt: skip


def start(store: Store, visit: Visit) -> Answer:
    """GET /: the runs."""
    del store, visit
    return Redirect(location="/runs")


_JOB = "/jobs/{group}/{workspace}/{job}"

PAGES: tuple[PageRoute, ...] = (
    PageRoute(method="GET", pattern="/", handler=start, doc="the runs"),
    PageRoute(method="GET", pattern="/runs", handler=runs.show_all, doc="the newest runs"),
    PageRoute(method="GET", pattern="/runs/{run}", handler=runs.show, doc="one run"),
    PageRoute(method="POST", pattern="/runs/{run}/cancel", handler=runs.cancel, doc="stop it"),
    PageRoute(method="POST", pattern="/runs/{run}/rerun", handler=runs.rerun, doc="run it again"),
    PageRoute(
        method="POST", pattern="/runs/{run}/retry", handler=run_stages.retry_failed,
        doc="run again what failed in it",
    ),
    PageRoute(
        method="POST", pattern="/runs/{run}/stages/{stage}/{verb}", handler=run_stages.change,
        doc="try a stage again, start or stop it",
    ),
    PageRoute(
        method="POST", pattern="/runs/{run}/permit", handler=runs.permit,
        doc="let its pipeline use what it waits for",
    ),
    PageRoute(
        method="POST", pattern="/runs/{run}/checks/{check}/bypass", handler=run_checks.bypass,
        doc="let its stage pass a check",
    ),
    PageRoute(
        method="GET", pattern="/runs/{run}/logs/{log}/stream", handler=run_logs.stream,
        doc="a step's log as it grows",
    ),
    PageRoute(
        method="GET", pattern="/runs/{run}/artifacts/{artifact}/{path:path}",
        handler=run_findings.file, doc="a file of an artifact",
    ),
    PageRoute(
        method="GET", pattern="/prs", handler=pull_requests.show_all, doc="pull requests"
    ),
    PageRoute(method="GET", pattern="/prs/{number}", handler=pull_requests.show, doc="one of them"),
    PageRoute(method="POST", pattern="/prs/{number}/vote", handler=pull_requests.vote, doc="vote"),
    PageRoute(
        method="POST", pattern="/prs/{number}/complete", handler=pull_requests.complete,
        doc="merge it, now or once its policies are met",
    ),
    PageRoute(
        method="POST", pattern="/prs/{number}/requeue", handler=pull_requests.requeue,
        doc="run its builds again",
    ),
    PageRoute(
        method="POST", pattern="/prs/{number}/abandon", handler=pull_requests.abandon,
        doc="give it up",
    ),
    PageRoute(method="GET", pattern="/approvals", handler=approvals.show_all, doc="what waits"),
    PageRoute(
        method="POST", pattern="/approvals/{approval}/approve", handler=approvals.approve,
        doc="agree",
    ),
    PageRoute(
        method="POST", pattern="/approvals/{approval}/reject", handler=approvals.reject,
        doc="refuse",
    ),
    PageRoute(method="GET", pattern="/checks", handler=checks.show_all, doc="what guards what"),
    PageRoute(
        method="POST", pattern="/checks/{check}/enable", handler=checks.enable,
        doc="let a check count",
    ),
    PageRoute(
        method="POST", pattern="/checks/{check}/disable", handler=checks.disable,
        doc="let a check count no more",
    ),
    PageRoute(method="GET", pattern="/jobs", handler=jobs.show_all, doc="ML jobs and schedules"),
    PageRoute(
        method="GET", pattern="/jobs/{workspace}/{job}", handler=jobs.find,
        doc="one ML job by the address that clients are told",
    ),
    PageRoute(method="GET", pattern=_JOB, handler=jobs.show, doc="one ML job"),
    PageRoute(
        method="GET", pattern=f"{_JOB}/log/stream", handler=job_logs.stream,
        doc="an ML job's log as it grows",
    ),
    PageRoute(method="GET", pattern="/models", handler=model_versions.show_all, doc="models"),
    PageRoute(
        method="GET", pattern="/models/{group}/{workspace}/{model}", handler=model_versions.show,
        doc="one model with its versions",
    ),
    PageRoute(
        method="GET", pattern="/endpoints", handler=online_endpoints.show_all, doc="endpoints"
    ),
    PageRoute(
        method="GET", pattern="/endpoints/{group}/{workspace}/{endpoint}",
        handler=online_endpoints.show, doc="one endpoint with its requests",
    ),
    PageRoute(method="GET", pattern="/lineage", handler=lineage.show, doc="commit to deployment"),
    PageRoute(method="GET", pattern="/patterns", handler=patterns.show, doc="every part"),
)  # fmt: skip
