"""The Terraform tasks: what terraform is asked for, as whom, and what becomes of its answers."""

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from tests.support.needs_terraform import needs_terraform
from tests.unit.agent.tasks import running_steps
from tests.unit.agent.tasks.running_steps import connect, program

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import terraform_cli, terraform_installer, terraform_task
from shipway.base.errors import BadInput, NotFound, NotSupported, Unavailable
from shipway.devops import attachments

CHANGES = "case $1 in plan) exit 2;; esac"
PLAN = json.dumps({"resource_changes": [{"change": {"actions": ["delete", "create"]}}]})
BACKEND = {
    "backendServiceArm": "azure",
    "backendAzureRmResourceGroupName": "rg",
    "backendAzureRmStorageAccountName": "states",
    "backendAzureRmContainerName": "tfstate",
    "backendAzureRmKey": "a b.tfstate",
}


def calls(log: Path) -> list[str]:
    return log.read_text().splitlines()


def test_init_has_the_backend_in_memory_and_no_secret_on_the_command_line(job: JobContext) -> None:
    connect(job)
    log = program(job, "terraform")
    result, step = running_steps.run(
        job, terraform_task.TERRAFORM_4, command="init", commandOptions="-upgrade -no-color",
        **BACKEND,
    )  # fmt: skip
    assert result == "succeeded", step.errors
    (called,) = calls(log)
    assert called.startswith("terraform init -upgrade -no-color -backend-config=/proc/self/fd/")
    assert log.with_suffix(".log.file").read_text().splitlines() == [
        'storage_account_name = "states"',
        'container_name = "tfstate"',
        'key = "a b.tfstate"',
        'resource_group_name = "rg"',
        'subscription_id = "the-subscription"',
        'tenant_id = "the-tenant"',
        'client_id = "the-client"',
        'client_secret = "the-long-key"',
    ]
    assert "-backend-config=client_secret=***" in step.logged
    assert not [word for order in step.orders for word in order.command if "long-key" in word]


def test_the_backends_login_may_stay_out_of_its_settings(job: JobContext) -> None:
    connect(job)
    log = program(job, "terraform", names="ARM_.*")
    flags = {"backendAzureRmUseEnvironmentVariablesForAuthentication": "true"}
    flags["backendAzureRmUseEntraIdForAuthentication"] = "true"
    running_steps.run(job, terraform_task.TERRAFORM_4, command="init", **BACKEND, **flags)
    settings = log.with_suffix(".log.file").read_text()
    assert ('use_azuread_auth = "true"' in settings, "client" in settings) == (True, False)
    assert calls(log.with_suffix(".log.env")) == [
        "ARM_CLIENT_ID=the-client", "ARM_CLIENT_SECRET=the-long-key",
    ]  # fmt: skip


@pytest.mark.parametrize(("ends", "value"), [(CHANGES, "true"), ("exit 0", "false")])
def test_a_plan_tells_whether_there_are_changes(job: JobContext, ends: str, value: str) -> None:
    connect(job)
    log = program(job, "terraform", ends, names="ARM_.*")
    result, _ = running_steps.run(
        job, terraform_task.TERRAFORM_4, command="plan", environmentServiceNameAzureRM="azure",
        commandOptions='-var "name=a b"',
    )  # fmt: skip
    assert result == "succeeded"
    assert calls(log) == ["terraform plan -var name=a b -detailed-exitcode"]
    assert job.variables.get("ref.changesPresent") == value
    assert job.outputs == {"ref.changesPresent": (value, False)}
    assert calls(log.with_suffix(".log.env")) == [
        "ARM_CLIENT_ID=the-client", "ARM_CLIENT_SECRET=the-long-key",
        "ARM_SUBSCRIPTION_ID=the-subscription", "ARM_TENANT_ID=the-tenant",
    ]  # fmt: skip


