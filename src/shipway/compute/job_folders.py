"""Where a job lives on disk while it runs.

::

    jobs/<job>.<mark>/         the mark says of which workspace
        item                   the item of the queue that it was made for
        control/               base/process.py's: claim, pid, exit, output (the log as it grows)
        wd/                    its working folder: the code snapshot, outputs/, logs/
        data/                  INPUT_<name>/..., <output>
        home, tmp              its HOME and TMPDIR
        identity               the name of its identity secret
        image_build.log        what building its environment printed
"""

import contextlib
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from shipway.base.errors import BadInput
from shipway.base.home import Home

_FOLDERS = ("wd", "wd/outputs", "wd/logs", "data", "home", "tmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFolder:
    """Paths of one job."""

    root: Path

    @property
    def control(self) -> Path:
        """The process's control folder."""
        return self.root / "control"

    @property
    def log(self) -> Path:
        """What the command prints, as it grows."""
        return self.root / "control" / "output"

    @property
    def working(self) -> Path:
        """The folder that the command runs in."""
        return self.root / "wd"

    @property
    def data(self) -> Path:
        """Inputs and outputs."""
        return self.root / "data"

    @property
    def build_log(self) -> Path:
        """What building the environment printed."""
        return self.root / "image_build.log"

    @property
    def identity(self) -> Path:
        """Which identity secret the process has (its name, not the secret)."""
        return self.root / "identity"

    def work_item(self) -> str:
        """The item of the queue that the folder was made for; empty when it is not known."""
        try:
            return (self.root / "item").read_text()
        except OSError:
            return ""

    def claim_for(self, item: str) -> None:
        """Make the folder for an item of the queue."""
        with contextlib.suppress(FileExistsError):
            self.root.mkdir(mode=0o700)
        (self.root / "item").write_text(item)

    def create(self) -> None:
        """Make it anew, empty, but for the control folder: what may have claimed it may live."""
        with contextlib.suppress(FileExistsError):
            self._make()
            return
        for name in _FOLDERS:
            if (self.root / name).exists():
                shutil.rmtree(self.root / name)
        self._make()

    def _make(self) -> None:
        root = str(self.root)
        for name in _FOLDERS:
            os.mkdir(f"{root}/{name}")  # noqa: PTH102  # made for every step, paths cost more

    def remove(self) -> None:
        """Take it away; safe to call again."""
        shutil.rmtree(self.root, ignore_errors=True)


def folder_of(home: Home, workspace: str, job: str) -> JobFolder:
    """The folder of a job; workspaces may each have one of the same name at the same time.

    Raises `BadInput` for a name that would leave the home.
    """
    if not job or job in (".", "..") or "/" in job or "\x00" in job:
        raise BadInput(f"the job name {job!r} names no folder", code="PathOutsideFolder")
    mark = hashlib.sha256(f"{workspace.lower()}/{job}".encode()).hexdigest()[:10]
    return JobFolder(root=home.jobs / f"{job[:200]}.{mark}")
