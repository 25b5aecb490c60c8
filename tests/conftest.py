"""What every tier shares: under CI, a test that was to see the real thing may not be skipped."""

import os
import signal
from collections.abc import Generator

import pytest

# the other tools that a fresh machine can be given; a test that needs one of these proves nothing
# when it is skipped
NEVER_SKIPPED_IN_CI = ("browser", "git", "terraform")


class SkipGuard:
    """Fails the session when CI=true and a test with one of the marks was skipped."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped += [
                f"{report.nodeid} ({mark})"
                for mark in NEVER_SKIPPED_IN_CI
                if mark in report.keywords
            ]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        # a module that skips itself has no marks yet, only its reason
        if report.skipped:
            reason = str(report.longrepr).lower()
            self.skipped += [
                f"{report.nodeid} ({mark})" for mark in NEVER_SKIPPED_IN_CI if mark in reason
            ]

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        yield
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.skipped:
            terminalreporter.write_line(f"SKIPPED IN CI, which counts as a failure: {line}")


def pytest_configure(config: pytest.Config) -> None:
    # a shell starts what it puts into the background with SIGINT ignored, and so would be every
    # process that a test starts
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(SkipGuard(), "skip-guard")
