"""Access tokens for a provider's credentials, kept until shortly before they end."""

import base64
import importlib
import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from shipway.base import clock
from shipway.terraform.credentials import Credentials, NoCredentials
from shipway.terraform.transport import Answer, Transport

_LOGIN = "https://login.microsoftonline.com"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_EARLY = 300.0
_CLI_SECONDS = 60.0
_PROCESS = "shipway.base.process"


class Tokens:
    """Tokens per resource, for one identity. Safe to use from many threads."""

    def __init__(
        self, credentials: Credentials, transport: Transport, env_vars: Mapping[str, str]
    ) -> None:
        self._credentials = credentials
        self._transport = transport
        self._env_vars = env_vars
        self._kept: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def authorization(self, resource: str) -> str:
        """The Authorization header for a resource. Raises `NoCredentials`, `Unavailable`."""
        if self._credentials.kind == "pat":
            pair = f":{self._credentials.secret}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return f"Bearer {self.token(resource)}"

    def token(self, resource: str) -> str:
        """An access token. Raises `NoCredentials` when none is given."""
        with self._lock:
            kept = self._kept.get(resource)
            if kept is None or kept[1] < clock.monotonic():
                token, seconds = self._fetch(resource)
                kept = token, clock.monotonic() + max(seconds - _EARLY, 30.0)
                self._kept[resource] = kept
            return kept[0]

    def _fetch(self, resource: str) -> tuple[str, float]:
        kind = self._credentials.kind
        if kind == "cli":
            return self._by_cli(resource)
        if kind == "identity":
            return self._by_identity(resource)
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "scope": f"{resource}/.default",
        }
        if kind == "secret":
            form["client_secret"] = self._credentials.secret
        else:
            form["client_assertion_type"] = _ASSERTION
            form["client_assertion"] = (
                self._credentials.secret if kind == "token" else self._requested()
            )
        url = f"{_LOGIN}/{quote(self._credentials.tenant_id)}/oauth2/v2.0/token"
        answer = self._transport.send("POST", url, urlencode(form).encode(), _FORM)
        return _token_of(answer, "the token endpoint")

    def _requested(self) -> str:
        """An ID token of the pipeline (Azure DevOps) or workflow (GitHub) that runs this."""
        url, bearer = self._credentials.request_url, self._credentials.request_token
        connection = self._credentials.service_connection_id
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        joint = "&" if urlsplit(url).query else "?"
        if connection:
            query = urlencode({"api-version": "7.1", "serviceConnectionId": connection})
            answer = self._transport.send("POST", f"{url}{joint}{query}", b"", headers)
            told = answer.json()
            token = told.get("oidcToken") if isinstance(told, dict) else None
        else:
            query = urlencode({"audience": "api://AzureADTokenExchange"})
            answer = self._transport.send("GET", f"{url}{joint}{query}", None, headers)
            told = answer.json()
            token = told.get("value") if isinstance(told, dict) else None
        if answer.status != 200 or not token:
            raise NoCredentials(
                f"no OIDC token was given by {url}: {_reason(answer)}",
                hint="Does the job have System.AccessToken, and is the service connection (its id "
                "in ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID) authorized for the pipeline?",
            )
        return str(token)

    def _by_identity(self, resource: str) -> tuple[str, float]:
        header = self._credentials.identity_header
        query = {
            "resource": resource,
            "api-version": "2019-08-01" if header else "2018-02-01",
            **({"client_id": self._credentials.client_id} if self._credentials.client_id else {}),
        }
        fields = {"X-IDENTITY-HEADER": header} if header else {"Metadata": "true"}
        url = f"{self._credentials.identity_endpoint}?{urlencode(query)}"
        return _token_of(self._transport.send("GET", url, None, fields), "the identity endpoint")

    def _by_cli(self, resource: str) -> tuple[str, float]:
        tenant = self._credentials.tenant_id
        command = ["az", "account", "get-access-token", "--output", "json", "--resource", resource]
        process = importlib.import_module(_PROCESS)  # few providers log in by the Azure CLI
        try:
            ended = process.run(
                [*command, *(["--tenant", tenant] if tenant else [])],
                env_vars=self._env_vars, seconds=_CLI_SECONDS,
            )  # fmt: skip
            told: dict[str, Any] = json.loads(ended.stdout or b"{}")
        except (OSError, ValueError, process.TimeoutExpired) as error:
            raise _no_cli(str(error)) from None
        if ended.returncode or "accessToken" not in told:
            raise _no_cli(ended.stderr.decode(errors="replace").strip()[-500:])
        seconds = float(told.get("expires_on") or 0) - clock.SystemClock().now().timestamp()
        return str(told["accessToken"]), seconds


def _no_cli(reason: str) -> NoCredentials:
    return NoCredentials(
        f"unable to build authorizer for Azure CLI: could not acquire access token: {reason}",
        hint="Run Terraform by `shipway tf -- ...`, which sets ARM_CLIENT_ID and the like, or "
        "log in with `shipway exec -- az login`.",
    )


def _token_of(answer: Answer, who: str) -> tuple[str, float]:
    told = answer.json()
    if answer.status == 200 and isinstance(told, dict) and told.get("access_token"):
        return str(told["access_token"]), float(told.get("expires_in") or 3600)
    raise NoCredentials(
        f"{who} gave no token: {_reason(answer)}",
        hint="Are client id, secret and tenant those of this home? `shipway env --terraform` "
        "prints them.",
    )


def _reason(answer: Answer) -> str:
    told = answer.json()
    if isinstance(told, dict):
        for name in ("error_description", "message", "error"):
            if isinstance(told.get(name), str):
                return str(told[name])
    return f"HTTP {answer.status} {answer.content[:300].decode(errors='replace')}".strip()
