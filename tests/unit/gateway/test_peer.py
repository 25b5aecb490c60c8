"""Whose process is at the other end, read from the kernel's table."""

import os
import socket
from pathlib import Path

from shipway.gateway import peer

_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"


def _row(local: str, remote: str, state: str, uid: int) -> str:
    return f"   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {uid} 0 12345\n"


def test_a_real_connection_of_ours_is_ours() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as near,
    ):
        accepted, address = listening.accept()
        with accepted:
            assert peer.user_id_of(address, accepted.getsockname()) == os.getuid()
            assert near.getsockname() == address


def test_the_row_must_match_both_ends_and_be_open(tmp_path: Path) -> None:
    table = tmp_path / "tcp"
    table.write_text(
        _HEAD
        + _row("0100007F:0FA0", "0100007F:1F90", "01", 7)  # our own end of it
        + _row("0100007F:1F90", "0100007F:0FA1", "01", 8)  # to another port
        + _row("0100007F:1F90", "0100007F:0FA0", "06", 0)  # TIME_WAIT: nobody's any more
        + _row("0100007F:1F90", "0100007F:0FA0", "01", 1000)
    )
    found = peer.user_id_of(("127.0.0.1", 8080), ("127.0.0.1", 4000), (table,))
    assert found == 1000
    assert peer.user_id_of(("127.0.0.1", 8081), ("127.0.0.1", 4000), (table,)) is None


def test_an_ipv4_connection_of_an_ipv6_socket_is_found(tmp_path: Path) -> None:
    table = tmp_path / "tcp6"
    wide = "0000000000000000FFFF00000100007F"
    table.write_text(_HEAD + _row(f"{wide}:1F90", f"{wide}:0FA0", "01", 1001))
    missing = tmp_path / "absent"
    found = peer.user_id_of(("127.0.0.1", 8080), ("127.0.0.1", 4000), (missing, table))
    assert found == 1001
