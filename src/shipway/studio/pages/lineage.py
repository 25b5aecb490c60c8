"""The loop drawn: commit to deployment."""

import itertools

from markupsafe import Markup

from shipway.base.errors import ShipwayError
from shipway.loop import lineage
from shipway.loop.lineage import Lineage
from shipway.loop.lineage_station import Station
from shipway.store.store import Store
from shipway.studio import graph_drawing, wording
from shipway.studio.contexts import LineageContext
from shipway.studio.exchange import Answer, Page, Visit
from shipway.studio.graph_drawing import GraphEdge, GraphNode
from shipway.studio.views import StationView

_WAITING = ("pending", "inProgress", "Creating", "Updating", "Running")
_WORDS = {"ml_job": "ML job", "model_version": "model version"}


def show(store: Store, visit: Visit) -> Answer:
    """GET /lineage?of=: of a run, commit, model version or deployment; nothing: the newest."""
    asked = visit.query.get("of", "").strip()
    problem = ""
    found = Lineage(stations=())
    try:
        found = lineage.find(store, asked)
    except ShipwayError as error:
        problem = f"{error.message}. {error.hint}"
    context = LineageContext(
        asked=asked, graph=drawn(found.stations), problem=problem,
        stations=tuple(_view(station, wording.ago(station.at, store.clock.now()))
                       for station in found.stations),
        is_complete=bool(found.stations) and found.is_complete, missing=found.missing,
    )  # fmt: skip
    return Page(template="lineage.html", title="Lineage", context=context)


def drawn(stations: tuple[Station, ...]) -> Markup:
    """The chain as a row of boxes."""
    nodes = [
        GraphNode(
            key=s.kind, title=s.title, note=_word(s.kind), state=_mood(s), url=s.page,
            mark="" if s.is_found else "missing",
        )
        for s in stations
    ]  # fmt: skip
    edges = [
        GraphEdge(source=a.kind, target=b.kind, label=f"{_word(a.kind)} to {_word(b.kind)}")
        for a, b in itertools.pairwise(stations)
    ]
    return graph_drawing.draw(nodes, edges, title="From commit to deployment")


def _view(station: Station, when: str) -> StationView:
    return StationView(
        kind=_word(station.kind), title=station.title, state=station.state, mood=_mood(station),
        when=when, url=station.page, facts=station.facts,
    )  # fmt: skip


def _mood(station: Station) -> str:
    if not station.is_found:
        return "missing"
    if station.state in _WAITING:
        return "waiting"
    return "good" if station.is_good else "bad"


def _word(kind: str) -> str:
    return _WORDS.get(kind, kind)
