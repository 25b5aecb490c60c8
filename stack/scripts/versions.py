"""A component's version is derived from its content: its definition and every file of its code.

The same content has the same version on every machine, so registering is idempotent, an unchanged
component is reused, and a version can never come to mean something else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import yaml

PIPELINES = Path(__file__).resolve().parent.parent / "pipelines"
#: In the order of the pipeline.
COMPONENTS = ("preprocess", "train", "evaluate", "gate", "register")
ENVIRONMENTS = ("job", "serving")
LEFT_OUT = {"__pycache__", ".pytest_cache", ".ruff_cache", ".amlignore"}
VERSION_DIGITS = 12


@dataclass(frozen=True)
class Definition:
    """A file that defines a component or an environment, and the fingerprint of its content."""

    name: str
    version: str
    sha256: str
    path: Path


def component(name: str, folder: Path = PIPELINES) -> Definition:
    """A component of this repository with the version that its content gives it."""
    path = folder / "components" / f"{name}.yml"
    spec = yaml.safe_load(path.read_text())
    code = (path.parent / spec["code"]).resolve()
    # where the code lies on this machine says nothing; what is in it follows
    total = hashlib.sha256(canonical({**spec, "code": None, "version": None}))
    for file in sorted(code.rglob("*")):
        if file.is_file() and file.suffix != ".pyc" and not LEFT_OUT & set(file.parts):
            total.update(file.relative_to(code).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(file.read_bytes()).digest())
    digest = total.hexdigest()
    return Definition(spec["name"], digest[:VERSION_DIGITS], digest, path)


def environment(name: str, folder: Path = PIPELINES) -> Definition:
    """An environment of this repository; its version is written in its file."""
    path = folder / "environments" / f"{name}.yml"
    spec = yaml.safe_load(path.read_text())
    packages = yaml.safe_load((path.parent / spec["conda_file"]).read_text())
    digest = hashlib.sha256(canonical({"image": spec["image"], "packages": packages})).hexdigest()
    return Definition(spec["name"], str(spec["version"]), digest, path)


def component_versions(folder: Path = PIPELINES) -> dict[str, str]:
    """Component name -> version, in the order of the pipeline."""
    return {name: component(name, folder).version for name in COMPONENTS}


def canonical(content: object) -> bytes:
    """The same bytes for the same content, whatever the file's layout was."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()
