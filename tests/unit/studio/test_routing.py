"""Paths to pages, and words for people."""

from datetime import timedelta

import pytest

from shipway.base.clock import FrozenClock, timestamp
from shipway.studio import routing, table, wording


@pytest.mark.parametrize(
    ("method", "path", "pattern", "params"),
    [
        ("GET", "/", "/", {}),
        ("GET", "/runs/12", "/runs/{run}", {"run": "12"}),
        ("POST", "/runs/12/cancel", "/runs/{run}/cancel", {"run": "12"}),
        (
            "GET", "/runs/1/artifacts/a%20b/x/y.json",
            "/runs/{run}/artifacts/{artifact}/{path:path}",
            {"run": "1", "artifact": "a b", "path": "x/y.json"},
        ),
        (
            "GET", "/jobs/rg/ws/j%2Fk", "/jobs/{group}/{workspace}/{job}",
            {"group": "rg", "workspace": "ws", "job": "j/k"},
        ),
    ],
)  # fmt: skip
def test_a_path_finds_its_row(method: str, path: str, pattern: str, params: dict[str, str]) -> None:
    found = routing.match(table.PAGES, method, path)
    assert found is not None
    assert (found[0].pattern, found[1]) == (pattern, params)


@pytest.mark.parametrize("path", ["/run", "/runs/", "/runs/1/x", "//runs", "/runs/1/cancel/"])
def test_an_unknown_path_finds_none(path: str) -> None:
    assert routing.match(table.PAGES, "GET", path) is None


def test_the_methods_of_a_path() -> None:
    assert routing.methods_of(table.PAGES, "/runs/1/cancel") == ["POST"]
    assert routing.methods_of(table.PAGES, "/nothing") == []


def test_every_change_is_a_post() -> None:
    changing = {
        "cancel",
        "rerun",
        "retry",
        "{verb}",
        "permit",
        "bypass",
        "enable",
        "disable",
        "approve",
        "reject",
        "vote",
        "complete",
        "requeue",
        "abandon",
    }
    for route in table.PAGES:
        is_change = route.pattern.rpartition("/")[2] in changing
        assert (route.method == "POST") == is_change, route.pattern


def test_moments_and_durations() -> None:
    clock = FrozenClock()
    then = clock.now()
    clock.advance(125)
    assert wording.ago(then, clock.now()) == "2 min ago"
    assert wording.ago(timestamp(then), then + timedelta(seconds=3)) == "just now"
    assert wording.took(then, None, clock.now()) == "2 min 5 s"
    assert wording.took(then, then + timedelta(seconds=1.25), clock.now()) == "1.2 s"
    assert wording.took(None, None, clock.now()) == ""
    assert wording.ago("", clock.now()) == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", ("", "plain")),
        ("##[error]broken", ("error", "broken")),
        ("\x1b[31mred\x1b[0m", ("", "red")),
        ("##[section]Starting: x", ("section", "Starting: x")),
    ],
)
def test_log_lines_lose_their_marks_and_colours(text: str, line: tuple[str, str]) -> None:
    assert wording.log_line(text) == line
