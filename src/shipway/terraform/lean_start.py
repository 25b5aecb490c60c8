"""Keeps grpcio's asyncio half out of a provider process: 7 MB and 25 ms of every launch.

Terraform launches each provider three times per command, and ours answer on threads only. Import
this before anything that imports grpc, and call `restore` afterwards.
"""

import sys
from types import ModuleType

_NAMES = ("asyncio", "grpc.aio")
_held_back = [name for name in _NAMES if name not in sys.modules and "grpc" not in sys.modules]
for _name in _held_back:
    sys.modules[_name] = ModuleType(_name)


def restore() -> None:
    """Let the real modules be imported again, by whoever wants them."""
    for name in _held_back:
        sys.modules.pop(name, None)
