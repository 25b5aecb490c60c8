"""`shipway git-credential`: git's credential helper for clones that shipway made.

Source: https://git-scm.com/docs/gitcredentials; git calls it with `get`, `store` or `erase`.
"""

import argparse
import sys

from shipway.base import config
from shipway.base.home import Home
from shipway.client.session import Session

_HOST = "dev.azure.com"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """git's own word for what it wants."""
    parser.add_argument("action", choices=("get", "store", "erase"), help="what git wants of it")


def run(arguments: argparse.Namespace) -> int:
    """Answer `get` for dev.azure.com with the owner's token; say nothing to anything else."""
    asked = dict(line.rstrip("\n").split("=", 1) for line in sys.stdin if "=" in line)
    if arguments.action != "get" or asked.get("host") != _HOST:
        return 0
    told = Session(Home(config.default_home())).get("/credentials")
    print(f"username=owner\npassword={told['personal_access_token']}")
    return 0
