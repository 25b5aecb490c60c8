"""An environment version to what is to be installed: a Python version and pip requirements.

Pure text. There is no Docker here: of an image its Python version is taken where its name tells
one, of a conda file its Python, its pip section and those conda packages that PyPI has.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shipway.base import ids
from shipway.base.errors import BadInput
from shipway.ml import curated_environments, environment_versions
from shipway.ml.environment_versions import EnvironmentVersion

_CONDA = re.compile(r"(?:[^:\s]+::)?([A-Za-z0-9._-]+)\s*(.*)")
_PYTHON = re.compile(r"(\d+)\.(\d+)")
_IMAGE_PYTHON = re.compile(
    r"(?:^|/)python:(\d+\.\d+)|[-_]py(?:thon)?(\d)\.?(\d{1,2})(?![\d])", re.IGNORECASE
)
# conda's name -> PyPI's
_RENAMED = {
    "pytorch": "torch", "pytorch-cpu": "torch", "tensorflow-gpu": "tensorflow",
    "py-xgboost": "xgboost", "python-dateutil": "python-dateutil", "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless", "dataclasses": "",
}  # fmt: skip
# what conda brings besides Python packages: the machine's own serves, or nothing needs it
_NOT_PYTHON = frozenset(
    "pip python gcc gxx libgcc libgcc-ng libstdcxx-ng openmpi mpich cudatoolkit cudnn nccl"
    " openssl ca-certificates libffi sqlite readline tk xz zlib git git-lfs openjdk nodejs make"
    " cmake nomkl mkl blas libblas libgfortran llvm-openmp setuptools-scm".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """What to install. `python` is `3.10` or empty; `notes` tell what was taken otherwise."""

    name: str
    python: str = ""
    requirements: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def key(self, python: str) -> str:
        """One name for what would be built with a Python version."""
        return ids.digest("\n".join((python, *sorted(self.requirements))))[:32]


def of(environment: EnvironmentVersion, files: Mapping[str, str]) -> ImagePlan:
    """The plan of a version; `files` are the text files of its build context by path.

    Raises `BadInput` for a conda file that cannot be read and a `-r` file that is not there.
    """
    name = f"{environment.name}:{environment.version}"
    conda = environment.conda_file or _conda_of_context(environment, files)
    if conda:
        return _of_conda(name, environment_versions.parse_conda(conda), files)
    curated = _curated_image(environment.image)
    if curated is not None:
        return ImagePlan(name=name, python=curated.python, requirements=curated.packages)
    notes: tuple[str, ...] = ()
    if environment.image:
        notes = (f"the image {environment.image} is not pulled; a bare Python stands for it",)
    requirements = files.get("requirements.txt", "")
    return ImagePlan(
        name=name, python=python_of_image(environment.image),
        requirements=tuple(_requirement_lines(requirements, files)), notes=notes,
    )  # fmt: skip


def python_of_image(image: str) -> str:
    """The Python version that an image's name tells, or nothing."""
    found = _IMAGE_PYTHON.search(image)
    if found is None:
        return ""
    return found[1] or f"{found[2]}.{found[3]}"


def _curated_image(image: str) -> curated_environments.CuratedEnvironment | None:
    found = re.search(r"/azureml/(?:curated/)?([^:/@]+)(?:[:@].*)?$", image)
    known = curated_environments.find(found[1]) if found else None
    return known[1] if known else None


def _conda_of_context(environment: EnvironmentVersion, files: Mapping[str, str]) -> str:
    if not environment.build_context:
        return ""
    names = ("conda.yml", "conda.yaml", "environment.yml", "environment.yaml",
             "conda_dependencies.yml", "conda_dependencies.yaml")  # fmt: skip
    return next((files[name] for name in names if name in files), "")


def _of_conda(name: str, conda: Mapping[str, Any], files: Mapping[str, str]) -> ImagePlan:
    python, requirements, notes = "", list[str](), list[str]()
    for item in conda.get("dependencies") or ():
        if isinstance(item, dict):
            for line in item.get("pip") or ():
                requirements += _requirement_lines(str(line), files)
            continue
        package, version = _conda_package(str(item))
        if package == "python":
            found = _PYTHON.search(version)
            python = f"{found[1]}.{found[2]}" if found else ""
        elif package in _NOT_PYTHON:
            continue
        else:
            renamed = _RENAMED.get(package, package)
            if renamed:
                requirements.append(renamed + _pip_version(version))
                notes.append(f"conda's {str(item).strip()} comes from PyPI as {requirements[-1]}")
    return ImagePlan(name=name, python=python, requirements=tuple(requirements), notes=tuple(notes))


def _conda_package(text: str) -> tuple[str, str]:
    found = _CONDA.match(text.strip())
    if found is None:
        raise BadInput(
            f"'{text}' is no conda package", code="UserError", where="condaFile.dependencies"
        )
    return found[1].lower(), found[2].strip()


def _pip_version(version: str) -> str:
    """conda's `=1.2` (any 1.2.x), `=1.2.3=build` and `>=1,<2` in pip's words."""
    version = version.replace(" ", "")
    if not version or version == "*":
        return ""
    if version[0] in "<>!~" or version.startswith("=="):
        return version
    number = version.lstrip("=").partition("=")[0]
    return f"=={number}" if number.endswith("*") else f"=={number}.*"


def _requirement_lines(text: str, files: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        if not line:
            continue
        included = re.fullmatch(r"(?:-r|--requirement)[ =]*(.+)", line)
        if included is None:
            lines.append(line)
            continue
        path = included[1].strip().removeprefix("./")
        if path not in files:
            raise BadInput(
                f"the file '{path}' that the conda file names is not in the environment's build"
                " context", code="UserError", where=f"-r {path}",
                hint="List the packages in the conda file itself.",
            )  # fmt: skip
        lines += _requirement_lines(files[path], files)
    return lines
