"""Of each worker there is one at a time, also when the server before was killed."""

import selectors
import subprocess
import sys
from pathlib import Path

from shipway.base.home import Home

HOLDER = """
import sys, pathlib, subprocess
from shipway.base.home import Home
Home(pathlib.Path(sys.argv[1])).hold("agent")
left = subprocess.Popen(["sleep", "30"])  # a step that outlives its worker
print("held", left.pid, flush=True)
sys.stdin.read()
"""


def holder(home: Home) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.root)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_second_worker_waits_until_the_first_is_gone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    with holder(home) as first, holder(home) as second:
        steps = []
        try:
            assert first.stdout is not None
            assert second.stdout is not None
            lines = {first: "", second: ""}
            # either may be the first; exactly one holds
            with selectors.DefaultSelector() as waiting:
                waiting.register(first.stdout, selectors.EVENT_READ, first)
                waiting.register(second.stdout, selectors.EVENT_READ, second)
                (key, _), *more = waiting.select(20)
                assert not more
                won: subprocess.Popen[str] = key.data
                assert won.stdout is not None
                lines[won] = won.stdout.readline()
                steps.append(int(lines[won].split()[1]))
                lost = second if won is first else first
                waiting.unregister(won.stdout)
                assert waiting.select(0.5) == []
                won.kill()
                assert waiting.select(20) != []
                assert lost.stdout is not None
                steps.append(int(lost.stdout.readline().split()[1]))
        finally:
            for process in (first, second):
                process.kill()
            for pid in steps:
                subprocess.run(["kill", "-9", str(pid)], check=False)
