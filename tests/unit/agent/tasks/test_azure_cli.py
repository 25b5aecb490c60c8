"""AzureCLI: the login, what runs between it and the logout, and where; with an `az` that notes."""

import base64
import json
from pathlib import Path

import pytest
from tests.unit.agent.tasks import running_steps
from tests.unit.agent.tasks.running_steps import connect, program

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import azure_cli
from shipway.base.errors import BadInput, NotSupported

INLINE = {"azureSubscription": "azure", "scriptLocation": "inlineScript"}


@pytest.fixture
def az(job: JobContext) -> Path:
    connect(job)
    scripts = job.directories.sources / "scripts"
    scripts.mkdir()
    (scripts / "say.sh").write_text('echo "in $(basename "$PWD"): $*"; az group list\n')
    return program(job, "az")


def test_a_script_runs_between_login_and_logout(job: JobContext, az: Path) -> None:
    result, step = running_steps.run(
        job, azure_cli.AZURE_CLI_2, scriptType="bash", addSpnToEnvironment="true",
        inlineScript='echo "$1 of $servicePrincipalId"', arguments='"the id"', **INLINE,
    )  # fmt: skip
    assert (result, "the id of the-client" in step.logged) == ("succeeded", True)
    assert az.read_text().splitlines() == [
        "az login --service-principal -u the-client --tenant the-tenant --password the-long-key "
        "--allow-no-subscriptions --output none",
        "az account set --subscription the-subscription",
        "az account clear",
    ]
    assert not [word for order in step.orders for word in order.command if "long-key" in word]
    assert step.logged[0].endswith("--allow-no-subscriptions --password ***")
    _, silent = running_steps.run(
        job, azure_cli.AZURE_CLI_2, scriptType="bash", inlineScript="true", visibleAzLogin="false",
        **INLINE,
    )  # fmt: skip
    assert not [line for line in silent.logged if "az login" in line]


@pytest.mark.parametrize(
    ("version", "inputs", "said"),
    [
        (1, {}, "in scripts: a b"),
        (1, {"cwd": "other"}, "in other: a b"),
        (2, {"scriptType": "bash"}, "in s: a b"),
        (2, {"scriptType": "bash", "workingDirectory": "other"}, "in other: a b"),
    ],
)
def test_a_script_file_runs_where_its_version_of_the_task_says(
    job: JobContext, az: Path, version: int, inputs: dict[str, str], said: str
) -> None:
    task = azure_cli.AZURE_CLI_1 if version == 1 else azure_cli.AZURE_CLI_2
    result, step = running_steps.run(
        job, task, azureSubscription="azure", scriptPath="scripts/say.sh", arguments="a b", **inputs
    )
    assert (result, said in step.logged) == ("succeeded", True), step.logged
    assert "az group list" in az.read_text().splitlines()


def test_power_shell_runs_it_where_it_is(job: JobContext, az: Path) -> None:
    running_steps.only(job)
    inputs = {"scriptType": "pscore", "inlineScript": "az group list", **INLINE}
    with pytest.raises(NotSupported, match="PowerShell is not installed on this machine"):
        running_steps.run(job, azure_cli.AZURE_CLI_2, **inputs)
    log = program(job, "pwsh", """cat "$(echo "$7" | cut -d "'" -f 2)" """)
    (job.directories.root / "few" / "cut").symlink_to("/usr/bin/cut")
    _, step = running_steps.run(
        job, azure_cli.AZURE_CLI_2, powerShellErrorActionPreference="continue", **inputs
    )
    assert "-NonInteractive -ExecutionPolicy Unrestricted -Command . '" in log.read_text()
    assert step.scripts[-1].splitlines()[:2] == [
        "\ufeff$ErrorActionPreference = 'continue'", "az group list",
    ]  # fmt: skip
    assert "az group list" in step.logged
    assert az.read_text().splitlines()[-1] == "az account clear"


def test_a_session_that_is_kept_active_has_a_longer_assertion(job: JobContext) -> None:
    connect(job, federated=True)
    connect(job, "keyed")
    program(job, "az", 'echo "$AZ_TOKEN"')
    inputs = {"scriptType": "bash", "inlineScript": "true", "keepAzSessionActive": "true"}
    _, step = running_steps.run(job, azure_cli.AZURE_CLI_2, **inputs, **INLINE)
    payload = step.logged[1].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] - claims["iat"] == 86_400
    with pytest.raises(BadInput, match="only for workload identity federation"):
        running_steps.run(
            job, azure_cli.AZURE_CLI_2, **{**inputs, **INLINE, "azureSubscription": "keyed"}
        )


def test_what_is_missing_or_unknown_is_named(job: JobContext, az: Path) -> None:
    for inputs, message in (
        ({}, "Input required: scriptType"),
        ({"scriptType": "bash"}, "Input required: inlineScript"),
        ({"scriptType": "bash", "scriptLocation": "there"}, "Unaccepted script location value"),
        ({"scriptType": "bash", "scriptLocation": "scriptPath", "scriptPath": "no.sh"},
         "does not exist"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=message):
            running_steps.run(job, azure_cli.AZURE_CLI_2, **{**INLINE, **inputs})
    with pytest.raises(NotSupported, match="scriptType 'batch'"):
        running_steps.run(
            job, azure_cli.AZURE_CLI_2, scriptType="batch", inlineScript="x", **INLINE
        )
    assert not az.exists()
