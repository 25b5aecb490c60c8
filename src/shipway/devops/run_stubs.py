"""The stubs of a run: those in the `shipway.yml` of its commit."""

from shipway.devops import repositories, task_stubs
from shipway.devops.runs import Run
from shipway.devops.task_stubs import FILE_NAME, NO_STUBS, TaskStubs
from shipway.store.store import Store


def of_run(store: Store, run: Run) -> TaskStubs:
    """The stubs at the commit that a run is for; none without a file."""
    repository = repositories.by_id(store, run.repository_id)
    if repository is None:
        return NO_STUBS
    text = repositories.read_file(store, repository, version=run.source_version, path=FILE_NAME)
    return NO_STUBS if text is None else task_stubs.parse(text)
