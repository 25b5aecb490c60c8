"""Reads the months that are there and writes a training and a test table.

The newest month (or the one asked for) is the test; the months before it are the training data.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import features


class DataError(Exception):
    """The raw data cannot be used as asked; the message says why."""


@dataclass(frozen=True)
class Months:
    """Which months train and which one tests, as texts such as 2013-03."""

    train: tuple[str, ...]
    test: str


def choose_months(available: list[str], *, test_month: int, train_months: int) -> Months:
    """The newest month tests (0) or the one asked for; earlier ones train, the last n if n > 0."""
    ordered = sorted(available)
    if test_month:
        ordered = [month for month in ordered if int(month[-2:]) <= test_month]
        if not ordered or int(ordered[-1][-2:]) != test_month:
            raise DataError(f"month {test_month} is not in the data; there are {sorted(available)}")
    if len(ordered) < 2:
        raise DataError(f"two months are needed, one to train and one to test; got {ordered}")
    train = ordered[:-1]
    return Months(train=tuple(train[-train_months:] if train_months else train), test=ordered[-1])


def read_months(raw: Path, kind: str, months: tuple[str, ...]) -> pd.DataFrame:
    """The monthly files of one kind, one after the other."""
    return pd.concat([pd.read_csv(raw / kind / f"{m}.csv") for m in months], ignore_index=True)


def digest(raw: Path, months: Months) -> str:
    """A fingerprint of exactly the bytes that this run reads."""
    names = [
        f"{kind}/{m}.csv" for kind in ("flights", "weather") for m in (*months.train, months.test)
    ]
    total = hashlib.sha256()
    for name in [*names, "planes.csv"]:
        total.update(name.encode())
        total.update(hashlib.sha256((raw / name).read_bytes()).digest())
    return total.hexdigest()[:16]


def prepare(raw: Path, months: tuple[str, ...]) -> tuple[pd.DataFrame, int]:
    """The table of some months and how many flights were dropped for want of an arrival."""
    flights, dropped = features.drop_unfinished(read_months(raw, "flights", months))
    weather = read_months(raw, "weather", months)
    return features.build(flights, weather, pd.read_csv(raw / "planes.csv")), dropped


def run(raw: Path, train_out: Path, test_out: Path, *, test_month: int, train_months: int) -> dict:
    """Writes both tables and a summary beside the test table; returns the summary."""
    available = [path.stem for path in (raw / "flights").glob("*.csv")]
    months = choose_months(available, test_month=test_month, train_months=train_months)
    train, train_dropped = prepare(raw, months.train)
    test, test_dropped = prepare(raw, (months.test,))
    summary = {
        "train_months": list(months.train),
        "test_month": months.test,
        "train_rows": len(train),
        "test_rows": len(test),
        "dropped_without_arrival": {"train": train_dropped, "test": test_dropped},
        "late_share": {
            "train": round(float(train[features.LABEL].mean()), 4),
            "test": round(float(test[features.LABEL].mean()), 4),
        },
        "data": digest(raw, months),
        "categorical": list(features.CATEGORICAL),
        "numeric": list(features.NUMERIC),
        "label": features.LABEL,
    }
    for table, folder in ((train, train_out), (test, test_out)):
        folder.mkdir(parents=True, exist_ok=True)
        table.to_csv(folder / "flights.csv", index=False)
        (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw-data", type=Path, required=True)
    parser.add_argument("--test-month", type=int, default=0)
    parser.add_argument("--train-months", type=int, default=0)
    parser.add_argument("--data-stamp", default="", help="changes when the raw data does")
    parser.add_argument("--train-data", type=Path, required=True)
    parser.add_argument("--test-data", type=Path, required=True)
    args = parser.parse_args()
    summary = run(
        args.raw_data,
        args.train_data,
        args.test_data,
        test_month=args.test_month,
        train_months=args.train_months,
    )
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main()
