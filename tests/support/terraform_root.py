"""A folder of Terraform files against a running server, by the real terraform."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.shipway_server import ShipwayServer

TERRAFORM = shutil.which("terraform") or ""
_SECONDS = 170


def variables(server: ShipwayServer) -> dict[str, str]:
    """The whole environment of a terraform that is to come to this server."""
    told = json.loads(server.command("env", "--json", "--terraform").stdout)
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "ARM_", "AZDO_"))}
    return {**plain, **told, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


@dataclass(kw_only=True)
class Outcome:
    """What a command with `-json` said: its events, and what went wrong."""

    code: int
    events: list[dict[str, Any]]
    diagnostics: list[dict[str, Any]]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [one for one in self.diagnostics if one["severity"] == "error"]

    @property
    def summaries(self) -> str:
        """All errors as text, for a failing assertion."""
        return "\n".join(
            f"{one['summary']} | {one.get('detail', '')} | {one.get('address', '')}"
            for one in self.errors
        )

    def changes(self) -> dict[str, str]:
        """Address to planned action; nothing for what stays."""
        planned = (e["change"] for e in self.events if e["type"] == "planned_change")
        return {one["resource"]["addr"]: one["action"] for one in planned}

    def drifted(self) -> set[str]:
        """Addresses that were found to be other than the state says."""
        found = (e["change"] for e in self.events if e["type"] == "resource_drift")
        return {one["resource"]["addr"] for one in found}

    def counts(self) -> tuple[int, int, int]:
        """Added, changed and destroyed, as the last line tells."""
        told = [e["changes"] for e in self.events if e["type"] == "change_summary"][-1]
        return told["add"], told["change"], told["remove"]


@dataclass(kw_only=True)
class TerraformFolder:
    """A root module with its state. `data` is shared: what init installs is the same for all."""

    folder: Path
    data: Path
    env_vars: Mapping[str, str]
    more_env: dict[str, str] = field(default_factory=dict)

    def write(self, text: str, name: str = "main.tf") -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command, whatever its exit code."""
        return subprocess.run(
            [TERRAFORM, *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=_SECONDS,
            env={**self.env_vars, "TF_DATA_DIR": str(self.data), **self.more_env},
        )  # fmt: skip

    def init(self) -> None:
        """Install the providers; only the first folder has work to do."""
        done = self.run("init", "-no-color", "-input=false")
        assert done.returncode == 0, done.stdout + done.stderr

    def told(self, *arguments: str) -> Outcome:
        """A command that speaks JSON lines."""
        done = self.run(*arguments, "-json")
        events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        diagnostics = [e["diagnostic"] for e in events if e["type"] == "diagnostic"]
        return Outcome(code=done.returncode, events=events, diagnostics=diagnostics)

    def plan(self, *arguments: str) -> Outcome:
        return self.told("plan", "-input=false", "-detailed-exitcode", *arguments)

    def apply(self, *arguments: str) -> Outcome:
        return self.told("apply", "-input=false", "-auto-approve", *arguments)

    def applied(self, *arguments: str) -> Outcome:
        """An apply that has to succeed."""
        outcome = self.apply(*arguments)
        assert outcome.code == 0, outcome.summaries
        return outcome

    def unchanged(self, *arguments: str) -> None:
        """A plan that has nothing to do."""
        outcome = self.plan(*arguments)
        assert outcome.code == 0, outcome.summaries or outcome.changes()

    def validate(self) -> list[dict[str, Any]]:
        """The errors that validate finds."""
        found = json.loads(self.run("validate", "-json").stdout)["diagnostics"]
        return [one for one in found if one["severity"] == "error"]

    def state(self) -> dict[str, dict[str, Any]]:
        """Address to attributes, as the state file has them."""
        content = json.loads((self.folder / "terraform.tfstate").read_text())
        return {
            ("data." if one["mode"] == "data" else "") + f"{one['type']}.{one['name']}": one[
                "instances"
            ][0]["attributes"]
            for one in content["resources"]
            if one["instances"]
        }

    def outputs(self) -> dict[str, Any]:
        content = json.loads((self.folder / "terraform.tfstate").read_text())
        return {name: one["value"] for name, one in content["outputs"].items()}
