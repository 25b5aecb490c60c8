"""A job's processes find Terraform's providers where the home has them."""

import json
import sys
from pathlib import Path

import pytest

from shipway.agent import job_environment
from shipway.agent.directories import JobDirectories
from shipway.base.home import Home
from shipway.terraform import mirror


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose server was started once."""
    home = Home(tmp_path / "h")
    home.create()
    told = {"pid": 1, "proxy_port": 2, "tls_port": 2, "studio_port": 3, "started_at": ""}
    home.server_state.write_text(json.dumps(told))
    return home


def test_terraform_is_told_once_there_is_a_mirror(home: Home, tmp_path: Path) -> None:
    directories = JobDirectories(root=tmp_path / "job")
    before = job_environment.base_environment(home, directories)
    assert "TF_CLI_CONFIG_FILE" not in before
    mirror.write(home)
    after = job_environment.base_environment(home, directories)
    assert after["TF_CLI_CONFIG_FILE"] == str(mirror.plain_configuration(home))
    assert after["SHIPWAY_PYTHON"] == sys.executable
    assert not {name for name in after if name.startswith(("ARM_", "AZDO_"))}
