"""Notes of creates that were cut off."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from shipway.terraform import attempts
from shipway.terraform.attempts import Attempts

GIVEN = {"name": "x", "secret": "s"}


def _of_a_dead_process(folder: Path) -> None:
    """As if the process that left the notes had been killed."""
    for path in folder.iterdir():
        key, _, number = path.name.split(".")
        path.rename(path.with_name(f"{key}.999999999-1.{number}"))


def test_an_orderly_end_leaves_nothing(tmp_path: Path) -> None:
    notes = Attempts(tmp_path / "a", "here")
    notes.note(notes.begin("t", GIVEN), {"id": "1"})
    assert len(list((tmp_path / "a").iterdir())) == 1
    notes.close()
    assert list((tmp_path / "a").iterdir()) == []


def test_what_nobody_knows_the_outcome_of_is_kept(tmp_path: Path) -> None:
    notes = Attempts(tmp_path, "here")
    kept, dropped = notes.begin("t", GIVEN), notes.begin("t", {"name": "y"})
    notes.keep(kept)
    notes.drop(dropped)
    notes.close()
    assert list(tmp_path.iterdir()) == [kept.path]


def test_a_killed_runs_note_is_taken_up_once_by_the_same_create(tmp_path: Path) -> None:
    notes = Attempts(tmp_path, "here")
    notes.note(notes.begin("t", GIVEN), {"id": "1"})
    assert Attempts(tmp_path, "here").take_up("t", GIVEN) is None, "its process still lives"
    _of_a_dead_process(tmp_path)
    assert Attempts(tmp_path, "elsewhere").take_up("t", GIVEN) is None
    later = Attempts(tmp_path, "here")
    assert later.take_up("t", {"name": "other"}) is None
    assert later.take_up("u", GIVEN) is None
    found = later.take_up("t", GIVEN)
    assert found is not None
    assert found.made == {"id": "1"}
    assert later.take_up("t", GIVEN) is None
    assert list(tmp_path.iterdir()) == []


def test_what_a_state_holds_is_not_looked_for(tmp_path: Path) -> None:
    notes = Attempts(tmp_path, "here")
    notes.note(notes.begin("t", GIVEN), {"id": "1"})
    notes.note(notes.begin("t", GIVEN), {"id": "2"})
    _of_a_dead_process(tmp_path)
    later = Attempts(tmp_path, "here")
    later.saved("1")
    found = later.take_up("t", GIVEN)
    assert found is not None
    assert found.made == {"id": "2"}


def test_notes_do_not_hold_what_was_given(tmp_path: Path) -> None:
    notes = Attempts(tmp_path, "here")
    attempt = notes.begin("t", {"name": "x", "password": "hush"})
    assert "hush" not in attempt.path.name + attempt.path.read_text()


def test_the_workspace_is_part_of_the_scope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert attempts.scope_of({}) == f"{tmp_path}\ndefault"
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform" / "environment").write_text("blue")
    assert attempts.scope_of({}).endswith("\nblue")
    assert attempts.scope_of({"TF_WORKSPACE": "red"}).endswith("\nred")


@pytest.mark.parametrize(
    ("given", "message", "found"),
    [
        ({"name": "n"}, 'A resource with the ID "/a/b" already exists - to be', ["/a/b"]),
        ({"name": "n"}, "TF200019: it exists", ["n"]),
        ({"name": "n", "project_id": "p"}, "", ["p/n"]),
        ({"display_name": "d"}, "", ["d"]),
        ({}, "", []),
    ],
)
def test_candidates_for_what_is_there_already(
    given: dict[str, str], message: str, found: list[str]
) -> None:
    assert list(attempts.candidates(given, message)) == found


def test_a_folder_that_cannot_be_written_costs_only_the_note(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    notes = Attempts(blocked / "a", "here")
    attempt = notes.begin("t", GIVEN)
    notes.note(attempt, {"id": "1"})
    notes.close()
    assert list(tmp_path.iterdir()) == [blocked]


def test_a_process_that_has_ended_unasked_after_is_gone(tmp_path: Path) -> None:
    notes = Attempts(tmp_path, "here")
    notes.note(notes.begin("t", GIVEN), {"id": "1"})
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.read()  # it has ended, or is about to, and stays listed until it is waited for
        stat = Path(f"/proc/{child.pid}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.001)
        began = stat.read_text().rpartition(")")[2].split()[19]
        for path in tmp_path.iterdir():
            key, _, number = path.name.split(".")
            path.rename(path.with_name(f"{key}.{child.pid}-{began}.{number}"))
        taken = Attempts(tmp_path, "here").take_up("t", GIVEN)
    assert taken is not None
    assert taken.made == {"id": "1"}
