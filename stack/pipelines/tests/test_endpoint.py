from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import scoring_request

import features
import rollout

ENDPOINT = Path(__file__).resolve().parents[2] / "endpoint"
FLIGHT = {"carrier": "UA", "origin": "EWR", "dest": "IAH", "temp": 39.0}
COLUMNS = list(FLIGHT)


def test_flights_become_a_table_with_the_models_columns_in_order() -> None:
    other = {"temp": None, "dest": "IAH", "origin": "EWR", "carrier": "UA", "more": 1}
    table = scoring_request.table_of(json.dumps({"flights": [FLIGHT, other]}), COLUMNS)
    assert list(table.columns) == COLUMNS
    assert table["temp"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("not json", "expected a JSON object"),
        ("[]", "expected a JSON object"),
        ('{"rows": []}', "expected a JSON object"),
        ('{"flights": {}}', "list of objects"),
        ('{"flights": []}', "1 to 1000"),
        (json.dumps({"flights": [FLIGHT] * 1001}), "1 to 1000"),
        ('{"flights": [{"carrier": "UA"}]}', "lacks origin, dest, temp"),
        (json.dumps({"flights": [{**FLIGHT, "temp": "cold"}]}), "a number was expected"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(content: str, says: str) -> None:
    with pytest.raises(scoring_request.RequestError, match=says):
        scoring_request.table_of(content, COLUMNS)


def test_the_sample_request_holds_flights_with_every_feature() -> None:
    content = (ENDPOINT / "sample-request.json").read_text()
    table = scoring_request.table_of(content, list(features.FEATURES))
    assert len(table) >= 3


class Answer:
    """What a scoring request came back with."""

    def __init__(self, body: Any, status: int = 200) -> None:
        self.status_code = status
        self.text = body if isinstance(body, str) else json.dumps(body)

    def json(self) -> Any:
        return json.loads(self.text)


CHECK = rollout.Check({"flights": [{}, {}]}, [0.25, 0.5], "flight-delay:3")


def test_the_expected_answer_is_accepted() -> None:
    body = {"model": "flight-delay:3", "probabilities": [0.25, 0.5]}
    assert CHECK.verify(Answer(body)) == "flight-delay:3"


def test_the_version_before_may_answer_otherwise() -> None:
    body = {"model": "flight-delay:2", "probabilities": [0.9, 0.1]}
    assert CHECK.verify(Answer(body)) == "flight-delay:2"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer("upstream gone", 502), "HTTP 502"),
        (Answer("<html>"), "not an answer"),
        (Answer({"error": "x"}), "not an answer"),
        (Answer({"model": "flight-delay:2", "probabilities": [0.25]}), "2 probabilities"),
        (Answer({"model": "flight-delay:2", "probabilities": [0.25, 1.5]}), "2 probabilities"),
        (Answer({"model": "flight-delay:3", "probabilities": [0.5, 0.25]}), "up to 0.2500"),
    ],
)
def test_a_wrong_answer_is_noticed(answer: Answer, says: str) -> None:
    with pytest.raises(rollout.WrongAnswer, match=says):
        CHECK.verify(answer)


class Endpoint:
    """Answers from a list, the last answer again and again."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)

    def ask(self, request: dict, deployment: str | None = None) -> Answer:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


GOOD = Answer({"model": "flight-delay:3", "probabilities": [0.25, 0.5]})


def test_the_smoke_test_wants_the_new_version_to_answer() -> None:
    rollout.smoke(Endpoint(GOOD), CHECK, "green")
    old = Answer({"model": "flight-delay:2", "probabilities": [0.25, 0.5]})
    with pytest.raises(rollout.WrongAnswer, match="not as flight-delay:3"):
        rollout.smoke(Endpoint(old), CHECK, "green")


def test_watching_counts_who_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "PAUSE_SECONDS", 0)
    seen = rollout.watch(Endpoint(GOOD), CHECK, "green", seconds=0)
    assert seen == {"flight-delay:3": rollout.FEWEST_REQUESTS}


def test_watching_notices_a_version_that_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "PAUSE_SECONDS", 0)
    with pytest.raises(rollout.WrongAnswer, match="HTTP 503"):
        rollout.watch(Endpoint(*[GOOD] * 20, Answer("dead", 503)), CHECK, "green", seconds=0)
