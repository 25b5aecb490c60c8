"""python -m shipway.terraform PROVIDER: what the launch shim in the mirror runs."""

import sys

from shipway.terraform import lean_start  # isort: skip  # before anything imports grpc
from shipway.terraform import launch

if __name__ == "__main__":
    lean_start.restore()
    sys.exit(launch.main(sys.argv[1:]))
