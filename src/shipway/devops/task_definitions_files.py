"""The tasks that run scripts and handle files, artifacts, results and caches: their inputs.

Names, aliases, defaults and what is required are those of each task.json.
Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/
"""

from shipway.azpipelines.plan import DOWNLOAD_TASK, PUBLISH_TASK
from shipway.devops.task_definition import TaskDefinition

_SCRIPT = {
    "targetType": "filePath",
    "filePath": "",
    "arguments": "",
    "script": "",
    "workingDirectory": "",
    "failOnStderr": "false",
}

SCRIPT_TASKS: tuple[TaskDefinition, ...] = (
    TaskDefinition(
        name="CmdLine",
        version=2,
        inputs={"script": "", "workingDirectory": "", "failOnStderr": "false"},
        required=("script",),
    ),
    TaskDefinition(name="Bash", version=3, inputs={**_SCRIPT, "bashEnvValue": ""}),
    TaskDefinition(
        name="PowerShell",
        version=2,
        inputs={
            **_SCRIPT,
            "errorActionPreference": "stop",
            "warningPreference": "default",
            "informationPreference": "default",
            "verbosePreference": "default",
            "debugPreference": "default",
            "progressPreference": "silentlyContinue",
            "showWarnings": "false",
            "ignoreLASTEXITCODE": "false",
            "pwsh": "false",
            "runScriptInSeparateScope": "false",
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
)

RESULT_TASKS: tuple[TaskDefinition, ...] = (
    TaskDefinition(
        name="PublishTestResults",
        version=2,
        inputs={
            "testRunner": "JUnit",
            "testResultsFiles": "**/TEST-*.xml",
            "searchFolder": "$(System.DefaultWorkingDirectory)",
            "mergeTestResults": "false",
            "failTaskOnFailedTests": "false",
            "failTaskOnFailureToPublishResults": "false",
            "failTaskOnMissingResultsFile": "false",
            "testRunTitle": "",
            "platform": "",
            "configuration": "",
            "publishRunAttachments": "true",
        },
        aliases={
            "testResultsFormat": "testRunner",
            "buildPlatform": "platform",
            "buildConfiguration": "configuration",
        },
        required=("testRunner", "testResultsFiles"),
    ),
    TaskDefinition(
        name="PublishCodeCoverageResults",
        version=1,
        inputs={
            "codeCoverageTool": "JaCoCo",
            "summaryFileLocation": "",
            "pathToSources": "",
            "reportDirectory": "",
            "additionalCodeCoverageFiles": "",
            "failIfCoverageEmpty": "false",
        },
        required=("codeCoverageTool", "summaryFileLocation"),
    ),
    TaskDefinition(
        name="PublishCodeCoverageResults",
        version=2,
        inputs={"summaryFileLocation": "", "pathToSources": "", "failIfCoverageEmpty": "false"},
        required=("summaryFileLocation",),
    ),
)

_BUILD_DOWNLOAD = {
    "buildType": "current",
    "project": "",
    "definition": "",
    "specificBuildWithTriggering": "false",
    "buildVersionToDownload": "latest",
    "allowPartiallySucceededBuilds": "false",
    "branchName": "refs/heads/master",
    "buildId": "",
    "tags": "",
    "downloadType": "single",
    "artifactName": "",
    "itemPattern": "**",
    "downloadPath": "$(System.ArtifactsDirectory)",
    "cleanDestinationFolder": "false",
    "parallelizationLimit": "8",
    "checkDownloadedFiles": "false",
    "retryDownloadCount": "4",
    "extractTars": "",
}

ARTIFACT_TASKS: tuple[TaskDefinition, ...] = (
    TaskDefinition(
        name="PublishPipelineArtifact",
        version=1,
        inputs={
            "path": "$(Pipeline.Workspace)",
            "artifactName": "",
            "artifactType": "pipeline",
            "fileSharePath": "",
            "parallel": "false",
            "parallelCount": "8",
            "properties": "",
        },
        aliases={
            "targetPath": "path",
            "artifact": "artifactName",
            "publishLocation": "artifactType",
        },
        required=("path", "artifactType"),
    ),
    TaskDefinition(
        name="DownloadPipelineArtifact",
        version=2,
        inputs={
            "source": "current",
            "project": "",
            "pipeline": "",
            "preferTriggeringPipeline": "false",
            "runVersion": "latest",
            "runBranch": "refs/heads/master",
            "runId": "",
            "tags": "",
            "allowPartiallySucceededBuilds": "false",
            "allowFailedBuilds": "false",
            "artifact": "",
            "patterns": "**",
            "path": "$(Pipeline.Workspace)",
        },
        aliases={
            "buildType": "source",
            "definition": "pipeline",
            "specificBuildWithTriggering": "preferTriggeringPipeline",
            "buildVersionToDownload": "runVersion",
            "branchName": "runBranch",
            "pipelineId": "runId",
            "buildId": "runId",
            "artifactName": "artifact",
            "itemPattern": "patterns",
            "targetPath": "path",
            "downloadPath": "path",
        },
        required=("source", "path"),
    ),
    TaskDefinition(
        name="PublishBuildArtifacts",
        version=1,
        inputs={
            "PathtoPublish": "$(Build.ArtifactStagingDirectory)",
            "ArtifactName": "drop",
            "ArtifactType": "Container",
            "MaxArtifactSize": "0",
            "TargetPath": "",
            "Parallel": "false",
            "ParallelCount": "8",
            "StoreAsTar": "false",
        },
        aliases={"publishLocation": "ArtifactType"},
        required=("PathtoPublish", "ArtifactName", "ArtifactType"),
    ),
    TaskDefinition(
        name="DownloadBuildArtifacts",
        version=0,
        inputs={**_BUILD_DOWNLOAD, "retryRedirectDownloadCount": "0"},
        aliases={"pipeline": "definition"},
        required=("buildType", "downloadType", "downloadPath"),
    ),
    TaskDefinition(
        name="DownloadBuildArtifacts",
        version=1,
        inputs=_BUILD_DOWNLOAD,
        aliases={"pipeline": "definition"},
        required=("buildType", "downloadType", "downloadPath"),
    ),
    TaskDefinition(
        name=PUBLISH_TASK,
        version=1,
        inputs={"path": "", "artifactName": "", "artifactType": "pipeline", "properties": ""},
        aliases={"artifact": "artifactName", "targetPath": "path"},
    ),
    TaskDefinition(
        name=DOWNLOAD_TASK,
        version=1,
        inputs={"alias": "current", "artifact": "", "patterns": "**", "path": "", "tags": ""},
        aliases={"artifactName": "artifact", "itemPattern": "patterns"},
    ),
)

_FILE_HANDLING: tuple[TaskDefinition, ...] = (
    TaskDefinition(
        name="Cache",
        version=2,
        inputs={"key": "", "path": "", "cacheHitVar": "", "restoreKeys": ""},
        required=("key", "path"),
    ),
    TaskDefinition(
        name="CopyFiles",
        version=2,
        inputs={
            "SourceFolder": "",
            "Contents": "**",
            "TargetFolder": "",
            "CleanTargetFolder": "false",
            "OverWrite": "false",
            "flattenFolders": "false",
            "preserveTimestamp": "false",
            "retryCount": "0",
            "delayBetweenRetries": "1000",
            "ignoreMakeDirErrors": "false",
        },
        required=("Contents", "TargetFolder"),
    ),
    TaskDefinition(
        name="DeleteFiles",
        version=1,
        inputs={
            "SourceFolder": "",
            "Contents": "myFileShare",
            "RemoveSourceFolder": "false",
            "RemoveDotFiles": "false",
        },
        required=("Contents",),
    ),
    TaskDefinition(
        name="ArchiveFiles",
        version=2,
        inputs={
            "rootFolderOrFile": "$(Build.BinariesDirectory)",
            "includeRootFolder": "true",
            "archiveType": "zip",
            "sevenZipCompression": "normal",
            "tarCompression": "gz",
            "archiveFile": "$(Build.ArtifactStagingDirectory)/$(Build.BuildId).zip",
            "replaceExistingArchive": "true",
            "verbose": "false",
            "quiet": "false",
        },
        required=("rootFolderOrFile", "archiveType", "archiveFile"),
    ),
    TaskDefinition(
        name="ExtractFiles",
        version=1,
        inputs={
            "archiveFilePatterns": "**/*.zip",
            "destinationFolder": "",
            "cleanDestinationFolder": "true",
            "overwriteExistingFiles": "false",
            "pathToSevenZipTool": "",
        },
        required=("archiveFilePatterns", "destinationFolder"),
    ),
)

FILE_TASKS: tuple[TaskDefinition, ...] = (
    *SCRIPT_TASKS, *RESULT_TASKS, *ARTIFACT_TASKS, *_FILE_HANDLING,
)  # fmt: skip
