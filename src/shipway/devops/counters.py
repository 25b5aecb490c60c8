"""The numbers of `counter(prefix, seed)`, kept per definition and prefix.

A number that a run has taken belongs to the place that asked, so that asking again (for a
condition, for each job, after a restart) gives the same one. Knows: documents.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/expressions#counter
"""

from shipway.base import ids
from shipway.store.store import Store

_NEXT = "counter"
_TAKEN = "counter_taken"


def take(
    store: Store, *, definition_id: int, run_id: int, place: str, prefix: str, seed: int
) -> int:
    """The number that `place` of a run has for a prefix: `seed` first, then one more each time.

    The seed counts once, for a prefix that this definition has never counted.
    """
    taken = ids.guid_from("counter taken", str(run_id), place, prefix)
    with store.database.transaction():
        before = store.documents.find(_TAKEN, taken)
        if before is not None:
            return int(before.body["number"])
        key = ids.guid_from("counter", str(definition_id), prefix)
        state = store.documents.find(_NEXT, key)
        number = int(state.body["next"]) if state else seed
        store.documents.put(
            _NEXT, key, {"definition_id": definition_id, "prefix": prefix, "next": number + 1}
        )
        store.documents.put(_TAKEN, taken, {"run_id": run_id, "place": place, "number": number})
    return number
