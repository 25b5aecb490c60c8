"""Where the `shipway` command begins: `jobs submit` goes to the resident at once.

Everything else is `cli/main.py`'s, which is imported only then: a submission pays neither for
argument trees nor for the SDK, which the resident has loaded.
"""

import gc
import importlib
import sys

from shipway.az.launcher import Launcher
from shipway.base import config
from shipway.base.home import Home


def main() -> int:
    """Run one command; its exit code."""
    gc.disable()  # nothing that importing makes is ever freed; `cli/main.py` turns it on again
    words = sys.argv[1:]
    if words[:2] == ["jobs", "submit"] and not {"-h", "--help"} & set(words):
        home = Home(config.default_home())
        if home.server_state.exists():
            return launcher(home, words[2:]).run()
    code: int = importlib.import_module("shipway.cli.main").main()
    return code


def launcher(home: Home, arguments: list[str]) -> Launcher:
    """The thin client for a submission."""
    return Launcher(str(home.root), str(home.sockets), "jobs", sys.executable, arguments)


if __name__ == "__main__":
    sys.exit(main())
