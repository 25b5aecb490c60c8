"""What a process needs in order to reach Azure's names through this machine's front door.

Stands on the ground floor because computes and agents hand these variables to the processes that
they start. The gateway writes `run/server.json` and `ca/bundle.pem`; this module reads them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shipway.base.errors import Unavailable
from shipway.base.home import Home

LOOPBACK = ("127.0.0.1", "localhost", "::1")

# Names at or below these belong to Azure and never leave this machine. Of microsoft.com only what
# carries tokens: packages.microsoft.com and mcr.microsoft.com are downloads like any other.
AZURE_SUFFIXES = (
    "azure.com",
    "azure.net",
    "windows.net",
    "azureml.ms",
    "azureml.net",
    "azurecr.io",
    "microsoftonline.com",
    "visualstudio.com",
    "graph.microsoft.com",
    "login.microsoft.com",
    # the sovereign clouds: nothing answers for them here, and nothing must reach them either
    "azure.cn",
    "azure.us",
    "chinacloudapi.cn",
    "usgovcloudapi.net",
    "microsoftonline.cn",
    "microsoftonline.us",
    "graph.microsoft.us",
)
# Below an Azure suffix, yet plain downloads of an editor.
PUBLIC_DOWNLOADS = ("marketplace.visualstudio.com", "code.visualstudio.com")

BUNDLE_VARIABLES = (
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
)
_GIT_SCOPES = ("https://dev.azure.com/", "https://*.visualstudio.com/")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """The running server, as `run/server.json` tells it.

    `tls_port` takes TLS with an Azure name in its SNI directly; it is the proxy's own port.
    """

    pid: int
    proxy_port: int
    tls_port: int
    studio_port: int
    started_at: str

    @property
    def proxy_url(self) -> str:
        """The CONNECT proxy."""
        return f"http://127.0.0.1:{self.proxy_port}"

    @property
    def studio_url(self) -> str:
        """The studio, the owner's API and the identity endpoint: plain http on loopback."""
        return f"http://127.0.0.1:{self.studio_port}"


def is_azure_name(name: str) -> bool:
    """Whether a host name belongs to Azure, so that the front door answers it itself."""
    name = normal_name(name)
    if _is_below(name, PUBLIC_DOWNLOADS):
        return False
    return _is_below(name, AZURE_SUFFIXES)


def normal_name(name: str) -> str:
    """A host name in lower case without the root's dot."""
    return name.strip().lower().rstrip(".")


def find_state(home: Home) -> ServerState | None:
    """The last server's state, or None; whether it still runs is the lock's to say."""
    try:
        told = json.loads(home.server_state.read_text())
        return ServerState(**{name: told[name] for name in ServerState.__slots__})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def state(home: Home) -> ServerState:
    """The server's state. Raises `Unavailable` when none was started on this home."""
    found = find_state(home)
    if found is None:
        raise Unavailable(
            f"no server has been started on {home.root}",
            code="ServerNotRunning",
            where=str(home.server_state),
            hint="Start it with `shipway up`.",
        )
    return found


def bundle(home: Home) -> Path:
    """The certificates that the machine trusts and our own, in one file."""
    return home.authority / "bundle.pem"


def variables(home: Home) -> dict[str, str]:
    """What a child process needs to reach Azure's names here, and everything else as before.

    Plain http goes through the door too: so the machine's own metadata address is out of reach.
    Raises `Unavailable` when no server has been started.
    """
    url = state(home).proxy_url
    bundle_path = str(bundle(home))
    names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
    return {
        **dict.fromkeys(names, url),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(LOOPBACK)),
        **dict.fromkeys(BUNDLE_VARIABLES, bundle_path),
    }


def git_settings(home: Home) -> tuple[tuple[str, str], ...]:
    """What a clone that we make carries in its own config, so that git works in any shell.

    Raises `Unavailable` when no server has been started.
    """
    url = state(home).proxy_url
    return tuple(
        (f"http.{scope}.{name}", value)
        for scope in _GIT_SCOPES
        for name, value in (("proxy", url), ("sslCAInfo", str(bundle(home))))
    )


def without_azure(no_proxy: Mapping[str, str] | str) -> str:
    """A NO_PROXY list that sends nothing of Azure's past the door, and loopback always.

    Taken out: `*`, every entry at or below one of Azure's suffixes, and every entry so wide that
    it covers one (`com`). Given variables, both letter cases count.
    """
    if not isinstance(no_proxy, str):
        no_proxy = ",".join(no_proxy.get(name, "") for name in ("NO_PROXY", "no_proxy"))
    entries = (entry.strip() for entry in no_proxy.replace(" ", ",").split(","))
    kept = [entry for entry in entries if entry and not _covers_azure(entry)]
    return ",".join(dict.fromkeys([*kept, *LOOPBACK]))


def _covers_azure(entry: str) -> bool:
    name = normal_name(entry).partition(":")[0].lstrip("*").lstrip(".")
    if entry.count(":") > 1:  # an IPv6 address
        return False
    return (
        not name
        or _is_below(name, AZURE_SUFFIXES)
        or any(_is_below(suffix, (name,)) for suffix in AZURE_SUFFIXES)
    )


def _is_below(name: str, suffixes: tuple[str, ...]) -> bool:
    return any(name == suffix or name.endswith(f".{suffix}") for suffix in suffixes)
