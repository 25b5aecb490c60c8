"""Pushes with real git: what arrives, what starts, what is refused."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.devops_door import Door, commit, git, open_door

from shipway.azure.entra import personal_access_tokens
from shipway.base import process
from shipway.base.messages import Event
from shipway.devops import definitions, members, projects, pushes, repositories, runs
from shipway.devops.definitions import PipelineDefinition, TriggerOverride
from shipway.devops.repositories import ZERO, Repository
from shipway.devops.runs import Run
from shipway.loop import pipeline_schedule, push, push_batch
from shipway.loop import timer as timers

pytestmark = pytest.mark.git
YAML = "trigger:\n  branches:\n    include: [main]\nsteps:\n- script: echo hello\n"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as running:
        yield running


@pytest.fixture
def repository(door: Door) -> Repository:
    project = projects.create(door.store, name="Flight Delays")
    return repositories.create(door.store, project_id=project.project_id, name="flights")


@pytest.fixture
def definition(door: Door, repository: Repository) -> PipelineDefinition:
    return definitions.create(
        door.store, project_id=repository.project_id, name="ml",
        repository_id=repository.repository_id,
    )  # fmt: skip


@pytest.fixture
def clone(door: Door, repository: Repository, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    folder.mkdir()
    git("init", "-q", "-b", "main", cwd=folder)
    git("remote", "add", "origin", door.git_url("Flight%20Delays/_git/flights"), cwd=folder)
    return folder


REPOSITORY = "Flight%20Delays/_git/flights"


def fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


def queued(door: Door) -> list[Run]:
    return list(reversed(runs.list_of(door.store)))


def test_a_push_that_matches_queues_a_run_of_that_commit(
    door: Door, definition: PipelineDefinition, clone: Path
) -> None:
    version = commit(clone, "azure-pipelines.yml", YAML)
    said = git("push", "-q", "origin", "main", cwd=clone)
    (run,) = queued(door)
    assert (run.source_version, run.source_branch) == (version, "refs/heads/main")
    assert (run.reason, run.requested_for.name) == ("individualCI", "owner")
    assert run.definition_id == definition.definition_id
    assert [e.kind for e in door.store.journal.of("run/1")] == ["RunQueued"]
    assert "run 1 of 'ml' is queued" in said
    assert (run.state, run.run_name.endswith(".1")) == ("pending", True)


def test_a_branch_outside_the_filter_starts_nothing(
    door: Door, definition: PipelineDefinition, clone: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", "origin", "main:topic", cwd=clone)
    assert queued(door) == []


def test_a_definition_s_own_branch_filter_takes_the_place_of_the_file_s(
    door: Door, repository: Repository, clone: Path
) -> None:
    for branch in ("main", "develop"):
        definitions.create(
            door.store, project_id=repository.project_id, name=f"ml-{branch}",
            repository_id=repository.repository_id,
            trigger_override=TriggerOverride(branch_filters=(f"+refs/heads/{branch}",)),
        )  # fmt: skip
    commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", "origin", "main:develop", cwd=clone)
    assert [r.definition_name for r in queued(door)] == ["ml-develop"]
    git("push", "-q", "origin", "main", cwd=clone)
    assert [r.definition_name for r in queued(door)] == ["ml-develop", "ml-main"]


def test_paths_are_judged_by_what_the_push_changed(
    door: Door, definition: PipelineDefinition, clone: Path
) -> None:
    with_paths = "trigger:\n  branches: {include: ['*']}\n  paths: {include: [src]}\n"
    commit(clone, "azure-pipelines.yml", with_paths + "steps:\n- script: echo\n")
    git("push", "-q", "origin", "main", cwd=clone)
    assert queued(door) == []
    version = commit(clone, "src/train.py", "pass")
    commit(clone, "docs/a.md", "text")
    git("push", "-q", "origin", "main", cwd=clone)
    assert len(queued(door)) == 1
    commit(clone, "docs/b.md", "text")
    git("push", "-q", "origin", "main", cwd=clone)
    assert len(queued(door)) == 1
    git("push", "-q", "origin", f"{version}:refs/heads/topic", cwd=clone)
    assert len(queued(door)) == 1, "a new branch brings only what it has beyond the default one"


def test_a_commit_that_says_skip_ci_starts_nothing(
    door: Door, definition: PipelineDefinition, clone: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML, "first [skip ci]")
    git("push", "-q", "origin", "main", cwd=clone)
    assert queued(door) == []
    commit(clone, "a.txt", "a", "second")
    git("push", "-q", "origin", "main", cwd=clone)
    assert len(queued(door)) == 1, "only commits of this push are asked"


def test_a_file_that_cannot_be_read_still_queues_the_run_that_shows_it(
    door: Door, definition: PipelineDefinition, clone: Path
) -> None:
    commit(clone, "azure-pipelines.yml", "steps: [\n")
    git("push", "-q", "origin", "main", cwd=clone)
    assert len(queued(door)) == 1


def test_deleting_a_branch_starts_nothing_and_is_written_down(
    door: Door, repository: Repository, definition: PipelineDefinition, clone: Path
) -> None:
    version = commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", "origin", "main", "main:topic", cwd=clone)
    assert len(queued(door)) == 1
    git("push", "-q", "origin", ":topic", cwd=clone)
    assert len(queued(door)) == 1
    last = pushes.list_of(door.store, repository)[0]
    assert [(m.ref, m.old, m.new) for m in last.moves] == [("refs/heads/topic", version, ZERO)]
    assert pushes.known_refs(door.store, repository) == {"refs/heads/main": version}


def test_a_forced_push_runs_the_commit_that_the_branch_has_now(
    door: Door, definition: PipelineDefinition, clone: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML)
    commit(clone, "a.txt", "a")
    git("push", "-q", "origin", "main", cwd=clone)
    git("reset", "-q", "--hard", "HEAD~1", cwd=clone)
    version = commit(clone, "b.txt", "b")
    said = git("push", "-q", "origin", "main", cwd=clone, accept=(1,))
    assert "rejected" in said
    assert len(queued(door)) == 1
    git("push", "-q", "--force", "origin", "main", cwd=clone)
    assert [r.source_version for r in queued(door)][1] == version


def test_two_pushes_at_once_are_both_accepted_with_their_own_names(
    door: Door, repository: Repository, definition: PipelineDefinition, clone: Path, tmp_path: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML.replace("[main]", "['*']"))
    git("push", "-q", "origin", "main", cwd=clone)
    said: dict[str, str] = {}

    def push_branch(name: str, token: str) -> None:
        folder = tmp_path / name
        git("clone", "-q", door.git_url(REPOSITORY, token), name, cwd=tmp_path)
        commit(folder, f"{name}.txt", name)
        said[name] = git("push", "origin", f"HEAD:{name}", cwd=folder)

    threads = [
        threading.Thread(target=push_branch, args=pair)
        for pair in (("one", door.owner_token), ("two", door.user_token))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("new branch" in text for text in said.values())
    started = {r.source_branch: r.requested_for.name for r in queued(door)[1:]}
    assert started == {"refs/heads/one": "owner", "refs/heads/two": "dana"}
    assert len(pushes.list_of(door.store, repository)) == 3


def test_the_same_push_by_two_at_once_is_won_by_one(
    door: Door, definition: PipelineDefinition, clone: Path, tmp_path: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", "origin", "main", cwd=clone)
    codes: list[str] = []

    def push_main(name: str) -> None:
        codes.append(git("push", "origin", "HEAD:main", cwd=tmp_path / name, accept=(0, 1)))

    for name in ("one", "two"):
        git("clone", "-q", door.git_url(REPOSITORY), name, cwd=tmp_path)
        commit(tmp_path / name, f"{name}.txt", name)
    threads = [threading.Thread(target=push_main, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(queued(door)) == 2
    assert sum("rejected" in said for said in codes) == 1


def test_a_push_that_outlived_the_server_is_taken_over_at_start(
    door: Door, repository: Repository, definition: PipelineDefinition, clone: Path
) -> None:
    version = commit(clone, "azure-pipelines.yml", YAML)
    push.begin(door.store, repository, door.user)
    bare = repositories.path_of(door.store, repository)
    git("push", "-q", str(bare), "main", cwd=clone)  # git's part alone, as if killed after it
    assert queued(door) == []
    assert push.reconcile(door.store) == 1
    (run,) = queued(door)
    assert (run.source_version, run.requested_for.name) == (version, "dana")
    assert push.reconcile(door.store) == 0
    assert len(queued(door)) == 1


def test_git_that_outlives_its_server_keeps_the_lock_until_it_has_ended(
    door: Door, repository: Repository, clone: Path, tmp_path: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML)
    bare = repositories.path_of(door.store, repository)
    script = f"sleep 0.5; git -C {clone} push -q {bare} main"
    with push.one_at_a_time(door.store, repository) as lock:
        child = process.spawn(["sh", "-c", script], env_vars=repositories.env_for_git(),
                              pass_fds=(lock,))  # fmt: skip
    try:
        assert push.reconcile(door.store) == 1, "it waited for the orphan and saw its refs"
    finally:
        child.wait()


def test_a_wrong_token_is_asked_for_once(door: Door, repository: Repository, clone: Path) -> None:
    commit(clone, "azure-pipelines.yml", YAML)
    asked = clone.parent / "asked"
    helper = clone.parent / "ask.sh"
    helper.write_text(f'#!/bin/sh\necho "$1" >> {asked}\necho wrong\n')
    helper.chmod(0o700)
    said = git(
        "push", f"{door.url}/{REPOSITORY}", "main", cwd=clone, accept=(128,),
        GIT_ASKPASS=str(helper),
    )  # fmt: skip
    assert "Authentication failed" in said
    assert [line.split()[0] for line in asked.read_text().splitlines()] == ["Username", "Password"]
    assert [status for status, _ in door.seen] == [401, 401]


def test_a_push_to_an_unknown_repository_says_which_there_are(
    door: Door, repository: Repository, clone: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML)
    said = git("push", door.git_url(f"{REPOSITORY}x"), "main", cwd=clone, accept=(128,))
    assert "TF401019" in said
    assert "flightsx" in said
    assert "Repositories of this project: flights" in said
    said = git("push", door.git_url("Nowhere/_git/flights"), "main", cwd=clone, accept=(128,))
    assert "does not exist: Nowhere" in said


def test_a_job_s_token_clones_its_own_project_and_pushes_nothing(
    door: Door, definition: PipelineDefinition, clone: Path, tmp_path: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", "origin", "main", cwd=clone)
    token = personal_access_tokens.issue_job_token(door.store, run_id=queued(door)[0].run_id)
    bearer = f"http.extraheader=AUTHORIZATION: bearer {token}"
    git("-c", bearer, "clone", "-q", f"{door.url}/{REPOSITORY}", "job", cwd=tmp_path)
    said = git("-c", bearer, "push", "origin", "HEAD:other", cwd=tmp_path / "job", accept=(128,))
    assert "GenericContribute" in said
    other = projects.create(door.store, name="other")
    repositories.create(door.store, project_id=other.project_id, name="other")
    said = git("-c", bearer, "clone", f"{door.url}/other/_git/other", cwd=tmp_path, accept=(128,))
    assert "limited to its own project" in said


def test_a_job_s_token_ends_with_its_run(
    door: Door, definition: PipelineDefinition, clone: Path, tmp_path: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", "origin", "main", cwd=clone)
    run_id = queued(door)[0].run_id
    token = personal_access_tokens.issue_job_token(door.store, run_id=run_id)
    bearer = f"http.extraheader=AUTHORIZATION: bearer {token}"
    git("-c", bearer, "clone", "-q", f"{door.url}/{REPOSITORY}", "during", cwd=tmp_path)
    runs.set_run(door.store, run_id, state="completed", result="succeeded")
    said = git(
        "-c", bearer, "clone", f"{door.url}/{REPOSITORY}", "after", cwd=tmp_path, accept=(128,)
    )
    assert "could not read Username" in said  # a 401: git asks for another credential
    assert [status for status, _ in door.seen][-1] == 401


def test_a_reader_clones_and_pushes_nothing(
    door: Door, definition: PipelineDefinition, clone: Path, tmp_path: Path
) -> None:
    commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", "origin", "main", cwd=clone)
    members.add(door.store, object_id=door.user.object_id, role="Reader")
    before = len(queued(door))
    git("clone", "-q", door.git_url(REPOSITORY, door.user_token), "read", cwd=tmp_path)
    said = git("push", "origin", "HEAD:other", cwd=tmp_path / "read", accept=(128,))
    assert "GenericContribute" in said
    assert len(queued(door)) == before


def test_shallow_and_partial_clones_and_the_short_address_work(
    door: Door, repository: Repository, clone: Path, tmp_path: Path
) -> None:
    for n in range(4):
        commit(clone, "a.txt", str(n))
    git("push", "-q", "origin", "main", cwd=clone)
    git("clone", "-q", "--depth=1", door.git_url(REPOSITORY), "shallow", cwd=tmp_path)
    assert git("rev-list", "--count", "HEAD", cwd=tmp_path / "shallow").strip() == "1"
    git("fetch", "-q", "--unshallow", cwd=tmp_path / "shallow")
    assert git("rev-list", "--count", "HEAD", cwd=tmp_path / "shallow").strip() == "4"
    git("clone", "-q", "--filter=blob:none", door.git_url(REPOSITORY), "partial", cwd=tmp_path)
    assert (tmp_path / "partial" / "a.txt").read_text() == "3"
    same = projects.create(door.store, name="same")
    repositories.create(door.store, project_id=same.project_id, name="same")
    git("clone", "-q", door.git_url("_git/same"), "short", cwd=tmp_path)


def test_a_fetch_with_a_packed_body_is_understood(
    door: Door, repository: Repository, clone: Path, tmp_path: Path
) -> None:
    for n in range(60):
        commit(clone, "a.txt", str(n))
        git("branch", f"b{n}", cwd=clone)
    git("push", "-q", "origin", "--all", cwd=clone)
    git("clone", "-q", door.git_url(REPOSITORY), "many", cwd=tmp_path)
    assert any(path.endswith("git-upload-pack") for path in door.packed)
    assert len(git("branch", "-r", cwd=tmp_path / "many").splitlines()) == 62


def test_batched_pushes_wait_for_the_run_and_start_one_together(
    door: Door, definition: PipelineDefinition, clone: Path
) -> None:
    batch = "trigger:\n  batch: true\n  branches: {include: [main]}\nsteps:\n- script: echo\n"
    commit(clone, "azure-pipelines.yml", batch)
    git("push", "-q", "origin", "main", cwd=clone)
    version = ""
    for name in ("a", "b"):
        version = commit(clone, name, name)
        git("push", "-q", "origin", "main", cwd=clone)
    (first,) = queued(door)
    assert first.reason == "batchedCI"
    runs.set_run(door.store, first.run_id, state="completed", result="succeeded")
    ended = Event(kind="RunCompleted", subject="run/1", at=door.store.clock.now())
    push_batch.release(door.store, ended)
    push_batch.release(door.store, ended)
    assert [r.source_version for r in queued(door)][1:] == [version]


def test_a_schedule_of_the_file_is_armed_by_the_push_and_fires_for_what_is_new(
    door: Door, definition: PipelineDefinition, clone: Path
) -> None:
    store = door.store
    cron = "trigger: none\nschedules:\n- cron: '0 * * * *'\n  displayName: hourly\n" \
        "  branches: {include: [main]}\nsteps:\n- script: echo\n"  # fmt: skip
    version = commit(clone, "azure-pipelines.yml", cron)
    git("push", "-q", "origin", "main", "main:topic", cwd=clone)
    assert queued(door) == []
    timer = store.timers.find("pipeline-schedule/1/refs/heads/main/0")
    assert timer is not None
    assert (timer.due.minute, timer.kind) == (0, pipeline_schedule.TIMER)
    assert store.timers.find("pipeline-schedule/1/refs/heads/topic/0") is None
    timers.fire(store, timer)
    (run,) = queued(door)
    assert (run.reason, run.source_version) == ("schedule", version)
    runs.set_run(store, run.run_id, state="completed", result="succeeded")
    again = store.timers.find(timer.name)
    assert again is not None
    timers.fire(store, again)
    assert len(queued(door)) == 1, "nothing new, and not `always`"
    commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", "origin", "main", cwd=clone)
    assert store.timers.find(timer.name) is None


@pytest.mark.slow
def test_a_push_of_200_megabytes_arrives_whole(
    door: Door, definition: PipelineDefinition, clone: Path, tmp_path: Path
) -> None:
    block = random.Random(1).randbytes(1 << 20)
    with (clone / "big.bin").open("wb") as file:
        for n in range(200):
            file.write(n.to_bytes(4) + block[4:])
    for name, value in {"core.compression": "0", "core.bigFileThreshold": "1m"}.items():
        git("config", name, value, cwd=clone)
    commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", "origin", "main", cwd=clone)
    assert len(queued(door)) == 1
    git("clone", "-q", door.git_url(REPOSITORY), "back", cwd=tmp_path)
    assert (tmp_path / "back" / "big.bin").stat().st_size == 200 << 20
    assert not list(door.store.home.temporary.iterdir()), "no body is left behind"
