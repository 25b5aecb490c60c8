"""Who may change a run on its page."""

from shipway.base.errors import Forbidden
from shipway.devops import members, runs
from shipway.devops.runs import Run
from shipway.store.store import Store
from shipway.studio.exchange import Visit


def may_change(store: Store, visit: Visit, run: Run) -> bool:
    """Whether the signed-in person may cancel a run, or run it again."""
    return members.may(store, visit.principal, "contribute", project_id=run.project_id)


def changeable(store: Store, visit: Visit) -> Run:
    """The run that the path names. Raises `NotFound`, `Forbidden`."""
    run = runs.get(store, visit.number("run"))
    if not may_change(store, visit, run):
        raise Forbidden(
            f"{visit.principal.name} may look at runs, not change them", where=visit.path,
            hint="Ask a contributor of the project.",
        )  # fmt: skip
    return run
