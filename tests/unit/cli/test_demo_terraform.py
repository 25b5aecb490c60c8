"""What the demo writes into tfvars and reads from Terraform's words."""

import json

import pytest

from shipway.base.errors import NotFound
from shipway.cli.demo import terraform
from shipway.cli.scaffold import generate
from shipway.cli.seeding import settings

DEV = (generate.stack_folder() / "environments" / "dev.tfvars").read_text()


def test_values_take_the_place_of_those_that_stood_there() -> None:
    new = {"approvers": ["a@b", "c@d"], "approver_group": "", "step_seconds": 2,
           "notify_webhook": "http://127.0.0.1:1/x"}  # fmt: skip
    text = terraform.with_values(DEV, new)
    changed = [line for line in text.splitlines() if line not in DEV.splitlines()]
    assert len(changed) == len(new)
    assert len(text.splitlines()) == len(DEV.splitlines())
    assert [line.partition("=")[2].strip() for line in changed] == [
        '["a@b", "c@d"]', '""', "2", '"http://127.0.0.1:1/x"'
    ]  # fmt: skip


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFound, match="no 'approver' to set"):
        terraform.with_values(DEV, {"approver": []})


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("a\n\nPlan: 3 to add, 0 to change, 0 to destroy.\nb", "Plan: 3 to add, 0 to change,"),
        ("x\nNo changes. Your infrastructure matches.\n\nTerraform has", "No changes. Your"),
        ("x\n\nApply complete! Resources: 3 added.\n\nOutputs:", "Apply complete! Resources"),
        ("nothing known", "nothing known"),
    ],
)
def test_the_line_that_matters_is_found(said: str, line: str) -> None:
    assert terraform.summary(said).startswith(line)


@pytest.mark.parametrize(
    ("version", "is_good"),
    [("1.9.0", True), ("1.11.4", True), ("2.0.0", True), ("1.12.0-beta1", True),
     ("1.8.9", False), ("0.15.5", False)],
)  # fmt: skip
def test_a_terraform_that_is_too_old_is_told_apart(version: str, *, is_good: bool) -> None:
    told = terraform.too_old(json.dumps({"terraform_version": version}))
    assert (told == "") is is_good
    assert is_good or version in told


def test_a_terraform_that_tells_nothing_is_none() -> None:
    assert terraform.too_old("Terraform v0.11") == "terraform does not tell its version"


def test_the_oldest_version_is_the_one_that_the_stack_wants() -> None:
    text = (generate.stack_folder() / "infra" / "versions.tf").read_text()
    assert f'required_version = ">= {".".join(map(str, terraform.OLDEST))}' in text


def test_the_seed_reads_the_same_files_as_terraform() -> None:
    found = settings.of_stack(generate.stack_folder(), "dev")
    assert (found.connection, found.environment_name) == ("azure-ml-dev", "dev-ml-approval")
    assert "pipelines" in found.trigger_paths
    variables = (generate.stack_folder() / "infra" / "variables.tf").read_text()
    default = variables.partition('variable "trigger_paths"')[2].partition("]")[0]
    assert [one for one in found.trigger_paths if f'"{one}"' not in default] == []
