"""What a push asks for and what it is told: the commands before its pack, the report after it.

Knows git's packet lines; used where some of the refs of a push are refused before git sees them.
Source: https://git-scm.com/docs/pack-protocol#_reference_discovery_and_push
"""

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import IO

from shipway.base.errors import BadInput
from shipway.devops.pushes import RefMove
from shipway.wire.http import Response

_GZIP = b"\x1f\x8b"
_FLUSH = b"0000"
_LIMIT = 65_515
_COMMANDS_LIMIT = 100_000
_UNPACKING = (gzip.BadGzipFile, EOFError, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The first part of a push: `shallow` lines as they stand, then one move for each ref."""

    moves: tuple[RefMove, ...]
    capabilities: bytes
    shallow: tuple[bytes, ...]

    def can(self, name: str) -> bool:
        """Whether the client has asked for a capability."""
        return name.encode() in self.capabilities.split()


def commands_of(body: IO[bytes]) -> tuple[Commands, IO[bytes]]:
    """The commands, and the body behind them (unpacked). Raises `BadInput`."""
    packed = body.read(2) == _GZIP
    body.seek(0)
    source: IO[bytes] = gzip.GzipFile(fileobj=body) if packed else body  # type: ignore[assignment]
    moves: list[RefMove] = []
    shallow: list[bytes] = []
    capabilities = b""
    while (line := _packet_line(source)) is not None:
        if line.startswith(b"shallow "):
            shallow.append(line)
            continue
        command, _, said = line.partition(b"\0")
        capabilities = capabilities or said.strip()
        parts = command.decode("utf-8", "surrogateescape").rstrip("\n").split(" ", 2)
        if len(parts) != 3 or len(moves) >= _COMMANDS_LIMIT:
            raise _malformed()
        moves.append(RefMove(old=parts[0], new=parts[1], ref=parts[2]))
    found = Commands(moves=tuple(moves), capabilities=capabilities, shallow=tuple(shallow))
    return found, source


def kept(commands: Commands, rest: IO[bytes], refs: Sequence[str], folder: Path) -> IO[bytes]:
    """The body of the same push without the refs that are not in `refs`; to be closed.

    Raises `BadInput` when what follows the commands is not in git's form.
    """
    # git goes on reading from this very descriptor, so nothing may be read ahead
    raw = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # closed by the caller
    try:
        file = BufferedWriter(raw)
        _write_kept(file, commands, rest, [m for m in commands.moves if m.ref in refs])
        file.flush()
        file.detach()
    except BaseException:
        raw.close()
        raise
    raw.seek(0)
    return raw


def _write_kept(
    file: IO[bytes], commands: Commands, rest: IO[bytes], moves: Sequence[RefMove]
) -> None:
    for line in commands.shallow:
        file.write(_packet(line))
    capabilities = b"\0 " + commands.capabilities
    for move in moves:
        text = f"{move.old} {move.new} {move.ref}".encode("utf-8", "surrogateescape")
        file.write(_packet(text + capabilities))
        capabilities = b""
    file.write(_FLUSH)
    if commands.can("push-options"):
        while (option := _packet_line(rest)) is not None:
            file.write(_packet(option))
        file.write(_FLUSH)
    if all(m.is_deletion for m in moves):  # git reads no pack for deletions
        return
    try:
        shutil.copyfileobj(rest, file)
    except _UNPACKING as error:
        raise _malformed() from error


def refused(commands: Commands, reasons: Mapping[str, str], note: str) -> Response:
    """The answer to a push of which nothing was taken."""
    content = _packet(b"unpack ok\n") + _refusals(reasons) + _FLUSH
    headers = (
        ("Content-Type", "application/x-git-receive-pack-result"),
        ("Cache-Control", "no-cache"),
    )
    if not (commands.can("report-status") or commands.can("report-status-v2")):
        return Response(status=200, headers=headers, body=b"")
    if commands.can("side-band-64k"):
        content = _band(2, note.encode()) + _band(1, content) + _FLUSH
    return Response(status=200, headers=headers, body=content)


def with_refusals(
    answer: Response, commands: Commands, reasons: Mapping[str, str], note: str
) -> Response:
    """git's own answer to the refs that it was given, and the refusal of the others."""
    body = answer.body
    if not isinstance(body, bytes) or not body.endswith(_FLUSH):
        return answer
    if not commands.can("side-band-64k"):
        return _with_body(answer, body[:-4] + _refusals(reasons) + _FLUSH)
    report, others, position = b"", b"", 0
    while position < len(body) - 4:
        length = int(body[position : position + 4], 16)
        packet = body[position : position + length]
        if packet[4:5] == b"\x01":
            report += packet[5:]
        else:
            others += packet
        position += length
    whole = report.removesuffix(_FLUSH) + _refusals(reasons) + _FLUSH
    return _with_body(answer, others + _band(2, note.encode()) + _band(1, whole) + _FLUSH)


def _with_body(answer: Response, body: bytes) -> Response:
    headers = tuple(h for h in answer.headers if h[0].lower() != "content-length")
    return Response(status=answer.status, headers=headers, body=body)


def _refusals(reasons: Mapping[str, str]) -> bytes:
    return b"".join(
        _packet(f"ng {ref} {reason}\n".encode("utf-8", "surrogateescape"))
        for ref, reason in reasons.items()
    )


def _band(number: int, content: bytes) -> bytes:
    pieces = [content[i : i + _LIMIT] for i in range(0, len(content), _LIMIT)]
    return b"".join(_packet(bytes([number]) + piece) for piece in pieces)


def _packet(content: bytes) -> bytes:
    return f"{len(content) + 4:04x}".encode() + content


def _packet_line(source: IO[bytes]) -> bytes | None:
    """The next line; None at a flush and where there is nothing more. Raises `BadInput`."""
    head = _exactly(source, 4)
    if head in (b"", _FLUSH):
        return None
    try:
        length = int(head, 16)
    except ValueError:
        length = 0
    line = _exactly(source, length - 4) if length >= 4 else b""
    if length < 4 or len(line) != length - 4:
        raise _malformed()
    return line


def _exactly(source: IO[bytes], count: int) -> bytes:
    found = b""
    try:
        while len(found) < count and (piece := source.read(count - len(found))):
            found += piece
    except _UNPACKING as error:
        raise _malformed() from error
    return found


def _malformed() -> BadInput:
    return BadInput("the push is not in git's form", code="GitProtocolError",
                    where="git-receive-pack", hint="Push with git.")  # fmt: skip
