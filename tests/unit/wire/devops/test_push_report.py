"""The commands of a push and its report, byte by byte."""

import gzip
import io
from pathlib import Path

import pytest

from shipway.base.errors import BadInput
from shipway.devops.pushes import RefMove
from shipway.wire.devops import push_report
from shipway.wire.devops.push_report import Commands
from shipway.wire.http import Response

ZERO, ONE, TWO = "0" * 40, "1" * 40, "2" * 40
MAIN, TOPIC = "refs/heads/main", "refs/heads/topic"
SIDE_BAND = b"report-status side-band-64k push-options"


def line(text: bytes) -> bytes:
    return f"{len(text) + 4:04x}".encode() + text


def body(*moves: tuple[str, str, str], capabilities: bytes = SIDE_BAND) -> bytes:
    found = b""
    for number, (old, new, ref) in enumerate(moves):
        said = b"\0 " + capabilities if number == 0 else b""
        found += line(f"{old} {new} {ref}".encode() + said)
    return found + b"0000"


def read(content: bytes) -> tuple[Commands, bytes]:
    commands, rest = push_report.commands_of(io.BytesIO(content))
    return commands, rest.read()


BOTH = body((ONE, TWO, MAIN), (ZERO, TWO, TOPIC))


@pytest.mark.parametrize("pack", [lambda b: b, gzip.compress])
def test_commands_are_read_and_the_rest_is_left(pack: object) -> None:
    assert callable(pack)
    commands, rest = read(pack(line(b"shallow " + ONE.encode()) + BOTH + b"0000PACK"))
    assert commands.moves == (
        RefMove(ref=MAIN, old=ONE, new=TWO), RefMove(ref=TOPIC, old=ZERO, new=TWO),
    )  # fmt: skip
    assert commands.can("side-band-64k")
    assert not commands.can("atomic")
    assert rest == b"0000PACK"
    assert commands.shallow == (b"shallow " + ONE.encode(),)


def test_an_empty_push_has_no_commands() -> None:
    assert read(b"")[0].moves == ()
    assert read(b"0000")[0].moves == ()


@pytest.mark.parametrize(
    "content", [b"rubbish", b"0003", b"00ffshort", b"\x1f\x8bno", line(b"two words"), b"00"]
)
def test_what_is_not_git_s_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="not in git's form"):
        read(content)


@pytest.mark.parametrize("pack", [lambda b: b, gzip.compress])
def test_the_refs_that_are_taken_keep_capabilities_options_and_pack(
    tmp_path: Path, pack: object
) -> None:
    assert callable(pack)
    sent = pack(BOTH + line(b"option") + b"0000PACK" + b"x" * 100_000)
    commands, rest = push_report.commands_of(io.BytesIO(sent))
    with push_report.kept(commands, rest, [TOPIC], tmp_path) as file:
        content = file.read()
    assert content == (body((ZERO, TWO, TOPIC)) + line(b"option") + b"0000PACK" + b"x" * 100_000)


def test_deletions_alone_go_without_the_pack(tmp_path: Path) -> None:
    sent = body((ONE, TWO, MAIN), (ONE, ZERO, TOPIC), capabilities=b"report-status") + b"PACK"
    commands, rest = push_report.commands_of(io.BytesIO(sent))
    with push_report.kept(commands, rest, [TOPIC], tmp_path) as file:
        assert file.read() == body((ONE, ZERO, TOPIC), capabilities=b"report-status")


def test_a_pack_that_breaks_off_is_refused(tmp_path: Path) -> None:
    sent = gzip.compress(BOTH + b"0000PACK" + bytes(range(256)) * 999)[:-200]
    commands, rest = push_report.commands_of(io.BytesIO(sent))
    with pytest.raises(BadInput, match="not in git's form"):
        push_report.kept(commands, rest, [TOPIC], tmp_path)


def test_a_push_of_which_nothing_is_taken_is_told_why() -> None:
    commands, _ = read(BOTH)
    answer = push_report.refused(commands, {MAIN: "no"}, "try\n")
    report = line(b"unpack ok\n") + line(f"ng {MAIN} no\n".encode()) + b"0000"
    assert answer.body == line(b"\x02try\n") + line(b"\x01" + report) + b"0000"
    plain, _ = read(body((ONE, TWO, MAIN), capabilities=b"report-status"))
    assert push_report.refused(plain, {MAIN: "no"}, "try\n").body == report
    silent, _ = read(body((ONE, TWO, MAIN), capabilities=b"quiet"))
    assert push_report.refused(silent, {MAIN: "no"}, "try\n").body == b""


@pytest.mark.parametrize("split", [5, 40])
def test_a_refusal_is_added_to_git_s_own_report(split: int) -> None:
    commands, _ = read(BOTH)
    own = line(b"unpack ok\n") + line(f"ok {TOPIC}\n".encode()) + b"0000"
    sent = line(b"\x02working\n") + line(b"\x01" + own[:split]) + line(b"\x01" + own[split:])
    answer = push_report.with_refusals(
        Response(headers=(("Content-Length", "1"),), body=sent + b"0000"), commands,
        {MAIN: "no"}, "try\n",
    )  # fmt: skip
    report = own[:-4] + line(f"ng {MAIN} no\n".encode()) + b"0000"
    assert answer.body == (
        line(b"\x02working\n") + line(b"\x02try\n") + line(b"\x01" + report) + b"0000"
    )
    assert answer.headers == ()
    plain, _ = read(body((ONE, TWO, MAIN), capabilities=b"report-status"))
    told = push_report.with_refusals(Response(body=own), plain, {MAIN: "no"}, "try\n")
    assert told.body == report
