"""The pipeline's steps as plain processes, on the real flights of three months."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stack.conftest import STACK, Environment, apply_worse_change

pytestmark = pytest.mark.slow

Environments = Callable[[str], Environment]

THRESHOLD = 0.68

#: Evaluates against a champion whose files are at hand, as `champion.py` would have fetched them.
AGAINST_A_CHAMPION = """
import json, sys
from pathlib import Path
import champion, decision, evaluate
model, test, out, folder, tags = sys.argv[1:]
found = champion.Champion("flight-delay", "1", json.loads(tags), Path(folder))
rules = decision.Rules(auc_threshold=float(0.68))
evaluate.evaluate(Path(model), Path(test), Path(out), rules=rules, found=found)
"""

SWAP_LABELS = """
import sys
import pandas as pd
for path in sys.argv[1:]:
    table = pd.read_csv(path)
    table.assign(late=1 - table["late"]).to_csv(path, index=False)
"""


class Chain:
    """preprocess, train, evaluate and gate of one copy of the stack."""

    def __init__(self, job: Environment, source: Path, work: Path) -> None:
        self.job, self.source, self.work = job, source, work
        self.tracking = {"MLFLOW_TRACKING_URI": f"file://{work}/mlruns"}

    def step(self, name: str, *arguments: str | Path, check: bool = True) -> tuple[int, str]:
        done = self.job.run(
            f"{name}.py", *arguments, cwd=self.source / name, check=check, **self.tracking
        )
        return done.returncode, done.stdout

    def preprocess(self, raw: Path) -> None:
        outputs = ("--train-data", self.work / "train", "--test-data", self.work / "test")
        self.step("preprocess", "--raw-data", raw, *outputs)

    def train(self) -> None:
        shutil.rmtree(self.work / "model", ignore_errors=True)
        self.step("train", "--train-data", self.work / "train", "--model", self.work / "model")

    def evaluate(self, *, threshold: float = THRESHOLD) -> dict[str, Any]:
        self.step(
            "evaluate",
            *("--model", self.work / "model", "--test-data", self.work / "test"),
            *("--auc-threshold", str(threshold), "--endpoint-name", "none"),
            *("--evaluation", self.work / "evaluation"),
        )
        return self.decision()

    def evaluate_against(self, champion: Chain) -> dict[str, Any]:
        measured = champion.metrics()
        tags = {"auc": f"{measured['model']['auc']:.6f}", "flights": measured["flights"]}
        folders = (self.work / "model", self.work / "test", self.work / "evaluation")
        self.job.run(
            *("-c", AGAINST_A_CHAMPION, *folders, champion.work / "model", json.dumps(tags)),
            cwd=self.source / "evaluate",
            check=True,
            **self.tracking,
        )
        return self.decision()

    def gate(self) -> tuple[int, str]:
        verdict = self.work / "verdict.txt"
        code, said = self.step(
            "gate", "--evaluation", self.work / "evaluation", "--verdict", verdict, check=False
        )
        return code, said.splitlines()[-1]

    def decision(self) -> dict[str, Any]:
        return dict(json.loads((self.work / "evaluation" / "decision.json").read_text()))

    def metrics(self) -> dict[str, Any]:
        return dict(json.loads((self.work / "evaluation" / "metrics.json").read_text()))


@pytest.fixture(scope="module")
def good(
    environment: Environments, raw_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Chain:
    """The stack as it is, trained and evaluated."""
    chain = Chain(environment("job"), STACK / "pipelines" / "src", tmp_path_factory.mktemp("good"))
    chain.preprocess(raw_data)
    chain.train()
    chain.evaluate()
    return chain


@pytest.fixture
def other(good: Chain, tmp_path: Path) -> Chain:
    """A second chain with the good one's tables and model, to change."""
    work = tmp_path / "work"
    for name in ("train", "test", "model"):
        shutil.copytree(good.work / name, work / name)
    return Chain(good.job, good.source, work)


def test_a_good_model_passes_the_gate(good: Chain) -> None:
    code, said = good.gate()
    assert code == 0
    assert said.startswith("gate passed: AUC 0.7")
    assert (good.work / "verdict.txt").read_text().startswith("passed: ")
    report = (good.work / "evaluation" / "report.html").read_text()
    assert "50,009 flights of 2013-01, 2013-02" in report


def test_the_same_seed_gives_the_same_model_and_auc(good: Chain, other: Chain) -> None:
    other.train()
    first, second = ((chain.work / "model/model.pkl").read_bytes() for chain in (good, other))
    assert first == second
    assert other.evaluate()["auc"] == good.decision()["auc"]


def test_a_feature_joined_on_the_wrong_key_is_held_by_the_champion(
    good: Chain, raw_data: Path, copy: Path, tmp_path: Path
) -> None:
    apply_worse_change(copy)
    worse = Chain(good.job, copy / "pipelines" / "src", tmp_path / "work")
    worse.preprocess(raw_data)
    worse.train()
    decision = worse.evaluate_against(good)
    champion = decision["champion"]
    assert decision["auc"] < good.decision()["auc"] - 0.03
    assert champion["recorded_auc"] == pytest.approx(good.decision()["auc"], abs=1e-5)
    code, said = worse.gate()
    assert code == 1
    assert f"AUC {decision['auc']:.4f} is below AUC {champion['recorded_auc']:.4f}" in said
    assert "champion flight-delay:1" in said

    # the same change, a lower threshold and nothing that serves: it passes
    assert worse.evaluate(threshold=0.6)["passed"]
    assert worse.gate()[0] == 0


def test_labels_swapped_in_training_are_held(good: Chain, other: Chain) -> None:
    train = other.work / "train" / "flights.csv"
    other.job.run("-c", SWAP_LABELS, train, cwd=other.work)
    other.train()
    decision = other.evaluate()
    assert decision["auc"] < 0.5
    assert not decision["passed"]
    assert other.gate()[0] == 1


def test_labels_swapped_everywhere_are_held(good: Chain, other: Chain) -> None:
    """The figures look as good as before; the share of late flights gives it away."""
    tables = [other.work / name / "flights.csv" for name in ("train", "test")]
    other.job.run("-c", SWAP_LABELS, *tables, cwd=other.work)
    other.train()
    decision = other.evaluate()
    assert decision["auc"] == pytest.approx(good.decision()["auc"], abs=0.01)
    assert not decision["passed"]
    assert "swapped" in decision["reason"]
    against = other.evaluate_against(good)
    assert "the wrong way round" in against["reason"]


SCORE = """
import json, sys
import score
score.init()
answer = score.run(sys.argv[1])
wrong = score.run('{"flights": []}')
print(json.dumps([answer, wrong.status_code, json.loads(wrong.get_data())]))
"""


def test_the_endpoint_answers_what_the_evaluation_answered(
    good: Chain, environment: Environments
) -> None:
    sample = json.loads((good.work / "evaluation" / "sample.json").read_text())
    done = environment("serving").run(
        *("-c", SCORE, json.dumps(sample["request"])),
        cwd=STACK / "endpoint",
        AZUREML_MODEL_DIR=str(good.work),
        MODEL_LABEL="flight-delay:1",
    )
    answer, status, wrong = json.loads(done.stdout.splitlines()[-1])
    assert answer["model"] == "flight-delay:1"
    assert answer["probabilities"] == pytest.approx(sample["expected"], abs=1e-5)
    assert status == 400
    assert "1 to 1000" in wrong["error"]
