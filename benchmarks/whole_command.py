"""A pipeline job as a person types it: `shipway jobs submit FILE --stream`, start to exit."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.floor import PYTHON, STEP
from benchmarks.workloads import Step

AIMS = {("one", False): 0.4, ("chain", False): 0.7, ("chain", True): 0.4, ("fan", False): 1.5}


def write(steps: list[Step], folder: Path, log: Path) -> Path:
    """The job's YAML (JSON is YAML) with a component file for each number of parents."""
    for parents in {len(step.parents) for step in steps}:
        (folder / f"step{parents}.yml").write_text(json.dumps(_component(parents, log)))
    job = {
        "type": "pipeline", "display_name": "bench", "experiment_name": "bench command",
        "settings": {"default_compute": "azureml:local"},
        "jobs": {step.name: _node(step) for step in steps},
    }  # fmt: skip
    file = folder / "pipeline.yml"
    file.write_text(json.dumps(job))
    return file


def run(home: Path, file: Path) -> float:
    """Submit and follow it to its end; seconds. Raises `CalledProcessError` if it fails."""
    environment = {"SHIPWAY_HOME": str(home), "PATH": "/usr/bin:/bin"}
    command = [str(Path(sys.executable).parent / "shipway"), "jobs", "submit", str(file)]
    began = time.perf_counter()
    subprocess.run(
        [*command, "--stream"], env=environment, check=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, cwd=file.parent,
    )  # fmt: skip
    return time.perf_counter() - began


def warm_up(home: Path, folder: Path) -> None:
    """Have the resident started before anything is measured."""
    folder.mkdir()
    run(home, write([Step("warm")], folder, folder / "log"))


def memory(home: Path) -> float:
    """Peak resident megabytes of the process that has the SDK loaded; 0 when there is none."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            status = (process / "status").read_text()
        except OSError:
            continue
        if b"shipway.az.resident" in words and str(home).encode() in words:
            peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
            return int(peak.split()[1]) / 1024
    return 0.0


def _component(parents: int, log: Path) -> dict[str, Any]:
    given = {f"p{number}": {"type": "uri_file"} for number in range(parents)}
    words = [*PYTHON, STEP, str(log), "${{inputs.name}}", "${{outputs.out}}"]
    words += [f"${{{{inputs.{name}}}}}" for name in given]
    return {
        "type": "command", "name": f"step{parents}", "version": "1", "command": " ".join(words),
        "environment": "azureml:local@latest", "inputs": {"name": {"type": "string"}, **given},
        "outputs": {"out": {"type": "uri_file"}},
    }  # fmt: skip


def _node(step: Step) -> dict[str, Any]:
    inputs: dict[str, str] = {"name": step.name}
    for number, parent in enumerate(step.parents):
        inputs[f"p{number}"] = f"${{{{parent.jobs.{parent}.outputs.out}}}}"
    return {
        "type": "command", "component": f"./step{len(step.parents)}.yml", "inputs": inputs,
    }  # fmt: skip
