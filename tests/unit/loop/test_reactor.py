"""The reactor: every event handled exactly once, failures alone, timers in time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shipway.base.clock import FrozenClock, SystemClock
from shipway.base.home import Home
from shipway.base.messages import Event
from shipway.loop.reactor import Reaction, Reactor
from shipway.loop.timer import Firing
from shipway.store.store import Store, open_store
from shipway.store.timers import Timer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(Home(tmp_path / "home"), FrozenClock())
    yield opened
    opened.database.close()


def _tell(store: Store, kind: str, subject: str = "run/1") -> int:
    return store.journal.append(Event(kind=kind, subject=subject, at=store.clock.now()))


def _reactor(
    store: Store,
    reactions: dict[str, tuple[Reaction, ...]],
    firings: dict[str, Firing] | None = None,
) -> Iterator[Reactor]:
    made = Reactor(store, reactions=reactions, firings=firings or {})
    try:
        yield made
    finally:
        made.stop()


def test_each_event_reaches_all_its_stations_in_order_once(store: Store) -> None:
    seen: list[str] = []
    reactions: dict[str, tuple[Reaction, ...]] = {
        "RunQueued": (
            lambda _, e: seen.append(f"a{e.number}"),
            lambda _, e: seen.append(f"b{e.number}"),
        )
    }
    for reactor in _reactor(store, reactions):
        _tell(store, "RunQueued")
        _tell(store, "Unheard")
        _tell(store, "RunQueued")
        reactor.settle()
        reactor.settle()
    assert seen == ["a1", "b1", "a3", "b3"]
    assert store.journal.handled() == 3


def test_events_that_a_reaction_appends_are_handled_too(store: Store) -> None:
    def first(store: Store, event: Event) -> None:
        _tell(store, "Second", event.subject)

    def second(store: Store, event: Event) -> None:
        store.documents.put("seen", event.subject, {})

    for reactor in _reactor(store, {"First": (first,), "Second": (second,)}):
        _tell(store, "First")
        reactor.settle()
    assert store.documents.find("seen", "run/1") is not None


def test_a_failing_reaction_leaves_no_rows_and_does_not_stop_the_next(store: Store) -> None:
    def bad(store: Store, event: Event) -> None:
        store.documents.put("half", event.subject, {})
        raise RuntimeError("broken station")

    def good(store: Store, event: Event) -> None:
        number = store.documents.next_number("good")
        store.documents.put("whole", f"{event.subject}/{number}", {})

    for reactor in _reactor(store, {"Bad": (bad,), "Good": (good,)}):
        _tell(store, "Good")
        _tell(store, "Bad")
        _tell(store, "Good")
        reactor.settle()
    assert store.documents.count("half") == 0
    assert store.documents.count("whole") == 2
    failed = [e for e in store.journal.of("run/1") if e.kind == "ReactionFailed"]
    assert [dict(e.data) for e in failed] == [{"event": 2, "kind": "Bad"}]


def test_a_station_that_fails_on_a_failure_is_not_told_of_its_own(store: Store) -> None:
    def bad(store: Store, event: Event) -> None:
        raise RuntimeError("broken station")

    for reactor in _reactor(store, {"Bad": (bad,), "ReactionFailed": (bad,)}):
        _tell(store, "Bad")
        reactor.settle()
    kinds = [e.kind for e in store.journal.of("run/1")]
    assert kinds == ["Bad", "ReactionFailed"]
    assert store.journal.handled() == 2


def test_a_timer_fires_once_and_may_set_itself_again(store: Store) -> None:
    clock = store.clock
    assert isinstance(clock, FrozenClock)
    fired: list[str] = []

    def firing(store: Store, timer: Timer) -> None:
        fired.append(timer.subject)
        store.timers.set(
            timer.name, due=timer.due + timedelta(seconds=60), kind="cron", subject="again"
        )

    for reactor in _reactor(store, {}, {"cron": firing}):
        due = clock.now() + timedelta(seconds=10)
        store.timers.set("t", due=due, kind="cron", subject="first")
        reactor.settle()
        assert fired == []
        clock.advance(10)
        reactor.settle()
        assert fired == ["first"]
        clock.advance(59)
        reactor.settle()
        assert fired == ["first"]
        clock.advance(1)
        reactor.settle()
    assert fired == ["first", "again"]


def test_a_timer_of_unknown_kind_is_written_down_and_removed(store: Store) -> None:
    for reactor in _reactor(store, {}, {}):
        store.timers.set("t", due=store.clock.now(), kind="nobody", subject="run/9")
        reactor.settle()
    assert store.timers.find("t") is None
    assert [e.kind for e in store.journal.of("run/9")] == ["ReactionFailed"]


def test_the_thread_wakes_for_an_event_of_another_store(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    here, there = open_store(home, SystemClock()), open_store(home, SystemClock())
    bell_rang: list[int] = []

    def reaction(store: Store, event: Event) -> None:
        bell_rang.append(event.number)
        store.documents.put("done", event.subject, {})

    reactor = Reactor(here, reactions={"RunQueued": (reaction,)}, firings={})
    reactor.start()
    began = here.clock.now()
    _tell(there, "RunQueued")
    while there.documents.find("done", "run/1") is None:
        assert here.clock.now() - began < timedelta(seconds=10)
    reactor.stop()
    assert bell_rang == [1]
    assert not reactor.is_alive
    here.database.close()
    there.database.close()
