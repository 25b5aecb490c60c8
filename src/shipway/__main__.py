"""python -m shipway."""

import sys

from shipway.cli import main

if __name__ == "__main__":
    sys.exit(main.main())
