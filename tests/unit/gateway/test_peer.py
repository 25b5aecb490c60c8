"""Whose process is at the other end, read from the kernel's table."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from shipway.gateway import peer

_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"


def _row(local: str, remote: str, state: str, uid: int) -> str:
    return f"   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {uid} 0 12345\n"


_REAL = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
Ask = Callable[[peer.Address, peer.Address], int | None]


@pytest.mark.parametrize(
    "ask",
    [peer.user_id_of, peer.ask_kernel, lambda p, h: peer.read_tables(p, h, _REAL)],
    ids=["either", "netlink", "tables"],
)
@pytest.mark.parametrize("name", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_a_real_connection_has_its_openers_id_until_it_is_closed(ask: Ask, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        near = socket.create_connection((name, listening.getsockname()[1]))
        accepted, address = listening.accept()
        with accepted:
            here = accepted.getsockname()
            assert ask(address, here) == os.getuid()
            assert ask((address[0], address[1]), (here[0], here[1] ^ 1)) is None
            near.shutdown(socket.SHUT_WR)
            assert ask(address, here) == os.getuid()
            accepted.close()
            near.close()
            assert ask(address, here) is None


def test_the_row_must_match_both_ends_and_be_open(tmp_path: Path) -> None:
    table = tmp_path / "tcp"
    table.write_text(
        _HEAD
        + _row("0100007F:0FA0", "0100007F:1F90", "01", 7)  # our own end of it
        + _row("0100007F:1F90", "0100007F:0FA1", "01", 8)  # to another port
        + _row("0100007F:1F90", "0100007F:0FA0", "06", 0)  # TIME_WAIT: nobody's any more
        + _row("0100007F:1F90", "0100007F:0FA0", "01", 1000)
    )
    found = peer.read_tables(("127.0.0.1", 8080), ("127.0.0.1", 4000), (table,))
    assert found == 1000
    assert peer.read_tables(("127.0.0.1", 8081), ("127.0.0.1", 4000), (table,)) is None


def test_an_ipv4_connection_of_an_ipv6_socket_is_found(tmp_path: Path) -> None:
    table = tmp_path / "tcp6"
    wide = "0000000000000000FFFF00000100007F"
    table.write_text(_HEAD + _row(f"{wide}:1F90", f"{wide}:0FA0", "01", 1001))
    missing = tmp_path / "absent"
    found = peer.read_tables(("127.0.0.1", 8080), ("127.0.0.1", 4000), (missing, table))
    assert found == 1001
