from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import gate
import register

METRICS = {
    "model": {"auc": 0.71, "average_precision": 0.4, "brier": 0.15, "accuracy": 0.78},
    "flights": "f1",
    "data": {"data": "d1", "train_months": ["2013-01", "2013-02"], "test_month": "2013-03"},
}
DECISION = {
    "passed": True,
    "reason": "AUC 0.7100 reaches the threshold 0.6800",
    "rules": {"auc_threshold": 0.68},
    "champion": {"name": "flight-delay", "version": "2", "auc": 0.7},
}


def run_gate(decision: dict, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, Path]:
    (folder / "decision.json").write_text(json.dumps(decision))
    verdict = folder / "out" / "verdict.txt"
    arguments = ["gate.py", "--evaluation", str(folder), "--verdict", str(verdict)]
    monkeypatch.setattr(sys, "argv", arguments)
    return gate.main(), verdict


def test_the_gate_opens_and_leaves_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, verdict = run_gate(DECISION, tmp_path, monkeypatch)
    assert code == 0
    assert verdict.read_text().startswith("passed: AUC 0.7100")


def test_the_gate_holds_says_why_last_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, verdict = run_gate(
        {"passed": False, "reason": "AUC 0.6 is too low"}, tmp_path, monkeypatch
    )
    assert code == 1
    assert not verdict.exists()
    assert capsys.readouterr().out.splitlines()[-1] == "gate held: AUC 0.6 is too low"


def test_only_true_opens_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_gate({"passed": "false", "reason": ""}, tmp_path, monkeypatch)[0] == 1


def test_a_version_says_where_it_comes_from() -> None:
    tags = register.tags(METRICS, DECISION, {"job": "j", "commit": "c"})
    assert tags["gate"] == "passed"
    assert tags["auc"] == "0.710000"
    assert (tags["champion"], tags["champion_auc"]) == ("flight-delay:2", "0.700000")
    assert (tags["data"], tags["flights"]) == ("d1", "f1")
    assert (tags["train_months"], tags["test_month"]) == ("2013-01 2013-02", "2013-03")
    assert (tags["job"], tags["commit"]) == ("j", "c")
    assert all(isinstance(value, str) and len(value) <= 256 for value in tags.values())


def test_the_first_version_has_no_champion_to_name() -> None:
    assert register.tags(METRICS, {**DECISION, "champion": None}, {})["champion"] == "none"


def test_the_job_that_trained_is_read_from_the_model(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("metadata:\n  train_job: brave_hill_1\n")
    assert register.train_job(tmp_path) == "brave_hill_1"
