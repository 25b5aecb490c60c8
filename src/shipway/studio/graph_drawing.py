"""Draws a directed graph as SVG: layers from left to right, each node a box with its state.

Pure. No scripts, no styles of its own: the style sheet knows the states.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 200, 50
_GAP_X, _GAP_Y = 56, 18
_MARGIN = 8
_LONGEST_TEXT = 22
_SWEEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A box: `title`, a smaller `note`, `state` for its colour, `url` when it leads somewhere."""

    key: str
    title: str
    note: str
    state: str
    url: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """An arrow with what it carries."""

    source: str
    target: str
    label: str = ""


def draw(nodes: Sequence[GraphNode], edges: Sequence[GraphEdge], *, title: str) -> Markup:
    """The drawing; empty for no nodes. Edges to unknown nodes are left out."""
    if not nodes:
        return Markup("")
    known = {node.key for node in nodes}
    arrows = [e for e in edges if e.source in known and e.target in known]
    layers, ways = _laid_out([node.key for node in nodes], arrows)
    places = _places(layers)
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    parts = [_arrow(edge, way, places) for edge, way in zip(arrows, ways, strict=True)]
    parts += [_box(node, places[node.key]) for node in nodes]
    return Markup(
        '<svg class="graph" role="img" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
        'aria-label="{title}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        "{inner}</svg>"
    ).format(w=width, h=height, title=title, inner=Markup("").join(parts))


def _laid_out(
    keys: Sequence[str], edges: Sequence[GraphEdge]
) -> tuple[list[list[str]], list[list[str]]]:
    """The layers from left to right, and for each edge the places that it goes through.

    An edge over several layers gets a place in each between, so that it passes beside the nodes
    there and not behind them.
    """
    before: dict[str, list[str]] = {key: [] for key in keys}
    for edge in edges:
        before[edge.target].append(edge.source)
    depth = _depths(keys, before)
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for key in keys:
        layers[depth[key]].append(key)
    ways = []
    for number, edge in enumerate(edges):
        way = [edge.source]
        for column in range(depth[edge.source] + 1, depth[edge.target]):
            between = f"\x00{number} {column}"
            layers[column].append(between)
            way.append(between)
        ways.append([*way, edge.target])
    _untangle(layers, ways)
    return layers, ways


def _depths(keys: Sequence[str], before: Mapping[str, list[str]]) -> dict[str, int]:
    """Each node right of everything that it takes from; what stands in a circle ends up last."""
    depth: dict[str, int] = {}
    waiting = list(keys)
    while waiting:
        ready = [k for k in waiting if all(b in depth for b in before[k])] or waiting[:1]
        for key in ready:
            depth[key] = 1 + max((depth.get(b, -1) for b in before[key]), default=-1)
        done = set(ready)
        waiting = [k for k in waiting if k not in done]
    return depth


def _untangle(layers: list[list[str]], ways: Sequence[Sequence[str]]) -> None:
    """Order each layer by the middle of its neighbours, which takes most crossings away."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for way in ways:
        for left, right in itertools.pairwise(way):
            before.setdefault(right, []).append(left)
            after.setdefault(left, []).append(right)
    for sweep in range(_SWEEPS):
        is_forward = sweep % 2 == 0
        ordered = layers if is_forward else list(reversed(layers))
        for previous, layer in itertools.pairwise(ordered):
            _order(layer, previous, before if is_forward else after)


def _order(layer: list[str], previous: Sequence[str], neighbours: Mapping[str, list[str]]) -> None:
    row = {key: at for at, key in enumerate(previous)}
    own = {key: at for at, key in enumerate(layer)}

    def middle(key: str) -> float:
        rows = [row[n] for n in neighbours.get(key, ()) if n in row]
        return sum(rows) / len(rows) if rows else own[key]

    layer[:] = sorted(layer, key=middle)


def _places(layers: Sequence[Sequence[str]]) -> Mapping[str, tuple[int, int]]:
    tallest = max(len(layer) for layer in layers)
    places = {}
    for column, layer in enumerate(layers):
        top = (tallest - len(layer)) * (_HEIGHT + _GAP_Y) // 2
        for row, key in enumerate(layer):
            x = _MARGIN + column * (_WIDTH + _GAP_X)
            places[key] = (x, _MARGIN + top + row * (_HEIGHT + _GAP_Y))
    return places


def _arrow(edge: GraphEdge, way: Sequence[str], places: Mapping[str, tuple[int, int]]) -> Markup:
    """A curve from box to box, straight through the places between."""
    x, y = places[way[0]][0] + _WIDTH, places[way[0]][1] + _HEIGHT // 2
    path = f"M{x} {y}"
    for key in way[1:]:
        next_x, next_y = places[key][0], places[key][1] + _HEIGHT // 2
        if key == way[-1]:
            next_x -= 2
        half = (x + next_x) // 2 if next_x > x else x + _GAP_X
        path += f"C{half} {y} {half} {next_y} {next_x} {next_y}"
        x, y = next_x, next_y
        if key != way[-1]:
            x += _WIDTH
            path += f"H{x}"
    return Markup(
        '<path class="edge" d="{path}" marker-end="url(#tip)"><title>{label}</title></path>'
    ).format(path=path, label=edge.label or f"{edge.source} to {edge.target}")


def _box(node: GraphNode, place: tuple[int, int]) -> Markup:
    x, y = place
    box = Markup(
        '<g class="node state-{state}"><title>{full}: {state}</title>'
        '<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="8"/>'
        '<circle cx="{cx}" cy="{cy}" r="5"/>'
        '<text class="title" x="{tx}" y="{ty}">{title}</text>'
        '<text class="note" x="{tx}" y="{ny}">{note}</text></g>'
    ).format(
        state=node.state, full=node.title, x=x, y=y, w=_WIDTH, h=_HEIGHT, cx=x + 16, cy=y + 20,
        tx=x + 30, ty=y + 24, ny=y + 40, title=_short(node.title),
        note=_short(f"{node.note}{' · ' if node.note and node.mark else ''}{node.mark}"),
    )  # fmt: skip
    return Markup('<a href="{}">{}</a>').format(node.url, box) if node.url else box


def _short(text: str) -> Markup:
    shown = text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
    return escape(shown)
