"""The first part of a provider's process: the handshake as early as it can be.

Terraform launches each provider three times per command, one after the other, and waits for each
handshake. So only what the handshake needs is imported before it; the rest is loaded meanwhile, by
`serve`, and a call waits for it.
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
    """A servicer that is still being loaded; each call waits for it.

    The schema comes first: one launch in three is for nothing else.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._schema: Any = None  # a ProviderSchema, whose module is not imported yet
        self._schema_is_there = threading.Event()
        self._loaded = threading.Event()
        self._servicer: Servicer | None = None
        self._failure: Exception | None = None

    def start(self) -> None:
        """Begin to load it."""
        threading.Thread(target=self._load, daemon=True).start()

    def call(self, method: str, request: dict[str, Any]) -> dict[str, Any] | bytes:
        """As the servicer answers. Raises what stood in the way of loading it."""
        if method == "GetProviderSchema":
            self._schema_is_there.wait()
            if self._schema is not None:
                return bytes(self._schema.encoded())
        self._loaded.wait()
        if self._servicer is None:
            raise RuntimeError(
                f"shipway's {self._provider} provider could not start: {self._failure}"
            )
        return self._servicer.call(method, request)

    def close(self) -> None:
        """Tell the servicer, if there is one."""
        if self._servicer is not None:
            self._servicer.close()

    def finish(self) -> None:
        """Tell the servicer, if there is one."""
        if self._servicer is not None:
            self._servicer.finish()

    def _load(self) -> None:
        try:
            self._schema = importlib.import_module(_SCHEMA).ProviderSchema(self._provider)
            self._schema_is_there.set()
            self._servicer = importlib.import_module(_SERVE).servicer(self._schema)
        except Exception as failure:
            self._failure = failure
        finally:
            self._schema_is_there.set()
            self._loaded.set()


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
        Plugin(servicer, env_vars).run(lambda: certificate.own(folder), then=servicer.start)
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
