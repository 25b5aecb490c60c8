"""The acts of the demo. Each prints what it does and gives what the next one needs."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shipway.base import clock
from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.cli import lineage_tree, output
from shipway.cli.demo import clone
from shipway.cli.demo.provision import Provisioned
from shipway.cli.demo.webhook import Webhook
from shipway.cli.run_watch import watch
from shipway.cli.scaffold import generate
from shipway.client import scoring
from shipway.client.azure import AzureClient
from shipway.client.session import Session

APPROVER = "avery"
COUNTDOWN_SECONDS = 60
_ML_VERSION = "2024-10-01"
_RUN_SECONDS = 60.0


class DemoFailed(ShipwayError):
    """Something that the demo promises did not happen."""

    default_code = "DemoFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What every act needs."""

    home: Home
    session: Session
    folder: Path
    shipway: str
    answers_itself: bool


def title(text: str) -> None:
    """A heading."""
    print(f"\n{output.paint(text, 'bold')}", flush=True)


def push_and_watch(stage: Stage, *, until_waiting: bool) -> int:
    """Push the clone's branch and follow the run that it starts; the run's number."""
    before = {one["run_id"] for one in stage.session.get("/runs?limit=50")["value"]}
    output.step("$ git push origin develop")
    for line in clone.push(stage.folder).splitlines():
        print(output.paint(f"    {line}", "grey"))
    number = _new_run(stage, before)
    watch(stage.session, number, until_waiting=until_waiting)
    return number


def approve(stage: Stage, number: int) -> None:
    """Wait for a person; after the countdown (or at once, unattended) a second user approves."""
    found = stage.session.get(f"/runs/{number}")
    if not any(one["status"] == "pending" for one in found["approvals"]):
        raise DemoFailed(
            f"run {number} ended {found['result']} before its approval",
            where=f"run {number}",
            hint=f"{stage.shipway} runs show {number}, {stage.shipway} logs {number}",
        )
    link = stage.session.post("/links", {"as": APPROVER, "page": f"/runs/{number}"})["url"]
    print("The model passed its gate. Whoever pushed may not approve alone; somebody else decides:")
    print(f"  in the studio   {link}")
    print(f"  or here         {stage.shipway} approve {number} --as {APPROVER}")
    if not stage.answers_itself and _answered(stage, number):
        return
    body = {"as": APPROVER, "comment": "approved by the demo"}
    waiting = [a for a in stage.session.get(f"/runs/{number}")["approvals"]
               if a["status"] == "pending"]  # fmt: skip
    for one in waiting:
        stage.session.post(f"/approvals/{quote(one['approval_id'], safe='')}/approve", body)
    output.step(f"the demo approved as its second user, {APPROVER}")


def finish(stage: Stage, number: int) -> None:
    """Follow an approved run to its end. Raises `DemoFailed` when it does not succeed."""
    if watch(stage.session, number, go_on=True) != 0:
        found = stage.session.get(f"/runs/{number}")
        raise DemoFailed(
            f"run {number} ended {found['result']}",
            where=f"run {number}",
            hint=f"{stage.shipway} runs show {number}, {stage.shipway} logs {number}",
        )


def call_endpoint(stage: Stage, made: Provisioned) -> None:
    """Score real flights. Raises `DemoFailed` when no predictions come back."""
    client = AzureClient(stage.home)
    path = f"{made.workspace_id}/onlineEndpoints/{made.endpoint}"
    endpoint = client.arm("GET", path, api_version=_ML_VERSION)
    key = client.arm("POST", f"{path}/listKeys", api_version=_ML_VERSION)["primaryKey"]
    body = (stage.folder / "endpoint" / "sample-request.json").read_bytes()
    url = str(endpoint["properties"]["scoringUri"])
    answer = scoring.score(stage.home, url=url, key=str(key), content=body)
    text = answer.content.decode(errors="replace")
    if answer.status != 200:
        raise DemoFailed(f"the endpoint answered {answer.status}: {text[:500]}", where=url)
    output.step(f"POST {url} -> {answer.status}, by deployment {answer.deployment}")
    _show_predictions(json.loads(body), json.loads(text), url)


