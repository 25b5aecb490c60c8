"""What is known about a flight before it departs, as numbers and categories.

Pure functions over data frames: the unit tests and `preprocess.py` share them.
"""

from __future__ import annotations

import pandas as pd

LATE_MINUTES = 15
LABEL = "late"

#: Columns that exist only once the flight has left. None of them may become a feature.
KNOWN_AFTER_DEPARTURE = ("dep_time", "dep_delay", "arr_time", "air_time", "arr_delay")

WEATHER = (
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
)
NUMERIC = (
    "scheduled_departure",
    "scheduled_arrival",
    "weekday",
    "distance",
    "plane_age",
    "seats",
    *WEATHER,
)
CATEGORICAL = ("carrier", "origin", "dest")
FEATURES = (*CATEGORICAL, *NUMERIC)

#: Identify a flight; they travel beside the features and are never given to the model.
KEYS = ("year", "month", "day", "flight", "sched_dep_time")

WEATHER_KEY = ["origin", "time_hour"]
PLANE_KEY = ["tailnum"]


def label(flights: pd.DataFrame) -> pd.Series:
    """1 where the flight arrived more than 15 minutes late, else 0."""
    return (flights["arr_delay"] > LATE_MINUTES).astype("int8").rename(LABEL)


def drop_unfinished(flights: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Flights that have an arrival delay, and how many had none (cancelled or diverted)."""
    finished = flights[flights["arr_delay"].notna()]
    return finished.reset_index(drop=True), len(flights) - len(finished)


def with_weather(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """Each flight beside the weather at its origin in the hour of its scheduled departure."""
    hourly = weather.drop_duplicates(WEATHER_KEY)[[*WEATHER_KEY, *WEATHER]]
    return flights.merge(hourly, on=WEATHER_KEY, how="left", validate="many_to_one")


def with_plane(flights: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """Each flight beside the age and the seats of its plane; unknown planes stay empty."""
    known = planes.drop_duplicates(PLANE_KEY)[[*PLANE_KEY, "year", "seats"]]
    joined = flights.merge(
        known.rename(columns={"year": "built"}), on=PLANE_KEY, how="left", validate="many_to_one"
    )
    return joined.assign(plane_age=joined["year"] - joined["built"])


def with_schedule(flights: pd.DataFrame) -> pd.DataFrame:
    """Each flight with its weekday and its scheduled times in hours."""
    return flights.assign(
        weekday=pd.to_datetime(flights[["year", "month", "day"]]).dt.weekday,
        scheduled_departure=_hours(flights["sched_dep_time"]),
        scheduled_arrival=_hours(flights["sched_arr_time"]),
    )


def build(flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """Keys, features and label of every finished flight, in the order of `flights`."""
    joined = with_schedule(with_plane(with_weather(flights, weather), planes))
    # all numbers as floats: an integer column could not hold a gap when the model serves
    table = joined[[*KEYS, *FEATURES]].astype(dict.fromkeys(NUMERIC, "float64"))
    table[LABEL] = label(joined)
    return table


def _hours(clock: pd.Series) -> pd.Series:
    """1745 (quarter to six) as 17.75."""
    return (clock // 100 + (clock % 100) / 60).round(3)
