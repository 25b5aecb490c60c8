"""kill -9 of the process that accepts a push, at its worst moments: no push is lost or doubled."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.devops_door import commit, git, new_store

from shipway.devops import definitions, projects, repositories, runs
from shipway.loop import push
from shipway.store.store import Store

pytestmark = pytest.mark.git
YAML = "trigger: [main]\nsteps:\n- script: echo\n"
# the child does what the server does for a push, and dies by SIGKILL at the moment named
CHILD = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from shipway.azure.entra.principals import Principal
    from shipway.base import process
    from shipway.base.clock import SystemClock
    from shipway.base.home import Home
    from shipway.devops import pushes, repositories
    from shipway.loop import push
    from shipway.store.store import open_store

    home, clone, moment = sys.argv[1:]
    store = open_store(Home(Path(home)), SystemClock())
    repository = repositories.list_of(store)[0]

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    with push.one_at_a_time(store, repository) as lock:
        who = Principal(kind="User", object_id="1", name="dana", tenant_id="t")
        push.begin(store, repository, who)
        bare = str(repositories.path_of(store, repository))
        delay = "sleep 0.4; " if moment == "while git works" else ""
        child = process.spawn(["sh", "-c", f"{delay}git -C {clone} push -q {bare} main"],
                              env_vars=repositories.env_for_git(), pass_fds=(lock,))
        if moment == "while git works":
            die()
        child.wait()
        if moment == "after git":
            die()
        if moment == "in the transaction":
            pushes.forget_intent = die
            store.journal.append = die
        push.accept(store, repository)
        if moment == "after the commit":
            die()
    """
)


@pytest.mark.parametrize(
    "moment", ["while git works", "after git", "in the transaction", "after the commit"]
)
def test_a_push_survives_the_server(tmp_path: Path, moment: str) -> None:
    store: Store = new_store(tmp_path)
    project = projects.create(store, name="p")
    repository = repositories.create(store, project_id=project.project_id, name="r")
    definitions.create(
        store, project_id=project.project_id, name="ml", repository_id=repository.repository_id
    )
    clone = tmp_path / "clone"
    clone.mkdir()
    git("init", "-q", "-b", "main", cwd=clone)
    version = commit(clone, "azure-pipelines.yml", YAML)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(store.home.root), str(clone), moment],
        check=False, timeout=60, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    push.reconcile(store)
    push.reconcile(store)
    found = runs.list_of(store)
    assert [(r.source_version, r.requested_for.name) for r in found] == [(version, "dana")]
    store.database.close()
