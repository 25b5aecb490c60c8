"""Whole runs with real agents: the official client's day, and a working tree without a push."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.shipway_server import SHIPWAY, ShipwayServer, running

from shipway.azure.entra import users
from shipway.devops import runs

DAY = Path(__file__).with_name("client_day.py")
YAML = """\
trigger: [main]
variables: {who: world}
stages:
- stage: Build
  jobs:
  - job: Unit
    strategy: {matrix: {one: {n: '1'}, two: {n: '2'}}}
    steps:
    - script: echo "$(who) $(n) $(Build.SourceBranch)" > said && cat said
      name: say
    - publish: said
      artifact: said-$(n)
      condition: eq(variables.n, '1')
    - script: exit 3
      displayName: breaks
      continueOnError: true
- stage: Ship
  condition: succeededOrFailed()
  jobs:
  - job: Last
    variables: {x: "$[ stageDependencies.Build.Unit.result ]"}
    steps:
    - script: test -f kept.txt
      displayName: has the file
    - script: exit 1
      displayName: fails
    - script: echo cleaning
      condition: always()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("day")) as made:
        yield made


def test_the_official_client_does_its_days_work(server: ShipwayServer, tmp_path: Path) -> None:
    users.ensure_demo_users(server.store)
    owner = users.owner(server.store)
    done = subprocess.run(
        [*SHIPWAY, "exec", "--", sys.executable, str(DAY), "https://dev.azure.com/shipway",
         server.token(owner.name), owner.object_id],
        env={**server.environment(), "AZURE_DEVOPS_CACHE_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert "good day $(who)" in seen["preview"]
    assert seen["while_waiting"] == "inProgress"
    assert (seen["result"], seen["build_result"]) == ("succeeded", "succeeded")
    assert seen["version"] == seen["commit"]
    assert seen["stages"] == {"Build": "succeeded", "Ship": "succeeded"}
    assert any(line.endswith("good day client") for line in seen["log"])
    assert seen["artifact"] == "good day client\n"


def test_a_working_tree_runs_as_it_does_after_a_push(server: ShipwayServer, tmp_path: Path) -> None:
    project = server.project("ml")
    (project.folder / "kept.txt").write_text("tracked")
    pushed = server.finished(project.push(YAML))
    url = "https://dev.azure.com/shipway/ml/_git/stack"
    server.git(project.folder, "remote", "add", "origin", url)
    (project.folder / "new.txt").write_text("never added")
    copied = tmp_path / "published"
    done = local(
        server, project.folder, "azure-pipelines.yml", "--json", "--artifacts", str(copied)
    )
    found = json.loads(done.stdout)
    assert done.returncode == found["exit_code"] == 1, done.stderr
    assert shape(server, found["run_id"]) == shape(server, pushed.run_id)
    run = runs.get(server.store, found["run_id"])
    assert (run.definition_id, run.source_branch) == (pushed.definition_id, pushed.source_branch)
    assert run.source_version != pushed.source_version
    assert (copied / "said-1" / "said").read_text() == "world 1 refs/heads/main\n"
    (failure,) = found["failures"]
    assert failure["path"] == "Ship › Last › fails"
    assert (failure["file"], failure["line"]) == ("azure-pipelines.yml", 25)
    assert failure["tail"][-1] == "Bash exited with code '1'."


def test_a_tree_that_no_server_knows_runs_with_its_own_choices(
    server: ShipwayServer, tmp_path: Path
) -> None:
    tree = tmp_path / "fresh"
    tree.mkdir()
    (tree / "ci.yml").write_text("""\
stages:
- stage: Build
  jobs:
  - job: A
    steps: [{script: echo never}]
  - job: B
    dependsOn: A
    steps:
    - checkout: self
    - script: echo "got $(word) and $(key)"; ls; test "$(key)" = s3cret-value
- stage: Ship
  jobs: [{job: C, steps: [{task: Marketplace@9}]}]
""")
    done = local(server, tree, "ci.yml", "--job", "B", "--variable", "word=good",
                 "--secret", "key", "--logs", key="s3cret-value")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out: Build.A, Ship" in done.stdout
    assert "Build › B | got good and ***" in done.stdout
    assert "Build › B | ci.yml" in done.stdout
    assert "s3cret-value" not in done.stdout
    whole = local(server, tree, "ci.yml")
    assert whole.returncode == 2
    assert "ci.yml:12:" in whole.stderr


def local(
    server: ShipwayServer, tree: Path, *arguments: str, **env_vars: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SHIPWAY, "pipelines", "run", *arguments], cwd=tree,
        env={**os.environ, "SHIPWAY_HOME": str(server.home), **env_vars},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def shape(server: ShipwayServer, run_id: int) -> list[tuple[Any, ...]]:
    """A timeline without its times and numbers."""
    return sorted(
        (r.kind, r.identifier, r.name, r.result, r.attempt, r.task_name,
         tuple(issue.message for issue in r.issues))
        for r in runs.records_of(server.store, run_id)
    )  # fmt: skip
