"""Stubs: what stands in for a task, as the repository's `shipway.yml` says.

    tasks:
      SonarQubePrepare@5: succeed
      ContosoDeploy@1: fail
      ContosoScan@2:
        script: echo "##vso[task.setvariable variable=score]7"
        shell: bash

A stub also stands in for a task that shipway has. Knows the file's text only: where it lies says
`devops/run_stubs.py`, how a stub runs `agent/tasks/stub.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from shipway.azpipelines import source
from shipway.azpipelines.budget import Exceeded
from shipway.azpipelines.diagnostics import Diagnostic, Position, Problems, did_you_mean
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Entry, Scalar, is_empty
from shipway.azpipelines.tokens import Mapping as MappingToken

FILE_NAME = "shipway.yml"
"""At the root of the repository of the pipeline."""

StubKind = Literal["succeed", "fail", "script"]
StubShell = Literal["bash", "sh", "pwsh", "python"]
_KINDS = ("fail", "succeed")
_SHELLS = ("bash", "sh", "pwsh", "python")
_NAME = re.compile(r"^(?P<name>[^@]+)@(?P<version>[0-9]+)(?:\.[0-9]+){0,2}$")
_FORM = "A stub is NAME@VERSION: succeed, NAME@VERSION: fail, or has script: and shell: below it."


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStub:
    """One stub; `script` and `shell` count for kind script."""

    name: str
    version: int
    kind: StubKind
    script: str = ""
    shell: StubShell = "bash"
    line: int = 0

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStubs:
    """The stubs of one `shipway.yml`, and what is wrong with it."""

    stubs: tuple[TaskStub, ...] = ()
    problems: tuple[Diagnostic, ...] = ()

    def find(self, name: str, version: int) -> TaskStub | None:
        """The stub for a task, its name in any letter case and with or without a prefix."""
        wanted = {name.lower(), name.rsplit(".", 1)[-1].lower()}
        return next(
            (one for one in self.stubs if one.version == version and one.name.lower() in wanted),
            None,
        )

    @property
    def are_right(self) -> bool:
        """Whether nothing is wrong with the file."""
        return all(one.severity != "error" for one in self.problems)


NO_STUBS = TaskStubs()


def parse(text: str | bytes, *, file: str = FILE_NAME) -> TaskStubs:
    """The stubs that a `shipway.yml` names. Never raises: misfits are its problems."""
    problems = Problems()
    try:
        root = source.parse(text, file=file, problems=problems)
    except Exceeded:
        root = None
    if root is None or is_empty(root):
        return TaskStubs(problems=problems.result())
    reading = _Reading(reader=Reader(problems))
    body = reading.reader.mapping(root, allowed=("tasks",))
    tasks = reading.reader.mapping(body.get("tasks"), allowed=None) if body else None
    for entry in tasks.entries if tasks else ():
        reading.add(entry)
    return TaskStubs(stubs=tuple(reading.stubs.values()), problems=problems.result())


@dataclass(slots=True)
class _Reading:
    reader: Reader
    stubs: dict[tuple[str, int], TaskStub] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        match = _NAME.match(entry.key.text)
        if match is None:
            self._refuse(
                "stub-name",
                f"'{entry.key.text}' is not the name of a task with its version",
                entry.key.position,
            )
            return
        stub = self._stub(match["name"].strip(), int(match["version"]), entry)
        if stub is not None:
            self.stubs[stub.name.lower(), stub.version] = stub

    def _stub(self, name: str, version: int, entry: Entry) -> TaskStub | None:
        line = entry.key.position.line
        if isinstance(entry.value, Scalar):
            kind = entry.value.text.strip()
            if kind not in _KINDS:
                self._refuse(
                    "stub-kind",
                    f"'{kind}' is no stub of the task '{entry.key.text}'",
                    entry.value.position,
                    hint=did_you_mean(kind, _KINDS),
                )
                return None
            return TaskStub(name=name, version=version, kind=cast(StubKind, kind), line=line)
        body = self.reader.mapping(entry.value, allowed=("script", "shell"))
        if body is None:
            return None
        script = self.reader.needed(body.get("script"), body.position, "script")
        shell = self._shell(body)
        if not script or shell is None:
            return None
        return TaskStub(
            name=name, version=version, kind="script", script=script, shell=shell, line=line
        )

    def _shell(self, body: MappingToken) -> StubShell | None:
        token = body.get("shell")
        text = self.reader.text(token) or "bash"
        if text in _SHELLS:
            return cast(StubShell, text)
        position = token.position if token is not None else body.position
        hint = did_you_mean(text, _SHELLS) or f"Shells: {', '.join(_SHELLS)}."
        self._refuse("stub-shell", f"'{text}' is no shell of a stub", position, hint=hint)
        return None

    def _refuse(self, code: str, message: str, position: Position, *, hint: str = "") -> None:
        self.reader.problems.error(code, message, position, hint=hint or _FORM)


def names_of(stubs: TaskStubs) -> Mapping[str, tuple[int, ...]]:
    """The names of the stubs with their versions."""
    found: dict[str, tuple[int, ...]] = {}
    for one in stubs.stubs:
        found[one.name] = (*found.get(one.name, ()), one.version)
    return found
