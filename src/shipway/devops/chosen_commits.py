"""Commits that were chosen for a run by hand: they count for a branch only when they are on it.

Whoever queues a run may name a commit besides a branch, and a local run brings commits that were
never pushed. What a check says of a branch must hold for what is really run.
Knows: repositories, runs. Must not know: checks.
"""

from shipway.devops import repositories, runs
from shipway.devops.repositories import Repository
from shipway.devops.runs import Run
from shipway.store.store import Store

# a pull request's merge is made anew with every push: an older one is on no branch
_JUDGED = ("refs/heads/", "refs/tags/")


def own_is_astray(store: Store, run: Run) -> bool:
    """Whether the run's own commit was chosen and is not on its branch."""
    found = repositories.by_id(store, run.repository_id)
    # a client may call its run a push or a schedule; who asked for it cannot be said otherwise
    if found is None or run.requested_by.object_id == runs.SERVICE.object_id:
        return False
    return _is_off(store, found, run.source_branch, run.source_version)


def is_astray(
    store: Store, run: Run, *, alias: str, repository: Repository | None, branch: str,
    commit: str | None,
) -> bool:  # fmt: skip
    """Whether the commit of a repository under `resources:` was chosen and is not on its branch."""
    chosen = run.repository_choices.get(alias.lower())
    local = run.local.repositories if run.local else {}
    if repository is None or not commit:
        return False
    if not (chosen and chosen.version) and alias.lower() not in local:
        return False
    return _is_off(store, repository, branch, commit)


def _is_off(store: Store, repository: Repository, branch: str, commit: str) -> bool:
    if not branch.startswith(_JUDGED) or not repositories.existing(store, repository, [commit]):
        return False
    tip = repositories.resolve(store, repository, branch)
    if tip is None:
        return True
    left = repositories.git(store, repository, ["rev-list", "--max-count=1", commit, "--not", tip])
    return bool(left.strip())
