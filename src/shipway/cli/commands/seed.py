"""`shipway seed`: everything that the stack needs, dev and prod, by Azure's own REST calls."""

import argparse
from pathlib import Path

from shipway.base import config
from shipway.base.home import Home
from shipway.cli import output
from shipway.cli.scaffold import generate
from shipway.cli.seeding import both_sides


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.add_argument("--stack", type=Path, help="the stack's folder (default: the built-in one)")
    parser.add_argument(
        "--project",
        default=both_sides.PROJECT,
        help=f"Azure DevOps project (default: {both_sides.PROJECT})",
    )
    parser.add_argument("--months", default="1-3", help="flights of these months (default: 1-3)")
    parser.add_argument("--webhook", default="", help="URL that failed runs are reported to")
    parser.add_argument(
        "--step-seconds", type=int, help="how long each share of a rollout is watched"
    )
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Make it; safe to run again."""
    made = both_sides.seed(
        Home(config.default_home()),
        stack=arguments.stack or generate.stack_folder(),
        project_name=arguments.project,
        months=arguments.months,
        webhook=arguments.webhook,
        step_seconds=arguments.step_seconds,
        say=(lambda _: None) if arguments.json else output.step,
    )
    if arguments.json:
        output.show_json(made)
    return 0
