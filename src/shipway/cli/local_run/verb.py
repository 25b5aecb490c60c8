"""`shipway pipelines run FILE`: what it is told, and how it goes.

The exit code is the result: 0 succeeded, 1 failed or canceled, 2 there is nothing to run (wrong
arguments, a file that does not compile), 4 it waits for a person and is left (`--until-waiting`),
130 interrupted.
"""

import argparse
import getpass
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shipway.azpipelines.plan import RunPlan
from shipway.base import clock, config
from shipway.base.errors import BadInput, ShipwayError
from shipway.base.home import Home
from shipway.cli import output, run_tree, run_watch
from shipway.cli.local_run import annotations, dry_report, failures, server, snapshot, timeline
from shipway.cli.local_run.follow import Answers, Follower, Outcome, View
from shipway.cli.local_run.lines import Lines
from shipway.cli.local_run.screen import Screen
from shipway.cli.local_run.snapshot import Snapshot
from shipway.cli.local_run.step_logs import StepLogs
from shipway.cli.pipeline_check import compiling, working_tree
from shipway.cli.pipeline_check.compiling import Checked, Given
from shipway.cli.pipeline_check.working_tree import WorkingTree
from shipway.client.session import Session

NOTHING_RUN, INTERRUPTED = 2, 130
_LOCAL_PROJECT = "local"


def run(arguments: argparse.Namespace, checked: Checked, given: Given) -> int:
    """Run a file that has been checked.

    What keeps it from being queued is told, and the code says that nothing ran. Raises
    `ShipwayError` for what goes wrong later.
    """
    tree = compiling.tree_of(checked.path, given)
    begun = clock.monotonic()
    try:
        session, run_id, taken = _queue(arguments, checked, given, tree)
    except ShipwayError as error:
        output.show_error(error)
        return NOTHING_RUN
    queued = session.get(f"/runs/{run_id}")
    if not arguments.json:
        for line in [*_head(session, queued, checked.path, taken), *dry_report.left_out(checked)]:
            print(line, flush=True)
    logs = StepLogs(session, run_id)
    answers = Answers(
        approve_as=arguments.approve,
        # a project of local runs only has nobody else who could be asked
        permit=arguments.permit or queued["project"] == _LOCAL_PROJECT,
        until_waiting=arguments.until_waiting,
    )  # fmt: skip
    outcome = Follower(session, run_id, _view(arguments, logs), answers).follow()
    _conclude(session, arguments, outcome, tree, clock.monotonic() - begun)
    if _code(outcome) == NOTHING_RUN:
        for hint in _folder_hints(checked):
            print(f"  hint: {hint}", file=sys.stderr)
    return _code(outcome)


def _queue(
    arguments: argparse.Namespace, checked: Checked, given: Given, tree: WorkingTree
) -> tuple[Session, int, Snapshot]:
    """The run, which begins at once. Raises `ShipwayError` for what the user can mend."""
    secrets = _secrets(arguments.secret)
    _warn_of_hidden(checked.outline, given)
    home = Home(config.default_home())
    session = server.session(home)
    with tempfile.TemporaryDirectory(dir=home.temporary, prefix="snapshot-") as folder:
        taken = snapshot.take(
            tree.root, Path(folder) / "self", branch=given.branch, always=_read(checked, tree)
        )
        body = _order(arguments, checked.path, given, taken, secrets, Path(folder))
        run_id = int(session.post("/local-runs", body)["run_id"])
    return session, run_id, taken


def _read(checked: Checked, tree: WorkingTree) -> list[str]:
    """The files of the tree that the pipeline is made of: git may ignore them, a run may not."""
    named = checked.outline.files if checked.outline else ()
    files = {checked.path.relative_to(tree.root).as_posix(), *named}
    return sorted(one for one in files if "@" not in one and (tree.root / one).is_file())


