"""The first part of a provider's process: the handshake as early as it can be.

Terraform launches each provider three times per command, one after the other, and waits for each
handshake. So only what the handshake needs is imported before it; the rest, which `serve` puts
together, when the first call needs it.
"""

import importlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any

from shipway.base import config
from shipway.base.errors import ShipwayError
from shipway.terraform.protocol import certificate
from shipway.terraform.protocol.plugin import Plugin, Servicer, check_caller

_NAMES = ("azurerm", "azuread", "azuredevops")
_SCHEMA, _SERVE = "shipway.terraform.schema", "shipway.terraform.serve"


class LoadingServicer:
    """A servicer that is loaded when the first call needs it.

    One launch in three is for the schema alone, and has that only.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._lock = threading.Lock()
        self._schema: Any = None  # a ProviderSchema, whose module is not imported yet
        self._servicer: Servicer | None = None

    def call(self, method: str, request: dict[str, Any]) -> dict[str, Any] | bytes:
        """As the servicer answers. Raises `RuntimeError` when it cannot be loaded."""
        try:
            with self._lock:
                if self._schema is None:
                    module = importlib.import_module(_SCHEMA)
                    self._schema = module.ProviderSchema(self._provider)
                if method == "GetProviderSchema":
                    return bytes(self._schema.encoded())
                if self._servicer is None:
                    self._servicer = importlib.import_module(_SERVE).servicer(self._schema)
                servicer: Servicer = self._servicer
        except Exception as failure:
            raise RuntimeError(
                f"shipway's {self._provider} provider could not start: {failure}"
            ) from failure
        return servicer.call(method, request)

    def close(self) -> None:
        """Tell the servicer, if there is one."""
        if self._servicer is not None:
            self._servicer.close()

    def finish(self) -> None:
        """Tell the servicer, if there is one."""
        if self._servicer is not None:
            self._servicer.finish()


def main(arguments: Sequence[str]) -> int:
    """Serve the provider that is named until Terraform ends it."""
    if len(arguments) != 1 or arguments[0] not in _NAMES:
        sys.stderr.write(f"usage: python -m shipway.terraform {'|'.join(_NAMES)}\n")
        return 2
    env_vars = config.environment()
    try:
        check_caller(env_vars)
        servicer = LoadingServicer(arguments[0])
        folder = config.default_home() / "terraform"
        Plugin(servicer, env_vars).run(lambda: certificate.own(folder))
    except ShipwayError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 1
    except Exception as error:
        # Terraform shows the first line of what a provider prints when it is not a handshake
        sys.stdout.write(f"shipway's {arguments[0]} provider could not start: {error!r}\n")
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    # grpcio's threads would be waited for; Terraform waits for this process
    os._exit(0)