def show_lineage(stage: Stage, number: int) -> None:
    """Print the chain of a run. Raises `DemoFailed` when a station is missing."""
    found = stage.session.get(f"/lineage?of={number}")
    lineage_tree.show(found)
    if not found["complete"]:
        raise DemoFailed(
            "the lineage is not complete: " + "; ".join(found["missing"]), where=f"run {number}"
        )


def push_worse(stage: Stage, webhook: Webhook, made: Provisioned) -> int:
    """Push a plausible mistake and see that it is held. Raises `DemoFailed` when it is not."""
    client = AzureClient(stage.home)
    versions = f"{made.workspace_id}/models/{made.model}/versions"
    before = len(client.arm("GET", versions, api_version=_ML_VERSION)["value"])
    clone.git(stage.folder, "apply", str(generate.worse_change()))
    print(output.paint(clone.git(stage.folder, "diff", "--stat").rstrip(), "grey"))
    clone.commit(stage.folder, "Join the weather of the arrival")
    number = push_and_watch(stage, until_waiting=True)
    found = stage.session.get(f"/runs/{number}")
    after = len(client.arm("GET", versions, api_version=_ML_VERSION)["value"])
    if found["result"] != "failed" or found["approvals"] or after != before:
        raise DemoFailed(
            f"the worse change was not held: run {number} is {found['result'] or found['state']}, "
            f"{after - before} versions were registered",
            where=f"run {number}",
        )
    output.step("held: no version registered, no approval opened, the endpoint serves as before")
    notice = webhook.wait(10)
    if notice is None:
        raise DemoFailed("no notification reached the webhook", where=webhook.url)
    output.step(f"notified: {_reason(notice)}")
    return number


def _new_run(stage: Stage, before: set[int]) -> int:
    end = clock.monotonic() + _RUN_SECONDS
    while clock.monotonic() < end:
        for one in stage.session.get("/runs?limit=50")["value"]:
            if one["run_id"] not in before:
                return int(one["run_id"])
        clock.sleep(0.1)
    raise DemoFailed("the push started no run", where=str(stage.folder))


def _answered(stage: Stage, number: int) -> bool:
    """Count down while nobody has answered; whether somebody did."""
    is_terminal = sys.stdout.isatty()
    for left in range(COUNTDOWN_SECONDS, 0, -1):
        if is_terminal:
            print(f"\r  the demo approves by itself in {left:2} s ", end="", flush=True)
        for _ in range(4):
            found = stage.session.get(f"/runs/{number}")
            if not any(one["status"] == "pending" for one in found["approvals"]):
                print()
                return True
            clock.sleep(0.25)
    print()
    return False


def _show_predictions(request: Mapping[str, Any], answer: Any, url: str) -> None:  # noqa: ANN401
    flights = request["flights"]
    chances = answer.get("probabilities") if isinstance(answer, dict) else None
    if not isinstance(chances, list) or len(chances) != len(flights):
        raise DemoFailed(f"the endpoint's answer is not one prediction a flight: {answer}",
                         where=url)  # fmt: skip
    output.show_table(
        ("flight", "from", "to", "departs", "arrives late"),
        [
            (
                flight["carrier"],
                flight["origin"],
                flight["dest"],
                _hour(flight["scheduled_departure"]),
                f"{chance:.0%}",
            )
            for flight, chance in zip(flights, chances, strict=True)
        ],
    )


def _hour(hours: float) -> str:
    return f"{int(hours):02}:{round(hours % 1 * 60) % 60:02}"


def _reason(notice: Mapping[str, Any]) -> str:
    return str(notice.get("reason") or notice.get("text") or notice)
