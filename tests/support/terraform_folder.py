"""A folder with .tf files and the terraform on this machine, pointed at a server."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.running_server import RunningServer

PROVIDERS = """
terraform {
  required_providers {
    azurerm     = { source = "hashicorp/azurerm", version = "~> 4.0" }
  }
}
provider "azurerm" {
  features {}
}
"""


def terraform_variables(server: RunningServer) -> dict[str, str]:
    """The variables of `shipway env --terraform`."""
    told = json.loads(server.run("env", "--terraform", "--json").stdout)
    return {**server.env_vars, **told, "TF_IN_AUTOMATION": "1", "TF_CLI_ARGS": "-no-color"}


@dataclass(kw_only=True)
class TerraformFolder:
    """Runs terraform in `path`."""

    path: Path
    env_vars: Mapping[str, str]

    def write(self, text: str, name: str = "main.tf") -> None:
        """A file of the folder; `main.tf` gets the providers as well."""
        (self.path / name).write_text(PROVIDERS + text if name == "main.tf" else text)

    def run(
        self, *arguments: str, accept: tuple[int, ...] = (0,), **env_vars: str
    ) -> subprocess.CompletedProcess[str]:
        """`terraform ARGUMENTS`."""
        done = subprocess.run(
            ["terraform", *arguments], cwd=self.path, env={**self.env_vars, **env_vars},
            capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode in accept, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """`terraform ARGUMENTS` in a process group of its own, going on beside the test."""
        return subprocess.Popen(
            ["terraform", *arguments], cwd=self.path, env=dict(self.env_vars), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """Attributes by address, as the state file has them."""
        path = self.path / "terraform.tfstate"
        if not path.exists():
            return {}
        found = {}
        for resource in json.loads(path.read_text())["resources"]:
            for one in resource["instances"]:
                key = f"[{json.dumps(one['index_key'])}]" if "index_key" in one else ""
                address = f"{resource['type']}.{resource['name']}{key}"
                found[address] = {**one["attributes"], "status": one.get("status", "")}
        return found

    def no_changes(self) -> bool:
        """Whether a plan has nothing to do."""
        return self.run("plan", "-detailed-exitcode", accept=(0, 2)).returncode == 0

    def provider_processes(self) -> list[int]:
        """The provider processes that work in this folder."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "cwd").readlink() == self.path:
                    words = (entry / "cmdline").read_bytes()
                    if b"shipway.terraform" in words:
                        found.append(int(entry.name))
            except OSError:
                continue
        return found
