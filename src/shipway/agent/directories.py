"""The folders of one job: each job starts as on a fresh hosted machine.

A job on a machine of an environment has the workspace and the home that the machine keeps.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDirectories:
    """Where things are. `root` is the job's own; `workspace` is `$(Pipeline.Workspace)`."""

    root: Path
    machine: Path | None = None
    pipeline: str = ""

    @property
    def roots(self) -> tuple[Path, ...]:
        """What is the job's to remove from: its own folder, and its workspace on a machine."""
        return (self.root, self.workspace, self.user_home) if self.machine else (self.root,)

    @property
    def workspace(self) -> Path:
        return self.machine / "_work" / self.pipeline if self.machine else self.root / "work"

    @property
    def sources(self) -> Path:
        return self.workspace / "s"

    @property
    def artifacts(self) -> Path:
        return self.workspace / "a"

    @property
    def binaries(self) -> Path:
        return self.workspace / "b"

    @property
    def test_results(self) -> Path:
        return self.workspace / "TestResults"

    @property
    def temporary(self) -> Path:
        return self.root / "_temp"

    @property
    def tools(self) -> Path:
        return self.root / "_tool"

    @property
    def user_home(self) -> Path:
        return (self.machine or self.root) / "home"

    @property
    def azure_config(self) -> Path:
        return self.root / "azure"

    @property
    def control(self) -> Path:
        return self.root / "control"

    def create(self) -> None:
        """Make them all, private to the owner."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (
            self.workspace, self.sources, self.artifacts, self.binaries, self.test_results,
            self.temporary, self.tools, self.user_home, self.azure_config, self.control,
        ):  # fmt: skip
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def remove(self) -> None:
        """Take everything away but the control folders, whose outputs tell the story."""
        kept = () if self.machine else (self.workspace, self.user_home)
        for folder in (*kept, self.temporary, self.tools, self.azure_config):
            shutil.rmtree(folder, ignore_errors=True)
