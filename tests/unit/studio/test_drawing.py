"""Graphs, plots and bars as SVG."""

import math
import re
from xml.etree import ElementTree

import pytest

from shipway.studio import graph_drawing, plot_drawing
from shipway.studio.graph_drawing import GraphEdge, GraphNode

SVG = "{http://www.w3.org/2000/svg}"


def node(key: str, **facts: str) -> GraphNode:
    return GraphNode(**{"key": key, "title": key, "note": "", "state": "Completed", **facts})


def parsed(text: str) -> ElementTree.Element:
    # a plain str: Markup would escape what it puts in
    return ElementTree.fromstring(
        str(text).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    )


def boxes(svg: ElementTree.Element) -> dict[str, tuple[float, float]]:
    found = {}
    for group in svg.iter(f"{SVG}g"):
        rect, title = group.find(f"{SVG}rect"), group.find(f"{SVG}title")
        assert rect is not None
        assert title is not None
        name = (title.text or "").partition(":")[0]
        found[name] = (float(rect.get("x", 0)), float(rect.get("y", 0)))
    return found


def test_a_node_stands_right_of_what_it_takes_from_and_none_lies_upon_another() -> None:
    names = ["e", "d", "c", "b", "a"]
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d"), ("d", "e")]
    drawn = graph_drawing.draw(
        [node(n) for n in names], [GraphEdge(source=s, target=t) for s, t in edges], title="t"
    )
    places = boxes(parsed(drawn))
    assert all(places[s][0] < places[t][0] for s, t in edges)
    assert len(set(places.values())) == len(names)
    svg = parsed(drawn)
    width, height = float(svg.get("width", 0)), float(svg.get("height", 0))
    assert all(0 <= x < width and 0 <= y < height for x, y in places.values())


def test_a_long_edge_passes_beside_the_node_between() -> None:
    edges = [GraphEdge(source=s, target=t) for s, t in (("a", "b"), ("b", "c"), ("a", "c"))]
    svg = parsed(graph_drawing.draw([node(n) for n in "abc"], edges, title="t"))
    middle = boxes(svg)["b"][1]
    long = next(p for p in svg.iter(f"{SVG}path") if p.findtext(f"{SVG}title") == "a to c")
    level = float(re.findall(r" (\d+)H", long.get("d", ""))[0])
    assert not middle <= level <= middle + 50


def test_names_are_text_and_never_tags() -> None:
    drawn = graph_drawing.draw(
        [node("</text><script>", url='/x"><script>')], [], title='"><script>'
    )
    assert "<script>" not in drawn
    parsed(drawn)


def test_circles_and_unknown_ends_are_drawn_without_complaint() -> None:
    edges = [GraphEdge(source=s, target=t) for s, t in (("a", "b"), ("b", "a"), ("a", "x"))]
    assert set(boxes(parsed(graph_drawing.draw([node("a"), node("b")], edges, title="t")))) == {
        "a",
        "b",
    }
    assert graph_drawing.draw([], [], title="t") == ""


def test_five_hundred_nodes_are_drawn_soon() -> None:
    nodes = [node(f"n{i}") for i in range(500)]
    edges = [GraphEdge(source=f"n{i}", target=f"n{i + 25}") for i in range(475)]
    assert len(boxes(parsed(graph_drawing.draw(nodes, edges, title="t")))) == 500


def test_a_line_lies_within_its_axes_and_leaves_out_what_is_no_number() -> None:
    points = [(0.0, 1.0), (1.0, math.nan), (2.0, math.inf), (3.0, -4.0), (4.0, 9.0)]
    svg = parsed(plot_drawing.line("loss", points))
    polyline = svg.find(f"{SVG}polyline")
    assert polyline is not None
    drawn = [tuple(map(float, p.split(","))) for p in polyline.get("points", "").split()]
    assert len(drawn) == 3
    assert drawn[1][1] == max(y for _, y in drawn)
    assert drawn[2][1] == min(y for _, y in drawn)
    assert all(0 <= x <= 320 and 0 <= y <= 120 for x, y in drawn)


@pytest.mark.parametrize("points", [[], [(0.0, 1.0)], [(0.0, math.nan), (1.0, math.nan)]])
def test_one_value_is_no_line(points: list[tuple[float, float]]) -> None:
    assert plot_drawing.line("loss", points) == ""


def test_a_constant_and_a_long_series_are_drawn() -> None:
    parsed(plot_drawing.line("c", [(0.0, 5.0), (1.0, 5.0)]))
    svg = parsed(plot_drawing.line("c", [(float(i), float(i % 7)) for i in range(50_000)]))
    polyline = svg.find(f"{SVG}polyline")
    assert polyline is not None
    assert len(polyline.get("points", "").split()) < 1300


def test_shares_fill_as_much_of_the_bar_as_they_are() -> None:
    svg = parsed(plot_drawing.shares([("blue", 90), ("green", 10), ("none", 0)]))
    widths = [
        float(rect.get("width", 0)) for group in svg.iter(f"{SVG}g") for rect in group
        if rect.tag == f"{SVG}rect"
    ]  # fmt: skip
    assert widths == [360.0, 40.0]