def test_a_plan_that_fails_fails_the_step(job: JobContext) -> None:
    connect(job)
    program(job, "terraform", "exit 1")
    result, step = running_steps.run(
        job, terraform_task.TERRAFORM_3, command="plan", environmentServiceNameAzureRM="azure"
    )
    assert (result, step.errors) == ("failed", ["Terraform plan failed with exit code 1"])


def test_a_published_plan_is_attached_as_json(job: JobContext) -> None:
    connect(job)
    log = program(job, "terraform", f"case $1 in plan) exit 2;; show) echo '{PLAN}';; esac")
    running_steps.run(
        job, terraform_task.TERRAFORM_4, command="plan", environmentServiceNameAzureRM="azure",
        publishPlan="my plan", commandOptions="-out=tfplan",
    )  # fmt: skip
    assert calls(log)[1] == "terraform show -json tfplan"
    (made,) = attachments.list_of(job.store, run_id=job.run.run_id)
    assert (made.kind, made.name) == ("terraform-plan-results", "my plan")
    assert json.loads(attachments.content(job.store, made)) == json.loads(PLAN)


def test_the_second_version_validates_applies_and_keeps_the_outputs(job: JobContext) -> None:
    connect(job)
    log = program(job, "terraform", """case $1 in output) echo '{"a": 1}';; esac""")
    result, _ = running_steps.run(
        job, terraform_task.TERRAFORM_2, command="apply", environmentServiceNameAzureRM="azure"
    )
    assert result == "succeeded"
    assert calls(log) == [
        "terraform validate", "terraform apply -auto-approve", "terraform output -json",
    ]  # fmt: skip
    file = Path(job.variables.get("jsonOutputVariablesPath"))
    assert json.loads(file.read_text()) == {"a": 1}


def test_show_and_custom_write_to_a_file(job: JobContext) -> None:
    connect(job)
    log = program(job, "terraform", "echo '{}'")
    login = {"environmentServiceNameAzureRM": "azure", "outputTo": "file"}
    running_steps.run(
        job, terraform_task.TERRAFORM_4, command="show", outputFormat="json", fileName="plan.json",
        commandOptions="tfplan", **login,
    )  # fmt: skip
    running_steps.run(
        job, terraform_task.TERRAFORM_3, command="custom", customCommand="workspace list",
        fileName="spaces.txt", **login,
    )  # fmt: skip
    assert calls(log) == ["terraform show -json tfplan", "terraform workspace list"]
    sources = job.directories.sources
    assert job.variables.get("ref.showFilePath") == str(sources / "plan.json")
    assert job.variables.get("customFilePath") == str(sources / "spaces.txt")
    assert (sources / "spaces.txt").read_text() == "{}\n"


def test_what_the_tasks_cannot_do_is_named(job: JobContext) -> None:
    connect(job)
    program(job, "terraform")
    with pytest.raises(NotSupported, match="the provider 'aws'"):
        running_steps.run(job, terraform_task.TERRAFORM_4, command="init", provider="aws")
    with pytest.raises(BadInput, match="Input required: environmentServiceNameAzureRM"):
        running_steps.run(job, terraform_task.TERRAFORM_4, command="apply")
    with pytest.raises(BadInput, match="'show' is not a command of TerraformTaskV2"):
        running_steps.run(job, terraform_task.TERRAFORM_2, command="show")
    running_steps.only(job)
    shutil.rmtree(job.directories.root / "programs")
    with pytest.raises(NotFound, match="Failed to find terraform tool in paths"):
        running_steps.run(job, terraform_task.TERRAFORM_4, command="validate")


def test_a_version_that_does_not_know_federation_signs_in_with_a_warning(job: JobContext) -> None:
    connect(job, federated=True)
    log = program(job, "terraform", names="ARM_.*")
    for task, warnings in ((terraform_task.TERRAFORM_3, 1), (terraform_task.TERRAFORM_4, 0)):
        _, step = running_steps.run(
            job, task, command="destroy", environmentServiceNameAzureRM="azure"
        )
        assert len(step.warnings) == warnings
    assert calls(log) == ["terraform destroy -auto-approve"] * 2
    names = [line.partition("=")[0] for line in calls(log.with_suffix(".log.env"))]
    assert names[:5] == [
        "ARM_CLIENT_ID", "ARM_OIDC_TOKEN", "ARM_SUBSCRIPTION_ID", "ARM_TENANT_ID", "ARM_USE_OIDC",
    ]  # fmt: skip


