"""Curated environments: names that Azure knows, as a Python version and pip packages.

Data only. The pins follow https://github.com/Azure/azureml-assets (assets/training and
assets/inference), with those versions that exist as wheels on PyPI.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CuratedEnvironment:
    """One of Azure's ready-made environments. `version` is the newest that is known here."""

    version: str
    image: str
    python: str
    packages: tuple[str, ...]


_MLFLOW = ("mlflow-skinny>=2.18,<3", "azureml-mlflow>=1.60")
_SKLEARN_1_5 = (
    "pandas~=1.5.3", "numpy~=1.22", "scipy~=1.10", "scikit-learn~=1.5.0", "matplotlib~=3.5",
    "joblib~=1.2", "lightgbm~=4.0", "papermill~=2.4", "ipykernel~=6.0", "setuptools<81",
    "mlflow>=2.18,<3", "azureml-mlflow>=1.60", "psutil<7", "tqdm~=4.60", "py-spy",
)  # fmt: skip

CURATED: dict[str, CuratedEnvironment] = {
    "sklearn-1.5": CuratedEnvironment(
        version="36", image="mcr.microsoft.com/azureml/curated/sklearn-1.5:36",
        python="3.10", packages=_SKLEARN_1_5,
    ),
    "sklearn-1.1": CuratedEnvironment(
        version="40", image="mcr.microsoft.com/azureml/curated/sklearn-1.1:40",
        python="3.10", packages=("scikit-learn~=1.1.0", "pandas~=1.5.3", "numpy~=1.22", *_MLFLOW),
    ),
    "lightgbm-3.3": CuratedEnvironment(
        version="65", image="mcr.microsoft.com/azureml/curated/lightgbm-3.3:65",
        python="3.10",
        packages=(
            "lightgbm~=3.3.0", "scikit-learn~=1.5.0", "pandas~=1.5.3", "numpy~=1.22",
            "matplotlib~=3.5", "setuptools<81", "mlflow>=2.18,<3", "azureml-mlflow>=1.60",
        ),
    ),
    "python-sdk-v2": CuratedEnvironment(
        version="32", image="mcr.microsoft.com/azureml/curated/python-sdk-v2:32",
        python="3.10", packages=("azure-ai-ml", "azure-identity", *_MLFLOW),
    ),
    "minimal-py311-inference": CuratedEnvironment(
        version="12", image="mcr.microsoft.com/azureml/curated/minimal-py311-inference:12",
        python="3.11", packages=("azureml-inference-server-http~=1.4",),
    ),
    "minimal-ubuntu22.04-py39-cpu-inference": CuratedEnvironment(
        version="30", image="mcr.microsoft.com/azureml/minimal-ubuntu22.04-py39-cpu-inference:30",
        python="3.9", packages=("azureml-inference-server-http~=1.4",),
    ),
}  # fmt: skip


def find(name: str) -> tuple[str, CuratedEnvironment] | None:
    """The environment under its registry name, or its older name `AzureML-<name>`."""
    wanted = name.removeprefix("AzureML-").lower()
    for known, curated in CURATED.items():
        if wanted == known or wanted.startswith(f"{known}-ubuntu"):
            return known, curated
    return None
