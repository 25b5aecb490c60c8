"""What a pipeline step asks of Azure DevOps, with the token of its own run.

The token is System.AccessToken, which a step has only where its `env:` names it.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

API_VERSION = "7.1"


class AzureDevOpsError(Exception):
    """Azure DevOps did not answer as needed, or this is no pipeline step."""


@dataclass(frozen=True)
class Approval:
    """A decision on a stage's approval: approved, rejected, timedOut, pending..."""

    approval_id: str
    status: str
    decided_by: str
    decided_on: str
    comment: str


@dataclass(frozen=True)
class Run:
    """The pipeline run that this step belongs to."""

    collection: str
    project: str
    build_id: str
    token: str

    @classmethod
    def of_this_step(cls) -> Run:
        """Read from the variables that the agent sets."""
        try:
            return cls(
                collection=os.environ["SYSTEM_COLLECTIONURI"].rstrip("/"),
                project=os.environ["SYSTEM_TEAMPROJECTID"],
                build_id=os.environ["BUILD_BUILDID"],
                token=os.environ["SYSTEM_ACCESSTOKEN"],
            )
        except KeyError as error:
            raise AzureDevOpsError(
                f"{error.args[0]} is not set: this runs in a pipeline step whose `env:` maps "
                "SYSTEM_ACCESSTOKEN: $(System.AccessToken)"
            ) from error

    @property
    def link(self) -> str:
        """Where a person finds this run."""
        return f"{self.collection}/{self.project}/_build/results?buildId={self.build_id}"

    def build(self, build_id: str | None = None) -> dict:
        """This run, or another one of the same project."""
        return self._get(f"build/builds/{build_id or self.build_id}")

    def timeline(self) -> list[dict]:
        """The records of this run: stages, jobs, tasks, checkpoints."""
        return self._get(f"build/builds/{self.build_id}/timeline").get("records") or []

    def approvals(self, stage: str) -> list[Approval]:
        """The approvals that a stage of this run was asked for.

        They hang below the stage's checkpoint in the timeline; the record's id is the approval's.
        """
        records = self.timeline()
        stages = {r["id"] for r in records if r["type"] == "Stage" and stage in _names(r)}
        checkpoints = {
            r["id"] for r in records if r["type"] == "Checkpoint" and r["parentId"] in stages
        }
        wanted = [
            r["id"]
            for r in records
            if r["type"] == "Checkpoint.Approval" and r["parentId"] in checkpoints
        ]
        return [self._approval(approval_id) for approval_id in wanted]

    def _approval(self, approval_id: str) -> Approval:
        found = self._get(f"pipelines/approvals/{approval_id}", "&$expand=steps")
        decided = [step for step in found.get("steps") or [] if step.get("actualApprover")]
        return Approval(
            approval_id=approval_id,
            status=found["status"],
            decided_by=", ".join(_person(step["actualApprover"]) for step in decided),
            decided_on=max(
                (step.get("lastModifiedOn") or "" for step in decided),
                default=found.get("lastModifiedOn") or "",
            ),
            comment="; ".join(step["comment"] for step in decided if step.get("comment")),
        )

    def _get(self, path: str, query: str = "") -> dict:
        request = urllib.request.Request(  # noqa: S310  the address is the run's own server
            f"{self.collection}/{self.project}/_apis/{path}?api-version={API_VERSION}{query}",
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            detail = error.read().decode(errors="replace")[:500]
            raise AzureDevOpsError(f"GET {path}: {error.code} {detail}") from error


def output(name: str, value: str) -> None:
    """Hands a value on to later steps, jobs and stages."""
    print(f"##vso[task.setvariable variable={name};isOutput=true]{value}")


def reported(main: Callable[[], int], *known: type[Exception]) -> int:
    """Runs a script; an error of a known kind becomes one line on the run instead of a trace."""
    try:
        return main()
    except (AzureDevOpsError, *known) as problem:
        error(" ".join(str(problem).split()))
        return 1


def error(message: str) -> None:
    """Shows a message as an error of this step."""
    print(f"##vso[task.logissue type=error]{message}", flush=True)


def _names(record: dict) -> set[str]:
    return {record.get("name") or "", record.get("identifier") or "", record.get("refName") or ""}


def _person(identity: dict) -> str:
    return identity.get("uniqueName") or identity.get("displayName") or identity.get("id") or ""
