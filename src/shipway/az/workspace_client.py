"""The SDK's client for the workspace that a command names, with the signed-in credential."""

import argparse
import configparser
import logging
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

import yaml
from azure.ai.ml import MLClient
from azure.ai.ml._restclient.arm_ml_service import models
from azure.ai.ml.entities._builders import BaseNode
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport

from shipway.az import account, sdk_tuning
from shipway.az.failure import CommandFailed, usage

_MEMBER = re.compile(r"[A-Z][A-Za-z]+\.[A-Z0-9_]+")


class SignedInCredential:
    """Tokens of whoever did `az login`; the environment's own credentials play no part."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401  # SDK's protocol
        """A token for the first scope."""
        del options
        text, until = account.token(scopes[0].removesuffix("/.default"))
        return AccessToken(text, until)


def client_of(arguments: argparse.Namespace) -> MLClient:
    """Raises `CommandFailed` when no workspace is named and none is configured."""
    subscription = account.current(arguments.subscription)["id"]
    group = arguments.resource_group or default("group")
    workspace = arguments.workspace_name or default("workspace")
    missing = [
        flag
        for flag, value in (("--resource-group/-g", group), ("--workspace-name/-w", workspace))
        if not value
    ]
    if missing:
        raise usage(f"the following arguments are required: {', '.join(missing)}")
    return make(SignedInCredential(), subscription, group, workspace)


def make(
    credential: Any,  # noqa: ANN401  # whatever has get_token
    subscription: str,
    group: str,
    workspace: str,
    transport: RequestsTransport | None = None,
) -> MLClient:
    """The client, without the SDK's telemetry and its notices."""
    logging.getLogger("azure.ai.ml").setLevel(logging.ERROR)
    options = {"transport": transport or sdk_tuning.shared_transport()}
    client = MLClient(
        credential, subscription, group, workspace, enable_telemetry=False, cloud="AzureCloud",
        **options,
    )  # fmt: skip
    sdk_tuning.ask_labels_once(client)
    return client


def default(name: str) -> str:
    """A value that `az configure --defaults name=value` left."""
    config = configparser.ConfigParser()
    config.read(account.folder() / "config")
    return config.get("defaults", name, fallback="")


def set_defaults(pairs: list[str]) -> None:
    """Keep `name=value` pairs. Raises `CommandFailed` for anything else."""
    config = configparser.ConfigParser()
    path = account.folder() / "config"
    config.read(path)
    if not config.has_section("defaults"):
        config.add_section("defaults")
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CommandFailed(f"usage error: --defaults STRING=STRING, not '{pair}'", code=2)
        if value:
            config.set("defaults", name, value)
        else:
            config.remove_option("defaults", name)
    account.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("w") as file:
        config.write(file)


def listed_defaults() -> list[dict[str, Any]]:
    """Every default, as `az configure --list-defaults` prints them."""
    path = account.folder() / "config"
    config = configparser.ConfigParser()
    config.read(path)
    kept = config.items("defaults") if config.has_section("defaults") else []
    return [{"name": name, "source": str(path), "value": value} for name, value in kept]


def shown(entity: Any) -> Any:  # noqa: ANN401  # entities of the SDK have no common base
    """An entity as the Azure CLI prints it."""
    if isinstance(entity, BaseNode):  # a command job comes back as the node it could be
        entity = entity._to_job()
    if isinstance(entity, dict | list | str) or entity is None:
        return entity
    return _worded(entity._to_dict())  # the CLI's extension prints with this very method


def _worded(value: Any) -> Any:  # noqa: ANN401  # JSON of any shape
    """Words where the SDK, on Python 3.11 and later, prints members: `JobStatus.COMPLETED`."""
    if isinstance(value, Mapping):
        return {key: _worded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_worded(inner) for inner in value]
    if isinstance(value, str) and _MEMBER.fullmatch(value):
        kind, _, member = value.partition(".")
        words = getattr(models, kind, None)
        if isinstance(words, type) and issubclass(words, Enum) and member in words.__members__:
            return words[member].value
    return value


def overrides(pairs: list[str] | None) -> list[dict[str, Any]]:
    """`--set a.b=c` as the SDK takes them. Raises `CommandFailed`."""
    found = []
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals:
            raise usage(f"invalid --set value '{pair}': KEY=VALUE is needed")
        found.append({name: value})
    return found


def change(entity: Any, pairs: list[str]) -> None:  # noqa: ANN401  # entities have no common base
    """Set `a.b=c` on an entity that exists. Raises `CommandFailed` for a name that it lacks."""
    for pair in pairs:
        path, equals, text = pair.partition("=")
        if not equals:
            raise usage(f"invalid --set value '{pair}': KEY=VALUE is needed")
        *parents, last = path.split(".")
        place = entity
        for name in parents:
            place = place.get(name) if isinstance(place, dict) else getattr(place, name, None)
        if isinstance(place, dict):
            place[last] = yaml.safe_load(text)
        elif place is not None and hasattr(place, last):
            setattr(place, last, yaml.safe_load(text))
        else:
            raise usage(f"Couldn't find '{last}' in '{'.'.join(parents)}'.")
