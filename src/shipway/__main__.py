"""python -m shipway."""

import sys

from shipway.cli import entry

if __name__ == "__main__":
    sys.exit(entry.main())
