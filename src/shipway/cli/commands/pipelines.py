"""`shipway pipelines`: what a pipeline file comes to, what is wrong with it, and how it runs.

The compiler of runs reads the working tree as it is, so that a mistake is found before a push.
Only `run` needs a server, and starts one.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from shipway.base.errors import BadInput, NotFound, ShipwayError
from shipway.cli import output
from shipway.cli.local_run import arguments as local_arguments
from shipway.cli.pipeline_check import compiling, discovery, working_tree
from shipway.cli.pipeline_check.compiling import Checked, Finding, Given
from shipway.cli.pipeline_check.discovery import Skipped
from shipway.cli.pipeline_check.working_tree import WorkingTree

_STDOUT = "-"
_NOTHING_RUN = 2
_USUAL_FILE = "azure-pipelines.yml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`expand`, `validate`, `run`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    expanding = actions.add_parser(
        "expand", help="print the YAML with every template in it, as Azure's preview does"
    )
    expanding.add_argument("file", metavar="FILE", type=Path)
    validating = actions.add_parser(
        "validate", help="say all that is wrong with pipelines, by file, line and column"
    )
    validating.add_argument("paths", metavar="FILE|DIR", nargs="+", type=Path)
    running = actions.add_parser(
        "run", help="run the working tree as it is, without a push; the exit code is the result"
    )
    running.add_argument(
        "file", metavar="FILE", type=Path, nargs="?", default=Path(_USUAL_FILE),
        help=f"default: {_USUAL_FILE}",
    )  # fmt: skip
    for one in (expanding, validating, running):
        _add_given(one)
    for one in (expanding, validating):
        one.add_argument(
            "--sarif", metavar="FILE",
            help="write what is wrong as SARIF; - is the standard output",
        )  # fmt: skip
    local_arguments.add_arguments(running)


def _add_given(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--parameter", metavar="NAME=VALUE", action="append", default=[], type=_pair,
        help="a parameter of the pipeline; objects as YAML or JSON",
    )  # fmt: skip
    parser.add_argument(
        "--variable", metavar="NAME=VALUE", action="append", default=[], type=_pair,
        help="a variable that is known when the run is queued",
    )  # fmt: skip
    parser.add_argument(
        "--repository", metavar="ALIAS=FOLDER", action="append", default=[], type=_folder,
        help="where a clone of another repository lies whose templates are used; self is "
        "the root of the file's own, by default its git repository",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 when there are errors. Raises `NotFound` for a path that is not there."""
    if arguments.action == "run":
        return _run(arguments)
    if arguments.json and arguments.sarif == _STDOUT:
        raise BadInput(
            "--json and --sarif - both want the standard output", code="OutputTakenTwice",
            where="--sarif", hint="Give --sarif a file.",
        )  # fmt: skip
    given = _given(arguments)
    return (
        _expand(arguments, given) if arguments.action == "expand" else _validate(arguments, given)
    )


def _given(arguments: argparse.Namespace) -> Given:
    return Given(
        parameters=dict(arguments.parameter), variables=dict(arguments.variable),
        folders=dict(arguments.repository),
    )  # fmt: skip


def _run(arguments: argparse.Namespace) -> int:
    """Check the file as `validate` does, so that a mistake is told at once; then run it."""
    given = replace(
        _given(arguments), stages=tuple(arguments.stage), jobs=tuple(arguments.job),
        branch=working_tree.full_name(arguments.branch),
    )  # fmt: skip
    try:
        checked = compiling.check_part(_file(arguments.file), given)
    except ShipwayError as error:
        output.show_error(error)
        return _NOTHING_RUN
    # what a run needs is slow to import beside the rest
    if arguments.dry_run and checked.outline is not None:
        _show_findings(checked.findings)
        report = importlib.import_module("shipway.cli.local_run.dry_report")
        code: int = report.show(checked, given, as_json=arguments.json)
        return code
    if not checked.is_right and (arguments.dry_run or not _server_knows_more(checked)):
        _show_findings(checked.findings)
        if arguments.json:
            output.show_json({
                "diagnostics": [_diagnostic(one) for one in checked.findings],
                "exit_code": _NOTHING_RUN,
            })  # fmt: skip
        return _NOTHING_RUN
    verb = importlib.import_module("shipway.cli.local_run.verb")
    result: int = verb.run(arguments, checked, given)
    return result


def _server_knows_more(checked: Checked) -> bool:
    """Whether what is wrong here may be right there: a repository or a group of the server."""
    errors = [one.diagnostic for one in checked.findings if one.diagnostic.severity == "error"]
    return all(one.code == "unknown-repository" for one in errors)


def _expand(arguments: argparse.Namespace, given: Given) -> int:
    checked = compiling.check(_file(arguments.file), given)
    _show_findings(checked.findings)
    if arguments.sarif:
        _write_sarif(checked.findings, arguments.sarif)
    if arguments.json:
        output.show_json({
            "finalYaml": checked.result.final_yaml,
            "diagnostics": [_diagnostic(one) for one in checked.findings],
        })  # fmt: skip
    elif arguments.sarif != _STDOUT:
        sys.stdout.write(checked.result.final_yaml)
    return 0 if checked.is_right else 1


