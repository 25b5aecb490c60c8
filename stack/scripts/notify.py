"""Tells a webhook that a run failed: which run, which stage, why, and where to look.

Standard library only: it must work when nothing could be installed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.request

import azdo

LONGEST_REASON = 2000


def failed_stage(records: list[dict]) -> str:
    """The first stage that failed."""
    stages = [r for r in records if r["type"] == "Stage" and r.get("result") == "failed"]
    stages.sort(key=lambda record: record.get("order") or 0)
    return (stages[0].get("identifier") or stages[0]["name"]) if stages else "unknown"


def reason(records: list[dict]) -> str:
    """The errors that failed tasks reported, in the order they came."""
    failed = [
        r for r in records if r["type"] in ("Task", "Job", "Stage") and r.get("result") == "failed"
    ]
    failed.sort(key=lambda record: record.get("finishTime") or "")
    messages: list[str] = []
    for record in failed:
        for issue in record.get("issues") or []:
            if issue.get("type") == "error" and issue["message"] not in messages:
                messages.append(issue["message"])
    return "\n".join(messages)[:LONGEST_REASON] or "no step reported an error; see the run"


def message(run: azdo.Run, records: list[dict], *, pipeline: str, commit: str) -> dict:
    """What is posted; `text` alone is what most chat webhooks show."""
    stage, why = failed_stage(records), reason(records)
    return {
        "text": f"{pipeline} run {run.build_id} failed in {stage}: {why}\n{run.link}",
        "pipeline": pipeline,
        "run": run.build_id,
        "stage": stage,
        "reason": why,
        "link": run.link,
        "commit": commit,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    webhook = os.environ.get("NOTIFY_WEBHOOK", "")
    run = azdo.Run.of_this_step()
    content = message(
        run,
        run.timeline(),
        pipeline=os.environ.get("BUILD_DEFINITIONNAME", ""),
        commit=os.environ.get("BUILD_SOURCEVERSION", ""),
    )
    print(content["text"])
    if not webhook.startswith(("http://", "https://")):
        azdo.error("notifyWebhook is not set in the variable group: nobody was told")
        return 1
    request = urllib.request.Request(  # noqa: S310  http or https, checked above
        webhook,
        data=json.dumps(content).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        print(f"told the webhook: {answer.status}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
