"""The environment of a job's processes, built from nothing, and its predefined variables."""

import platform
import sys
from pathlib import Path

from shipway.agent import python_venvs
from shipway.agent.directories import JobDirectories
from shipway.agent.variables import JobVariables
from shipway.base import front_door
from shipway.base.home import Home
from shipway.devops.job_work import JobWork

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
AGENT_VERSION = "4.255.0"
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
    """Agent.*, System.*, Pipeline.* and the folders of Build.*."""
    sources = str(directories.sources)
    shown = work.job.display_name or work.job.name
    values = {
        "Agent.BuildDirectory": str(directories.workspace),
        "Agent.HomeDirectory": str(directories.root),
        "Agent.Id": "1",
        "Agent.JobName": f"{shown} {work.leg.name}".strip(),
        "Agent.JobStatus": "Succeeded",
        "Agent.MachineName": platform.node(),
        "Agent.Name": worker,
        "Agent.OS": {"linux": "Linux", "darwin": "Darwin"}.get(sys.platform, sys.platform),
        "Agent.OSArchitecture": {"x86_64": "X64", "aarch64": "ARM64", "arm64": "ARM64"}.get(
            platform.machine(), platform.machine()
        ),
        "Agent.TempDirectory": str(directories.temporary),
        "Agent.ToolsDirectory": str(directories.tools),
        "Agent.Version": AGENT_VERSION,
        "Agent.WorkFolder": str(directories.root),
        "Build.ArtifactStagingDirectory": str(directories.artifacts),
        "Build.BinariesDirectory": str(directories.binaries),
        "Build.Repository.LocalPath": sources,
        "Build.SourcesDirectory": sources,
        "Build.StagingDirectory": str(directories.artifacts),
        "Common.TestResultsDirectory": str(directories.test_results),
        "Pipeline.Workspace": str(directories.workspace),
        "System.ArtifactsDirectory": str(directories.artifacts),
        "System.DefaultWorkingDirectory": sources,
        "System.JobAttempt": str(work.record.attempt),
        "System.JobDisplayName": f"{shown} {work.leg.name}".strip(),
        "System.JobId": work.record.record_id,
        "System.JobIdentifier": work.record.identifier,
        "System.JobName": work.leg.name or work.job.name,
        "System.PhaseAttempt": "1",
        "System.PhaseDisplayName": shown,
        "System.PhaseName": work.job.name,
        "System.StageAttempt": "1",
        "System.StageDisplayName": work.stage.display_name or work.stage.name,
        "System.StageName": work.stage.name,
        "System.WorkFolder": str(directories.root),
    }
    if work.job.environment is not None:
        values |= {
            "Environment.Name": work.job.environment.name,
            "Environment.ResourceName": work.job.environment.resource_name or "",
            "Strategy.Name": work.job.deployment_strategy or "runOnce",
            **work.leg.variables,
        }
    for name, value in values.items():
        variables.define(name, value, is_read_only=name.startswith(("Agent.", "System.")))
