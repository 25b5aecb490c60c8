"""A GitHub repository that is mapped to a folder: a commit there is built, through the mirror."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.devops_door import commit, git
from tests.shipway_server import SHIPWAY, running, wait_for

from shipway.azure.entra import users
from shipway.devops import definitions, github_mirrors, projects, runs
from shipway.devops.definitions import GithubRepository

pytestmark = pytest.mark.git
NAME = "contoso/flights"
YAML = """\
trigger: [main]
pr: none
steps:
- script: |
    echo "provider $(Build.Repository.Provider) of $(Build.Repository.Name)"
    echo "uri $(Build.Repository.Uri)"
    git remote get-url origin
    cat words.txt
"""


def test_a_commit_in_the_folder_is_built_from_the_mirror_without_a_word_of_ours(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    git("init", "-q", "-b", "main", cwd=source)
    commit(source, "azure-pipelines.yml", YAML)
    with running(tmp_path) as server:
        users.ensure_demo_users(server.store)
        project = projects.create(server.store, name="ml")
        definitions.create(
            server.store, project_id=project.project_id, name="ml",
            repository_id=github_mirrors.repository_id(NAME),
            github=GithubRepository(name=NAME),
        )  # fmt: skip
        (unmapped,) = json.loads(server.command("repos", "list", "--json").stdout)
        assert f"shipway repos map {NAME}" in unmapped["error"]
        wrong = server.command("repos", "sync", NAME, check=False)
        assert (wrong.returncode, "shipway repos map" in wrong.stderr) == (1, True)
        told = server.command("repos", "map", NAME, str(source)).stdout
        assert github_mirrors.push_url(NAME) in told
        version = commit(source, "words.txt", "from the mirror\n")
        # nobody says a word: the folder is watched
        run = wait_for(lambda: next(iter(runs.list_of(server.store)), None), seconds=60)
        assert (run.source_version, run.reason) == (version, "individualCI")
        done = server.finished(run.run_id, seconds=120)
        log = server.command("logs", str(run.run_id)).stdout
        assert done.result == "succeeded", log
        assert f"provider GitHub of {NAME}" in log
        assert f"uri https://github.com/{NAME}" in log
        assert github_mirrors.push_url(NAME) in log, "github.com is not asked"
        assert "from the mirror" in log
        _push_through_the_front_door(server.environment(), source)
        wait_for(lambda: runs.list_of(server.store)[0] if len(runs.list_of(server.store)) > 1
                 else None)  # fmt: skip
        server.command("repos", "unmap", NAME)
        assert github_mirrors.list_all(server.store) == []


def _push_through_the_front_door(environment: dict[str, str], source: Path) -> None:
    """A push to the mirror's own URL, as a person with the front door's variables."""
    git("checkout", "-q", "-b", "other", cwd=source)
    commit(source, "words.txt", "pushed to the mirror\n")
    subprocess.run(
        [*SHIPWAY, "exec", "--", "git", "push", "-q", github_mirrors.push_url(NAME), "other:main"],
        cwd=source, env=environment, check=True, timeout=60,
    )  # fmt: skip
