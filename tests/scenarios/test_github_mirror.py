"""A GitHub repository that is mapped to a folder: a commit there is built, through the mirror."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.devops_door import commit, git
from tests.shipway_server import SHIPWAY, ShipwayServer, running, wait_for
from tests.support.needs_terraform import needs_terraform

from shipway.azure.entra import users
from shipway.devops import definitions, github_mirrors, projects, runs
from shipway.devops.definitions import GithubRepository
from shipway.devops.runs import Run

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


TERRAFORM = """\
terraform {
  required_providers {
    azuredevops = {
      source  = "microsoft/azuredevops"
      version = "~> 1.0"
    }
  }
}

provider "azuredevops" {}

resource "azuredevops_project" "this" {
  name = "terraform"
}

resource "azuredevops_serviceendpoint_github" "this" {
  project_id            = azuredevops_project.this.id
  service_endpoint_name = "github"

  auth_personal {
    personal_access_token = "nothing"
  }
}

resource "azuredevops_build_definition" "this" {
  project_id = azuredevops_project.this.id
  name       = "by-terraform"

  ci_trigger {
    use_yaml = true
  }

  repository {
    repo_type             = "GitHub"
    repo_id               = "contoso/weather"
    branch_name           = "refs/heads/main"
    yml_path              = "azure-pipelines.yml"
    service_connection_id = azuredevops_serviceendpoint_github.this.id
  }
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("github")) as made:
        users.ensure_demo_users(made.store)
        yield made


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    git("init", "-q", "-b", "main", cwd=folder)
    commit(folder, "azure-pipelines.yml", YAML)
    return folder


def run_of(server: ShipwayServer, pipeline: str, *, count: int = 1) -> Run:
    """The newest run of a pipeline, once it has had so many."""

    def look() -> Run | None:
        found = [r for r in runs.list_of(server.store) if r.definition_name == pipeline]
        return found[0] if len(found) == count else None

    return wait_for(look, seconds=60)


def test_a_commit_in_the_folder_is_built_from_the_mirror_without_a_word_of_ours(
    server: ShipwayServer, source: Path
) -> None:
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
    run = run_of(server, "ml")
    assert (run.source_version, run.reason) == (version, "individualCI")
    done = server.finished(run.run_id, seconds=120)
    log = server.command("logs", str(run.run_id)).stdout
    assert done.result == "succeeded", log
    assert f"provider GitHub of {NAME}" in log
    assert f"uri https://github.com/{NAME}" in log
    assert github_mirrors.push_url(NAME) in log, "github.com is not asked"
    assert "from the mirror" in log
    _push_through_the_front_door(server.environment(), source)
    run_of(server, "ml", count=2)
    server.command("repos", "unmap", NAME)
    assert github_mirrors.list_all(server.store) == []


@pytest.mark.terraform
@needs_terraform
def test_a_definition_that_terraform_made_is_refused_until_it_is_mapped(
    server: ShipwayServer, source: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "main.tf").write_text(TERRAFORM)
    for words in (("init",), ("apply", "-auto-approve"), ("plan", "-detailed-exitcode")):
        done = subprocess.run(
            [*SHIPWAY, "tf", "--", words[0], "-no-color", "-input=false", *words[1:]], cwd=folder,
            env=server.environment(), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    refused = server.command("runs", "start", "by-terraform", check=False)
    assert (refused.returncode, "shipway repos map contoso/weather" in refused.stderr) == (1, True)
    server.command("repos", "map", "contoso/weather", str(source))
    commit(source, "words.txt", "from the mirror\n")
    server.command("repos", "sync", "contoso/weather")
    assert run_of(server, "by-terraform").reason == "individualCI"


def _push_through_the_front_door(environment: dict[str, str], source: Path) -> None:
    """A push to the mirror's own URL, as a person with the front door's variables."""
    git("checkout", "-q", "-b", "other", cwd=source)
    commit(source, "words.txt", "pushed to the mirror\n")
    subprocess.run(
        [*SHIPWAY, "exec", "--", "git", "push", "-q", github_mirrors.push_url(NAME), "other:main"],
        cwd=source, env=environment, check=True, timeout=60,
    )  # fmt: skip
