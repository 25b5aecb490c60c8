"""A day of flights, small enough to reckon by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ORIGINS = ("EWR", "JFK", "LGA")


@pytest.fixture
def flights() -> pd.DataFrame:
    rows = [
        # carrier, flight, tailnum, origin, dest, scheduled, arrives, distance, arrival delay
        ("UA", 1545, "N14228", "EWR", "IAH", 517, 819, 1400, 11.0),
        ("AA", 1141, "N619AA", "JFK", "MIA", 540, 850, 1089, 33.0),
        ("B6", 725, "N804JB", "JFK", "BQN", 545, 1022, 1576, -18.0),
        ("DL", 461, "N668DN", "LGA", "ATL", 1730, 2010, 762, 15.0),
        ("UA", 1696, None, "EWR", "ORD", 1745, 1910, 719, 16.0),
        ("AA", 301, "N619AA", "LGA", "ORD", 1800, 1930, 733, np.nan),
    ]
    table = pd.DataFrame(
        rows,
        columns=[
            "carrier",
            "flight",
            "tailnum",
            "origin",
            "dest",
            "sched_dep_time",
            "sched_arr_time",
            "distance",
            "arr_delay",
        ],
    )
    table["year"], table["month"], table["day"] = 2013, 1, 4
    table["hour"] = table["sched_dep_time"] // 100
    table["time_hour"] = [f"2013-01-04T{hour + 5:02}:00:00Z" for hour in table["hour"]]
    table["dep_time"] = table["sched_dep_time"] + 3.0
    table["dep_delay"] = 3.0
    table["arr_time"] = table["sched_arr_time"] + table["arr_delay"]
    table["air_time"] = 120.0
    return table


@pytest.fixture
def weather() -> pd.DataFrame:
    hours = range(24)
    table = pd.DataFrame(
        [(origin, hour) for origin in ORIGINS for hour in hours], columns=["origin", "hour"]
    )
    table["year"], table["month"], table["day"] = 2013, 1, 4
    day = 4 + (table["hour"] + 5) // 24
    clock = (table["hour"] + 5) % 24
    table["time_hour"] = [f"2013-01-{d:02}T{h:02}:00:00Z" for d, h in zip(day, clock, strict=True)]
    table["temp"] = 30.0 + table["hour"] + 100 * table["origin"].map(ORIGINS.index)
    for column in ("dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib"):
        table[column] = 1.0
    table["wind_gust"] = np.nan
    return table


@pytest.fixture
def planes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "tailnum": ["N14228", "N619AA", "N804JB"],
            "year": [1999.0, 1990.0, 2012.0],
            "seats": [149, 178, 200],
        }
    )


@pytest.fixture
def raw(tmp_path: Path, flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame) -> Path:
    """A raw data folder with two months that hold the same day."""
    folder = tmp_path / "raw"
    for kind, table in (("flights", flights), ("weather", weather)):
        (folder / kind).mkdir(parents=True)
        for month in ("2013-01", "2013-02"):
            table.to_csv(folder / kind / f"{month}.csv", index=False)
    planes.to_csv(folder / "planes.csv", index=False)
    return folder