def test_the_outputs_of_terraform_cli_become_variables(job: JobContext) -> None:
    outputs = {
        "Name": {"type": "string", "value": "blob", "sensitive": False},
        "count": {"type": "number", "value": 3},
        "on": {"type": "bool", "value": True},
        "key": {"type": "string", "value": "s3cret-of-output", "sensitive": True},
        "many": {"type": ["list", "string"], "value": ["a"]},
    }
    log = program(job, "terraform", f"echo '{json.dumps(outputs)}'")
    result, _ = running_steps.run(job, terraform_cli.TERRAFORM_CLI, command="output")
    assert (result, calls(log)) == ("succeeded", ["terraform output -json"])
    values = job.variables.values()
    assert {n: v for n, v in values.items() if n.startswith("TF_OUT")} == {
        "TF_OUT_NAME": "blob", "TF_OUT_COUNT": "3", "TF_OUT_ON": "true",
        "TF_OUT_KEY": "s3cret-of-output",
    }  # fmt: skip
    assert (job.variables.secrets(), values["TERRAFORM_LAST_EXITCODE"]) == (
        ["s3cret-of-output"], "0",
    )  # fmt: skip
    assert job.masker.mask("s3cret-of-output") == "***"


def test_a_plan_of_terraform_cli_tells_what_it_would_do(job: JobContext) -> None:
    log = program(
        job, "terraform",
        f"case \"$1 $2\" in plan*) exit 2;; 'show -json') echo '{PLAN}';; *) echo drawn;; esac",
    )  # fmt: skip
    result, _ = running_steps.run(
        job, terraform_cli.TERRAFORM_CLI, command="plan", publishPlanResults="weekly"
    )
    file = job.directories.sources / "weekly"
    assert (result, calls(log)) == (
        "succeeded",
        [f"terraform plan -out={file} -detailed-exitcode", f"terraform show -json {file}",
         f"terraform show {file}"],
    )  # fmt: skip
    names = ("CHANGES", "DESTROY_CHANGES")
    assert [job.variables.get(f"TERRAFORM_PLAN_HAS_{name}") for name in names] == ["true", "true"]
    assert job.variables.get("TERRAFORM_LAST_EXITCODE") == "2"
    (made,) = attachments.list_of(job.store, run_id=job.run.run_id)
    assert (made.name, attachments.content(job.store, made)) == ("weekly", b"drawn\n")


@pytest.mark.parametrize(
    ("inputs", "called"),
    [
        ({"command": "fmt", "commandOptions": "-check"}, "terraform fmt -check"),
        ({"command": "apply"}, "terraform apply -auto-approve"),
        ({"command": "init", "backendType": "selfConfigured"}, "terraform init"),
        ({"command": "import", "resourceAddress": "a.b", "resourceId": "/x"},
         "terraform import a.b /x"),
        ({"command": "forceunlock", "lockID": "7"}, "terraform force-unlock -force 7"),
        ({"command": "workspace", "workspaceName": "dev"}, "terraform workspace select dev"),
        ({"command": "state", "stateSubCommand": "rm", "stateSubCommandAddresses": "a.b\nc.d"},
         "terraform state rm a.b c.d"),
    ],
)  # fmt: skip
def test_terraform_cli_has_the_inputs_of_each_command(
    job: JobContext, inputs: dict[str, str], called: str
) -> None:
    (job.directories.sources / "main.tf").write_text("")
    log = program(job, "terraform")
    result, _ = running_steps.run(job, terraform_cli.TERRAFORM_CLI, **inputs)
    assert (result, calls(log)) == ("succeeded", [called])


