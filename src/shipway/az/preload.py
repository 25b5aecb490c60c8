"""What the resident loads before it forks, when it is out of date, and a child's environment."""

import gc
import importlib
import logging
import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import shipway

# everything that a command touches; each is imported once, before the first fork
MODULES = (
    "azure.ai.ml",
    "azure.ai.ml.dsl",
    "azure.ai.ml.entities",
    "azure.core.pipeline.transport",
    "azure.identity",
    "azure.storage.blob",
    "jmespath",
    "requests",
    "yaml",
    "shipway.az.programs.az",
    "shipway.az.programs.jobs",
)


def load(folder: Path) -> None:
    """Import all of it; nothing here may start a thread or open a connection.

    `folder` takes a passing file.
    """
    logging.getLogger("azure").setLevel(logging.ERROR)
    for name in MODULES:
        importlib.import_module(name)
    # looked up here, so that a missing SDK is told by `load` and not by the import of this module
    tuning = importlib.import_module("shipway.az.sdk_tuning")
    tuning.keep_schemas()
    tuning.read_yaml_fast()
    tuning.warm_up(folder)
    gc.collect()
    gc.set_threshold(50_000, 20, 20)  # a command makes many small objects and ends soon
    gc.freeze()  # a fork then shares these pages for good: no collection touches them


def thread_count() -> int:
    """Threads of this process, those of libraries too."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def stamp() -> int:
    """The newest change of this package's own files: another value means another program."""
    root = Path(shipway.__file__).parent
    # an SDK that was installed or removed shows in its folder's own time
    newest = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    for folder in ("az", "az/commands", "az/programs", "client", "base"):
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    newest = max(newest, entry.stat().st_mtime_ns)
    return newest


def replace_environment(given: Mapping[str, str]) -> None:
    """Make `given` the whole environment of this process."""
    os.environ.clear()  # a forked child takes its caller's environment over
    os.environ.update(given)
