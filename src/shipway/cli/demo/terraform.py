"""The demo's resources by Terraform: the clone's own `infra/`, with the state where it belongs.

Every command is one that a person would type (`shipway tf -- ...`), so whoever reads the demo can
go on in the same folder. The states lie in the account that `infra/bootstrap` makes.
"""

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import (  # noqa: TID251  # constants and a type; starting is process.spawn
    PIPE,
    STDOUT,
    CompletedProcess,
)
from typing import Any

from shipway.base import config, process
from shipway.base.errors import NotFound, ShipwayError
from shipway.base.home import Home

Say = Callable[[str], None]
_SECONDS = 300
_DONE = re.compile(r"^(\S+): (?:Creation|Destruction|Modifications) complete")
_COUNT = re.compile(r"^(?:Plan|Apply complete!|Destroy complete!|No changes\.).*$", re.MULTILINE)
_TO_ADD = re.compile(r"Plan: (\d+) to add, \d+ to change, (\d+) to destroy")
_CHANGED = 2
_NOT_THE_SHELL_S = ("TF_", "ARM_", "AZDO_")
# required_version in infra/versions.tf
OLDEST = (1, 9)


class TerraformFailed(ShipwayError):
    """terraform ended with an error; the message has its last words."""

    default_code = "TerraformFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terraform:
    """One environment of a stack's clone."""

    home: Home
    stack: Path
    environment: str = "dev"

    @property
    def infra(self) -> Path:
        """The folder that a person would work in."""
        return self.stack / "infra"

    @property
    def variables(self) -> str:
        """What plan, apply and destroy are given."""
        return f"-var-file=../environments/{self.environment}.tfvars"

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Write values into the environment's tfvars, as a person would. Raises `NotFound`."""
        file = self.stack / "environments" / f"{self.environment}.tfvars"
        file.write_text(with_values(file.read_text(), values))
        self._run(self.infra, "fmt", "../environments")

    def prepare(self) -> None:
        """The account of the states, and the backend that uses it."""
        bootstrap = self.infra / "bootstrap"
        self._run(bootstrap, "init", "-input=false")
        self._run(bootstrap, "apply", "-auto-approve", "-input=false")
        account = self._run(bootstrap, "output", "-raw", "storage_account_name").strip()
        self._run(
            self.infra, "init", "-input=false",
            f"-backend-config=../environments/{self.environment}.tfbackend",
            f"-backend-config=storage_account_name={account}",
        )  # fmt: skip

    def plan(self) -> str:
        """Plan into a file beside the state; Terraform's one line about it."""
        said = self._run(self.infra, "plan", "-input=false", f"-out={self._plan}", self.variables)
        return summary(said)

    def apply(self, planned: str, progress: Say) -> str:
        """Do what was planned; `progress` hears of every resource. Terraform's last line."""
        total = int(found[1]) if (found := _TO_ADD.search(planned)) else 0
        said = self._follow(total, progress, "apply", "-input=false", str(self._plan))
        self._plan.unlink(missing_ok=True)
        return summary(said)

    def outputs(self) -> dict[str, Any]:
        """What the configuration tells of itself."""
        told = json.loads(self._run(self.infra, "output", "-json"))
        return {name: one["value"] for name, one in told.items()}

    def drift(self) -> str:
        """Plan once more: Terraform's line when nothing differs. Raises `TerraformFailed`."""
        done = self._start(self.infra, "plan", "-input=false", "-detailed-exitcode",
                           self.variables)  # fmt: skip
        said = done.stdout.decode(errors="replace")
        if done.returncode == _CHANGED:
            raise TerraformFailed(
                f"Terraform would change something again: {summary(said)}",
                where=str(self.infra),
                hint=f"shipway tf -- plan {self.variables}",
            )
        if done.returncode != 0:
            raise _failed("plan", done.stderr, self.infra)
        return summary(said)

    def destroy(self, progress: Say) -> str:
        """Take down everything that the state knows of. Terraform's last line."""
        words = ("destroy", "-auto-approve", "-input=false", self.variables)
        return summary(self._follow(0, progress, *words))

    @property
    def _plan(self) -> Path:
        return self.infra / ".terraform" / "demo.tfplan"

    def _run(self, folder: Path, *words: str) -> str:
        done = self._start(folder, *words)
        if done.returncode != 0:
            raise _failed(words[0], done.stderr, folder)
        return done.stdout.decode(errors="replace")

    def _start(self, folder: Path, *words: str) -> CompletedProcess[bytes]:
        command = [*self._command(), words[0], *_plain(words)]
        return process.run(command, cwd=folder, env_vars=self._env(), seconds=_SECONDS)

    def _follow(self, total: int, progress: Say, *words: str) -> str:
        """Run a long command and tell of each resource as it is done."""
        child = process.spawn(
            [*self._command(), words[0], *_plain(words)], cwd=self.infra, env_vars=self._env(),
            stdin=process.DEVNULL, stdout=PIPE, stderr=STDOUT,
        )  # fmt: skip
        lines: list[str] = []
        done = 0
        with child:
            for raw in child.stdout or ():
                line = raw.decode(errors="replace").rstrip()
                lines.append(line)
                if found := _DONE.match(line):
                    done += 1
                    progress(f"{done}{f' of {total}' if total else ''}  {found[1]}")
        if child.returncode != 0:
            raise _failed(words[0], "\n".join(lines).encode(), self.infra)
        return "\n".join(lines)

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "shipway", "tf", "--"]

    def _env(self) -> dict[str, str]:
        """The shell's variables without what would change Terraform's ways or its credentials."""
        own = {n: v for n, v in config.environment().items() if not n.startswith(_NOT_THE_SHELL_S)}
        return own | {
            "SHIPWAY_HOME": str(self.home.root), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"
        }  # fmt: skip


