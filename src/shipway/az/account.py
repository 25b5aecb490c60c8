"""`az login` and what it leaves behind: who is signed in, in AZURE_CONFIG_DIR.

`azureProfile.json` holds subscriptions and is readable like the Azure CLI's own;
`service_principal_entries.json` (0600) the credential and the tokens that it bought, sealed where
the caller gives a key for it (a pipeline task does).
"""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from shipway.az.failure import CommandFailed
from shipway.base import config, sealing
from shipway.base.clock import SystemClock
from shipway.base.home import write_private

AUTHORITY = "https://login.microsoftonline.com"
ARM = "https://management.azure.com"
NOT_LOGGED_IN = "Please run 'az login' to setup account."
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_EARLY = 300
_KEY = "SHIPWAY_AZ_PROFILE_KEY"


def folder() -> Path:
    """AZURE_CONFIG_DIR, else `~/.azure`."""
    given = config.environment().get("AZURE_CONFIG_DIR")
    return Path(given) if given else Path.home() / ".azure"


def sign_in(*, client_id: str, tenant: str, kind: str, secret: str) -> list[dict[str, Any]]:
    """Buy a first token with the credential, keep it, and give the subscriptions.

    `kind` is `secret`, `assertion` or `identity`. Raises `CommandFailed` with Entra's words.
    """
    entry = {"client_id": client_id, "tenant": tenant, "kind": kind, "secret": secret, "tokens": {}}
    bearer = _buy(entry, ARM)
    entry["tenant"] = tenant or str(_claims(bearer).get("tid", ""))
    found = _subscriptions(bearer, str(entry["tenant"]), client_id)
    _write_entry(entry)
    _write_profile(found)
    return found


def sign_out() -> None:
    """Forget everything."""
    for name in ("service_principal_entries.json", "azureProfile.json"):
        (folder() / name).unlink(missing_ok=True)


def subscriptions() -> list[dict[str, Any]]:
    """The known subscriptions. Raises `CommandFailed` when nobody is signed in."""
    try:
        text = (folder() / "azureProfile.json").read_text(encoding="utf-8-sig")
    except OSError:
        raise CommandFailed(NOT_LOGGED_IN) from None
    found = list(json.loads(text)["subscriptions"])
    if not found:
        raise CommandFailed(NOT_LOGGED_IN)
    return found


def choose(wanted: str) -> None:
    """Make a subscription the default, by name or id. Raises `CommandFailed`."""
    known = subscriptions()
    if wanted.lower() not in {str(s[k]).lower() for s in known for k in ("id", "name")}:
        raise CommandFailed(f"The subscription of '{wanted}' doesn't exist in cloud 'AzureCloud'.")
    for one in known:
        one["isDefault"] = wanted.lower() in (one["id"].lower(), one["name"].lower())
    _write_profile(known)


def current(wanted: str = "") -> dict[str, Any]:
    """The default subscription, or the one asked for. Raises `CommandFailed`."""
    known = subscriptions()
    if not wanted:
        return next((s for s in known if s.get("isDefault")), known[0])
    for one in known:
        if wanted.lower() in (one["id"].lower(), one["name"].lower()):
            return one
    raise CommandFailed(f"The subscription of '{wanted}' doesn't exist in cloud 'AzureCloud'.")


def token(resource: str) -> tuple[str, int]:
    """An access token for a resource and when it ends (Unix seconds). Raises `CommandFailed`."""
    try:
        entry = _read_entry()
    except (OSError, ValueError):
        raise CommandFailed(NOT_LOGGED_IN) from None
    key = resource.rstrip("/")
    held = entry["tokens"].get(key)
    now = SystemClock().now().timestamp()
    if held is None or int(_claims(held)["exp"]) < now + _EARLY:
        held = _buy(entry, key)
        _write_entry(entry)
    return held, int(_claims(held)["exp"])


def _buy(entry: dict[str, Any], resource: str) -> str:
    if entry["kind"] == "identity":
        answer = _identity(resource, str(entry["client_id"]))
    else:
        answer = _client(entry, resource)
    bearer = str(answer["access_token"])
    entry["tokens"][resource] = bearer
    return bearer


def _client(entry: Mapping[str, Any], resource: str) -> dict[str, Any]:
    form = {
        "grant_type": "client_credentials",
        "client_id": str(entry["client_id"]),
        "scope": f"{resource}/.default",
    }
    if entry["kind"] == "assertion":
        form |= {"client_assertion_type": _ASSERTION, "client_assertion": str(entry["secret"])}
    else:
        form["client_secret"] = str(entry["secret"])
    url = f"{AUTHORITY}/{entry['tenant']}/oauth2/v2.0/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return _answer("POST", url, data=urlencode(form), headers=headers)


def _identity(resource: str, client_id: str) -> dict[str, Any]:
    env_vars = config.environment()
    url, header = env_vars.get("IDENTITY_ENDPOINT", ""), env_vars.get("IDENTITY_HEADER", "")
    if not url:
        raise CommandFailed("Failed to connect to MSI. There is no managed identity here.")
    query = {"api-version": "2019-08-01", "resource": resource}
    if client_id:
        query["client_id"] = client_id
    return _answer("GET", f"{url}?{urlencode(query)}", headers={"X-IDENTITY-HEADER": header})


def _subscriptions(bearer: str, tenant: str, client_id: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {bearer}"}
    answer = _answer("GET", f"{ARM}/subscriptions?api-version=2022-12-01", headers=headers)
    user = {"name": client_id or "systemAssignedIdentity", "type": "servicePrincipal"}
    rows = [
        {
            "cloudName": "AzureCloud",
            "homeTenantId": tenant,
            "id": item["subscriptionId"],
            "isDefault": number == 0,
            "managedByTenants": [],
            "name": item["displayName"],
            "state": item.get("state", "Enabled"),
            "tenantId": tenant,
            "user": user,
        }
        for number, item in enumerate(answer["value"])
    ]
    return rows or [
        {
            "cloudName": "AzureCloud", "homeTenantId": tenant, "id": tenant, "isDefault": True,
            "managedByTenants": [], "name": "N/A(tenant level account)", "state": "Enabled",
            "tenantId": tenant, "user": user,
        }
    ]  # fmt: skip


def _answer(method: str, url: str, **sent: Any) -> dict[str, Any]:  # noqa: ANN401  # of requests
    try:
        answer = requests.request(method, url, timeout=60, **sent)
    except requests.RequestException as error:
        raise CommandFailed(f"{url.split('?', maxsplit=1)[0]} does not answer: {error}") from None
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if answer.status_code >= 400:
        said = body.get("error_description") or body.get("error") or answer.text
        if isinstance(said, dict):
            said = f"({said.get('code')}) {said.get('message')}"
        raise CommandFailed(str(said))
    return dict(body)


def _claims(bearer: str) -> dict[str, Any]:
    part = bearer.split(".", 2)[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _read_entry() -> dict[str, Any]:
    text = (folder() / "service_principal_entries.json").read_text()
    key = config.environment().get(_KEY, "")
    return dict(json.loads(sealing.unseal(text, bytes.fromhex(key)) if key else text))


def _write_entry(entry: Mapping[str, Any]) -> None:
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps(dict(entry))
    key = config.environment().get(_KEY, "")
    content = sealing.seal(text, bytes.fromhex(key)) if key else text
    write_private(folder() / "service_principal_entries.json", content.encode())


def _write_profile(found: list[dict[str, Any]]) -> None:
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    profile = {"installationId": str(os.getuid()), "subscriptions": found}
    write_private(folder() / "azureProfile.json", json.dumps(profile, indent=2).encode())
