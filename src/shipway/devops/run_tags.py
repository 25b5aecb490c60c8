"""The tags of a run: words that people, steps and clients put on it, in any letter case once.

Knows: runs. Must not know: HTTP, agents.
Source: https://learn.microsoft.com/rest/api/azure/devops/build/tags
"""

from collections.abc import Iterable, Sequence

from shipway.base.errors import BadInput
from shipway.devops import runs
from shipway.devops.runs import Run
from shipway.store.store import Store

_LONGEST = 256


def change(
    store: Store, run_id: int, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> Run:
    """Add tags and take tags away. Raises `NotFound`, `BadInput` for an empty or long tag."""
    for tag in add:
        if not tag.strip() or len(tag) > _LONGEST:
            raise BadInput(
                f"The tag '{tag[:60]}' is not valid.", code="InvalidTagException", where="tag",
                hint=f"A tag has 1 to {_LONGEST} characters.",
            )  # fmt: skip
    with store.database.transaction():
        run = runs.get(store, run_id)
        gone = {tag.casefold() for tag in remove}
        tags = [tag for tag in run.tags if tag.casefold() not in gone]
        for tag in add:
            if tag.casefold() not in {one.casefold() for one in tags}:
                tags.append(tag)
        if tuple(tags) == run.tags:
            return run
        return runs.set_run(store, run_id, tags=tuple(tags))


def has(run: Run, tag: str) -> bool:
    """Whether a run carries a tag, whatever its letter case."""
    return tag.casefold() in {one.casefold() for one in run.tags}


def has_all(run: Run, tags: Iterable[str]) -> bool:
    """Whether a run carries every one of these."""
    return all(has(run, tag) for tag in tags)
