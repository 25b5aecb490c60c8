"""While everything works, nothing listens where another machine could reach it.

Found out from the kernel's tables: every listening socket of every process that has to do with
this home, while a pipeline step, an ML job and a deployment run.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from tests.shipway_server import ShipwayServer, running, wait_until
from tests.support import identities

_LISTENING, _UNCONNECTED = "0A", "07"

SCORE = """
import os

def init():
    pass

def run(data):
    return os.getpid()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """One row of the kernel's tables."""

    protocol: str
    address: IPv4Address | IPv6Address
    port: int
    inode: str

    @property
    def is_loopback(self) -> bool:
        mapped = getattr(self.address, "ipv4_mapped", None)
        return bool((mapped or self.address).is_loopback)


def listening() -> Iterator[Socket]:
    """TCP sockets that listen and UDP sockets that anybody may send to."""
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        wanted = _LISTENING if protocol.startswith("tcp") else _UNCONNECTED
        table = Path("/proc/net", protocol)
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] != wanted:
                continue
            host, _, port = fields[1].partition(":")
            words = [bytes.fromhex(host[n : n + 8])[::-1] for n in range(0, len(host), 8)]
            packed = b"".join(words)
            address = IPv6Address(packed) if len(packed) == 16 else IPv4Address(packed)
            yield Socket(protocol=protocol, address=address, port=int(port, 16), inode=fields[9])


def processes_of(home: Path) -> dict[int, str]:
    """Processes that name the home in their command line or environment, by what they are."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            if os.fsencode(home) in command + (entry / "environ").read_bytes():
                found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
    return found


def inodes_of(pid: int) -> set[str]:
    """The sockets that a process holds."""
    found = set()
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        pass
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ShipwayServer]:
    with running(tmp_path) as made:
        yield made


def test_the_tables_are_read_right(server: ShipwayServer) -> None:
    """The server's own two ports are found, and they are its own."""
    mine = inodes_of(server.pid())
    door = server.door()
    ports = {s.port for s in listening() if s.inode in mine}
    assert ports == {door.proxy_port, door.studio_port}


@pytest.mark.slow
def test_nothing_listens_off_loopback_while_everything_works(
    server: ShipwayServer, tmp_path: Path
) -> None:
    project = server.project()
    azure = identities.make_azure(server)
    azure.deploy("flights", script=SCORE)
    status, scoring = azure.score("flights", {})
    assert status == 200
    wait = f"touch {tmp_path}/$ME; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    run_id = project.push(f"steps: [{{script: 'ME=step; {wait}'}}]")
    properties = {
        "jobType": "Command", "command": f"ME=job; {wait}", "environmentId": "azureml:local:1",
        "computeId": f"{azure.workspace.resource_id}/computes/cpu",
    }  # fmt: skip
    azure.put("jobs/waits", properties)
    wait_until(lambda: (tmp_path / "step").exists() and (tmp_path / "job").exists())

    found = processes_of(server.home)
    assert {server.pid(), int(scoring)} <= set(found)
    for name in ("shipway.agent.worker", "shipway.compute.worker", "shipway.compute.serving"):
        assert any(name in command for command in found.values()), name
    inodes = {inode: pid for pid in found for inode in inodes_of(pid)}
    ours = [(found[inodes[s.inode]], s) for s in listening() if s.inode in inodes]
    assert ours
    assert [row for row in ours if not row[1].is_loopback] == []
    # the only ports are the server's own; a deployment has none
    assert {s.port for _, s in ours} == {server.door().proxy_port, server.door().studio_port}
    named = [path for inode, path in unix_sockets() if inode in inodes]
    assert named
    assert [path for path in named if not is_private(path)] == []
    (tmp_path / "go").touch()
    assert server.finished(run_id).result == "succeeded"
    azure.call("DELETE", "onlineEndpoints/flights")


def unix_sockets() -> Iterator[tuple[str, str]]:
    """(inode, path) of unix sockets with a name; an abstract one begins with `@`."""
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) == 8:
            yield fields[6], fields[7]


def is_private(path: str) -> bool:
    """Whether the socket, or the folder that it lies in, keeps others out."""
    if path.startswith("@"):
        return False
    places = [p for p in (Path(path), Path(path).parent) if p.exists()]
    return any(stat.S_IMODE(place.stat().st_mode) & 0o077 == 0 for place in places)
