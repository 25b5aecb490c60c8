"""No process before its lease is on disk."""

import threading

import pytest

from shipway.base.errors import Unavailable
from shipway.compute.command_runner import Gate


def test_a_gate_holds_until_it_is_open() -> None:
    gate = Gate()
    passed = threading.Event()

    def walk() -> None:
        gate.wait()
        passed.set()

    thread = threading.Thread(target=walk)
    thread.start()
    assert not passed.wait(0.05)
    gate.open()
    assert passed.wait(5)
    thread.join()


def test_a_gate_that_is_shut_lets_nobody_through() -> None:
    gate = Gate()
    gate.shut()
    with pytest.raises(Unavailable):
        gate.wait()


def test_a_gate_that_was_opened_stays_open() -> None:
    gate = Gate()
    gate.open()
    gate.shut()
    gate.wait()
