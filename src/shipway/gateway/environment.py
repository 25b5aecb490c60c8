"""The variables that send a process through the front door: `shipway env`, `shipway exec`."""

import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shipway.base import front_door
from shipway.base.errors import BadInput
from shipway.base.home import Home
from shipway.gateway import bundle

_ORGANIZATION = "https://dev.azure.com/shipway"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_@%+=:,./-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An identity of this home's own tenant; none of its ids exist at Microsoft."""

    tenant_id: str
    subscription_id: str
    client_id: str
    client_secret: str
    personal_access_token: str = ""


def variables(home: Home, credentials: Credentials, env_vars: Mapping[str, str]) -> dict[str, str]:
    """What to add to (or replace in) `env_vars` so that Azure's clients come here.

    Raises `Unavailable` when no server has been started.
    """
    url = front_door.state(home).proxy_url
    no_proxy = front_door.without_azure(env_vars)
    clients = home.root / "clients"
    for folder in (clients, clients / "azure", clients / "azure-devops"):
        folder.mkdir(exist_ok=True, mode=0o700)
    return {
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), url),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), no_proxy),
        **{
            name: str(bundle.for_variable(name, home, env_vars))
            for name in front_door.BUNDLE_VARIABLES
        },
        "AZURE_CONFIG_DIR": str(clients / "azure"),
        "AZURE_DEVOPS_CACHE_DIR": str(clients / "azure-devops"),
        "AZURE_TENANT_ID": credentials.tenant_id,
        "AZURE_SUBSCRIPTION_ID": credentials.subscription_id,
        "AZURE_CLIENT_ID": credentials.client_id,
        "AZURE_CLIENT_SECRET": credentials.client_secret,
        **_devops(home, credentials, env_vars),
    }


def _devops(home: Home, credentials: Credentials, env_vars: Mapping[str, str]) -> dict[str, str]:
    """What `az devops`, the azure-devops programs, Terraform's provider and git read.

    git gets a credential helper after those settings that the caller's GIT_CONFIG_* hold already.
    """
    if not credentials.personal_access_token:
        return {}
    number = env_vars.get("GIT_CONFIG_COUNT", "")
    count = int(number) if number.isdecimal() else 0
    ask = f"SHIPWAY_HOME={shlex.quote(str(home.root))} {shlex.quote(sys.executable)} -m shipway"
    return {
        "AZURE_DEVOPS_EXT_PAT": credentials.personal_access_token,
        "AZDO_PERSONAL_ACCESS_TOKEN": credentials.personal_access_token,
        "AZDO_ORG_SERVICE_URL": _ORGANIZATION,
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": "credential.https://dev.azure.com.helper",
        f"GIT_CONFIG_VALUE_{count}": f"!{ask} git-credential",
    }


def printed(values: Mapping[str, str], shell: str) -> str:
    """Lines that set the variables in a shell. Raises `BadInput` for a shell that is not known."""
    form = SHELLS.get(shell)
    if form is None:
        raise BadInput(
            f"the shell '{shell}' is not known",
            code="UnknownShell", where=shell, hint=f"Known: {', '.join(SHELLS)}.",
        )  # fmt: skip
    return "".join(form(name, value) + "\n" for name, value in values.items())


def shell_of(env_vars: Mapping[str, str]) -> str:
    """The shell that the caller seems to sit in."""
    if "PSModulePath" in env_vars and "SHELL" not in env_vars:
        return "powershell"
    return "fish" if env_vars.get("SHELL", "").endswith("/fish") else "sh"


def _sh(name: str, value: str) -> str:
    quoted = "'" + value.replace("'", "'\"'\"'") + "'" if _NOT_PLAIN.search(value) else value
    return f"export {name}={quoted or repr('')}"


def _fish(name: str, value: str) -> str:
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{text}'"


def _powershell(name: str, value: str) -> str:
    text = value.replace("'", "''")
    return f"${{env:{name}}} = '{text}'"


def _dotenv(name: str, value: str) -> str:
    return f"{name}={json.dumps(value) if _NOT_PLAIN.search(value) else value}"


SHELLS: Mapping[str, Callable[[str, str], str]] = {
    "sh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "dotenv": _dotenv,
}
