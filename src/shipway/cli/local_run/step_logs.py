"""The logs of a run's steps, read as they grow."""

from shipway.cli.local_run.timeline import Facts
from shipway.client.session import Session


class StepLogs:
    """Reads each line once; or the end of a log."""

    def __init__(self, session: Session, run_id: int) -> None:
        self._session = session
        self._run_id = run_id
        self._read: dict[int, int] = {}
        self._over: set[int] = set()

    def new_lines(self, step: Facts) -> list[str]:
        """The lines that were written since the last time."""
        log_id = step["log_id"]
        if not log_id or log_id in self._over:
            return []
        found: list[str] = []
        while True:
            after = self._read.get(log_id, 0)
            piece = self._session.get(f"/runs/{self._run_id}/logs/{log_id}?after={after}")
            found += piece["lines"]
            self._read[log_id] = piece["last"]
            if piece["ended"]:
                self._over.add(log_id)
            if piece["ended"] or not piece["lines"]:
                return found

    def tail(self, step: Facts, lines: int) -> list[str]:
        """The last lines of a step's log."""
        if not step["log_id"] or lines < 1:
            return []
        place = f"/runs/{self._run_id}/logs/{step['log_id']}?tail={lines}"
        found: list[str] = self._session.get(place)["lines"]
        return found
