"""Pipeline jobs beside the bare processes: a chain of 10, a fan-out of 50, 500 in layers.

    python -m benchmarks [--rounds 3] [--workloads one,chain,fan,layered] [--json FILE]
    python -m benchmarks terraform [--rounds 5] [--json FILE]    see terraform.py
    python -m benchmarks pipelines [--rounds 5] [--json FILE]    see pipelines.py

Everything is measured in one run, in turn, on one machine; compare within a run only. Each run is
checked: every step once, after its parents, with the right value; a second, unchanged submission
must run nothing and name the jobs that it reuses.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import floor, pipelines, terraform, whole_command
from benchmarks.pipeline_jobs import Ran, Server
from benchmarks.workloads import WORKLOADS, Step, values

LIMIT_MS, LIMIT_MB = 15.0, 200.0


def main() -> int:
    """Measure and print; 1 when a check or an aim does not hold."""
    if sys.argv[1:2] == ["terraform"]:
        return terraform.main(sys.argv[2:])
    if sys.argv[1:2] == ["pipelines"]:
        return pipelines.main(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="shipway-bench-"))
    server = Server(folder / "home")
    whole_command.warm_up(server.home.root, folder / "warm")
    rows: list[dict[str, Any]] = []
    try:
        for name in arguments.workloads.split(","):
            rounds = [
                _round(server, WORKLOADS[name], folder / f"{name}-{number}")
                for number in range(arguments.rounds)
            ]
            rows.append({"workload": name, "steps": len(WORKLOADS[name]), **_medians(rounds)})
        memory = {**server.memory(), "az": whole_command.memory(server.home.root)}
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    _print(rows, memory)
    if arguments.json:
        arguments.json.write_text(json.dumps({"rows": rows, "memory_mb": memory}, indent=1))
    too_slow = [r["workload"] for r in rows if r["steps"] > 1 and r["ours_ms"] > LIMIT_MS]
    return 1 if too_slow or memory["server"] > LIMIT_MB else 0


def _round(server: Server, steps: list[Step], folder: Path) -> dict[str, float]:
    folder.mkdir()
    found: dict[str, float] = {}
    for name, measure in (("loop", floor.loop), ("pool", floor.pool), ("make", floor.make)):
        work, log = folder / name, folder / f"{name}.log"
        work.mkdir()
        found[name] = measure(steps, work, log)
        _check(steps, log)
    log = folder / "shipway.log"
    first = server.run(steps, log)
    _check(steps, log)
    found["shipway"], found["submit"] = first.seconds, first.submit_seconds
    found["seen"] = first.seen_seconds
    again = server.run(steps, log)
    _check(steps, log)
    _check_reused(first, again)
    found["reused"] = again.seconds
    return {**found, **_whole_command(server, steps, folder)}


def _whole_command(server: Server, steps: list[Step], folder: Path) -> dict[str, float]:
    """The same steps from their YAML, twice: the second time nothing may run."""
    work, log = folder / "command", folder / "command.log"
    work.mkdir()
    file = whole_command.write(steps, work, log)
    found = {}
    for name in ("command", "again"):
        found[name] = whole_command.run(server.home.root, file)
        _check(steps, log)
    return found


def _check(steps: list[Step], log: Path) -> None:
    """Every step once, after its parents, with the right value."""
    rows = [line.split() for line in log.read_text().splitlines()]
    wanted = values(steps)
    if sorted(row[0] for row in rows) != sorted(wanted):
        raise AssertionError(f"{log}: {len(rows)} steps ran, {len(wanted)} were to run once")
    times = {name: (int(began), int(ended)) for name, _, began, ended in rows}
    for name, value, *_ in rows:
        if int(value) != wanted[name]:
            raise AssertionError(f"{log}: {name} came to {value}, not {wanted[name]}")
    for step in steps:
        for parent in step.parents:
            if times[parent][1] > times[step.name][0]:
                raise AssertionError(f"{log}: {step.name} began before {parent} had ended")


def _check_reused(first: Ran, again: Ran) -> None:
    for node, child in again.children.items():
        if child["reusedJob"] != first.children[node]["name"]:
            raise AssertionError(f"{node} did not reuse {first.children[node]['name']}")


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    found = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    return found


def _print(rows: list[dict[str, Any]], memory: dict[str, float]) -> None:
    say = sys.stdout.write
    say(f"{'seconds':10}{'steps':>6}{'loop':>9}{'pool of 2':>11}{'make -j2':>10}{'shipway':>9}")
    say(f"{'seen':>9}{'reused':>9}{'submit':>8}{'ours/step':>11}{'x pool':>8}\n")
    for row in rows:
        row["ours_ms"] = (row["shipway"] - row["pool"]) / row["steps"] * 1000
        say(f"{row['workload']:10}{row['steps']:6}{row['loop']:9.3f}{row['pool']:11.3f}")
        say(f"{row['make']:10.3f}{row['shipway']:9.3f}")
        say(f"{row['seen']:9.3f}{row['reused']:9.3f}{row['submit']:8.3f}")
        say(f"{row['ours_ms']:8.1f} ms{row['shipway'] / row['pool']:8.2f}\n")
    say("peak resident MB: " + ", ".join(f"{n} {mb:.0f}" for n, mb in memory.items()) + "\n")
    say(f"{'shipway jobs submit FILE --stream':34}{'first':>9}{'reused':>9}  aims\n")
    for row in rows:
        aims = [whole_command.AIMS.get((row["workload"], again)) for again in (False, True)]
        shown = ", ".join("-" if aim is None else f"{aim:.1f}" for aim in aims)
        say(f"{row['workload']:34}{row['command']:9.3f}{row['again']:9.3f}  {shown}\n")
    say(f"aims: at most {LIMIT_MS:.0f} ms of ours per step, the server below {LIMIT_MB:.0f} MB\n")


if __name__ == "__main__":
    sys.exit(main())
