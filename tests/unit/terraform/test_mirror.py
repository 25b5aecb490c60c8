"""The mirror, the CLI configuration and what a lock file says."""

import os
import stat
from pathlib import Path

import pytest

from shipway.base.home import Home
from shipway.terraform import cli_configuration, mirror
from shipway.terraform.schema import PROVIDERS

THEIRS = """\
# mine
plugin_cache_dir = "/var/cache"
credentials "app.terraform.io" {
  token = "a}b{" // not a brace
}
provider_installation {
  network_mirror {
    url     = "https://mirror.example/"
    exclude = ["example.com/*/*"]
  }
  /* direct { */
  direct {
  }
  dev_overrides {
    "example.com/a/b" = "/tmp/x"
  }
}
disable_checkpoint = true
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "h")
    home.create()
    return home


def test_the_launcher_holds_nothing_of_this_machine(home: Home) -> None:
    mirror.write(home)
    for provider in PROVIDERS:
        text = mirror.shim(provider)
        assert str(home.root) not in text
        assert os.sep + "usr" not in text
        assert text.rstrip().endswith(f"-I -m shipway.terraform {provider}")


def test_launchers_lie_where_terraform_looks_and_can_be_run(home: Home) -> None:
    mirror.write(home)
    [platform] = [one for one in mirror.platforms() if one.endswith("amd64")]
    folder = mirror.mirror_folder(home) / "registry.terraform.io/hashicorp/azurerm/4.81.0"
    path = folder / platform / "terraform-provider-azurerm_v4.81.0"
    assert path.stat().st_mode & stat.S_IXUSR


def test_writing_again_changes_nothing_and_a_stale_mirror_is_seen(home: Home) -> None:
    assert not mirror.is_stale(home)
    mirror.write(home)
    [launcher] = mirror.mirror_folder(home).glob("*/microsoft/*/*/*amd64/*")
    before = launcher.stat().st_mtime_ns
    mirror.write(home)
    assert launcher.stat().st_mtime_ns == before
    assert not mirror.is_stale(home)
    launcher.write_text("of an older version")
    assert mirror.is_stale(home)
    mirror.write(home)
    assert not mirror.is_stale(home)


def test_our_three_come_from_the_mirror_and_the_rest_as_before(home: Home) -> None:
    text = cli_configuration.written(mirror.mirror_folder(home), THEIRS)
    assert text.count("filesystem_mirror {") == 1
    assert text.count("registry.terraform.io/hashicorp/azurerm") == 3
    assert 'exclude = ["registry.terraform.io/hashicorp/azurerm"' in text
    assert '"registry.terraform.io/microsoft/azuredevops", "example.com/*/*"]' in text
    assert 'token = "a}b{" // not a brace' in text
    assert "disable_checkpoint = true" in text
    assert '"example.com/a/b" = "/tmp/x"' in text
    assert "plugin_cache_dir" not in text
    assert text.count("{") == text.count("}") + 0


def test_a_users_own_file_is_found_and_ours_is_not_taken_for_it(home: Home, tmp_path: Path) -> None:
    own = tmp_path / "own.tfrc"
    own.write_text("disable_checkpoint = true\n")
    first = mirror.variables(home, {"TF_CLI_CONFIG_FILE": str(own), "HOME": str(tmp_path)})
    written = Path(first["TF_CLI_CONFIG_FILE"])
    assert "disable_checkpoint" in written.read_text()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    (tmp_path / ".terraformrc").write_text("disable_checkpoint_signature = true\n")
    mirror.variables(home, {**first, "HOME": str(tmp_path)})
    assert "disable_checkpoint_signature" in written.read_text()
    plain = mirror.plain_configuration(home).read_text()
    assert "disable" not in plain


def test_sockets_of_killed_providers_are_swept(tmp_path: Path) -> None:
    dead, alive = tmp_path / "shipway-tf-999999999-ab", tmp_path / f"shipway-tf-{os.getpid()}-cd"
    for one in (dead, alive, tmp_path / "shipway-tf-x"):
        one.mkdir()
        (one / "plugin.sock").touch()
    mirror.sweep(tmp_path)
    assert not dead.exists()
    assert alive.exists()


def test_a_lock_file_tells_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / ".terraform.lock.hcl"
    assert mirror.locked(path) == ()
    path.write_text(
        'provider "registry.terraform.io/hashicorp/azurerm" {\n'
        '  version     = "4.81.0"\n  constraints = "~> 4.0"\n'
        f'  hashes = [\n    "h1:abc=",\n    "{mirror.our_hash("azurerm")}",\n  ]\n}}\n\n'
        'provider "registry.terraform.io/hashicorp/azuread" {\n'
        '  version = "3.1.0"\n  hashes = [\n    "zh:123",\n  ]\n}\n'
    )
    first, second = mirror.locked(path)
    assert (first.provider, first.has_our_hash, first.is_other_version) == ("azurerm", True, False)
    assert (second.provider, second.has_our_hash, second.is_other_version) == (
        "azuread", False, True,
    )  # fmt: skip
