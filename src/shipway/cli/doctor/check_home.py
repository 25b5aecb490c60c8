"""The state folder: only its owner may read it, and there is room on its disk."""

import os
import shutil
import stat

from shipway.base.home import Home
from shipway.cli import output
from shipway.cli.doctor.check import Finding

_LITTLE, _TOO_LITTLE = 5 << 30, 512 << 20
_SOCKET_PATH_LIMIT = 108 - len("/run/bell-journal-12345678.sock")


def check_permissions(home: Home) -> Finding:
    """0700 for the folder, 0600 for keys, tokens and the database."""
    if not home.root.exists():
        return Finding(check="home", level="ok", found=f"{home.root} (made by `shipway up`)")
    if home.root.stat().st_uid != os.getuid():
        return Finding(
            check="home", level="failure", found=f"{home.root} belongs to another user",
            remedy="Set SHIPWAY_HOME to a folder of your own.",
        )  # fmt: skip
    private = [
        home.root, home.secrets_key, home.database, home.authority / "authority.key",
        home.run / "owner.token",
    ]  # fmt: skip
    wide = [p for p in private if p.exists() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    if wide:
        names = " ".join(str(path) for path in wide)
        return Finding(
            check="home", level="failure", found=f"others may read {names}",
            remedy=f"chmod go-rwx {names}",
        )  # fmt: skip
    return Finding(check="home", level="ok", found=f"{home.root}, yours alone")


def check_path_length(home: Home) -> Finding:
    """Sockets lie in the home, and a socket's path holds 108 bytes."""
    length = len(os.fsencode(home.root))
    if length > _SOCKET_PATH_LIMIT:
        return Finding(
            check="path", level="failure", found=f"the home's path has {length} bytes",
            remedy=f"Set SHIPWAY_HOME to a path of at most {_SOCKET_PATH_LIMIT} bytes.",
        )  # fmt: skip
    return Finding(check="path", level="ok", found=f"{length} bytes, {_SOCKET_PATH_LIMIT} are fine")


def check_disk(home: Home) -> Finding:
    """Room for environments and outputs."""
    place = home.root
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    found = f"{output.size(free)} free at {place}"
    if free < _TOO_LITTLE:
        return Finding(check="disk", level="failure", found=found, remedy="Make room on that disk.")
    if free < _LITTLE:
        return Finding(
            check="disk", level="warning", found=found,
            remedy="One environment of a job takes 0.5 to 3 GiB: make room, or move SHIPWAY_HOME.",
        )  # fmt: skip
    return Finding(check="disk", level="ok", found=found)
