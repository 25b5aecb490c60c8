"""The arguments of `shipway pipelines run` that `expand` and `validate` do not have."""

import argparse
from pathlib import Path

_TAIL_LINES = 20


# fmt: off
def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What only a run takes; parameters, variables and folders are those of `expand`."""
    add = parser.add_argument
    add("--secret", metavar="NAME[=VALUE]", action="append", default=[],
        help="a secret variable; without a value it is the environment variable NAME, "
        "or is asked for")
    add("--stage", metavar="NAME", action="append", default=[],
        help="run this stage only; may be repeated")
    add("--job", metavar="[STAGE.]NAME", action="append", default=[],
        help="run this job only; may be repeated")
    add("--dry-run", action="store_true",
        help="only say what would run, in order, and what would wait; needs no server")
    add("--branch", default="", help="the branch it is of (default: what is checked out)")
    add("--project", default="", help="whose groups, connections and environments are used")
    add("--pipeline", default="", help="which pipeline, where several read the file")
    add("--as", dest="user", default="", help="who asks for the run (default: the owner)")
    add("--approve", nargs="?", const="", metavar="USER",
        help="approve what waits, as USER (default: the owner), where the rules allow it")
    add("--permit", action="store_true", help="let the pipeline use what it asks for")
    add("--until-waiting", action="store_true",
        help="end with 4 when only a person can make it go on")
    add("--logs", action="store_true", help="print every line that the steps write")
    add("--artifacts", metavar="DIR", type=Path, help="copy what the run publishes there")
    add("--tail", type=int, default=_TAIL_LINES, metavar="N",
        help=f"lines of a failed step's log (default: {_TAIL_LINES})")
