"""The chain from commit to deployment, for the owner's commands."""

from dataclasses import asdict

from shipway.loop import lineage as station
from shipway.store.store import Store
from shipway.wire.http import Request, Response, json_response


def get(store: Store, request: Request) -> Response:
    """`GET /api/v1/lineage?of=`: of a run, commit, model version or deployment."""
    found = station.find(store, request.arg("of"))
    return json_response(
        {
            "complete": found.is_complete,
            "missing": list(found.missing),
            "stations": [
                {**asdict(one), "facts": dict(one.facts)} for one in found.stations
            ],
        }
    )  # fmt: skip
