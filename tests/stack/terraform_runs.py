"""Terraform on a copy of the stack's infrastructure, with the providers that shipway serves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from shipway.base.home import Home
from shipway.terraform import mirror
from tests.stack.conftest import IGNORED, KEPT, STACK

TERRAFORM = shutil.which("terraform")


@dataclass(kw_only=True)
class Conversation:
    """A process that was started, and what it has said."""

    process: subprocess.Popen[bytes]
    said: bytes = b""

    def wait_for(self, text: str) -> None:
        """Read until the text has come. Fails when the process ends without it."""
        assert self.process.stdout is not None
        while text.encode() not in self.said:
            more = os.read(self.process.stdout.fileno(), 65536)
            assert more, self.said.decode()
            self.said += more

    def answer(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())
        self.process.stdin.close()


@dataclass(kw_only=True)
class Infrastructure:
    """A copy of `infra/` and `environments/` to work in, and the variables to work with."""

    folder: Path
    env_vars: Mapping[str, str]

    def run(self, *arguments: str, at: str = ".", **env_vars: str) -> str:
        """terraform with these arguments; what it said. Fails when it does."""
        code, said = self.end_of(*arguments, at=at, **env_vars)
        assert code == 0, f"terraform {' '.join(arguments)} exited {code}\n{said}"
        return said

    def end_of(self, *arguments: str, at: str = ".", **env_vars: str) -> tuple[int, str]:
        """Exit code, and both outputs."""
        done = subprocess.run(
            [TERRAFORM or "terraform", *arguments],
            cwd=self.folder / "infra" / at,
            env={**self.env_vars, **env_vars},
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    @contextmanager
    def started(self, *arguments: str) -> Iterator[Conversation]:
        """A terraform that asks and waits for an answer."""
        process = subprocess.Popen(
            [TERRAFORM or "terraform", *arguments],
            cwd=self.folder / "infra",
            env=dict(self.env_vars),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        with process:
            try:
                yield Conversation(process=process)
            finally:
                process.kill()

    def outputs(self, at: str = ".") -> dict[str, str]:
        """All outputs, by name."""
        found = json.loads(self.run("output", "-json", at=at))
        return {name: one["value"] for name, one in found.items()}


def kept_variables() -> dict[str, str]:
    """What a terraform may know of this machine, and how it should speak."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT}
    return {**kept, "TF_CLI_ARGS": "-no-color", "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}


def copy_of_infrastructure(folder: Path, env_vars: Mapping[str, str]) -> Infrastructure:
    """A copy below `folder`, without what an earlier terraform left."""

    def ignored(directory: str, names: list[str]) -> set[str]:
        return IGNORED(directory, names) | {n for n in names if n.startswith(".terraform")}

    for name in ("infra", "environments", "scripts"):
        shutil.copytree(STACK / name, folder / name, ignore=ignored)
    return Infrastructure(folder=folder, env_vars=env_vars)


def without_a_server(folder: Path) -> dict[str, str]:
    """Variables by which terraform finds the providers; they serve schemas, and nobody else."""
    home = Home(folder / "home")
    home.root.mkdir(parents=True)
    return {
        **kept_variables(),
        "SHIPWAY_HOME": str(home.root),
        "SHIPWAY_PYTHON": sys.executable,
        **mirror.variables(home, {}),
    }
