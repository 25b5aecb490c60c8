"""UsePythonVersion@0: a fresh environment of the version asked for, first on the path."""

import re

from shipway.agent import python_venvs
from shipway.agent.task import StepResult, StepRun, Task

_X_RANGE = re.compile(r"^(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?$")


def uv_request(spec: str) -> str:
    """The version as uv asks for it: `3.x` -> `3`, `3.11` stays, ranges as they are."""
    found = _X_RANGE.match(spec.strip())
    if not found:
        return spec.strip()
    return ".".join(part for part in found.groups() if part and part != "x")


def _run(step: StepRun) -> StepResult:
    spec = step.input("versionSpec", "3.x")
    folder = step.job.directories.tools / f"Python-{len(step.job.path_prefix)}"
    is_there = (folder / "bin" / "pip").exists()
    made, said = (
        (True, "")
        if is_there
        else python_venvs.create(
            folder, version=uv_request(spec), env_vars=dict(step.job.base_environment)
        )
    )
    if not made:
        step.error(
            f"Version spec {spec} for architecture x64 did not match any version on this machine. "
            f"{said}"
        )
        return "failed"
    if step.flag("addToPath", default=True):
        step.job.path_prefix.append(str(folder / "bin"))
        step.job.variables.define("VIRTUAL_ENV", str(folder))
    step.job.variables.define("pythonLocation", str(folder))
    step.log(f"Found tool in cache: Python {spec} x64")
    return "succeeded"


USE_PYTHON_VERSION = Task(name="UsePythonVersion", version=0, run=_run)
