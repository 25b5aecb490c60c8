"""The run's summary page in Markdown: the model against the champion, for the approver."""

from __future__ import annotations

FIGURES = ("auc", "average_precision", "brier", "accuracy")
SLICES = 5


def markdown(
    *, title: str, metrics: dict, decision: dict, tags: dict[str, str], links: dict[str, str]
) -> str:
    """One page: decision, figures, slices, data, origin, links."""
    champion = metrics["champion"]
    data = metrics["data"]
    lines = [
        f"# {title}",
        "",
        f"**{'Passed' if decision['passed'] else 'Held'}**: {decision['reason']}",
        "",
        f"| | this model | {champion['name'] if champion else 'no champion'} | difference |",
        "|---|---|---|---|",
        *(_figure(name, metrics["model"], champion) for name in FIGURES),
        "",
        f"Trained on {data['train_rows']:,} flights of {', '.join(data['train_months'])}, tested "
        f"on {data['test_rows']:,} of {data['test_month']}. Late: "
        f"{data['late_share']['train']:.1%} in training, {data['late_share']['test']:.1%} in the "
        "test.",
        "",
        "| carrier | flights | AUC |",
        "|---|---|---|",
        *(
            f"| {row['carrier']} | {row['rows']:,} | {row['auc']:.4f} |"
            for row in metrics["by_carrier"][:SLICES]
            if "auc" in row
        ),
        "",
        *(f"- {name}: `{value}`" for name, value in tags.items()),
        *(f"- [{name}]({link})" for name, link in links.items()),
    ]
    return "\n".join(lines) + "\n"


def _figure(name: str, model: dict, champion: dict | None) -> str:
    label = name.replace("_", " ")
    if champion is None:
        return f"| {label} | {model[name]:.4f} | | |"
    difference = model[name] - champion[name]
    return f"| {label} | {model[name]:.4f} | {champion[name]:.4f} | {difference:+.4f} |"
