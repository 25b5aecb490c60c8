"""Cache@2: restores folders by a key when it runs, and keeps them when the job has succeeded.

Source: RestorePipelineCacheV0.cs and SavePipelineCacheV0.cs of microsoft/azure-pipelines-agent.
"""

import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from shipway.agent.job_context import JobContext
from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks import cache_keys, paths
from shipway.base.errors import BadInput, NotFound
from shipway.base.home import safe_join
from shipway.devops import caches, definitions
from shipway.devops.caches import CacheEntry, CacheScope

_MARKER = "cache-"
_OLD_FORM = "'key' format is changing to a single line: https://aka.ms/pipeline-caching-docs"


def scopes_of(job: JobContext) -> list[CacheScope]:
    """What a run may read: its own branch, a pull request's target, the default branch."""
    run = job.run
    definition = definitions.find(job.store, run.definition_id)
    target = job.variables.get("System.PullRequest.TargetBranch")
    default = definition.default_branch if definition else ""
    branches = [run.source_branch, target, default]
    return [
        CacheScope(definition_id=run.definition_id, branch=b) for b in dict.fromkeys(branches) if b
    ]


def _context(step: StepRun) -> cache_keys.KeyContext:
    return cache_keys.KeyContext(
        working_directory=Path(step.job.variables.get("System.DefaultWorkingDirectory")),
        workspace=step.job.directories.workspace,
        log=step.log,
    )


def _fingerprint(step: StepRun, text: str) -> tuple[str, ...]:
    salt = step.job.variables.get("AZP_CACHING_SALT")
    made = cache_keys.resolve(cache_keys.segments_of(text, salt=salt), _context(step))
    step.log(f"Resolved to: {'|'.join(made)}")
    return made


def _run(step: StepRun) -> StepResult:
    marker = step.job.directories.control / f"{_MARKER}{step.record_id}.json"
    if marker.exists():  # the agent has started anew; what is on disk stays
        _tell(step, str(json.loads(marker.read_text())["hit"]))
        return "succeeded"
    key, restore_keys = paths.required(step, "key"), paths.lines(step.input("restoreKeys"))
    folders = [s.strip() for s in paths.required(step, "path").split("|") if s.strip()]
    if "\n" in key:
        if restore_keys:
            raise BadInput(_OLD_FORM, code="InvalidCacheKey", where="key")
        step.warning(_OLD_FORM)
    step.log("Resolving key:")
    fingerprint = _fingerprint(step, key)
    entry, hit = _find(step, fingerprint, restore_keys)
    if entry is None:
        step.log("There is a cache miss.")
    else:
        step.log(f"There is a cache hit: `{'|'.join(entry.segments)}`")
        _restore(step, entry)
        step.log("Cache restored.")
    _tell(step, hit)
    kept = {"segments": fingerprint, "folders": folders, "name": step.name, "hit": hit}
    marker.write_text(json.dumps(kept))
    return "succeeded"


def _find(
    step: StepRun, fingerprint: tuple[str, ...], restore_keys: list[str]
) -> tuple[CacheEntry | None, str]:
    store, scopes = step.job.store, scopes_of(step.job)
    found = caches.find(store, scopes=scopes, fingerprint=fingerprint, is_prefix=False)
    if found is not None:
        return found, "true"
    for text in restore_keys:
        step.log("Resolving restore key:")
        wanted = _fingerprint(step, text)
        found = caches.find(store, scopes=scopes, fingerprint=wanted, is_prefix=True)
        if found is not None:
            return found, "true" if found.segments == fingerprint else "inexact"
    return None, "false"


def _tell(step: StepRun, hit: str) -> None:
    name = step.input("cacheHitVar")
    if name:
        step.job.variables.assign(name, hit)


def _restore(step: StepRun, entry: CacheEntry) -> None:
    root = step.job.directories.root
    targets = [root / place for place in entry.places]
    for target in targets:
        paths.check_removable(step, target)
    try:
        with tarfile.open(step.job.store.files.path(entry.digest)) as opened:
            for member in opened:
                number, _, name = member.name.partition("/")
                target = targets[int(number)]
                target.mkdir(parents=True, exist_ok=True)
                if name:
                    safe_join(target, name)
                    moved = member.replace(name=name, deep=False)
                    if moved.islnk():
                        moved = moved.replace(linkname=moved.linkname.partition("/")[2])
                    opened.extract(moved, target, filter="tar")
    except (OSError, tarfile.TarError, ValueError, IndexError) as error:
        raise BadInput(f"the cache cannot be restored: {error}", code="CacheBroken") from None


def markers(job: JobContext) -> list[Path]:
    """One file for each Cache step that ran in the job, the last one first."""
    if not job.directories.control.is_dir():
        return []
    found = job.directories.control.glob(f"{_MARKER}*.json")
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def save(job: JobContext, marker: Path, log: Callable[[str], None]) -> None:
    """Keep the folders of one Cache step. Raises `NotFound` when one is not there."""
    kept = json.loads(marker.read_text())
    scope, fingerprint = scopes_of(job)[0], tuple(kept["segments"])
    store, shown = job.store, "|".join(fingerprint)
    if kept["hit"] == "true" or caches.find(
        store, scopes=[scope], fingerprint=fingerprint, is_prefix=False
    ):
        log(f"Cache with fingerprint `{shown}` already exists.")
        return
    folders = _folders(job, kept["folders"])
    archive = job.directories.temporary / f"{marker.stem}.tar"
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as made:
        for number, folder in enumerate(folders):
            made.add(folder, arcname=str(number))
    stored = store.files.put_file(archive)
    archive.unlink()
    root = job.directories.root
    places = [str(f.relative_to(root) if f.is_relative_to(root) else f) for f in folders]
    caches.save(
        store, scope=scope, fingerprint=fingerprint, places=places,
        digest=stored.digest, size=stored.size,
    )  # fmt: skip
    log(f"Saved item of {stored.size} bytes under `{shown}`.")


def _folders(job: JobContext, given: Sequence[str]) -> list[Path]:
    here = Path(job.variables.get("System.DefaultWorkingDirectory"))
    found: dict[Path, None] = {}
    for text in given:
        include, exclude = cache_keys.rules_of(text)
        chosen = cache_keys.folders_of(include, exclude, here)
        if not chosen:
            raise NotFound(f"Directory not found: {text}", code="CachePathMissing", where="path")
        found.update(dict.fromkeys(chosen))
    return list(found)


CACHE = Task(name="Cache", version=2, run=_run)
