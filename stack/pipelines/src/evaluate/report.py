"""The evaluation as one small page: figures, ROC curve, slices. No script, no external file."""

from __future__ import annotations

import html

import numpy as np
from sklearn.metrics import roc_curve

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem;text-align:right;
border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}
.passed{color:#06603a}.held{color:#a3170d}svg{max-width:100%}
"""


def table(rows: list[dict], columns: list[str]) -> str:
    """Rows as an HTML table; a missing figure stays empty."""
    head = "".join(f"<th>{html.escape(column.replace('_', ' '))}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(column))}</td>" for column in columns) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def roc(labels: np.ndarray, curves: dict[str, np.ndarray], size: int = 320) -> str:
    """ROC curves as an SVG drawing, one line a model."""
    colours = ("#0b63c5", "#999999")
    lines = []
    for (name, probabilities), colour in zip(curves.items(), colours, strict=False):
        wrong, right, _ = roc_curve(labels, probabilities)
        keep = np.unique(np.linspace(0, len(wrong) - 1, 120).astype(int))
        points = " ".join(
            f"{x * size:.1f},{(1 - y) * size:.1f}"
            for x, y in zip(wrong[keep], right[keep], strict=True)
        )
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2">'
            f"<title>{html.escape(name)}</title></polyline>"
        )
    frame = f'<rect width="{size}" height="{size}" fill="#fafafa" stroke="#ccc"/>'
    chance = f'<line x1="0" y1="{size}" x2="{size}" y2="0" stroke="#ccc" stroke-dasharray="4"/>'
    legend = "".join(
        f'<text x="{size - 8}" y="{size - 10 - 18 * i}" text-anchor="end" fill="{colour}" '
        f'font-size="13">{html.escape(name)}</text>'
        for i, (name, colour) in enumerate(zip(curves, colours, strict=False))
    )
    return (
        f'<svg viewBox="-4 -4 {size + 8} {size + 8}" width="{size}" role="img" '
        f'aria-label="ROC curve">{frame}{chance}{"".join(lines)}{legend}</svg>'
    )


def page(metrics: dict, decision: dict, labels: np.ndarray, curves: dict[str, np.ndarray]) -> str:
    """The whole report."""
    verdict = "passed" if decision["passed"] else "held"
    figures = ["auc", "average_precision", "brier", "accuracy"]
    models = [{"model": "this run", **metrics["model"]}]
    if metrics["champion"]:
        models.append({"model": f"champion {metrics['champion']['name']}", **metrics["champion"]})
    data = metrics["data"]
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>Flight delay: evaluation</title><style>{STYLE}</style></head><body>
<h1>Flight delay: evaluation</h1>
<p class="{verdict}"><strong>{verdict}</strong>: {html.escape(decision["reason"])}</p>
<p>Trained on {data["train_rows"]:,} flights of {html.escape(", ".join(data["train_months"]))},
tested on {data["test_rows"]:,} of {html.escape(data["test_month"])}
({data["late_share"]["test"]:.1%} late, {data["late_share"]["train"]:.1%} in training).</p>
{table(models, ["model", *figures])}
{roc(labels, curves)}
<h2>By carrier</h2>{table(metrics["by_carrier"], ["carrier", "rows", "late_share", *figures])}
<h2>By month</h2>{table(metrics["by_month"], ["month", "rows", "late_share", *figures])}
</body></html>
"""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else html.escape(str(value))
