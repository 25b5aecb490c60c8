"""The environment of a job's processes, built from nothing, and its predefined variables."""

import platform
import sys
from pathlib import Path

from shipway.agent import checkout_paths, python_venvs
from shipway.agent.directories import JobDirectories
from shipway.agent.variables import JobVariables
from shipway.azpipelines.plan import StepPlan
from shipway.base import front_door
from shipway.base.home import Home
from shipway.devops.job_work import JobWork
from shipway.devops.runs import Record

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
AGENT_VERSION = "4.255.0"
_ARCHITECTURES = {"x86_64": "X64", "aarch64": "ARM64", "arm64": "ARM64"}
# by it the agent finds, when a job ends, what its steps have left running
LOOKUP = "VSTS_PROCESS_LOOKUP_ID"


def tools_folder(home: Home) -> Path:
    """Where the commands lie that a hosted agent has and this machine may lack (`az`)."""
    return home.root / "agent-tools" / "bin"


def base_environment(home: Home, directories: JobDirectories) -> dict[str, str]:
    """What every process of the job has. Nothing of the server's or the shell's own."""
    tools = tools_folder(home)
    return {
        "PATH": f"{directories.tools / 'default' / 'bin'}:{tools}:{_SYSTEM_PATH}",
        "HOME": str(directories.user_home),
        "USER": "vsts",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(directories.temporary),
        "AZURE_CONFIG_DIR": str(directories.azure_config),
        "AZURE_DEVOPS_CACHE_DIR": str(directories.azure_config / "devops"),
        "GIT_TERMINAL_PROMPT": "0",
        "TF_BUILD": "True",
        "PYTHONUNBUFFERED": "1",
        "PYTHONNOUSERSITE": "1",
        **python_venvs.index_settings(),
        **front_door.variables(home),
        **_terraform(home),
    }


def _terraform(home: Home) -> dict[str, str]:
    """Where Terraform finds its providers; `shipway up` has written them."""
    configuration = home.root / "terraform" / "agent.tfrc"
    if not configuration.exists():
        return {}
    return {"TF_CLI_CONFIG_FILE": str(configuration), "SHIPWAY_PYTHON": sys.executable}


def define_predefined(
    variables: JobVariables, work: JobWork, directories: JobDirectories, *, worker: str
) -> None:
    """Agent.*, Pipeline.* and the folders: what only the agent of a job knows."""
    values = {**_of_agent(work, directories, worker=worker), **_of_folders(directories)}
    values |= checkout_paths.of_primary(work.job.steps)
    values |= checkout_paths.at_start(
        work.job.steps, names=work.checkout_names, directories=directories
    )
    if variables.get("System.Debug").lower() == "true":
        values["Agent.Diagnostic"] = "true"
    for name, value in values.items():
        variables.define(name, value, is_read_only=True)


def define_step(variables: JobVariables, step: StepPlan, record: Record) -> None:
    """What a step knows of itself."""
    # of the record's name, which is masked: these are in the environment of every script
    shown = record.name if step.display_name else ""
    values = {
        "System.TaskInstanceId": record.record_id,
        "System.TaskInstanceName": step.ref_name,
        "System.TaskDisplayName": shown,
        "Task.DisplayName": shown,
    }
    for name, value in values.items():
        variables.define(name, value, is_read_only=True)


def _of_agent(work: JobWork, directories: JobDirectories, *, worker: str) -> dict[str, str]:
    shown = work.job.display_name or work.job.name
    machine = platform.machine()
    return {
        "Agent.CloudId": "",
        "Agent.HomeDirectory": str(directories.root),
        "Agent.Id": "1",
        "Agent.IsSelfHosted": "1",
        "Agent.JobName": f"{shown} {work.leg.name}".strip(),
        "Agent.JobStatus": "Succeeded",
        "Agent.MachineName": platform.node(),
        "Agent.Name": worker,
        "Agent.OS": {"linux": "Linux", "darwin": "Darwin"}.get(sys.platform, sys.platform),
        "Agent.OSArchitecture": _ARCHITECTURES.get(machine, machine),
        "Agent.OSVersion": platform.release(),
        "Agent.ReadOnlyVariables": "true",
        "Agent.RootDirectory": str(directories.root),
        "Agent.TaskRestrictionsEnforcementMode": "Enabled",
        "Agent.TempDirectory": str(directories.temporary),
        "Agent.ToolsDirectory": str(directories.tools),
        "Agent.Version": AGENT_VERSION,
        "Agent.WorkFolder": str(directories.root),
        "System.IsAzureVM": "0",
        "System.IsDockerContainer": "1" if Path("/.dockerenv").exists() else "0",
        "System.WorkFolder": str(directories.root),
    }


def _of_folders(directories: JobDirectories) -> dict[str, str]:
    sources, artifacts = str(directories.sources), str(directories.artifacts)
    return {
        "Agent.BuildDirectory": str(directories.workspace),
        "Build.ArtifactStagingDirectory": artifacts,
        "Build.BinariesDirectory": str(directories.binaries),
        "Build.Repository.LocalPath": sources,
        "Build.SourcesDirectory": sources,
        "Build.StagingDirectory": artifacts,
        "Common.TestResultsDirectory": str(directories.test_results),
        "Pipeline.Workspace": str(directories.workspace),
        "System.ArtifactsDirectory": artifacts,
        "System.DefaultWorkingDirectory": sources,
    }