def with_values(text: str, values: Mapping[str, Any]) -> str:
    """A tfvars file with other values on the lines of these names. Raises `NotFound`."""
    for name, value in values.items():
        line = re.compile(rf"^({re.escape(name)}[^\S\n]*=[^\S\n]*).*$", re.MULTILINE)
        found = line.search(text)
        if found is None:
            raise NotFound(f"there is no '{name}' to set", where="tfvars")
        text = f"{text[: found.start()]}{found[1]}{json.dumps(value)}{text[found.end() :]}"
    return text


def why_not() -> str:
    """Why this machine's terraform (or tofu) cannot apply the stack; empty when it can."""
    env_vars = {**config.environment(), "CHECKPOINT_DISABLE": "1"}
    names = ("terraform", "tofu")
    program = next((p for n in names if (p := shutil.which(n, path=env_vars.get("PATH")))), None)
    if program is None:
        return "terraform is not on this machine"
    done = process.run([program, "version", "-json"], env_vars=env_vars, seconds=60)
    return too_old(done.stdout.decode(errors="replace"))


def too_old(told: str) -> str:
    """Why a version, as `terraform version -json` tells it, is none for the stack; else empty."""
    try:
        version = str(json.loads(told)["terraform_version"])
        numbers = tuple(int(part) for part in version.partition("-")[0].split("."))
    except (ValueError, KeyError, TypeError):
        return "terraform does not tell its version"
    if numbers >= OLDEST:
        return ""
    return f"terraform {version} is older than the stack wants ({'.'.join(map(str, OLDEST))})"


def _plain(words: tuple[str, ...]) -> list[str]:
    """The rest of a command, without colours where it has any."""
    colours = [] if words[0] in ("output", "fmt") else ["-no-color"]
    return [*colours, *words[1:]]


def summary(said: str) -> str:
    """The line of Terraform's that counts: what is planned, what was done, or its last one."""
    found = _COUNT.findall(said)
    return str(found[-1]) if found else said.strip().splitlines()[-1]


def _failed(verb: str, said: bytes, folder: Path) -> TerraformFailed:
    return TerraformFailed(
        f"terraform {verb} failed: {said.decode(errors='replace').strip()[-3000:]}",
        where=str(folder),
        hint="`shipway doctor` looks at Terraform as well.",
    )
