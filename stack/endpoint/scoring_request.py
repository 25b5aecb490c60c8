"""Reads a scoring request: JSON text in, a table with the model's columns out."""

from __future__ import annotations

import json

import pandas as pd

CATEGORICAL = ("carrier", "origin", "dest")
MOST_FLIGHTS = 1000


class RequestError(ValueError):
    """The request cannot be answered; the message says which part of it."""


def table_of(raw_data: str, columns: list[str]) -> pd.DataFrame:
    """The request as a table with the model's columns. Raises RequestError."""
    try:
        rows = json.loads(raw_data)["flights"]
    except (ValueError, KeyError, TypeError) as error:
        raise RequestError('expected a JSON object {"flights": [...]}') from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RequestError("flights is a list of objects")
    if not 0 < len(rows) <= MOST_FLIGHTS:
        raise RequestError(f"flights holds 1 to {MOST_FLIGHTS} objects, got {len(rows)}")
    missing = [column for column in columns if any(column not in row for row in rows)]
    if missing:
        raise RequestError(f"a flight lacks {', '.join(missing)}; null stands for unknown")
    table = pd.DataFrame(rows, columns=columns)
    types = {column: "object" if column in CATEGORICAL else "float64" for column in columns}
    try:
        return table.astype(types)
    except (TypeError, ValueError) as error:
        raise RequestError(f"a number was expected: {error}") from error
