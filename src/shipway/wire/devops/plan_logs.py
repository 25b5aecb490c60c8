"""Logs of a run that are written from outside: by the callee of a task, by the service of a check.

Whoever may is judged before. Source:
https://learn.microsoft.com/azure/devops/pipelines/process/invoke-checks
"""

from shipway.base.errors import Forbidden
from shipway.devops import logs
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.fields import body_of
from shipway.wire.http import Request, Response, json_response


def create(store: Store, request: Request, *, run_id: int) -> Response:
    """Make a log that belongs to no record yet."""
    log = logs.create(store, run_id=run_id, record_id="")
    return json_response(
        {"id": log.log_id, "path": body_of(request).text("path", ""), "lineCount": 0,
         "createdOn": shapes.moment(log.created_at), "location": None}
    )  # fmt: skip


def append(store: Store, request: Request, *, run_id: int, feed_of: str) -> Response:
    """Add the body's lines to a log that `create` has made.

    `feed_of` says whose feed is the other way. Raises `NotFound`, `Forbidden` for a log that
    somebody else writes.
    """
    log_id = shapes.number(request.params["log"], "logId")
    log = logs.get(store, run_id=run_id, log_id=log_id)
    if log.record_id:
        raise Forbidden(
            f"the log {log_id} is not written from outside",
            code="AccessDeniedException", where="logId",
            hint=f"Append to a log that POST logs has made, or to the {feed_of}'s feed.",
        )  # fmt: skip
    text = request.body.read().decode(errors="replace")
    with logs.writer(store, log) as writer:
        writer.write_lines(text.splitlines())
    return json_response({"id": log.log_id, "lineCount": logs.line_count(store, log)})
