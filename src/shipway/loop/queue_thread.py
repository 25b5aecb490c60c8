"""A thread that empties a queue of the store: the notifier is one, the caller of checks another."""

import logging
import threading
from collections.abc import Callable

from shipway.store.doorbell import Doorbell, ring
from shipway.store.store import Store

_LOG = logging.getLogger(__name__)
_LONGEST_WAIT = 30.0
_PAUSE_SECONDS = 1.0


class QueueThread:
    """Calls `work` until it says that nothing waited, then sleeps until the queue rings.

    `start` once, `stop` once. What `work` raises is logged, and the thread goes on.
    """

    def __init__(self, store: Store, queue: str, work: Callable[[], bool], *, name: str) -> None:
        self._store = store
        self._queue = queue
        self._work = work
        self._name = name
        self._bell = Doorbell(store.home.sockets, queue)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.stopping = threading.Event()

    def start(self) -> None:
        """Begin with what an earlier server left."""
        self._store.queue.give_back(self._queue)
        self._thread.start()

    def stop(self, *, seconds: float) -> None:
        """End after what is at hand, or without it when it takes longer than `seconds`."""
        self.stopping.set()
        ring(self._store.home.sockets, self._queue)
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._bell.close()

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                busy = self._work()
            except Exception:
                _LOG.exception("the thread '%s' stumbled and goes on", self._name)
                self.stopping.wait(_PAUSE_SECONDS)
                continue
            if not busy and not self.stopping.is_set():
                self._bell.wait(_LONGEST_WAIT)
