"""kill -9 of the process that completes a pull request: it is completed once, or not at all."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.devops_door import commit, git, new_store

from shipway.devops import definitions, projects, pull_requests, pushes, repositories, runs
from shipway.devops.runs import Requester
from shipway.loop import pull_request, pull_request_completion, push
from shipway.loop.pull_request import Draft

pytestmark = pytest.mark.git
YAML = "trigger: [main]\nsteps:\n- script: echo\n"
MAIN, TOPIC = "refs/heads/main", "refs/heads/topic"
DANA = Requester(object_id="1", name="dana")
# the child completes the pull request as the server does, and dies by SIGKILL at the moment named
CHILD = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from shipway.base.clock import SystemClock
    from shipway.base.home import Home
    from shipway.devops import pushes
    from shipway.devops.pull_requests import CompletionOptions
    from shipway.devops.runs import Requester
    from shipway.loop import pull_request_completion, pull_request_refresh, push
    from shipway.store.store import open_store

    home, moment = sys.argv[1:]
    store = open_store(Home(Path(home)), SystemClock())

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    if moment == "before the move":
        push.move_together = die
    if moment == "after the move":
        push.accept = die
    if moment == "in the transaction":
        pull_request_refresh.say = die
    if moment == "after the commit":
        pushes.forget_intent = die
    pull_request_completion.complete(
        store, 1, by=Requester(object_id="1", name="dana"),
        options=CompletionOptions(delete_source_branch=True),
    )
    """
)


@pytest.mark.parametrize(
    ("moment", "is_done"),
    [
        ("before the move", False), ("after the move", True), ("in the transaction", True),
        ("after the commit", True),
    ],
)  # fmt: skip
def test_a_completion_survives_the_server(tmp_path: Path, moment: str, is_done: bool) -> None:
    store = new_store(tmp_path)
    project = projects.create(store, name="p")
    repository = repositories.create(store, project_id=project.project_id, name="r")
    definitions.create(
        store, project_id=project.project_id, name="ml", repository_id=repository.repository_id
    )
    clone = tmp_path / "clone"
    clone.mkdir()
    git("init", "-q", "-b", "main", cwd=clone)
    bare = str(repositories.path_of(store, repository))
    target = commit(clone, "azure-pipelines.yml", YAML)
    git("push", "-q", bare, "main", cwd=clone)
    source = commit(clone, "b.txt", "b")
    git("push", "-q", bare, "main:topic", cwd=clone)
    push.reconcile(store)
    asked = Draft(title="t", source_ref=TOPIC, target_ref=MAIN)
    pull_request.create(store, repository, asked, DANA)
    before = len(runs.list_of(store))

    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(store.home.root), moment], check=False, timeout=60,
        env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    push.reconcile(store)
    push.reconcile(store)

    one = pull_requests.get(store, 1)
    refs = repositories.refs_of(store, repository, "refs/heads/")
    assert refs == {r: c for r, c in pushes.known_refs(store, repository).items() if r in refs}
    if not is_done:
        assert (one.status, refs) == ("active", {MAIN: target, TOPIC: source})
        assert len(runs.list_of(store)) == before
        one = pull_request_completion.complete(store, 1, by=DANA)
        refs = repositories.refs_of(store, repository, "refs/heads/")
    else:
        assert list(refs) == [MAIN]
    assert (one.status, one.closed_by, one.merge.commit) == ("completed", DANA, refs[MAIN])
    merge = repositories.commit(store, repository, refs[MAIN])
    assert merge is not None
    assert merge.parents == (target, source)
    (run,) = runs.list_of(store)[: len(runs.list_of(store)) - before]
    assert (run.source_version, run.requested_for) == (refs[MAIN], DANA)
    store.database.close()