def _validate(arguments: argparse.Namespace, given: Given) -> int:
    skipped: list[Skipped] = []
    checked: list[Checked] = []
    trees: dict[Path, WorkingTree] = {}
    files = list(_pipelines(arguments.paths, skipped))
    for path in files:
        made = compiling.tree_of(path, given)
        tree = trees.setdefault(made.root, made)
        own = given if len(files) == 1 else compiling.fitting(path, given)
        checked.append(compiling.check(path, own, tree))
    findings = list(dict.fromkeys(one for each in checked for one in each.findings))
    _show_findings(findings)
    if arguments.sarif:
        _write_sarif(findings, arguments.sarif)
    if arguments.json:
        output.show_json(_report(checked, skipped))
    elif arguments.sarif != _STDOUT:
        _show_report(checked, skipped, findings)
    return 0 if all(one.is_right for one in checked) else 1


def _pipelines(paths: Sequence[Path], skipped: list[Skipped]) -> Iterator[Path]:
    """Every file once; folders are looked through. Raises `NotFound`."""
    seen: set[Path] = set()
    for path in paths:
        if not path.is_dir():
            files: tuple[Path, ...] = (working_tree.absolute(_file(path)),)
        else:
            found = discovery.find(path)
            skipped += found.skipped
            files = found.pipelines
            if not files:
                raise _no_pipeline(path, found.skipped)
        yield from (one for one in files if one not in seen)
        seen.update(files)


def _file(path: Path) -> Path:
    if not path.is_file():
        raise NotFound(
            f"there is no file '{path}'", code="PipelineFileNotFound", where=str(path),
            hint="Name the YAML file of a pipeline.",
        )  # fmt: skip
    return path


def _no_pipeline(folder: Path, skipped: Sequence[Skipped]) -> NotFound:
    hint = "A pipeline has steps, jobs, stages or extends."
    if skipped:
        first = f"{compiling.shown(skipped[0].path)} is {skipped[0].reason}"
        hint = f"{_count(len(skipped), 'file')} skipped ({first}); name a file to validate it."
    return NotFound(
        f"there is no pipeline in '{folder}'", code="PipelineFileNotFound", where=str(folder),
        hint=hint,
    )  # fmt: skip


def _show_findings(findings: Sequence[Finding]) -> None:
    for one in findings:
        colour = "red" if one.diagnostic.severity == "error" else "yellow"
        word = f"{one.diagnostic.severity}:"
        text = one.text()
        if sys.stderr.isatty():
            text = text.replace(word, output.paint(word, colour, sys.stderr), 1)
        print(text, file=sys.stderr)


def _show_report(
    checked: Sequence[Checked], skipped: Sequence[Skipped], findings: Sequence[Finding]
) -> None:
    for one in checked:
        if one.result.plan is not None:
            stages = one.result.plan.stages
            jobs = sum(len(stage.jobs) for stage in stages)
            counts = f"{_count(len(stages), 'stage')}, {_count(jobs, 'job')}"
            output.step(f"{compiling.shown(one.path)}: {counts}")
        else:
            print(f"{output.paint('✗', 'red')} {compiling.shown(one.path)}")
    for other in skipped:
        print(output.paint(f"- {compiling.shown(other.path)}: {other.reason}", "grey"))
    errors = sum(one.diagnostic.severity == "error" for one in findings)
    wrong = sum(not one.is_right for one in checked)
    print(
        f"{_count(len(checked), 'pipeline')}, {wrong} wrong: {_count(errors, 'error')}, "
        f"{_count(len(findings) - errors, 'warning')}"
        + (f"; {_count(len(skipped), 'file')} skipped" if skipped else "")
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _report(checked: Sequence[Checked], skipped: Sequence[Skipped]) -> dict[str, Any]:
    return {
        "pipelines": [
            {
                "file": compiling.shown(one.path), "valid": one.is_right,
                "diagnostics": [_diagnostic(found) for found in one.findings],
            }
            for one in checked
        ],
        "skipped": [
            {"file": compiling.shown(one.path), "reason": one.reason} for one in skipped
        ],
    }  # fmt: skip


def _diagnostic(finding: Finding) -> dict[str, Any]:
    one = finding.diagnostic
    return {
        "file": compiling.shown(finding.path), "line": one.line, "column": one.column,
        "severity": one.severity, "code": one.code, "message": one.message, "hint": one.hint,
        "service_text": one.service_text(),
    }  # fmt: skip


def _write_sarif(findings: Sequence[Finding], target: str) -> None:
    # both are seldom asked for, and slow to import beside the rest
    version = importlib.import_module("importlib.metadata").version("shipway")
    log = importlib.import_module("shipway.cli.pipeline_check.sarif").log(findings, version=version)
    if target == _STDOUT:
        output.show_json(log)
        return
    try:
        Path(target).write_text(json.dumps(log, indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise BadInput(
            f"'{target}' cannot be written: {error.strerror}", code="OutputNotWritable",
            where="--sarif", hint="Give a file in a folder that is there.",
        ) from None  # fmt: skip


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name.strip(), value


def _folder(text: str) -> tuple[str, Path]:
    alias, folder = _pair(text)
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder '{folder}'")
    return alias, working_tree.absolute(path)
