"""The demo's first and last acts: dev by Terraform, no drift, and taken down without the rest."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.shipway_server import ShipwayServer, running
from tests.support.needs_terraform import needs_terraform

from shipway.azure.entra import tenant
from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.cli.demo import provision
from shipway.cli.demo.provision import Provisioned
from shipway.cli.demo.terraform import TerraformFailed
from shipway.cli.scaffold import generate
from shipway.devops import definitions, projects, variable_groups
from shipway.ml import workspaces

pytestmark = [pytest.mark.terraform, needs_terraform]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("demo")) as made:
        yield made


@pytest.fixture(scope="module")
def made(server: ShipwayServer) -> Provisioned:
    """What the demo's first act makes, beside a project that is nobody's business."""
    projects.create(server.store, name="other")
    folder = server.home / "demo" / "flights"
    generate.copy(folder)
    assert not (folder / "infra" / ".terraform").exists()
    return provision.by_terraform(
        Home(server.home), folder, months="1", webhook="http://127.0.0.1:9/x"
    )


def test_the_demo_provisions_by_terraform_and_finds_nothing_to_change(
    server: ShipwayServer, made: Provisioned
) -> None:
    assert made.terraform is not None
    assert made.terraform.drift().startswith("No changes.")
    assert made.url.endswith("dev.azure.com/shipway/flights/_git/flights")
    assert (made.endpoint, made.model) == ("flight-delay-dev", "flight-delay")
    project = projects.get(server.store, "flights")
    found = {d.name for d in definitions.list_of(server.store, project_id=project.project_id)}
    assert found == {"dev-ml-pipeline", "dev-release-pipeline"}
    group = variable_groups.find(server.store, project_id=project.project_id, name="ml-dev")
    assert group is not None
    assert group.variables["notifyWebhook"].value == "http://127.0.0.1:9/x"


def test_what_was_changed_behind_its_back_is_told(server: ShipwayServer, made: Provisioned) -> None:
    assert made.terraform is not None
    project = projects.get(server.store, "flights")
    (one, _) = definitions.list_of(server.store, project_id=project.project_id)
    definitions.delete(server.store, project_id=project.project_id, definition_id=one.definition_id)
    with pytest.raises(TerraformFailed, match="would change something again"):
        made.terraform.drift()


def test_destroy_takes_down_what_terraform_made_and_nothing_else(
    server: ShipwayServer, made: Provisioned
) -> None:
    assert made.terraform is not None
    told = server.command("demo", "--destroy", "--home", str(server.home)).stdout
    assert "Destroy complete!" in told
    subscription = tenant.facts(server.store).subscription_id
    assert workspaces.list_all(server.store, subscription=subscription) == []
    assert [p.name for p in projects.list_all(server.store)] == ["other"]
    assert "1 project" in server.command("status").stdout, "the server goes on"
    shutil.rmtree(made.terraform.infra / ".terraform")
    with pytest.raises(ShipwayError, match="not made by Terraform"):
        provision.destroy(Home(server.home), made.terraform.stack)


def test_without_a_server_there_is_nothing_to_destroy_with(tmp_path: Path) -> None:
    with pytest.raises(ShipwayError, match="not made by Terraform"):
        provision.destroy(Home(tmp_path), tmp_path)
