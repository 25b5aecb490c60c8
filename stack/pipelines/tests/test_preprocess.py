from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import features
import preprocess


def test_late_means_more_than_fifteen_minutes(flights: pd.DataFrame) -> None:
    assert features.label(flights).tolist() == [0, 1, 0, 0, 1, 0]


def test_flights_without_an_arrival_are_dropped_and_counted(flights: pd.DataFrame) -> None:
    finished, dropped = features.drop_unfinished(flights)
    assert (len(finished), dropped) == (5, 1)


def test_each_flight_meets_the_weather_of_its_origin_and_hour(
    flights: pd.DataFrame, weather: pd.DataFrame
) -> None:
    joined = features.with_weather(flights, weather)
    assert joined["temp"].tolist() == [35.0, 135.0, 135.0, 247.0, 47.0, 248.0]


def test_planes_give_age_and_seats_and_unknown_planes_stay_empty(
    flights: pd.DataFrame, planes: pd.DataFrame
) -> None:
    joined = features.with_plane(flights, planes)
    assert joined["plane_age"].tolist()[:3] == [14.0, 23.0, 1.0]
    assert joined["seats"].isna().tolist() == [False, False, False, True, True, False]


def test_clock_times_become_hours(flights: pd.DataFrame) -> None:
    joined = features.with_schedule(flights)
    assert joined["scheduled_departure"].tolist()[0] == pytest.approx(5.283)
    assert joined["scheduled_departure"].tolist()[4] == 17.75
    assert set(joined["weekday"]) == {4}


def test_no_column_known_only_after_departure_is_a_feature() -> None:
    assert not set(features.KNOWN_AFTER_DEPARTURE) & set(features.FEATURES)
    assert {"dep_time", "dep_delay", "arr_time", "air_time"} <= set(features.KNOWN_AFTER_DEPARTURE)


@pytest.mark.parametrize("column", features.KNOWN_AFTER_DEPARTURE)
def test_no_feature_changes_with_what_is_known_after_departure(
    column: str, flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame
) -> None:
    """A leak by another name would show: the features are the same whatever the column holds."""
    before = features.build(flights, weather, planes)[list(features.FEATURES)]
    changed = flights.assign(**{column: flights[column].fillna(0) + 777.0})
    after = features.build(changed, weather, planes)[list(features.FEATURES)]
    pd.testing.assert_frame_equal(before, after)


def test_the_newest_month_tests_and_earlier_ones_train() -> None:
    months = preprocess.choose_months(
        ["2013-03", "2013-01", "2013-02"], test_month=0, train_months=0
    )
    assert months == preprocess.Months(train=("2013-01", "2013-02"), test="2013-03")


def test_the_month_asked_for_tests_and_later_ones_are_not_seen() -> None:
    months = preprocess.choose_months(
        ["2013-01", "2013-02", "2013-03"], test_month=2, train_months=0
    )
    assert months == preprocess.Months(train=("2013-01",), test="2013-02")


def test_only_the_last_months_train_when_so_many_are_wanted() -> None:
    available = [f"2013-{month:02}" for month in range(1, 7)]
    months = preprocess.choose_months(available, test_month=0, train_months=2)
    assert months.train == ("2013-04", "2013-05")


@pytest.mark.parametrize(
    ("available", "test_month", "says"),
    [(["2013-01"], 0, "two months"), (["2013-01", "2013-02"], 7, "month 7"), ([], 0, "two months")],
)
def test_months_that_are_not_there_are_named(
    available: list[str], test_month: int, says: str
) -> None:
    with pytest.raises(preprocess.DataError, match=says):
        preprocess.choose_months(available, test_month=test_month, train_months=0)


def test_both_tables_and_a_summary_are_written(raw: Path, tmp_path: Path) -> None:
    train, test = tmp_path / "train", tmp_path / "test"
    summary = preprocess.run(raw, train, test, test_month=0, train_months=0)
    assert summary["train_rows"] == summary["test_rows"] == 5
    assert summary["dropped_without_arrival"] == {"train": 1, "test": 1}
    columns = pd.read_csv(test / "flights.csv").columns
    assert not set(features.KNOWN_AFTER_DEPARTURE) & set(columns)
    assert (train / "summary.json").read_text() == (test / "summary.json").read_text()


def test_the_same_data_gives_the_same_bytes_and_fingerprint(raw: Path, tmp_path: Path) -> None:
    runs = [
        preprocess.run(raw, tmp_path / n, tmp_path / f"{n}t", test_month=0, train_months=0)
        for n in "ab"
    ]
    assert runs[0] == runs[1]
    first, second = ((tmp_path / n / "flights.csv").read_bytes() for n in "ab")
    assert first == second


def test_the_fingerprint_changes_with_the_data(raw: Path) -> None:
    months = preprocess.Months(train=("2013-01",), test="2013-02")
    before = preprocess.digest(raw, months)
    with (raw / "weather" / "2013-01.csv").open("a") as file:
        file.write("\n")
    assert preprocess.digest(raw, months) != before
