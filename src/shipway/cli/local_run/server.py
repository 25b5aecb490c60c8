"""The server that a local run needs: the one that is there, else a new one on this home."""

import sys

from shipway.base import clock, config
from shipway.base.errors import ShipwayError, Unavailable
from shipway.base.home import Home
from shipway.cli import output, starting
from shipway.client.session import Session

_SECONDS = 20.0
_PAUSE_SECONDS = 0.05


def session(home: Home) -> Session:
    """A session with the running server; one is started, and stays, where there is none.

    Raises `StartFailed` and what `shipway up` raises.
    """
    if home.lock.exists() and home.holder() is not None:
        return _reach(home)
    settings = config.read_settings()
    begun = clock.monotonic()
    if sys.stderr.isatty():
        print(f"starting a server on {home.root} ...", end="\r", file=sys.stderr, flush=True)
    try:
        starting.bring_up(settings, home)
    except ShipwayError as error:
        if error.code != "HomeInUse":  # else somebody was faster
            raise
        return _reach(home)
    took = clock.monotonic() - begun
    note = f"started a server on {home.root} ({took:.1f} s); `shipway down` stops it"
    print(output.paint(note, "grey", sys.stderr), file=sys.stderr)
    return Session(home)


def _reach(home: Home) -> Session:
    """The session of a server that may be about to serve."""
    end = clock.monotonic() + _SECONDS
    while True:
        try:
            found = Session(home)
            found.get("/status")
        except Unavailable:
            if clock.monotonic() > end or home.holder() is None:
                raise
            clock.sleep(_PAUSE_SECONDS)
        else:
            return found
