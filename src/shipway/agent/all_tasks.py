"""`name@major` -> what runs: the explicit table."""

from collections.abc import Mapping

from shipway.agent.task import Task
from shipway.agent.tasks import (
    archive_files,
    artifact,
    azure_cli,
    azure_key_vault,
    azure_ml_job_wait,
    build_artifacts,
    cache,
    checkout,
    code_coverage,
    copy_files,
    delay,
    delete_files,
    docker,
    extract_files,
    manual_validation,
    node_tool,
    npm,
    power_shell,
    python_script,
    rest_call,
    script,
    terraform_cli,
    terraform_installer,
    terraform_task,
    test_results,
    use_python_version,
)

_ALL = (
    script.COMMAND_LINE,
    script.BASH,
    python_script.PYTHON_SCRIPT,
    power_shell.POWER_SHELL,
    use_python_version.USE_PYTHON_VERSION,
    azure_cli.AZURE_CLI_2,
    azure_cli.AZURE_CLI_1,
    azure_key_vault.AZURE_KEY_VAULT_1,
    azure_key_vault.AZURE_KEY_VAULT_2,
    node_tool.NODE_TOOL,
    node_tool.USE_NODE,
    npm.NPM,
    docker.DOCKER,
    terraform_installer.INSTALLER_0,
    terraform_installer.INSTALLER_1,
    terraform_task.TERRAFORM_2,
    terraform_task.TERRAFORM_3,
    terraform_task.TERRAFORM_4,
    terraform_cli.TERRAFORM_CLI,
    test_results.PUBLISH_TEST_RESULTS,
    code_coverage.PUBLISH_1,
    code_coverage.PUBLISH_2,
    artifact.PUBLISH_PIPELINE_ARTIFACT,
    artifact.DOWNLOAD_PIPELINE_ARTIFACT,
    artifact.PUBLISH,
    artifact.DOWNLOAD,
    build_artifacts.PUBLISH_BUILD_ARTIFACTS,
    build_artifacts.DOWNLOAD_BUILD_ARTIFACTS_0,
    build_artifacts.DOWNLOAD_BUILD_ARTIFACTS_1,
    cache.CACHE,
    copy_files.COPY_FILES,
    delete_files.DELETE_FILES,
    archive_files.ARCHIVE_FILES,
    extract_files.EXTRACT_FILES,
    checkout.CHECKOUT,
    azure_ml_job_wait.WAIT_0,
    azure_ml_job_wait.WAIT_1,
    manual_validation.VALIDATION_0,
    manual_validation.VALIDATION_1,
    delay.DELAY,
    rest_call.INVOKE,
    rest_call.FUNCTION_1,
    rest_call.FUNCTION_2,
)

TASKS: Mapping[tuple[str, int], Task] = {(t.name.lower(), t.version): t for t in _ALL}


def find(name: str, version: str) -> Task | None:
    """The task behind a reference, with or without its extension's prefix."""
    major = version.split(".", 1)[0]
    if not major.isdigit():
        return None
    return TASKS.get((name.rsplit(".", 1)[-1].lower(), int(major)))
