"""Cache@2: keys, what is kept when a job succeeds, who reads it."""

import json
from pathlib import Path

import pytest
from tests.unit.agent.tasks import steps
from tests.unit.agent.tasks.steps import listing, run_task, write

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import cache, cache_keys
from shipway.base.errors import BadInput, NotFound

_VECTORS = Path(__file__).parents[5] / "shared" / "vectors"
_is_missing = pytest.mark.skipif(
    not _VECTORS.is_dir(), reason="the folder shared/vectors is not there"
)


@_is_missing
def test_segments_that_mean_files_are_those_of_the_agent() -> None:
    for vector in json.loads((_VECTORS / "cache_key_is_path.json").read_text())["vectors"]:
        assert cache_keys.is_path(vector["segment"]) is vector["is_path"], vector


@_is_missing
def test_files_count_as_the_agent_counts_them() -> None:
    for vector in json.loads((_VECTORS / "cache_key_glob.json").read_text())["vectors"]:
        found = cache_keys.is_match(
            vector["path"], working_directory=vector["working_directory"],
            include=vector["include"], exclude=vector["exclude"],
        )  # fmt: skip
        assert found is vector["match"], vector


def _save(job: JobContext) -> list[str]:
    said: list[str] = []
    for marker in cache.markers(job):
        cache.save(job, marker, said.append)
    return said


def _next(job: JobContext, tmp_path: Path, *, branch: str = "refs/heads/main") -> JobContext:
    made = steps.job_of(tmp_path, job.store, steps.make_run(job.store, branch=branch))
    write(made.directories.sources, {"lock.txt": "1"})
    return made


_INPUTS = {
    "key": '"pip" | Linux | lock.txt', "path": "$(Pipeline.Workspace)/.pip",
    "cacheHitVar": "HIT", "restoreKeys": '"pip" | Linux\n"pip"',
}  # fmt: skip


def test_what_a_run_keeps_the_next_one_has(job: JobContext, tmp_path: Path) -> None:
    write(job.directories.sources, {"lock.txt": "1"})
    _, step = run_task(job, cache.CACHE, _INPUTS)
    assert job.variables.get("HIT") == "false"
    assert "There is a cache miss." in step.logged
    folder = job.directories.workspace / ".pip"
    write(folder, {"a/b.whl": "wheel"})
    (folder / "run").touch(mode=0o755)
    (folder / "link").symlink_to("a/b.whl")
    assert _save(job)[0].startswith("Saved item of")

    again = _next(job, tmp_path)
    run_task(again, cache.CACHE, _INPUTS)
    assert again.variables.get("HIT") == "true"
    restored = again.directories.workspace / ".pip"
    assert listing(restored) == ["a/b.whl", "link", "run"]
    assert (restored / "link").is_symlink()
    assert (restored / "run").stat().st_mode & 0o100
    assert _save(again)[0].endswith("already exists.")

    changed = _next(job, tmp_path)
    write(changed.directories.sources, {"lock.txt": "2"})
    run_task(changed, cache.CACHE, _INPUTS)
    assert changed.variables.get("HIT") == "inexact"
    assert (changed.directories.workspace / ".pip" / "a" / "b.whl").read_text() == "wheel"


def test_a_branch_reads_the_default_branch_and_not_the_other_way(
    job: JobContext, tmp_path: Path
) -> None:
    branch = _next(job, tmp_path, branch="refs/heads/dev")
    write(branch.directories.workspace / ".pip", {"x": "dev"})
    run_task(branch, cache.CACHE, _INPUTS)
    _save(branch)
    main = _next(job, tmp_path)
    run_task(main, cache.CACHE, _INPUTS)
    assert main.variables.get("HIT") == "false"
    write(main.directories.workspace / ".pip", {"x": "main"})
    _save(main)
    other = _next(job, tmp_path, branch="refs/heads/other")
    run_task(other, cache.CACHE, _INPUTS)
    assert (other.directories.workspace / ".pip" / "x").read_text() == "main"


def test_an_agent_that_starts_anew_restores_nothing_over_the_work(job: JobContext) -> None:
    write(job.directories.sources, {"lock.txt": "1"})
    folder = job.directories.workspace / ".pip"
    write(folder, {"x": "old"})
    run_task(job, cache.CACHE, _INPUTS)
    _save(job)
    (folder / "x").write_text("new")
    job.variables.define("HIT", "")
    run_task(job, cache.CACHE, _INPUTS)
    assert job.variables.get("HIT") == "false"
    assert (folder / "x").read_text() == "new"


def test_patterns_in_a_key_hash_what_they_find(job: JobContext) -> None:
    write(job.directories.sources, {"a/x.txt": "1", "b/x.txt": "1", "skip/x.txt": "1"})
    context = cache_keys.KeyContext(
        working_directory=job.directories.sources, workspace=job.directories.workspace,
        log=lambda line: None,
    )  # fmt: skip
    both = cache_keys.resolve(["**/x.txt,!skip/**"], context)
    (job.directories.sources / "skip" / "x.txt").write_text("2")
    assert cache_keys.resolve(["**/x.txt,!skip/**"], context) == both
    (job.directories.sources / "a" / "x.txt").write_text("2")
    assert cache_keys.resolve(["**/x.txt,!skip/**"], context) != both


def test_wrong_keys_and_paths_are_told(job: JobContext) -> None:
    with pytest.raises(BadInput, match=r"`\*\*` is a reserved key segment"):
        run_task(job, cache.CACHE, key="a | **", path="p")
    with pytest.raises(NotFound, match=r"File not found: none\.txt"):
        run_task(job, cache.CACHE, key="none.txt", path="p")
    with pytest.raises(BadInput, match="Input required: path"):
        run_task(job, cache.CACHE, key="a")
    run_task(job, cache.CACHE, key="a", path="nowhere")
    with pytest.raises(NotFound, match="Directory not found: nowhere"):
        _save(job)
