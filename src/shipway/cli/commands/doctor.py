"""`shipway doctor`: check this machine and say what to mend."""

import argparse
from dataclasses import asdict

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output
from shipway.cli.doctor.all_checks import CHECKS

_MARKS = {"ok": ("ok", "green"), "warning": ("warn", "yellow"), "failure": ("FAIL", "red")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run every check; 1 when one of them is a failure."""
    home = Home(config.default_home())
    findings = [check(home) for check in CHECKS]
    if arguments.json:
        output.show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark, colour = _MARKS[finding.level]
            print(f"{output.paint(mark.ljust(4), colour)}  {finding.check:10}  {finding.found}")
            if finding.remedy:
                print(f"      {'':10}  to do: {finding.remedy}")
    return 1 if any(finding.level == "failure" for finding in findings) else 0
