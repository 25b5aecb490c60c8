"""Draws a metric's values as a line, and shares of traffic as a bar, in SVG. Pure."""

import math
from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT = 320, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 10, 22
_MOST_POINTS = 600
_BAR_WIDTH, _BAR_HEIGHT = 400, 18


def line(name: str, points: Sequence[tuple[float, float]]) -> Markup:
    """A metric over its steps; empty when there are fewer than two values that can be drawn."""
    drawn = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    if len(drawn) < 2:
        return Markup("")
    drawn = _thinned(drawn)
    low_x, high_x = min(x for x, _ in drawn), max(x for x, _ in drawn)
    low_y, high_y = min(y for _, y in drawn), max(y for _, y in drawn)
    across, up = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def at(x: float, y: float) -> str:
        right = (x - low_x) / ((high_x - low_x) or 1)
        above = (y - low_y) / (high_y - low_y) if high_y > low_y else 0.5
        return f"{_LEFT + right * across:.1f},{_TOP + (1 - above) * up:.1f}"

    path = " ".join(at(x, y) for x, y in drawn)
    floor = _TOP + up
    return Markup(
        '<svg class="plot" role="img" viewBox="0 0 {w} {h}" aria-label="{name}">'
        '<path class="axis" d="M{l} {t}V{b}H{r}"/><polyline points="{path}"/>'
        '<text class="y" x="{yx}" y="{high_at}">{high}</text>'
        '<text class="y" x="{yx}" y="{b}">{low}</text>'
        '<text class="x" x="{l}" y="{under}">{first}</text>'
        '<text class="x end" x="{r}" y="{under}">step {last}</text></svg>'
    ).format(
        w=_WIDTH, h=_HEIGHT, name=name, l=_LEFT, t=_TOP, b=floor, r=_WIDTH - _RIGHT, path=path,
        yx=_LEFT - 6, high_at=_TOP + 8, high=number(high_y), low=number(low_y),
        under=_HEIGHT - 6, first=number(low_x), last=number(high_x),
    )  # fmt: skip


def shares(parts: Sequence[tuple[str, int]]) -> Markup:
    """A bar of percentages; what nobody has stays empty."""
    at = 0.0
    pieces = []
    for index, (name, percent) in enumerate(p for p in parts if p[1] > 0):
        width = _BAR_WIDTH * percent / 100
        pieces.append(
            Markup(
                '<g class="share share-{i}"><title>{name} {percent} %</title>'
                '<rect x="{x}" y="0" width="{w}" height="{h}"/>'
                '<text x="{tx}" y="13">{label}</text></g>'
            ).format(
                i=index % 4, name=name, percent=percent, x=f"{at:.1f}", w=f"{width:.1f}",
                h=_BAR_HEIGHT, tx=f"{at + 6:.1f}",
                label=f"{name} {percent} %" if width > 60 else f"{percent} %",
            )
        )  # fmt: skip
        at += width
    return Markup(
        '<svg class="traffic" role="img" viewBox="0 0 {w} {h}" aria-label="traffic">'
        '<rect class="empty" width="{w}" height="{h}"/>{inner}</svg>'
    ).format(w=_BAR_WIDTH, h=_BAR_HEIGHT, inner=Markup("").join(pieces))


def number(value: float) -> str:
    """A value in as many digits as are worth reading."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.4g}"


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    every = max(1, len(points) // _MOST_POINTS)
    return points if every == 1 else [*points[::every], points[-1]]
