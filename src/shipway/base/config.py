"""Settings, read once, and the only door to the process's environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server or a command is told from outside.

    `home` is the state folder; a port of 0 means: choose a free one; `slots` is how many ML job
    processes and how many pipeline jobs run at once.
    """

    home: Path
    proxy_port: int = 0
    studio_port: int = 0
    slots: int = field(default_factory=lambda: max(2, os.cpu_count() or 2))


def environment() -> Mapping[str, str]:
    """The variables of this process, as they are now."""
    return dict(os.environ)


def default_home() -> Path:
    """`SHIPWAY_HOME`, else `~/.shipway`."""
    return Path(os.environ.get("SHIPWAY_HOME") or Path.home() / ".shipway").expanduser().absolute()


def read_settings(
    *, home: Path | None = None, proxy_port: int | None = None, studio_port: int | None = None
) -> Settings:
    """Settings from arguments, else `SHIPWAY_{PROXY_PORT,STUDIO_PORT,SLOTS}`."""

    def number(name: str, given: int | None, fallback: int) -> int:
        return given if given is not None else int(os.environ.get(name) or fallback)

    return Settings(
        home=(home or default_home()).absolute(),
        proxy_port=number("SHIPWAY_PROXY_PORT", proxy_port, 0),
        studio_port=number("SHIPWAY_STUDIO_PORT", studio_port, 0),
        slots=number("SHIPWAY_SLOTS", None, max(2, os.cpu_count() or 2)),
    )
