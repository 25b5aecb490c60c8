"""What the steps cost without any tool: one after another, two at a time, and under make."""

import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from benchmarks.workloads import Step

STEP = str(Path(__file__).parent / "step.py")
# the same interpreter for everybody, without site packages
PYTHON = [str(Path(sys.base_prefix) / "bin" / "python3"), "-I", "-S"]


def command(step: Step, log: Path, folder: Path) -> list[str]:
    """A step as a command line."""
    parents = [str(folder / parent) for parent in step.parents]
    return [*PYTHON, STEP, str(log), step.name, str(folder / step.name), *parents]


def loop(steps: list[Step], folder: Path, log: Path) -> float:
    """One after another; seconds."""
    began = time.perf_counter()
    for step in steps:
        subprocess.run(command(step, log, folder), check=True)
    return time.perf_counter() - began


def pool(steps: list[Step], folder: Path, log: Path, *, workers: int = 2) -> float:
    """Each as soon as its parents are done, `workers` at a time; seconds."""
    began = time.perf_counter()
    with ThreadPoolExecutor(max_workers=workers) as threads:
        running: dict[str, Future[None]] = {}

        def run(step: Step) -> None:
            for parent in step.parents:
                running[parent].result()
            subprocess.run(command(step, log, folder), check=True)

        for step in steps:
            running[step.name] = threads.submit(run, step)
        for done in running.values():
            done.result()
    return time.perf_counter() - began


def make(steps: list[Step], folder: Path, log: Path, *, workers: int = 2) -> float:
    """`make -j2` over the same files; seconds."""
    rules = [f"all: {' '.join(str(folder / step.name) for step in steps)}"]
    for step in steps:
        needs = " ".join(str(folder / parent) for parent in step.parents)
        rules.append(f"{folder / step.name}: {needs}\n\t@{' '.join(command(step, log, folder))}")
    (folder / "Makefile").write_text("\n".join(rules) + "\n")
    began = time.perf_counter()
    subprocess.run(["make", "-s", f"-j{workers}", "-f", str(folder / "Makefile")], check=True)
    return time.perf_counter() - began
