"""The arguments of `shipway jobs submit`, for the command line's help and for the resident."""

import argparse


def add_to(parser: argparse.ArgumentParser) -> None:
    """FILE and where it goes."""
    parser.add_argument("file", metavar="FILE", help="a job in Azure ML's YAML (v2)")
    parser.add_argument("--stream", "-s", action="store_true", help="follow it to its end")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE",
        help="change the job, as in inputs.rate.path=0.1 or jobs.train.compute=cpu",
    )  # fmt: skip
    parser.add_argument("--name", "-n", default="", help="the job's name (default: made up)")
    parser.add_argument(
        "--workspace", "--workspace-name", "-w", default="", help="default: the only one there is"
    )
    parser.add_argument("--resource-group", "-g", default="", help="default: the workspace's own")
    parser.add_argument("--subscription", default="", help="default: this home's")
    parser.add_argument("--json", action="store_true", help="print the job as JSON")
