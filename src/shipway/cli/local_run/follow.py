"""Follows a run to its end, answers what it was told to answer, and cancels it on Ctrl-C."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Protocol
from urllib.parse import quote

from shipway.base import clock
from shipway.base.errors import Unavailable
from shipway.cli.local_run import timeline
from shipway.cli.local_run.timeline import Facts
from shipway.client.session import ServerSaid, Session

_PAUSE_SECONDS = 0.1
_LATER_PAUSE_SECONDS = 0.25
_SOON_SECONDS = 5.0
_IDLE_LOOKS = 3


class View(Protocol):
    """How progress is shown: `show` again and again, then `close`; `abandon` instead of it."""

    def show(self, run: Facts) -> None:
        """The present state."""

    def note(self, text: str) -> None:
        """Something besides."""

    def close(self, run: Facts) -> None:
        """The run is over, or is not followed further."""

    def abandon(self) -> None:
        """The follower ends at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is answered without a person: `approve_as` None is nothing, empty the owner."""

    approve_as: str | None = None
    permit: bool = False
    until_waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The last answer; `interrupted` when the user asked to stop."""

    run: Facts
    interrupted: bool


class Follower:
    """One run, one view."""

    def __init__(self, session: Session, run_id: int, view: View, answers: Answers) -> None:
        self._session = session
        self._run_id = run_id
        self._view = view
        self._answers = answers
        self._given: set[tuple[str, str]] = set()
        self._signals = 0
        self._idle = 0

    def follow(self) -> Outcome:
        """Until it is over, or waits and that was asked for. Raises `KeyboardInterrupt`."""
        canceled = False
        begun = clock.monotonic()
        with self._catching():
            try:
                while True:
                    run = self._session.get(f"/runs/{self._run_id}")
                    if run["state"] == "completed":
                        break
                    if not self._answer(run):  # else this state of the run is an old one
                        self._view.show(run)
                        if self._is_to_be_left(run):
                            break
                    if self._signals and not canceled:
                        canceled = self._cancel()
                    if self._signals > 1:
                        raise KeyboardInterrupt
                    soon = clock.monotonic() - begun < _SOON_SECONDS
                    clock.sleep(_PAUSE_SECONDS if soon else _LATER_PAUSE_SECONDS)
            except BaseException as error:
                self._view.abandon()
                if isinstance(error, Unavailable):
                    raise self._lost(error) from None
                raise
            self._view.close(run)
        return Outcome(run=run, interrupted=canceled)

    def _lost(self, error: Unavailable) -> Unavailable:
        """The server went away: its steps go on, and so does the run with the next server."""
        return Unavailable(
            error.message, code=error.code, where=error.where,
            hint=f"Start it again with `shipway up`: the run goes on, and `shipway runs watch "
            f"{self._run_id}` follows it.",
        )  # fmt: skip

    def _is_to_be_left(self, run: Facts) -> bool:
        """Whether it waits, and what it waits for is left to somebody else."""
        waiting = bool(timeline.waits(run)) and not timeline.is_at_work(run)
        # between two jobs or stages nothing is at work for a moment
        self._idle = self._idle + 1 if waiting else 0
        return self._idle >= _IDLE_LOOKS and self._answers.until_waiting

    def _answer(self, run: Facts) -> bool:
        """Answer what may be answered; whether anything was."""
        done = False
        if self._answers.permit and run["permissions"]:
            wanted = ", ".join(run["permissions"][0]["resources"])
            done = self._try(f"/runs/{self._run_id}/permit", "", f"permitted: {wanted}")
        if self._answers.approve_as is None:
            return done
        for one in run["approvals"]:
            if one["status"] == "pending":
                place = f"/approvals/{quote(one['approval_id'], safe='')}/approve"
                told = f"approved: {one['resource']}"
                done = self._try(place, self._answers.approve_as, told) or done
        return done

    def _try(self, place: str, user: str, told: str) -> bool:
        """Answer once: what the rules refuse stays refused, and others may still have to answer."""
        if (place, told) in self._given:
            return False
        self._given.add((place, told))
        try:
            self._session.post(place, {"as": user, "comment": "shipway pipelines run --approve"})
        except ServerSaid as error:
            self._view.note(f"not {told}: {error.message}")
            return False
        self._view.note(told)
        return True

    def _cancel(self) -> bool:
        try:
            self._session.post(f"/runs/{self._run_id}/cancel", {})
        except ServerSaid:
            return True  # it is over just now
        self._view.note("canceling; what is always() still runs. Ctrl-C again to leave it alone")
        return True

    @contextmanager
    def _catching(self) -> Iterator[None]:
        """Count the signals that ask to stop."""

        def heard(number: int, frame: FrameType | None) -> None:
            del number, frame
            self._signals += 1

        kinds = (signal.SIGINT, signal.SIGTERM)
        before = {kind: signal.signal(kind, heard) for kind in kinds}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)
