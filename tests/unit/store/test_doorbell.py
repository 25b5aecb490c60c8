"""Rings reach whoever listens, also those who came after the folder was read."""

from pathlib import Path

from shipway.store import doorbell
from shipway.store.doorbell import Doorbell


def test_a_ring_wakes_every_listener_of_its_name_and_no_other(tmp_path: Path) -> None:
    bells = [Doorbell(tmp_path, "a"), Doorbell(tmp_path, "a"), Doorbell(tmp_path, "b")]
    try:
        doorbell.ring(tmp_path, "a")
        assert [bell.wait(0.01) for bell in bells] == [True, True, False]
    finally:
        for bell in bells:
            bell.close()


def test_a_listener_that_comes_between_two_rings_hears_the_second(tmp_path: Path) -> None:
    early = Doorbell(tmp_path, "a")
    late: list[Doorbell] = []
    try:
        for _ in range(20):
            doorbell.ring(tmp_path, "a")
            late.append(Doorbell(tmp_path, "a"))
            doorbell.ring(tmp_path, "a")
            assert late[-1].wait(0.01)
    finally:
        for bell in (early, *late):
            bell.close()


def test_a_listener_that_died_is_cleared_away(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path, "a")
    bell._socket.close()
    doorbell.ring(tmp_path, "a")
    assert list(tmp_path.iterdir()) == []


def test_a_ring_in_a_folder_that_is_not_there_does_nothing(tmp_path: Path) -> None:
    doorbell.ring(tmp_path / "gone", "a")
