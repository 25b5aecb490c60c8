"""Progress as plain lines, for logs and machines: when a job begins, when a step is over."""

from shipway.base import clock
from shipway.base.clock import SystemClock
from shipway.cli import output, run_tree
from shipway.cli.local_run import timeline
from shipway.cli.local_run.step_logs import StepLogs
from shipway.cli.local_run.timeline import Facts, Timeline

_SILENCE_SECONDS, _LONGEST_SILENCE_SECONDS = 30.0, 240.0


class Lines:
    """Writes what is new since the last time; with `logs`, every line of every step too."""

    def __init__(self, logs: StepLogs, *, with_logs: bool) -> None:
        self._logs = logs
        self._with_logs = with_logs
        self._seen: dict[str, str] = {}
        self._told_waits: set[str] = set()
        self._said_at = clock.monotonic()
        self._silence = _SILENCE_SECONDS

    def show(self, run: Facts) -> None:
        """What is new."""
        told = Timeline(run)
        for record in told.in_time():
            if record["kind"] == "Task" and self._with_logs:
                self._write_log(told, record)
            state = timeline.state(record)
            if state == "pending" or self._seen.get(record["record_id"]) == state:
                continue
            self._seen[record["record_id"]] = state
            self._tell(told, record, state)
        for text, command in timeline.waits(run):
            if text not in self._told_waits:
                self._told_waits.add(text)
                self._say(f"{output.paint('○', 'yellow')} {text}: {command}")
        for text in timeline.holds(run):
            if text not in self._told_waits:
                self._told_waits.add(text)
                self._say(f"{output.paint('○', 'yellow')} {text}")
        self._break_silence(told)

    def note(self, text: str) -> None:
        """Say something that is not of the run."""
        self._say(text)

    def close(self, run: Facts) -> None:
        """The last answer."""
        self.show(run)

    def abandon(self) -> None:
        """Nothing is to be put back."""

    def _tell(self, told: Timeline, record: Facts, state: str) -> None:
        kind = record["kind"]
        if told.is_implied(record) or (kind == "Task" and state == "inProgress"):
            return
        path = told.path(record)
        if state == "inProgress":
            self._say(f"{run_tree.mark(state)} {path}")
            return
        took = run_tree.duration(record, SystemClock().now())
        if kind == "Stage" and state == "succeeded":
            return  # its jobs have said so
        text = f"{run_tree.mark(state)} {path}"
        if state not in ("succeeded", "failed"):
            text += f": {_WORDS.get(state, state)}"
        if reason := timeline.reason(record):
            text += f", {reason}"
        self._say(text + (output.paint(f"  {took}", "grey") if took and state != "skipped" else ""))

    def _write_log(self, told: Timeline, step: Facts) -> None:
        before = output.paint(f"{told.job_path(step)} | ", "grey")
        for line in self._logs.new_lines(step):
            shown = timeline.dress(line)
            if shown or not line:
                self._say(f"{before}{shown}".rstrip())

    def _break_silence(self, told: Timeline) -> None:
        """A log that stands still is taken for a hang, and some CI ends it."""
        if clock.monotonic() - self._said_at < self._silence:
            return
        self._silence = min(2 * self._silence, _LONGEST_SILENCE_SECONDS)
        for step in told.steps():
            if step["state"] == "inProgress":
                took = run_tree.duration(step, SystemClock().now())
                self._say(f"{run_tree.mark('inProgress')} {told.path(step)}: still running, {took}")

    def _say(self, text: str) -> None:
        print(text, flush=True)
        self._said_at = clock.monotonic()


_WORDS = {"succeededWithIssues": "succeeded with issues"}
