"""A job's states as they change, one JSON line each, until it has ended.

A stream is a task of the server's loop that looks whether anything was committed, which costs
microseconds, and reads rows in a thread only then; no thread waits with it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from shipway.base import clock
from shipway.ml import jobs
from shipway.ml.jobs import MLJob
from shipway.store.store import Store
from shipway.wire.http import Request, Response
from shipway.wire.owner.jobs import find_asked

_LOOK_SECONDS = 0.01
_CHILDREN_SECONDS = 0.15
_ALIVE_SECONDS = 15.0


def follow(store: Store, request: Request) -> Response:
    """`GET /api/v1/jobs/{name}/states`: `{"status", "error", "children": [...]}` a line.

    `children` holds those whose state is another than in the line before. An empty line now and
    then says that the server is there.
    """
    job = find_asked(store, request)
    return Response(
        headers=(("Content-Type", "application/x-ndjson"), ("Cache-Control", "no-store")),
        body=_lines(store, job),
    )


async def _lines(store: Store, first: MLJob) -> AsyncIterator[bytes]:
    job, told, version = first, "", -1
    known: dict[str, str] = {}
    read_at = children_at = spoke_at = 0.0
    while True:
        now = clock.monotonic()
        newest = _version(store)
        if newest != version or now - read_at > 1.0:
            version, read_at = newest, now
            job = await asyncio.to_thread(_job, store, first)
        children: list[dict[str, Any]] = []
        if job.job_type == "Pipeline" and (
            job.is_terminal or now - children_at > _CHILDREN_SECONDS
        ):
            children = await asyncio.to_thread(_children, store, job, known)
            children_at = clock.monotonic()
        if children or job.status != told:
            told, spoke_at = job.status, now
            line = {"status": told, "error": dict(job.error) or None, "children": children}
            yield json.dumps(line, separators=(",", ":")).encode() + b"\n"
        elif now - spoke_at > _ALIVE_SECONDS:
            spoke_at = now
            yield b"\n"
        if job.is_terminal:
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _job(store: Store, job: MLJob) -> MLJob:
    return jobs.get(store, workspace=job.workspace, name=job.name)


def _children(store: Store, job: MLJob, known: dict[str, str]) -> list[dict[str, Any]]:
    changed = []
    for child in jobs.children(store, workspace=job.workspace, name=job.name):
        if known.get(child.node) != child.status:
            known[child.node] = child.status
            changed.append(
                {
                    "node": child.node, "name": child.name, "status": child.status,
                    "reused": child.is_reused, "startedAt": child.started_at or None,
                    "endedAt": child.ended_at or None, "error": dict(child.error) or None,
                }
            )  # fmt: skip
    return changed


def _version(store: Store) -> int:
    """Changes with every commit of another connection; reads no row."""
    return int(store.database.read().execute("PRAGMA data_version").fetchone()[0])
