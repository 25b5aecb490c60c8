"""What doctor says of Terraform, its mirror and a lock file."""

from pathlib import Path

import pytest

from shipway.base.home import Home
from shipway.cli.doctor import check_terraform
from shipway.terraform import mirror


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home, with a PATH on which nothing is."""
    home = Home(tmp_path / "h")
    home.create()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    return home


def _terraform(folder: Path, version: str) -> None:
    program = folder / "bin" / "terraform"
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)


def test_none_at_all_says_where_to_get_it(home: Home) -> None:
    finding = check_terraform.check_terraform(home)
    assert finding.level == "warning"
    assert "developer.hashicorp.com" in finding.remedy


@pytest.mark.parametrize(
    ("version", "level"),
    [("Terraform v1.11.4", "ok"), ("Terraform v1.5.0", "ok"), ("Terraform v0.14.2", "warning")],
)
def test_the_version_has_to_be_new_enough(
    home: Home, tmp_path: Path, version: str, level: str
) -> None:
    _terraform(tmp_path, version)
    assert check_terraform.check_terraform(home).level == level


def test_a_stale_mirror_is_said(home: Home, tmp_path: Path) -> None:
    _terraform(tmp_path, "Terraform v1.11.4")
    mirror.write(home)
    assert check_terraform.check_terraform(home).level == "ok"
    for launcher in mirror.mirror_folder(home).glob("*/*/*/*/*/*"):
        launcher.write_text("older")
    finding = check_terraform.check_terraform(home)
    assert (finding.level, "mirror" in finding.found) == ("warning", True)


@pytest.mark.parametrize(
    ("version", "checksum", "level", "words"),
    [
        ("4.81.0", mirror.our_hash("azurerm"), "ok", "holds"),
        ("4.81.0", "h1:other=", "warning", "no checksum of shipway's azurerm"),
        ("4.20.0", "h1:other=", "warning", "selects azurerm 4.20.0"),
    ],
)
def test_a_lock_file_is_read(
    home: Home, tmp_path: Path, version: str, checksum: str, level: str, words: str
) -> None:
    assert check_terraform.check_terraform_lock(home).found == "none in this folder"
    (tmp_path / ".terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/azurerm" {\n'
        f'  version = "{version}"\n  hashes = [\n    "{checksum}",\n  ]\n}}\n'
    )
    finding = check_terraform.check_terraform_lock(home)
    assert finding.level == level
    assert words in finding.found
