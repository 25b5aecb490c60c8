"""`shipway approve`: agree to what waits, as a named person."""

import argparse

from shipway.cli import answering


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """RUN or APPROVAL, `--as`, `--comment`, `--defer-to`, `--json`."""
    answering.add_arguments(parser)
    parser.add_argument(
        "--defer-to", dest="until", default="", metavar="TIME",
        help="it counts from then on (2026-12-01T20:00, UTC)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Approve; without a target, show what waits. Raises `ServerSaid` with the refusal."""
    return answering.answer("approve", arguments)
