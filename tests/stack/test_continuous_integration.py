"""What the stack's CI stage does, done here: lint, unit tests, validation of every file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stack.conftest import STACK, Environment, apply_worse_change

pytestmark = pytest.mark.slow

Environments = Callable[[str], Environment]


def lint_and_test(ci: Environment, folder: Path) -> str:
    ci.run("-m", "ruff", "check", "--no-cache", ".", cwd=folder)
    ci.run("-m", "ruff", "format", "--no-cache", "--check", ".", cwd=folder)
    tests = ci.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "pipelines/tests", cwd=folder)
    return tests.stdout


def test_lint_and_unit_tests_are_green(environment: Environments, copy: Path) -> None:
    assert " passed" in lint_and_test(environment("ci"), copy)


def test_they_stay_green_with_the_worse_change(environment: Environments, copy: Path) -> None:
    apply_worse_change(copy)
    assert '["origin", "hour"]' in (copy / "pipelines/src/preprocess/features.py").read_text()
    assert " passed" in lint_and_test(environment("ci"), copy)


def validate(environment: Environments, folder: Path) -> tuple[int, str]:
    done = environment("cd").run("pipelines/validate_components.py", cwd=folder, check=False)
    return done.returncode, done.stdout + done.stderr


def test_every_definition_is_valid(environment: Environments) -> None:
    code, said = validate(environment, STACK)
    assert code == 0, said
    assert said.splitlines()[-1] == "5 components: all good"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("components/train.yml", "code: ../src/train\n", "", "has no code folder"),
        ("components/train.yml", "job:1", "job:2", "flight-delay-job:2 is not defined here"),
        ("components/train.yml", "azureml:flight-delay-job:1", "azureml:x@latest", "no version"),
        ("components/gate.yml", "inputs.evaluation}}", "inputs.nothing}}", "undeclared"),
        ("components/gate.yml", "type: uri_file", "type: uri_fil", "does not load"),
        ("training-pipeline.yml", "outputs.verdict}}", "outputs.verdicts}}", "does not"),
        ("training-pipeline.yml", "      seed: ${{parent.inputs.seed}}\n", "", "never used"),
        ("training_pipeline.py", "seed: int = 7", "seed: int = 8", "training_pipeline.py: inputs"),
        ("src/gate/gate.py", "import json\n", "import azureml.core\nimport json\n", "SDK v1"),
    ],
)
def test_a_mistake_is_found_and_named(
    file: str, old: str, new: str, says: str, environment: Environments, copy: Path
) -> None:
    path = copy / "pipelines" / file
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))
    code, said = validate(environment, copy)
    assert code == 1
    assert says in said
