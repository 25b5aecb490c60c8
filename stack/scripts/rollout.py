"""Asks an endpoint real flights and knows what it must answer."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import requests

#: Probabilities travel as text with six digits.
CLOSE_ENOUGH = 1e-5
FEWEST_REQUESTS = 40
PAUSE_SECONDS = 0.05
SMOKE_REQUESTS = 3
TIMEOUT_SECONDS = 30


class WrongAnswer(Exception):
    """The endpoint did not answer as it must; the message says how."""


@dataclass(frozen=True)
class Caller:
    """An endpoint's address and key. The connection is kept: a new one costs ten predictions."""

    scoring_uri: str
    key: str
    session: requests.Session = field(default_factory=requests.Session, compare=False, repr=False)

    def ask(self, request: dict, deployment: str | None = None) -> requests.Response:
        """One scoring request, to the endpoint or past its traffic rules to one deployment."""
        headers = {"Authorization": f"Bearer {self.key}"}
        if deployment:
            headers["azureml-model-deployment"] = deployment
        return self.session.post(
            self.scoring_uri, json=request, headers=headers, timeout=TIMEOUT_SECONDS
        )


@dataclass(frozen=True)
class Check:
    """Real flights, what the new version must answer to them, and that version's name."""

    request: dict
    expected: list[float] | None
    label: str

    @classmethod
    def read(cls, path: Path, label: str) -> Check:
        """From the evaluation's sample.json, or from a bare request that expects nothing."""
        content = json.loads(path.read_text())
        if "request" in content:
            return cls(content["request"], content["expected"], label)
        return cls(content, None, label)

    def verify(self, answer: requests.Response) -> str:
        """The model that answered. Raises WrongAnswer."""
        if answer.status_code != 200:
            raise WrongAnswer(f"HTTP {answer.status_code}: {answer.text[:300]}")
        try:
            body = answer.json()
            model, values = body["model"], [float(p) for p in body["probabilities"]]
        except (ValueError, KeyError, TypeError) as error:
            raise WrongAnswer(f"not an answer of this service: {answer.text[:300]}") from error
        flights = len(self.request["flights"])
        if len(values) != flights or not all(0.0 <= value <= 1.0 for value in values):
            raise WrongAnswer(f"{flights} probabilities were expected, got {answer.text[:300]}")
        if model == self.label and self.expected:
            pairs = zip(values, self.expected, strict=True)
            worst = max(abs(value - wanted) for value, wanted in pairs)
            if worst > CLOSE_ENOUGH:
                raise WrongAnswer(
                    f"{model} answers other than it did in its evaluation, by up to {worst:.4f}"
                )
        return model


def smoke(caller: Caller, check: Check, deployment: str) -> None:
    """Asks the new deployment directly, before it takes any traffic. Raises WrongAnswer."""
    for _ in range(SMOKE_REQUESTS):
        model = _ask(caller, check, deployment)
        if model != check.label:
            raise WrongAnswer(f"{deployment} answers as {model}, not as {check.label}")
    print(f"smoke test: {deployment} answers as {check.label}", flush=True)


def watch(caller: Caller, check: Check, deployment: str, *, seconds: float) -> dict[str, int]:
    """Sends real requests for a while; who answered how often. Raises WrongAnswer.

    A new version that dies under traffic shows as a failed request, its own or a direct one.
    """
    answered: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until or sum(answered.values()) < FEWEST_REQUESTS:
        answered[_ask(caller, check, None)] += 1
        if sum(answered.values()) % 10 == 0:
            _ask(caller, check, deployment)
        time.sleep(PAUSE_SECONDS)
    return dict(answered)


def _ask(caller: Caller, check: Check, deployment: str | None) -> str:
    try:
        return check.verify(caller.ask(check.request, deployment))
    except requests.RequestException as error:
        raise WrongAnswer(f"no answer: {error}") from error
