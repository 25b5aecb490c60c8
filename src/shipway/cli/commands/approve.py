"""`shipway approve`: agree to what waits, as a named person."""

import argparse

from shipway.cli import answering


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """RUN or APPROVAL, `--as`, `--comment`, `--json`."""
    answering.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Approve; without a target, show what waits. Raises `ServerSaid` with the refusal."""
    return answering.answer("approve", arguments)
