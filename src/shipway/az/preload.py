"""What the resident loads before it forks, when it is out of date, and a child's environment."""

import importlib
import logging
import os
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
)


def load() -> None:
    """Import all of it; nothing here may start a thread or open a connection."""
    logging.getLogger("azure").setLevel(logging.ERROR)
    for name in MODULES:
        importlib.import_module(name)


def stamp() -> int:
    """The newest change of this package's own files: another value means another program."""
    root = Path(shipway.__file__).parent
    newest = 0
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
