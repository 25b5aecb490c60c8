"""A process of a step in a container: the same order, run by `docker exec`.

The folders of the job have the same paths inside as outside, so nothing is translated. Values go
in through the environment of the engine's client and never stand on a command line.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from shipway.agent.started_containers import StartedContainers
from shipway.agent.task import ProcessOrder

# of this machine, and wrong or not there inside
_OUTSIDE = frozenset(("PATH", "TF_CLI_CONFIG_FILE", "SHIPWAY_PYTHON"))
_BEGIN = (
    'umask 077; echo "$$" > "$SHIPWAY_PID_FILE"; umask 022; '
    '[ -z "$SHIPWAY_PATH" ] || PATH="$SHIPWAY_PATH:$PATH"; export PATH; '
    "unset SHIPWAY_PID_FILE SHIPWAY_PATH; "
)


def pid_file(temporary: Path, record_id: str, label: str) -> Path:
    """Where a process inside says who it is."""
    return temporary / f"{record_id}-{label}.pid"


def wrapped(
    order: ProcessOrder, started: StartedContainers, *, container: str, names: Iterable[str],
    path_prefix: Sequence[str], pid: Path,
) -> ProcessOrder:  # fmt: skip
    """The order as the engine's client runs it; `names` are the variables that go in.

    Scripts that only exist in memory exist in the memory of the container as well.
    """
    command, files = _carried(order, pid.stem)
    env_vars = {
        **order.env_vars, **{f"SHIPWAY_FILE_{n}": text for n, (_, text) in enumerate(files)},
        "SHIPWAY_PID_FILE": str(pid), "SHIPWAY_PATH": ":".join(reversed(path_prefix)),
    }  # fmt: skip
    passed = sorted({*names, *env_vars, *order.secret_env_vars} - _OUTSIDE)
    return replace(
        order,
        command=[
            started.program, "exec", "--interactive", "--workdir", str(order.cwd),
            "--user", started.user,
            *(word for name in passed for word in ("--env", name)),
            container, "/bin/sh", "-c", _text(files), "shipway-step", *command,
        ],
        env_vars=env_vars,
        fds=(),
    )  # fmt: skip


def _carried(order: ProcessOrder, stem: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The command with the paths that its memory files get inside, and those files."""
    command, files = list(order.command), []
    for number, descriptor in enumerate(order.fds):
        content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        os.close(descriptor)
        place = f"/dev/shm/{stem}-{number}"  # noqa: S108  # the container's own memory
        files.append((place, content.decode()))
        outside = f"/proc/self/fd/{descriptor}"
        command = [place if word == outside else word for word in command]
    return command, files


def _text(files: Sequence[tuple[str, str]]) -> str:
    if not files:
        return f'{_BEGIN}exec "$@"'
    write = "".join(
        f'(umask 077; printf %s "$SHIPWAY_FILE_{number}" > {place}); unset SHIPWAY_FILE_{number}; '
        for number, (place, _) in enumerate(files)
    )
    places = " ".join(place for place, _ in files)
    return f'{_BEGIN}{write}"$@"; code=$?; rm -f {places}; exit $code'
