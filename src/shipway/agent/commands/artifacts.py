"""artifact.upload and artifact.associate.

Source: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

import os
from pathlib import Path
from typing import cast

from shipway.agent.commands.target import CommandFailed, CommandTarget, path_of
from shipway.agent.logging_commands import LoggingCommand
from shipway.devops import artifacts
from shipway.devops.artifacts import LinkKind

_LINKS = {one.lower(): one for one in artifacts.LINK_KINDS}
_WITH_PLACE = ("Container", "FilePath", "VersionControl")


def upload(step: CommandTarget, command: LoggingCommand) -> None:
    """A file or the content of a folder as an artifact of the run."""
    name = _name(command)
    folder = command.get("containerfolder") or name
    if not command.data:
        raise CommandFailed("Artifact location is required.")
    source = path_of(step, command.data)
    if not source.exists():
        raise CommandFailed(f"Path does not exist: {command.data}")
    if source.is_dir() and not _has_files(source):
        step.warning(
            f"Directory '{source}' is empty. Nothing will be added to build artifact '{name}'."
        )
        return
    run_id = step.job.run.run_id
    made = artifacts.publish(
        step.job.store, run_id=run_id, name=name, source=source, kind="Container",
        published_by=step.record_id, location=f"#/{run_id}/{folder}",
    )  # fmt: skip
    step.log(f"Upload '{source}' to file container: '#/{run_id}/{folder}'")
    step.log(f"Associated artifact {made.artifact_id} with build {run_id}")


def associate(step: CommandTarget, command: LoggingCommand) -> None:
    """Tell of an artifact that lies somewhere already."""
    name, place = _name(command), command.data
    given = command.get("type") or _kind_of(place)
    if not given:
        raise CommandFailed("Artifact Type is required.")
    kind = _LINKS.get(given.lower(), given)
    if kind in _WITH_PLACE and not place:
        raise CommandFailed("Artifact location is required.")
    run_id = step.job.run.run_id
    made = artifacts.associate(
        step.job.store, run_id=run_id, name=name, kind=cast("LinkKind", kind), location=place,
        published_by=step.record_id,
    )  # fmt: skip
    step.log(f"Associated artifact {made.artifact_id} with build {run_id}")


def _name(command: LoggingCommand) -> str:
    name = command.get("artifactname")
    if not name:
        raise CommandFailed("Artifact Name is required.")
    return name


def _kind_of(place: str) -> str:
    """What the form of a place says of its kind; empty for any other."""
    if place.startswith("#"):
        return "Container"
    if place.startswith("$/"):
        return "VersionControl"
    return "FilePath" if place.startswith("\\\\") else ""


def _has_files(folder: Path) -> bool:
    return any(files for _, _, files in os.walk(folder))
