"""Which tasks agents run, with the inputs that matter: names, aliases, defaults, what is required.

Data only; `agent/all_tasks.py` holds what runs for each, and a house test keeps both in step.
Source: the task.json files of microsoft/azure-pipelines-tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.azpipelines.plan import CHECKOUT_TASK, DOWNLOAD_TASK, PUBLISH_TASK


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """One `name@major`.

    `inputs` maps each name to its default; `aliases` a further name to the one in `inputs`.
    """

    name: str
    version: int
    inputs: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    runs_on_server: bool = False


_AZURE_CLI = {
    "azureSubscription": "",
    "scriptType": "bash",
    "scriptLocation": "scriptPath",
    "scriptPath": "",
    "inlineScript": "",
    "scriptArguments": "",
    "addSpnToEnvironment": "false",
    "useGlobalConfig": "false",
    "workingDirectory": "",
    "failOnStandardError": "false",
    "powerShellErrorActionPreference": "stop",
    "visibleAzLogin": "true",
    "keepAzSessionActive": "false",
}

DEFINITIONS: tuple[TaskDefinition, ...] = (
    TaskDefinition(
        name="CmdLine",
        version=2,
        inputs={"script": "", "workingDirectory": "", "failOnStderr": "false"},
        required=("script",),
    ),
    TaskDefinition(
        name="Bash",
        version=3,
        inputs={
            "targetType": "filePath",
            "filePath": "",
            "arguments": "",
            "script": "",
            "workingDirectory": "",
            "failOnStderr": "false",
            "bashEnvValue": "",
        },
    ),
    TaskDefinition(
        name="PythonScript",
        version=0,
        inputs={
            "scriptSource": "filePath",
            "scriptPath": "",
            "script": "",
            "arguments": "",
            "pythonInterpreter": "",
            "workingDirectory": "",
            "failOnStderr": "false",
        },
    ),
    TaskDefinition(
        name="UsePythonVersion",
        version=0,
        inputs={
            "versionSpec": "3.x",
            "addToPath": "true",
            "architecture": "x64",
            "disableDownloadFromRegistry": "false",
            "allowUnstable": "false",
            "githubToken": "",
        },
    ),
    TaskDefinition(
        name="AzureCLI",
        version=2,
        inputs=_AZURE_CLI,
        aliases={"connectedServiceNameARM": "azureSubscription", "cwd": "workingDirectory"},
        required=("azureSubscription",),
    ),
    TaskDefinition(
        name="AzureCLI",
        version=1,
        inputs={**_AZURE_CLI, "script": ""},
        aliases={"connectedServiceNameARM": "azureSubscription", "cwd": "workingDirectory"},
        required=("azureSubscription",),
    ),
    TaskDefinition(
        name="PublishTestResults",
        version=2,
        inputs={
            "testResultsFormat": "JUnit",
            "testResultsFiles": "**/TEST-*.xml",
            "searchFolder": "$(System.DefaultWorkingDirectory)",
            "mergeTestResults": "false",
            "failTaskOnFailedTests": "false",
            "failTaskOnFailureToPublishResults": "false",
            "failTaskOnMissingResultsFile": "false",
            "testRunTitle": "",
            "buildPlatform": "",
            "buildConfiguration": "",
            "publishRunAttachments": "true",
        },
        aliases={"testRunner": "testResultsFormat"},
    ),
    TaskDefinition(
        name="PublishPipelineArtifact",
        version=1,
        inputs={
            "targetPath": "$(Pipeline.Workspace)",
            "artifact": "",
            "publishLocation": "pipeline",
            "properties": "",
        },
        aliases={"path": "targetPath", "artifactName": "artifact"},
    ),
    TaskDefinition(
        name="DownloadPipelineArtifact",
        version=2,
        inputs={
            "buildType": "current",
            "artifactName": "",
            "itemPattern": "**",
            "targetPath": "$(Pipeline.Workspace)",
        },
        aliases={
            "source": "buildType",
            "artifact": "artifactName",
            "patterns": "itemPattern",
            "path": "targetPath",
            "downloadPath": "targetPath",
        },
    ),
    TaskDefinition(
        name=CHECKOUT_TASK,
        version=1,
        inputs={
            "repository": "self",
            "clean": "",
            "fetchDepth": "1",
            "fetchFilter": "",
            "fetchTags": "false",
            "lfs": "false",
            "path": "",
            "persistCredentials": "false",
            "submodules": "",
            "workspaceRepo": "",
        },
    ),
    TaskDefinition(
        name=PUBLISH_TASK,
        version=1,
        inputs={"path": "", "artifactName": ""},
        aliases={"artifact": "artifactName", "targetPath": "path"},
    ),
    TaskDefinition(
        name=DOWNLOAD_TASK,
        version=1,
        inputs={"alias": "current", "artifact": "", "patterns": "**", "path": ""},
        aliases={"artifactName": "artifact"},
    ),
    TaskDefinition(
        name="AzureMLJobWaitTask",
        version=0,
        inputs={
            "serviceConnection": "",
            "resourceGroupName": "",
            "azureMLWorkspaceName": "",
            "azureMLWorkspaceLocation": "",
            "azureMLJobName": "",
        },
        required=("serviceConnection", "azureMLJobName"),
        runs_on_server=True,
    ),
    TaskDefinition(
        name="AzureMLJobWaitTask",
        version=1,
        inputs={
            "serviceConnection": "",
            "resourceGroupName": "",
            "azureMLWorkspaceName": "",
            "azureMLJobName": "",
        },
        required=("serviceConnection", "azureMLJobName"),
        runs_on_server=True,
    ),
)

KNOWN: Mapping[str, tuple[int, ...]] = {
    name: tuple(sorted(d.version for d in DEFINITIONS if d.name == name))
    for name in dict.fromkeys(d.name for d in DEFINITIONS)
}


def find(name: str, version: int) -> TaskDefinition | None:
    """The definition of a task, its name in any letter case and with or without a prefix."""
    wanted = name.rsplit(".", 1)[-1].lower()
    return next((d for d in DEFINITIONS if d.name.lower() == wanted and d.version == version), None)
