"""The same steps as a pipeline job of a running server, over the routes that every client uses."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.floor import PYTHON, STEP
from benchmarks.workloads import Step
from shipway.base.clock import SystemClock, parse_timestamp
from shipway.base.home import Home
from shipway.client.azure import AzureClient
from shipway.client.session import Session

API = "2024-10-01-preview"
JOBS = "2024-01-01-preview"
_PAUSE = 0.05
_ENDED = ("Completed", "Failed", "Canceled")


@dataclass(frozen=True)
class Ran:
    """One pipeline job: seconds from submission to its end, its children by node.

    `seconds` goes to the end that the job records, `seen_seconds` to when a client that asks every
    50 ms has seen it.
    """

    name: str
    submit_seconds: float
    seconds: float
    seen_seconds: float
    children: dict[str, dict[str, Any]]


class Server:
    """A server on a fresh home with a workspace, stopped at the end."""

    def __init__(self, home: Path) -> None:
        self.home = Home(home)
        self._shipway("up")
        self._client = AzureClient(self.home)
        self._session = Session(self.home)
        group = f"/subscriptions/{self._client.subscription_id}/resourceGroups/bench"
        self._client.arm("PUT", group, api_version="2021-04-01", body={"location": "westeurope"})
        self._workspace = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/bench"
        body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {}}
        self._client.arm("PUT", self._workspace, api_version=API, body=body)
        self._components: dict[str, str] = {}

    def stop(self) -> None:
        """Stop it."""
        self._shipway("down")

    def run(self, steps: list[Step], log: Path, *, force: bool = False) -> Ran:
        """Submit the steps as one pipeline job and wait for its end."""
        nodes = {step.name: self._node(step, log) for step in steps}
        name = f"bench-{time.monotonic_ns()}"
        properties = {
            "jobType": "Pipeline", "displayName": "bench", "experimentName": "bench",
            "jobs": nodes, "settings": {"force_rerun": force},
        }  # fmt: skip
        began, began_at = time.perf_counter(), SystemClock().now()
        self._client.arm(
            "PUT", f"{self._workspace}/jobs/{name}", api_version=JOBS,
            body={"properties": properties},
        )  # fmt: skip
        submitted = time.perf_counter()
        while True:
            time.sleep(_PAUSE)
            job = self._client.arm("GET", f"{self._workspace}/jobs/{name}", api_version=JOBS)
            if job["properties"]["status"] in _ENDED:
                break
        seen = time.perf_counter()
        told = self._session.get(f"/jobs/{name}")
        if told["status"] != "Completed":
            raise RuntimeError(f"{name} is {told['status']}: {told['error']}")
        children = {child["node"]: child for child in told["children"]}
        ended_at = parse_timestamp(told["endedAt"])
        seconds = (ended_at - began_at).total_seconds()
        return Ran(name, submitted - began, seconds, seen - began, children)

    def memory(self) -> dict[str, float]:
        """Peak resident megabytes of the server and its workers."""
        status = self._session.get("/status")
        pids = {"server": status["pid"]}
        pids |= {worker["name"]: worker["pid"] for worker in status["workers"]}
        return {name: _peak(pid) for name, pid in pids.items()}

    def _node(self, step: Step, log: Path) -> dict[str, Any]:
        inputs: dict[str, Any] = {"name": {"job_input_type": "literal", "value": step.name}}
        for number, parent in enumerate(step.parents):
            binding = f"${{{{parent.jobs.{parent}.outputs.out}}}}"
            inputs[f"p{number}"] = {"job_input_type": "literal", "value": binding}
        component = self._component(len(step.parents), log)
        return {"type": "command", "name": step.name, "componentId": component, "inputs": inputs}

    def _component(self, parents: int, log: Path) -> str:
        given = {f"p{number}": {"type": "uri_file"} for number in range(parents)}
        words = [*PYTHON, STEP, str(log), "${{inputs.name}}", "${{outputs.out}}"]
        words += [f"${{{{inputs.{name}}}}}" for name in given]
        spec = {
            "type": "command", "name": f"step{parents}", "version": "1", "command": " ".join(words),
            "environment": "azureml:local:1", "inputs": {"name": {"type": "string"}, **given},
            "outputs": {"out": {"type": "uri_file"}}, "is_deterministic": True,
        }  # fmt: skip
        key = json.dumps(spec)
        if key not in self._components:
            url = f"{self._workspace}/components/azureml_anonymous/versions/{parents}"
            made = self._client.arm(
                "PUT", url, api_version=JOBS,
                body={"properties": {"componentSpec": spec, "isAnonymous": True}},
            )  # fmt: skip
            self._components[key] = made["id"]
        return self._components[key]

    def _shipway(self, *words: str) -> None:
        environment = {"SHIPWAY_HOME": str(self.home.root), "PATH": "/usr/bin:/bin"}
        subprocess.run(
            [sys.executable, "-m", "shipway", *words], env=environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _peak(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
