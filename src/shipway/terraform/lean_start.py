"""Keeps what a provider process does not need out of it: 3 MB and 25 ms of every launch.

Terraform launches each provider three times per command, and ours answer on threads only: grpcio's
asyncio half is held back, and of typing_extensions all but the one name that grpcio takes. Import
this before anything that imports grpc, and call `restore` afterwards.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class _FewNames(ModuleType):
    """typing_extensions with what grpcio takes of it; the real one for any other name."""

    @staticmethod
    def override(function: Callable[..., Any]) -> Callable[..., Any]:
        """What the real one does, but for a mark that nobody reads."""
        return function

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever it is
        if name.startswith("__"):
            raise AttributeError(name)
        sys.modules.pop(self.__name__, None)
        return getattr(importlib.import_module(self.__name__), name)


_FAKES = (ModuleType("asyncio"), ModuleType("grpc.aio"), _FewNames("typing_extensions"))
_held_back: list[str] = []
if "grpc" not in sys.modules:
    for _fake in _FAKES:
        if _fake.__name__ not in sys.modules:
            sys.modules[_fake.__name__] = _fake
            _held_back.append(_fake.__name__)


def restore() -> None:
    """Let the real modules be imported again, by whoever wants them."""
    for name in _held_back:
        if sys.modules.get(name) in _FAKES:
            del sys.modules[name]
