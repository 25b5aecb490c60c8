"""Does the model pass? The rules, and the reasons in words.

Pure: figures in, decision out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Rules:
    """What a model must reach."""

    auc_threshold: float
    #: So much less than the champion still counts as equal: the noise of one month's test.
    auc_tolerance: float = 0.005
    #: Fewer than half of all flights are late in any month; more means that labels are swapped.
    most_late: float = 0.5


@dataclass(frozen=True)
class ChampionFigures:
    """The version that serves today, measured on this run's test flights."""

    name: str
    version: str
    auc: float
    #: What it reached when it was evaluated itself, if that was on the very same flights.
    recorded_auc: float | None = None

    @property
    def bar(self) -> float:
        """What to beat.

        The better of the two figures: a change that spoils the features spoils the champion's
        figure of today as well, and must not lower the bar by that.
        """
        return max(self.auc, self.recorded_auc or 0.0)


def decide(
    *, auc: float, late_share: float, rules: Rules, champion: ChampionFigures | None
) -> dict:
    """The decision with every reason; `reason` is one line for a log or a person."""
    against: list[str] = []
    if late_share > rules.most_late:
        against.append(
            f"{late_share:.0%} of the test flights count as late, more than {rules.most_late:.0%}: "
            "are the labels swapped?"
        )
    if auc < rules.auc_threshold:
        against.append(f"AUC {auc:.4f} is below the threshold {rules.auc_threshold:.4f}")
    if champion and champion.auc < 0.5:
        against.append(
            f"the champion {champion.name}:{champion.version} ranks these flights the wrong way "
            f"round (AUC {champion.auc:.4f}): the labels are not those it was trained on"
        )
    if champion and auc < champion.bar - rules.auc_tolerance:
        against.append(
            f"AUC {auc:.4f} is below AUC {champion.bar:.4f} of the champion "
            f"{champion.name}:{champion.version} on the same flights"
        )
    passed = not against
    return {
        "passed": passed,
        "reason": _in_favour(auc, rules, champion) if passed else "; ".join(against),
        "reasons": against,
        "auc": auc,
        "rules": asdict(rules),
        "champion": asdict(champion) if champion else None,
    }


def _in_favour(auc: float, rules: Rules, champion: ChampionFigures | None) -> str:
    text = f"AUC {auc:.4f} reaches the threshold {rules.auc_threshold:.4f}"
    if champion is None:
        return f"{text}; no champion serves yet"
    serving = f"{champion.name}:{champion.version}"
    return f"{text} and holds against the champion {serving} (AUC {champion.bar:.4f})"
