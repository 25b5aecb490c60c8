"""AzureKeyVault@1/2: secrets of a vault become secret variables of the job.

Asks the vault over its REST routes with the service connection's identity. With `RunAsPreJob` it
is done before the first step, so that every step sees the variables.
Source: KeyVault.ts of microsoft/azure-pipelines-tasks.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from shipway.agent import azure_rest
from shipway.agent.service_connections import login_of
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import paths
from shipway.base.errors import BadInput, ShipwayError

_API = "api-version=7.4"
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}(/[0-9a-f]{32})?")
_VAULT = re.compile(r"[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]")
_FORBIDDEN = 403
_NO_PERMISSION = (
    "{}. The specified Azure service connection needs to have Get, List secret management "
    "permissions on the selected key vault. To set these permissions, download the "
    "ProvisionKeyVaultPermissions.ps1 script from build/release logs and execute it, or set them "
    "from the Azure portal."
)


class Vault:
    """A vault as the connection's identity sees it; its answers are read when they are needed."""

    def __init__(self, step: StepRun) -> None:
        name = paths.required(step, "KeyVaultName")
        if not _VAULT.fullmatch(name):
            raise BadInput(
                f"{name} is an invalid KeyVault name.", code="InvalidInput", where="KeyVaultName"
            )
        self._home = step.job.store.home
        self._url = f"https://{name}.vault.azure.net"
        login = login_of(step.job, paths.required(step, "ConnectedServiceName"))
        step.job.masker.add(login.secret)
        step.log(f"SubscriptionId: {login.subscription_id}.")
        step.log(f"Key vault name: {name}.")
        scope = "https://vault.azure.net/.default"
        self._bearer = azure_rest.token(self._home, login, scope=scope)

    def listing(self) -> list[Mapping[str, Any]]:
        """Every secret without its value, page by page. Raises `ShipwayError`."""
        found: list[Mapping[str, Any]] = []
        url = f"{self._url}/secrets?{_API}&maxresults=25"
        while url:
            page = self._get(url)
            found += page.get("value", [])
            url = str(page.get("nextLink") or "")
        return found

    def value(self, name: str) -> str:
        """The value of `name` or `name/version`. Raises `ShipwayError`."""
        return str(self._get(f"{self._url}/secrets/{quote(name)}?{_API}")["value"])

    def _get(self, url: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._bearer}"}
        return azure_rest.send(self._home, "GET", url, headers=headers)


def usable(listing: Sequence[Mapping[str, Any]], *, now: float) -> list[str]:
    """The names of a listing's secrets that are enabled and have not expired."""
    return [
        str(one["id"]).rsplit("/", 1)[-1]
        for one in listing
        if one["attributes"].get("enabled") and one["attributes"].get("exp", now + 1) > now
    ]


def single_line(value: str) -> str:
    """A JSON object or list of several lines on one; any other text as it is."""
    if "\n" not in value and "\r" not in value:
        return value
    try:
        read = json.loads(value)
    except ValueError:
        return value
    if not isinstance(read, dict | list):
        return value
    return json.dumps(read, separators=(",", ":"), ensure_ascii=False)


def _words(error: ShipwayError) -> str:
    if error.status == _FORBIDDEN:
        return _NO_PERMISSION.format(error.message)
    return error.message


def _all_names(step: StepRun, vault: Vault) -> list[str]:
    listing = vault.listing()
    name = step.input("KeyVaultName")
    if not listing:
        step.log(f"No secrets found in: {name}")
        return []
    chosen = usable(listing, now=step.job.store.clock.now().timestamp())
    step.log(f"Number of secrets found in {name}: {len(listing)}")
    step.log(f"Number of enabled and unexpired secrets found in {name}: {len(chosen)}")
    return chosen


def _define(step: StepRun, name: str, value: str) -> None:
    """The variable, under its name with and without a version; every line of it is masked."""
    if not value:
        return
    flat = single_line(value)
    if flat != value:
        step.log(f"Value of secret {name} has been converted to single line.")
    for line in (flat, *flat.splitlines()):
        step.job.masker.add(line)
    for variable in dict.fromkeys((name.split("/", maxsplit=1)[0], name)):
        step.job.variables.assign(variable, flat, is_secret=True)


def _problems(step: StepRun, vault: Vault, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if not _NAME.fullmatch(name):
            yield (
                f"{name}: Secret not found: {name}. Secret name must be a string 1-127 characters "
                "in length containing only -, 0-9, a-z and A-Z."
            )
            continue
        try:
            _define(step, name, vault.value(name))
        except ShipwayError as error:
            yield f'{name}: "{_words(error)}"'


def _download(step: StepRun) -> StepResult:
    wanted = [one.strip() for one in paths.required(step, "SecretsFilter").split(",")]
    try:
        vault = Vault(step)
        names = _all_names(step, vault) if wanted == ["*"] else [one for one in wanted if one]
    except ShipwayError as error:
        step.error(f"Get secrets failed. Error: {_words(error)}.")
        return "failed"
    problems = list(_problems(step, vault, names))
    for problem in problems:
        step.error(problem)
    return "failed" if problems else "succeeded"


def _run(step: StepRun) -> StepResult:
    return "succeeded" if step.flag("RunAsPreJob") else _download(step)


def _run_before(step: StepRun) -> StepResult:
    return _download(step) if step.flag("RunAsPreJob") else "succeeded"


def _task(version: int) -> Task:
    return Task(
        name="AzureKeyVault", version=version, run=_run, before_job=_run_before, acts_on_job=True
    )


AZURE_KEY_VAULT_1 = _task(1)
AZURE_KEY_VAULT_2 = _task(2)
