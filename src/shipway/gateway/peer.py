"""Whose process is at the other end of a loopback connection.

TCP carries no credentials, so the kernel's table of sockets is read: the row whose local address is
our peer names the user id that opened it. Source: proc(5), `/proc/net/tcp`.
"""

import ipaddress
import struct
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_CLOSED = ("06", "07", "0C")  # TIME_WAIT, CLOSE, NEW_SYN_RECV: no user id any more, or none yet

Address = tuple[str, int]


def user_id_of(peer: Address, here: Address, tables: tuple[Path, ...] = _TABLES) -> int | None:
    """The user id behind the connection from `peer` to `here`; None when it cannot be known."""
    ends = {
        (_hexadecimal(peer, wide=wide), _hexadecimal(here, wide=wide)) for wide in (False, True)
    }
    for table in tables:
        try:
            rows = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split(None, 8)
            if (fields[1], fields[2]) in ends and fields[3] not in _CLOSED:
                return int(fields[7])
    return None


def _hexadecimal(address: Address, *, wide: bool) -> str:
    """An address as the tables write it; `wide`: an IPv4 address on an IPv6 socket."""
    packed = ipaddress.ip_address(address[0]).packed
    if wide and len(packed) == 4:
        packed = bytes(10) + b"\xff\xff" + packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{address[1]:04X}"
