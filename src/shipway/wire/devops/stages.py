"""The stages of a build: try one again, stop it, start one that waits for that.

Source: https://learn.microsoft.com/rest/api/azure/devops/build/stages/update
"""

from shipway.base.errors import BadInput
from shipway.loop import run_retry
from shipway.store.store import Store
from shipway.wire.devops import shapes
from shipway.wire.devops.builds import build_of
from shipway.wire.devops.fields import Fields, body_of
from shipway.wire.devops.shapes import in_project
from shipway.wire.http import Request, Response, Route

_VERBS = ("cancel", "retry", "run")  # StageUpdateType 0, 1, 2
_KNOWN = ("state", "forceRetryAllJobs", "retryDependencies")


class Stages:
    """Handlers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def update(self, request: Request) -> Response:
        """PATCH build/builds/{id}/stages/{stageRefName}."""
        project, body = shapes.project_of(self._store, request), body_of(request)
        run_id = build_of(self._store, request, project).run_id
        known = {name.lower() for name in _KNOWN}
        unknown = sorted(n for n in body.values if body.has(n) and n.lower() not in known)
        if unknown:
            raise BadInput(
                f"the field '{unknown[0][:100]}' of a stage cannot be changed",
                code="InvalidArgumentValueException", where=unknown[0][:100],
                hint=f"Known: {', '.join(_KNOWN)}.",
            )  # fmt: skip
        store, stage, who = self._store, request.params["stage"], request.principal
        verb = _verb(body)
        if verb == "retry":
            run_retry.retry_stages(
                store, run_id=run_id, principal=who, stages=[stage],
                all_jobs=body.boolean("forceRetryAllJobs"),
                dependents=body.boolean("retryDependencies", default=True),
            )  # fmt: skip
        elif verb == "run":
            run_retry.start_stage(store, run_id=run_id, stage_name=stage, principal=who)
        else:
            run_retry.cancel_stage(store, run_id=run_id, stage_name=stage, principal=who)
        return shapes.no_content()


def routes(store: Store) -> tuple[Route, ...]:
    """One stage by its reference name."""
    noun = Stages(store)
    one = "build/builds/{build}/stages/{stage}"
    return (in_project("PATCH", one, noun.update, action="contribute"),)


def _verb(body: Fields) -> str:
    said = body.raw("state")
    if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < len(_VERBS):
        return _VERBS[said]
    return body.choice("state", _VERBS)
