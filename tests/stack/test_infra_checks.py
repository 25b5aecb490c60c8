"""The infrastructure without any cloud: fmt, validate, Terraform's own unit tests, the CI step."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.needs_terraform import needs_terraform
from tests.stack.terraform_runs import (
    Infrastructure,
    copy_of_infrastructure,
    without_a_server,
)

pytestmark = [pytest.mark.slow, pytest.mark.terraform, needs_terraform]

FMT = ("fmt", "-check", "-recursive", "-diff")


@pytest.fixture(scope="module")
def infra(tmp_path_factory: pytest.TempPathFactory) -> Infrastructure:
    """A copy, initialized without a backend."""
    folder = tmp_path_factory.mktemp("infra")
    found = copy_of_infrastructure(folder / "stack", without_a_server(folder))
    found.run("init", "-backend=false", "-input=false")
    return found


def test_every_file_is_formatted(infra: Infrastructure) -> None:
    assert infra.run(*FMT) == ""
    assert infra.run("fmt", "-check", "-diff", "../environments") == ""


def test_names_roles_and_flags_are_what_the_unit_tests_say(infra: Infrastructure) -> None:
    said = infra.run("test")
    assert "0 failed" in said
    passed = said.count("... pass")
    assert passed >= 16, said


def test_each_state_has_writers_of_its_own(infra: Infrastructure) -> None:
    infra.run("init", "-input=false", at="bootstrap")
    assert "3 passed, 0 failed" in infra.run("test", at="bootstrap")


def test_a_role_that_can_do_everything_fails_the_unit_tests(
    infra: Infrastructure, tmp_path: Path
) -> None:
    """The tests can fail: the same ones, where the jobs' role was widened."""
    shutil.copytree(infra.folder, tmp_path / "stack", symlinks=True)
    worse = Infrastructure(folder=tmp_path / "stack", env_vars=infra.env_vars)
    file = worse.folder / "infra" / "modules" / "workspace" / "main.compute.tf"
    text = file.read_text()
    assert '"AcrPull"' in text
    file.write_text(text.replace('"AcrPull"', '"Contributor"'))
    code, said = worse.end_of("test", "-filter=tests/workspace.tftest.hcl")
    assert code == 1
    assert "the cluster has other roles" in said


# the step of the CI stage


def check(infra: Infrastructure, env_vars: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", infra.folder / "scripts" / "check_terraform.sh"],
        env={**infra.env_vars, **env_vars}, capture_output=True, text=True, check=False,
        timeout=170,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_step_is_green_and_leaves_nothing_behind(infra: Infrastructure, tmp_path: Path) -> None:
    fresh = copy_of_infrastructure(tmp_path / "stack", infra.env_vars)
    code, said = check(fresh, {})
    assert code == 0, said
    assert said.count("Success! The configuration is valid") == 2, said
    assert list(fresh.folder.rglob(".terraform*")) == []


def test_the_step_fails_for_a_file_that_is_not_formatted(
    infra: Infrastructure, tmp_path: Path
) -> None:
    fresh = copy_of_infrastructure(tmp_path / "stack", infra.env_vars)
    file = fresh.folder / "environments" / "dev.tfvars"
    file.write_text(file.read_text() + "x=1\n")
    code, said = check(fresh, {})
    assert code == 1
    assert "##vso[task.logissue type=error]Files are not formatted" in said


def test_the_step_fails_for_an_attribute_that_does_not_exist(
    infra: Infrastructure, tmp_path: Path
) -> None:
    fresh = copy_of_infrastructure(tmp_path / "stack", infra.env_vars)
    file = fresh.folder / "infra" / "modules" / "identity" / "main.application.tf"
    file.write_text(file.read_text().replace("display_name = var", "application_name = var", 1))
    fresh.run("fmt", "-recursive")
    code, said = check(fresh, {})
    assert code == 1
    assert "application_name" in said


def test_without_terraform_the_step_warns_and_succeeds(
    infra: Infrastructure, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "mktemp", "rm", "cp", "find"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    code, said = check(infra, {"PATH": str(tools)})
    assert code == 0, said
    assert "##vso[task.logissue type=warning]Terraform is not installed" in said
    assert "Success" not in said