def _folder_hints(checked: Checked) -> list[str]:
    """A repository that this server lacks may lie on this machine."""
    found = [f.diagnostic for f in checked.findings if f.diagnostic.code == "unknown-repository"]
    return list(dict.fromkeys(one.hint for one in found if one.hint))


def _conclude(
    session: Session, arguments: argparse.Namespace, outcome: Outcome, tree: WorkingTree,
    seconds: float,
) -> None:  # fmt: skip
    """Say what came of it."""
    run_id = int(outcome.run["run_id"])
    found = failures.find(
        outcome.run, session.get(f"/runs/{run_id}/places"), tree, StepLogs(session, run_id),
        lines=arguments.tail,
    )  # fmt: skip
    copied = _artifacts(session, outcome.run, arguments.artifacts)
    if arguments.json:
        output.show_json({
            **outcome.run, "failures": [one.to_wire() for one in found], "copied": copied,
            "exit_code": _code(outcome),
        })  # fmt: skip
        return
    _show_end(session, outcome, found, tree)
    for one in copied:
        count = f"{one['files']} {'file' if one['files'] == 1 else 'files'}"
        print(f"  {one['name']}: {count} in {compiling.shown(Path(one['path']))}")
    print(_summary(outcome.run, seconds))
    for line in annotations.lines(found, config.environment()):
        print(line)
    again = failures.jobs_of(outcome.run)
    if again and not outcome.interrupted:
        words = [word for name in again for word in ("--job", shlex.quote(name))]
        command = f"shipway pipelines run {shlex.quote(str(arguments.file))} {' '.join(words)}"
        print(output.paint(f"  again: {command}", "grey"))


def _artifacts(
    session: Session, run: timeline.Facts, folder: Path | None
) -> list[Mapping[str, Any]]:
    """Copy what was published; nothing where no folder was asked for."""
    if folder is None or not run["artifacts"]:
        return []
    body = {"folder": str(working_tree.absolute(folder))}
    found: list[Mapping[str, Any]] = session.post(f"/runs/{run['run_id']}/artifacts", body)["value"]
    return found


def _warn_of_hidden(plan: RunPlan | None, given: Given) -> None:
    """A variable of the file wins over one that a run is given, as on Azure: easy to miss."""
    written = {one.name.lower() for one in plan.variables if not one.group} if plan else set()
    for name in given.variables:
        if name.lower() in written:
            output.show_warning(
                f"the file sets the variable '{name}' itself, which wins over --variable {name}"
            )


def _order(
    arguments: argparse.Namespace, path: Path, given: Given, taken: Snapshot,
    secrets: Mapping[str, str], folder: Path,
) -> dict[str, Any]:  # fmt: skip
    others = {
        alias: snapshot.take(place, folder / f"other-{number}").to_wire()
        for number, (alias, place) in enumerate(sorted(given.folders.items()))
        if alias.lower() != "self"
    }
    return {
        "tree": taken.to_wire(), "path": path.relative_to(taken.root).as_posix(),
        "project": arguments.project, "pipeline": arguments.pipeline, "as": arguments.user,
        "parameters": dict(given.parameters), "variables": dict(given.variables),
        "secrets": dict(secrets), "stages": list(given.stages), "jobs": list(given.jobs),
        "repositories": others,
    }  # fmt: skip


def _view(arguments: argparse.Namespace, logs: StepLogs) -> View:
    if arguments.json:
        return _Silent()
    if sys.stdout.isatty() and not arguments.logs and _is_a_screen():
        return Screen(logs)
    return Lines(logs, with_logs=arguments.logs)


def _is_a_screen() -> bool:
    return (
        config.environment().get("TERM", "dumb") != "dumb" and shutil.get_terminal_size().lines > 5
    )


class _Silent:
    """Shows nothing: the answer comes at the end, as JSON."""

    def show(self, run: timeline.Facts) -> None:
        del run

    def note(self, text: str) -> None:
        print(text, file=sys.stderr)

    def close(self, run: timeline.Facts) -> None:
        del run

    def abandon(self) -> None:
        return


