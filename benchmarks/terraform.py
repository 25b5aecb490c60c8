"""Our Terraform providers on 21 and on 200 resources, beside bare `terraform version`.

    python -m benchmarks terraform [--rounds 5] [--json FILE]

Three providers, mode A: one Python process per launch. Each plan after an apply must show no
changes, or the measuring ends with an error. Medians; compare within a run only.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.pipeline_jobs import Server
from shipway.base.home import Home
from shipway.cli.commands import env

AIMS = {"plan": 1.5, "apply": 3.0, "no change": 1.5, "apply 200": 15.0, "memory MB": 125.0}
PROVIDERS = """
terraform {
  required_providers {
    azurerm     = { source = "hashicorp/azurerm", version = "~> 4.0" }
    azuread     = { source = "hashicorp/azuread", version = "~> 3.0" }
    azuredevops = { source = "microsoft/azuredevops", version = "~> 1.0" }
  }
}
provider "azurerm" {
  features {}
}
provider "azuredevops" {}
resource "azurerm_resource_group" "g" {
  name     = "rg-bench"
  location = "West Europe"
}
"""
FEW = (Path(__file__).parent / "terraform_21.tf").read_text()
MANY = """
resource "azurerm_user_assigned_identity" "i" {
  count               = 199
  name                = "id-${count.index}"
  resource_group_name = azurerm_resource_group.g.name
  location            = azurerm_resource_group.g.location
}
"""


def main(given: list[str]) -> int:
    """Measure and print; 1 when an aim does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks terraform", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(given)
    if shutil.which("terraform") is None:
        print("terraform is not on PATH: nothing is measured")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="shipway-terraform-"))
    server = Server(folder / "home")
    try:
        variables = _variables(server.home)
        found = _few(folder / "few", variables, arguments.rounds)
        found |= _many(folder / "many", variables)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    missed = [name for name, aim in AIMS.items() if found[name] > aim]
    for name, value in found.items():
        aim = f"   aim {AIMS[name]:g}" if name in AIMS else ""
        print(f"{name:<14} {value:8.2f}{aim}{'   MISSED' if name in missed else ''}")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))
    return 1 if missed else 0


def _few(folder: Path, variables: dict[str, str], rounds: int) -> dict[str, float]:
    run = _terraform(folder, variables, FEW)
    taken: dict[str, list[float]] = {}

    def measured(name: str, *command: str) -> None:
        taken.setdefault(name, []).append(_seconds(lambda: run(*command)))

    memory = Memory(folder)
    for _ in range(rounds):
        measured("version", "version")
        measured("validate", "validate")
        measured("plan", "plan")
        with memory:
            measured("apply", "apply", "-auto-approve")
        measured("no change", "plan", "-detailed-exitcode")
        measured("destroy", "destroy", "-auto-approve")
    return {
        **{name: statistics.median(values) for name, values in taken.items()},
        "memory MB": memory.resident, "memory PSS MB": memory.proportional,
    }  # fmt: skip


def _many(folder: Path, variables: dict[str, str]) -> dict[str, float]:
    run = _terraform(folder, variables, MANY)
    apply = _seconds(lambda: run("apply", "-auto-approve"))
    again = _seconds(lambda: run("plan", "-detailed-exitcode"))
    run("destroy", "-auto-approve")
    return {"apply 200": apply, "no change 200": again}


def _terraform(
    folder: Path, variables: dict[str, str], text: str
) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    folder.mkdir()
    (folder / "main.tf").write_text(PROVIDERS + text)

    def run(*command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["terraform", *command], cwd=folder, env=variables, check=True, capture_output=True
        )

    run("init")
    return run


def _variables(home: Home) -> dict[str, str]:
    return {**os.environ, **env.terraform_variables(home), "TF_IN_AUTOMATION": "1"}


def _seconds(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


class Memory:
    """The most that the provider processes of a folder have held together, in megabytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.resident = self.proportional = 0.0

    def __enter__(self) -> None:
        self._ended.clear()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            found = [_kilobytes(one) for one in Path("/proc").iterdir() if self._is_ours(one)]
            self.resident = max(self.resident, sum(rss for rss, _ in found) / 1024)
            self.proportional = max(self.proportional, sum(pss for _, pss in found) / 1024)

    def _is_ours(self, entry: Path) -> bool:
        try:
            return (
                entry.name.isdigit()
                and (entry / "cwd").readlink() == self._folder
                and b"shipway.terraform" in (entry / "cmdline").read_bytes()
            )
        except OSError:
            return False


def _kilobytes(entry: Path) -> tuple[int, int]:
    try:
        lines = (entry / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {line.split()[0]: int(line.split()[1]) for line in lines[1:] if line.endswith("kB")}
    return sizes.get("Rss:", 0), sizes.get("Pss:", 0)
