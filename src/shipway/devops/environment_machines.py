"""Machines of AzDO environments: virtual machine resources, all of them served by this machine.

Each has a folder of its own that jobs find again, as a machine keeps its disk.
Knows: documents. Must not know: HTTP, YAML, agents.
Source: https://learn.microsoft.com/azure/devops/pipelines/process/environments-virtual-machines
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from shipway.azpipelines.plan import EnvironmentTarget
from shipway.base.errors import BadInput, Conflict, NotFound, NotSupported
from shipway.base.home import Home
from shipway.devops import rows
from shipway.store.store import Store

_KIND = "environment_machine"
_LIMIT = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentMachine:
    """A virtual machine resource of an environment; `tags` choose it for a deployment."""

    machine_id: int
    environment_id: int
    name: str
    tags: tuple[str, ...] = ()
    created_by_id: str = ""
    created_by_name: str = ""
    created_at: datetime
    updated_at: datetime


def add(
    store: Store, *, environment_id: int, name: str, tags: Iterable[str] = (),
    created_by_id: str = "", created_by_name: str = "",
) -> EnvironmentMachine:  # fmt: skip
    """Register a machine. Raises `BadInput` for its name, `Conflict` when it is taken."""
    if not name.strip() or len(name) > _LIMIT or any(c in name for c in '\\/:*?"<>|$(){}@'):
        raise BadInput(
            f"the machine name '{name}' is not valid", code="InvalidMachineName", where="name"
        )
    now = store.clock.now()
    with store.database.transaction():
        if find(store, environment_id=environment_id, name=name) is not None:
            raise Conflict(
                f"Resource with name {name} already exists in the environment.",
                code="EnvironmentResourceExistsException", where=name,
            )  # fmt: skip
        made = EnvironmentMachine(
            machine_id=store.documents.next_number(_KIND), environment_id=environment_id,
            name=name, tags=clean_tags(tags), created_by_id=created_by_id,
            created_by_name=created_by_name, created_at=now, updated_at=now,
        )  # fmt: skip
        store.documents.create(_KIND, _key(made), rows.body_of(made))
    return made


def list_of(store: Store, *, environment_id: int) -> list[EnvironmentMachine]:
    """The machines of an environment, by name."""
    found = store.documents.list(_KIND, prefix=f"{environment_id:010}/")
    machines = [rows.read(EnvironmentMachine, d.body) for d in found]
    return sorted(machines, key=lambda m: m.name.casefold())


def find(store: Store, *, environment_id: int, name: str) -> EnvironmentMachine | None:
    """The machine of that name in any letter case, or None."""
    wanted = name.casefold()
    known = list_of(store, environment_id=environment_id)
    return next((m for m in known if m.name.casefold() == wanted), None)


def get(store: Store, *, environment_id: int, machine_id: int) -> EnvironmentMachine:
    """The machine. Raises `NotFound`."""
    for made in list_of(store, environment_id=environment_id):
        if made.machine_id == machine_id:
            return made
    raise NotFound(
        f"Resource with id {machine_id} does not exist in environment {environment_id}.",
        code="EnvironmentResourceNotFoundException", where=str(machine_id),
    )  # fmt: skip


def set_tags(
    store: Store, *, environment_id: int, machine_id: int, tags: Iterable[str]
) -> EnvironmentMachine:
    """Give a machine other tags. Raises `NotFound`."""
    with store.database.transaction():
        before = get(store, environment_id=environment_id, machine_id=machine_id)
        after = replace(before, tags=clean_tags(tags), updated_at=store.clock.now())
        store.documents.put(_KIND, _key(after), rows.body_of(after))
    return after


def remove(store: Store, *, environment_id: int, machine_id: int) -> None:
    """Take a machine out of its environment. Raises `NotFound`."""
    _delete(store, get(store, environment_id=environment_id, machine_id=machine_id))


def forget(store: Store, *, environment_id: int) -> None:
    """Take all machines out of an environment that goes."""
    for made in list_of(store, environment_id=environment_id):
        _delete(store, made)


def _delete(store: Store, machine: EnvironmentMachine) -> None:
    folder = folder_of(store.home, machine.machine_id)
    with store.database.transaction():
        store.documents.delete(_KIND, _key(machine))
        store.database.after_commit(lambda: shutil.rmtree(folder, ignore_errors=True))


def chosen(
    store: Store, target: EnvironmentTarget, *, environment_id: int, job_name: str,
    all_by_default: bool,
) -> list[EnvironmentMachine]:  # fmt: skip
    """The machines that a deployment job names: one, those of all its tags, or none.

    Raises `NotFound` in the service's words for one that is not there, `NotSupported`.
    """
    known = list_of(store, environment_id=environment_id)
    if target.resource_name:
        wanted = target.resource_name.casefold()
        found = [m for m in known if m.name.casefold() == wanted]
        if not found:
            raise missing(target, job_name)
        return found
    is_machine = (target.resource_type or "").casefold() == "virtualmachine"
    if target.resource_type and not is_machine:
        raise NotSupported(
            f"Job {job_name}: resources of type {target.resource_type} are not served here.",
            code="ResourceTypeNotSupported", where=target.name,
            hint="Environments here have virtual machines.",
        )  # fmt: skip
    if not (is_machine or all_by_default or target.tags):
        return []
    tags = {tag.casefold() for tag in target.tags}
    found = [m for m in known if tags <= {tag.casefold() for tag in m.tags}]
    if not found:
        wanted = f" with the tags {', '.join(target.tags)}" if target.tags else ""
        raise NotFound(
            f"Job {job_name}: there are no virtual machines{wanted} in environment {target.name}.",
            code="EnvironmentResourceNotFoundException", where=target.name,
            hint=f"Register one: `shipway environments add-machine {target.name} NAME`.",
        )  # fmt: skip
    return found


def missing(target: EnvironmentTarget, job_name: str) -> NotFound:
    """What is said of a resource that an environment does not have."""
    return NotFound(
        f"Job {job_name}: Resource {target.resource_name} does not exist in environment "
        f"{target.name}.",
        code="EnvironmentResourceNotFoundException", where=target.name,
        hint=f"Register it: `shipway environments add-machine {target.name} "
             f"{target.resource_name}`.",
    )  # fmt: skip


def folder_of(home: Home, machine_id: int) -> Path:
    """Where the machine keeps its things."""
    return home.root / "machines" / str(machine_id)


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags without blanks and doubles, in their order."""
    return tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def _key(machine: EnvironmentMachine) -> str:
    return f"{machine.environment_id:010}/{machine.machine_id:010}"
