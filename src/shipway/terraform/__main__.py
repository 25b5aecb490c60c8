"""python -m shipway.terraform PROVIDER: what the launch shim in the mirror runs."""

import sys

from shipway.terraform import serve

if __name__ == "__main__":
    sys.exit(serve.main(sys.argv[1:]))
