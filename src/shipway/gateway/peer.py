"""Whose process is at the other end of a loopback connection.

TCP carries no credentials, so the kernel is asked which user id opened the socket that is our
peer: by a netlink message about this one connection, or, where that is not allowed, by reading the
table of all of them. Sources: sock_diag(7); proc(5), `/proc/net/tcp`.
"""

import errno
import ipaddress
import socket
import struct
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
# TIME_WAIT, CLOSE, NEW_SYN_RECV: no user id any more, or none yet
_NOBODYS = (6, 7, 12)

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR, _NLM_F_REQUEST = 2, 1
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_MESSAGE_UID_AT = _HEADER.size + 4 + 48 + 12
_ANSWER_SECONDS = 1.0

Address = tuple[str, int]


def user_id_of(peer: Address, here: Address) -> int | None:
    """The user id behind the connection from `peer` to `here`; None when it cannot be known."""
    try:
        return ask_kernel(peer, here)
    except OSError:
        return read_tables(peer, here, _TABLES)


def ask_kernel(peer: Address, here: Address) -> int | None:
    """By netlink: costs the same however many connections there are. Raises `OSError`."""
    body = (
        _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
        + struct.pack("!HH", peer[1], here[1])
        + socket.inet_aton(peer[0]).ljust(16, b"\0")
        + socket.inet_aton(here[0]).ljust(16, b"\0")
        + struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
    )
    header = _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as channel:
        channel.settimeout(_ANSWER_SECONDS)
        channel.send(header + body)
        answer = channel.recv(4096)
    kind = struct.unpack_from("=H", answer, 4)[0]
    if kind == _NLMSG_ERROR:
        number = -int(struct.unpack_from("=i", answer, _HEADER.size)[0])
        if number == errno.ENOENT:
            return None
        raise OSError(number, "sock_diag")
    state = answer[_HEADER.size + 1]
    return None if state in _NOBODYS else int(struct.unpack_from("=I", answer, _MESSAGE_UID_AT)[0])


def read_tables(peer: Address, here: Address, tables: tuple[Path, ...]) -> int | None:
    """By the row whose local address is our peer."""
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
            if (fields[1], fields[2]) in ends and int(fields[3], 16) not in _NOBODYS:
                return int(fields[7])
    return None


def _hexadecimal(address: Address, *, wide: bool) -> str:
    """An address as the tables write it; `wide`: an IPv4 address on an IPv6 socket."""
    packed = ipaddress.ip_address(address[0]).packed
    if wide and len(packed) == 4:
        packed = bytes(10) + b"\xff\xff" + packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{address[1]:04X}"
