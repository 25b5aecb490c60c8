"""What every tool does that writes a page from the code: write it, or say whether it is current."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path


def main(page: Callable[[], str], *, description: str | None, again: str) -> int:
    """Write the page that the command line names; with `--check` 1 when it is not current.

    `again` is the command that writes it.
    """
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("page", type=Path)
    arguments.add_argument("--check", action="store_true", help="only say whether it is current")
    given = arguments.parse_args()
    text = page()
    if not given.check:
        given.page.write_text(text)
        return 0
    if given.page.exists() and given.page.read_text() == text:
        return 0
    print(f"{given.page} is not what the code says: {again}", file=sys.stderr)
    return 1