def _secrets(asked: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    env_vars = config.environment()
    for text in asked:
        name, equals, value = text.partition("=")
        if not name.strip():
            raise BadInput(f"'{text}' has no name", where="--secret", hint="Give NAME[=VALUE].")
        if not equals:
            known = env_vars.get(name) or env_vars.get(name.upper().replace(".", "_"))
            value = known if known is not None else _asked(name)
        found[name] = value
    return found


def _asked(name: str) -> str:
    if not sys.stdin.isatty():
        raise BadInput(
            f"there is no value for the secret '{name}'", code="SecretMissing", where="--secret",
            hint=f"Set the environment variable {name}, or say --secret {name}=VALUE.",
        )  # fmt: skip
    return getpass.getpass(f"{name}: ")


def _head(session: Session, run: timeline.Facts, path: Path, taken: Snapshot) -> list[str]:
    number = f"{taken.changed}{' changed' if taken.head else ''}"
    at = f"{run['branch']} @ {taken.head[:8]}" if taken.head else run["branch"]
    if taken.changed:
        at += f" and {number} {'file' if taken.changed == 1 else 'files'}"
    url = f"http://127.0.0.1:{session.state.studio_port}{run['page']}"
    name = output.paint(f"run {run['run_id']}", "bold")
    return [
        f"{name}: {compiling.shown(path)}, {at}",
        output.paint(f"pipeline {run['pipeline']} of project {run['project']}, {url}", "grey"),
    ]


def _code(outcome: Outcome) -> int:
    if outcome.interrupted:
        return INTERRUPTED
    run = outcome.run
    if not run["records"] and any(d.get("severity") == "error" for d in run["diagnostics"]):
        return NOTHING_RUN
    return run_watch.exit_code(run)


def _show_end(
    session: Session, outcome: Outcome, found: list[failures.Failure], tree: WorkingTree
) -> None:
    run = outcome.run
    for line in _diagnostics(run, tree):
        print(line)
    for line in failures.show(found, run["run_id"]):
        print(line)
    print()
    for line in run_tree.foot(run, session.state.studio_port):
        if run["page"] not in line:
            print(line)


def _diagnostics(run: timeline.Facts, tree: WorkingTree) -> list[str]:
    """What the run's own compilation said: it knows the groups and what runs here."""
    lines: list[str] = []
    for one in run["diagnostics"]:
        place = compiling.shown(tree.place(one["file"])) if one.get("file") else ""
        colour = "red" if one["severity"] == "error" else "yellow"
        word = output.paint(f"{one['severity']}:", colour)
        at = f"{place}:{max(one['line'], 1)}:{max(one['column'], 1)}: " if place else ""
        lines.append(f"{at}{word} {one['message']}")
        if one.get("hint"):
            lines.append(f"  hint: {one['hint']}")
    return lines


def _summary(run: timeline.Facts, seconds: float) -> str:
    if run["state"] != "completed":
        number = run["run_id"]
        return f"{run_tree.mark('pending')} run {number} waits; shipway runs watch {number}"
    steps = [timeline.state(one) for one in run["records"] if one["kind"] == "Task"]
    counts = [
        f"{steps.count(result)} {word}"
        for result, word in (("failed", "failed"), ("succeededWithIssues", "with issues"),
                             ("succeeded", "succeeded"), ("canceled", "canceled"),
                             ("skipped", "skipped"))
        if result in steps
    ]  # fmt: skip
    took = (
        f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)}:{int(seconds % 60):02} min"
    )
    told = f" ({', '.join(counts)})" if counts else ""
    colour = "green" if run["result"] in ("succeeded", "succeededWithIssues") else "red"
    word = {"succeededWithIssues": "succeeded with issues"}.get(run["result"], run["result"])
    result = output.paint(f"{word} in {took}", colour)
    return f"{run_tree.mark(run['result'])} run {run['run_id']} {result}{told}"