def test_a_workspace_that_exists_is_no_error_when_asked_so(job: JobContext) -> None:
    log = program(job, "terraform", "echo '* default'; echo '  dev'")
    for name in ("dev", "prod"):
        running_steps.run(
            job, terraform_cli.TERRAFORM_CLI, command="workspace", workspaceSubCommand="new",
            workspaceName=name, skipExistingWorkspace="true",
        )  # fmt: skip
    assert calls(log)[1:] == ["terraform workspace list", "terraform workspace new prod"]


@needs_terraform
@pytest.mark.terraform
def test_terraform_runs_by_its_tasks(job: JobContext) -> None:
    """A resource that terraform has by itself: no provider and no network."""
    job.base_environment = {**job.base_environment, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    (job.directories.sources / "main.tf").write_text(
        'variable "name" {}\nresource "terraform_data" "a" { input = var.name }\n'
        'output "name" { value = terraform_data.a.output }\n'
    )
    named = {"commandOptions": '-var "name=of the run"'}
    task = terraform_cli.TERRAFORM_CLI
    assert running_steps.run(job, terraform_installer.INSTALLER_1)[0] == "succeeded"
    assert Path(job.variables.get("terraformLocation")).is_file()
    assert running_steps.run(job, task, command="init")[0] == "succeeded"
    assert running_steps.run(job, task, command="plan", **named)[0] == "succeeded"
    assert job.variables.get("TERRAFORM_PLAN_HAS_CHANGES") == "true"
    assert job.variables.get("TERRAFORM_LAST_EXITCODE") == "2"
    assert running_steps.run(job, task, command="apply", **named)[0] == "succeeded"
    assert running_steps.run(job, task, command="output")[0] == "succeeded"
    assert job.variables.get("TF_OUT_NAME") == "of the run"


@pytest.mark.parametrize("text", ["1.x", "newest", "1.2"])
def test_a_version_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a valid semantic version"):
        terraform_installer.wanted_version(text)


@pytest.mark.parametrize("is_right", [True, False])
def test_a_download_is_compared_with_the_sum_of_its_maker(
    job: JobContext, monkeypatch: pytest.MonkeyPatch, *, is_right: bool
) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("terraform", "#!/bin/sh\n")
    published = hashlib.sha256(made.getvalue() if is_right else b"other").hexdigest()
    asked: list[str] = []

    def answer(url: str, **_: object) -> io.BytesIO:
        asked.append(url.rpartition("/")[2])
        sums = f"{published}  {asked[0]}\nffff  other.zip\n"
        return io.BytesIO(sums.encode() if url.endswith("SUMS") else made.getvalue())

    monkeypatch.setattr(terraform_installer, "urlopen", answer)
    install = {"terraformVersion": "0.0.1"}
    kept = job.store.home.root / "agent-tools" / "terraform" / "0.0.1" / "terraform"
    if is_right:
        assert running_steps.run(job, terraform_installer.INSTALLER_1, **install)[0] == "succeeded"
    else:
        with pytest.raises(Unavailable, match=f"{published} is published"):
            running_steps.run(job, terraform_installer.INSTALLER_1, **install)
    assert (kept.is_file(), asked[1]) == (is_right, "terraform_0.0.1_SHA256SUMS")


def test_another_version_is_taken_from_what_this_home_has(job: JobContext) -> None:
    program(job, "terraform", """echo '{"terraform_version": "1.0.0"}'""")
    kept = job.store.home.root / "agent-tools" / "terraform" / "1.9.8" / "terraform"
    kept.parent.mkdir(parents=True)
    kept.write_text("#!/bin/sh\necho it is 1.9.8\n")
    kept.chmod(0o755)
    result, step = running_steps.run(
        job, terraform_installer.INSTALLER_0, terraformVersion="v1.9.8"
    )
    assert (result, step.logged[-1]) == ("succeeded", "it is 1.9.8")
    assert Path(job.path_prefix[-1], "terraform").resolve() == kept
