"""A machine of an environment as a job finds it: folders that stay, and one job at a time.

Every machine is this one: what tells them apart is a folder of their own, with the workspace of
each pipeline and a home. Source: `BuildDirectoryManager` of the agent for what `clean` takes away.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from shipway.agent.directories import JobDirectories
from shipway.base.home import Home
from shipway.devops import environment_machines
from shipway.devops.job_work import JobWork

_WAIT_SECONDS = 0.2


class _Stop(Protocol):
    def wait(self, timeout: float) -> bool: ...


def directories_of(home: Home, work: JobWork) -> JobDirectories:
    """The folders of a job: of its own, or with the workspace of its machine."""
    root = home.runs / str(work.run.run_id) / work.record.record_id
    number = work.leg.variables.get("Environment.ResourceId", "")
    if not number or work.job.pool.is_server:
        return JobDirectories(root=root)
    machine = environment_machines.folder_of(home, int(number))
    return JobDirectories(root=root, machine=machine, pipeline=str(work.run.definition_id))


@contextmanager
def held(directories: JobDirectories, stop: _Stop) -> Iterator[bool]:
    """Wait until no other job has the machine; False when the job was stopped before.

    Another agent or a new one after a restart counts as well: the lock is a file's.
    """
    if directories.machine is None:
        yield True
        return
    directories.machine.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(directories.machine / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield _take(descriptor, stop)
    finally:
        os.close(descriptor)


def prepare(directories: JobDirectories, clean: str) -> None:
    """Make a machine's workspace ready for a job that begins; what stays is what `clean` leaves.

    Staged artifacts and test results never stay. A job that an agent takes over is left alone.
    """
    begun = directories.control / "machine"
    if directories.machine is None or begun.exists():
        return
    gone = {
        "all": [directories.workspace],
        "resources": [directories.sources],
        "outputs": [directories.binaries],
    }.get(clean.strip().lower(), [])
    for folder in (*gone, directories.artifacts, directories.test_results):
        shutil.rmtree(folder, ignore_errors=True)
    directories.create()
    begun.touch()


def _take(descriptor: int, stop: _Stop) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if stop.wait(_WAIT_SECONDS):
                return False
        else:
            return True
