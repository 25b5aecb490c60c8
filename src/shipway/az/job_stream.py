"""Follows a job to its end: logs as they grow, then a summary, as `az ml job stream` prints them.

Asks the run history as the SDK does, only sooner and more often at the beginning.
"""

import sys
from typing import Any

import requests
from azure.ai.ml import MLClient

from shipway.az.failure import CommandFailed
from shipway.base import clock

ENDED = ("Completed", "Failed", "Canceled")
_SHORTEST, _LONGEST = 0.02, 0.5
# the job goes on without the server, so whoever follows it waits for the server to come back
_AWAY_SECONDS, _AWAY_PAUSE = 600.0, 1.0
_AWAY = (
    requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError,
)  # fmt: skip


class JobStream:
    """One job; `follow` prints until it has ended."""

    def __init__(self, client: MLClient, bearer: str) -> None:
        self._client = client
        self._session = requests.Session()
        self._bearer = bearer
        self._printed: dict[str, int] = {}

    def follow(self, name: str, web_view: str) -> str:
        """Print logs as they grow; the last status."""
        print(f"RunId: {name}", flush=True)
        print(f"Web View: {web_view}", flush=True)
        pause = _SHORTEST
        url = f"{self._history(name)}/details"
        while True:
            details = self._get(url)
            if self._logs(details.get("logFiles") or {}):
                pause = _SHORTEST
            status = str(details.get("status"))
            if status in ENDED:
                self._summary(name, web_view, details)
                return status
            clock.sleep(pause)
            pause = min(pause * 1.4, _LONGEST)

    def _history(self, name: str) -> str:
        client = self._client
        workspace = client.workspaces.get(client.workspace_name)
        base = str(workspace.discovery_url).split("/discovery")[0]
        scope = (
            f"/subscriptions/{client.subscription_id}/resourceGroups/{client.resource_group_name}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{client.workspace_name}"
        )
        return f"{base}/history/v1.0{scope}/runs/{name}"

    def _get(self, url: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._bearer}"}
        answer = self._ask(url, headers)
        if answer.status_code >= 400:
            raise CommandFailed(f"{url} answered {answer.status_code}: {answer.text}")
        return dict(answer.json())

    def _ask(self, url: str, headers: dict[str, str]) -> requests.Response:
        """GET, again and again while nobody answers. Raises `CommandFailed` after ten minutes."""
        end = clock.monotonic() + _AWAY_SECONDS
        said = False
        while True:
            try:
                answer = self._session.get(url, headers=headers, timeout=60)
            except _AWAY as error:
                problem = type(error).__name__
            else:
                if answer.status_code not in (502, 503, 504):
                    return answer
                problem = str(answer.status_code)
            place = url.split("?", maxsplit=1)[0]
            if clock.monotonic() > end:
                raise CommandFailed(f"{place} does not answer ({problem})")
            if not said:
                print(
                    f"WARNING: {place} does not answer; asking again", file=sys.stderr, flush=True
                )
                said = True
            clock.sleep(_AWAY_PAUSE)

    def _logs(self, files: dict[str, str]) -> bool:
        shown = False
        wanted = [n for n in sorted(files) if n.startswith(("user_logs/std", "logs/azureml/exec"))]
        for name in wanted:
            answer = self._ask(files[name], {})
            if answer.status_code != 200:
                continue
            lines = answer.text.splitlines(keepends=True)
            before = self._printed.get(name, -1)
            if before < 0:
                print(f"\nStreaming {name}\n{'=' * (10 + len(name))}\n", flush=True)
                before = 0
            whole = [line for line in lines[before:] if line.endswith("\n")]
            if whole:
                shown = True
                sys.stdout.write("".join(whole))
                sys.stdout.flush()
            self._printed[name] = before + len(whole)
        return shown

    def _summary(self, name: str, web_view: str, details: dict[str, Any]) -> None:
        print("\nExecution Summary\n=================", flush=True)
        print(f"RunId: {name}\nWeb View: {web_view}\n", flush=True)
        error = (details.get("error") or {}).get("error")
        if details.get("status") == "Failed" and error:
            raise CommandFailed(str(error.get("message", error)))
        for warning in details.get("warnings") or []:
            print(f"WARNING: {warning.get('message', warning)}", file=sys.stderr, flush=True)
