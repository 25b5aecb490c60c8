"""Environment versions to what is to be installed."""

from pathlib import Path

import pytest

from shipway.base.errors import BadInput
from shipway.compute import image_plans
from shipway.compute.interpreters import nearest
from shipway.ml.environment_versions import EnvironmentVersion


def environment(conda: str = "", image: str = "", context: str = "") -> EnvironmentVersion:
    return EnvironmentVersion(
        workspace="w", name="e", version="1", conda_file=conda, image=image, build_context=context
    )


CONDA = """
channels: [conda-forge]
dependencies:
  - python=3.8.5
  - pip=21.2
  - conda-forge::scikit-learn=0.24.2
  - numpy>=1.19, <2
  - pandas
  - pytorch=1.7.1=py38
  - gcc
  - pip:
      - mlflow==2.22.0
      - "  # a comment"
      - -r more.txt
"""


def test_a_conda_file_becomes_a_python_and_requirements() -> None:
    plan = image_plans.of(environment(CONDA), {"more.txt": "pyjokes==0.6.0 # why\n\nrequests\n"})
    assert plan.python == "3.8"
    assert plan.requirements == (
        "scikit-learn==0.24.2.*", "numpy>=1.19,<2", "pandas", "torch==1.7.1.*", "mlflow==2.22.0",
        "pyjokes==0.6.0", "requests",
    )  # fmt: skip
    assert any("torch" in note for note in plan.notes)


def test_a_requirements_file_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match=r"more\.txt"):
        image_plans.of(environment(CONDA), {})


@pytest.mark.parametrize(
    ("image", "python"),
    [
        ("docker.io/python:3.12-slim", "3.12"),
        ("mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference:latest", "3.8"),
        ("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04", ""),
    ],
)
def test_an_images_name_tells_its_python(image: str, python: str) -> None:
    assert image_plans.python_of_image(image) == python


def test_a_curated_image_has_its_packages() -> None:
    plan = image_plans.of(environment(image="mcr.microsoft.com/azureml/curated/sklearn-1.5:36"), {})
    assert plan.python == "3.10"
    assert any(line.startswith("scikit-learn~=1.5") for line in plan.requirements)


def test_a_build_context_brings_its_conda_file() -> None:
    files = {"Dockerfile": "FROM x", "conda.yml": "dependencies: [python=3.11, {pip: [a]}]"}
    assert image_plans.of(environment(context="azureml://x"), files).requirements == ("a",)


def test_the_same_packages_in_another_order_are_one_environment() -> None:
    one = image_plans.of(environment("dependencies: [{pip: [a, b]}]"), {})
    two = image_plans.of(environment("dependencies: [{pip: [b, a]}]"), {})
    assert one.key("3.11") == two.key("3.11") != one.key("3.12")


def test_the_nearest_python_is_taken_the_newer_of_two() -> None:
    found = {minor: Path(f"/python3.{minor}") for minor in (9, 11, 13)}
    assert nearest("3.11", found)[0] == 11
    assert nearest("3.10", found)[0] == 11
    assert nearest("3.7", found)[0] == 9
    assert nearest("3.14", found)[0] == 13
