"""The tasks that handle files, artifacts and caches: their inputs.

Names, aliases, defaults, rules and what is required are those of each task.json.
Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/
"""

from shipway.azpipelines.plan import DOWNLOAD_TASK, PUBLISH_TASK
from shipway.devops.task_definition import TaskDefinition
from shipway.devops.task_definitions_scripts import RESULT_TASKS, SCRIPT_TASKS

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

_BUILD_DOWNLOAD_RULES = {
    **dict.fromkeys(
        ("project", "definition", "specificBuildWithTriggering", "buildVersionToDownload"),
        "buildType == specific",
    ),
    "allowPartiallySucceededBuilds": "buildType == specific && buildVersionToDownload != specific",
    "branchName": "buildType == specific && buildVersionToDownload == latestFromBranch",
    "buildId": "buildType == specific && buildVersionToDownload == specific",
    "tags": "buildType == specific && buildVersionToDownload != specific",
    "artifactName": "downloadType == single",
}
_BUILD_DOWNLOAD_OPTIONS = {
    "buildType": ("current", "specific"),
    "buildVersionToDownload": ("latest", "latestFromBranch", "specific"),
    "downloadType": ("single", "specific"),
}
_BUILD_DOWNLOAD_REQUIRED = (
    "buildType", "project", "definition", "buildVersionToDownload", "branchName", "buildId",
    "downloadType", "artifactName", "downloadPath",
)  # fmt: skip
_NO_SHARE = "File shares (`filepath`) are refused."

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
        required=("path", "artifactType", "fileSharePath"),
        visible={
            "fileSharePath": "artifactType = filepath",
            "parallel": "artifactType = filepath",
            "parallelCount": "artifactType = filepath && parallel = true",
        },
        options={"artifactType": ("pipeline", "filepath")},
        summary="Keeps files as an artifact of the run.",
        limits=(_NO_SHARE,),
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
        required=("source", "project", "pipeline", "runVersion", "runBranch", "runId", "path"),
        visible={
            **dict.fromkeys(
                ("project", "pipeline", "preferTriggeringPipeline", "runVersion"),
                "source == specific",
            ),
            "runBranch": "source == specific && runVersion == latestFromBranch",
            "runId": "source == specific && runVersion == specific",
            **dict.fromkeys(
                ("tags", "allowPartiallySucceededBuilds", "allowFailedBuilds"),
                "source == specific && runVersion != specific",
            ),
        },
        options={
            "source": ("current", "specific"),
            "runVersion": ("latest", "latestFromBranch", "specific"),
        },
        summary="Downloads artifacts of this run or of another pipeline's.",
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
        required=("PathtoPublish", "ArtifactName", "ArtifactType", "TargetPath"),
        visible={
            "TargetPath": "ArtifactType = FilePath",
            "Parallel": "ArtifactType = FilePath",
            "ParallelCount": "ArtifactType = FilePath && Parallel = true",
        },
        options={"ArtifactType": ("Container", "FilePath")},
        summary="Keeps files as an artifact of the run.",
        limits=(_NO_SHARE,),
    ),
    TaskDefinition(
        name="DownloadBuildArtifacts",
        version=0,
        inputs={**_BUILD_DOWNLOAD, "retryRedirectDownloadCount": "0"},
        aliases={"pipeline": "definition"},
        required=_BUILD_DOWNLOAD_REQUIRED,
        visible=_BUILD_DOWNLOAD_RULES,
        options=_BUILD_DOWNLOAD_OPTIONS,
        summary="Downloads artifacts of this run or of another pipeline's.",
    ),
    TaskDefinition(
        name="DownloadBuildArtifacts",
        version=1,
        inputs=_BUILD_DOWNLOAD,
        aliases={"pipeline": "definition"},
        required=_BUILD_DOWNLOAD_REQUIRED,
        visible=_BUILD_DOWNLOAD_RULES,
        options=_BUILD_DOWNLOAD_OPTIONS,
        summary="Downloads artifacts of this run or of another pipeline's.",
    ),
    TaskDefinition(
        name=PUBLISH_TASK,
        version=1,
        summary="The step `publish`: keeps files as an artifact of the run.",
        inputs={"path": "", "artifactName": "", "artifactType": "pipeline", "properties": ""},
        aliases={"artifact": "artifactName", "targetPath": "path"},
    ),
    TaskDefinition(
        name=DOWNLOAD_TASK,
        version=1,
        summary="The step `download`: brings artifacts of this run or of a pipeline resource.",
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
        summary="Brings back files that an earlier run kept, and keeps them when the job is done.",
        limits=("Nothing expires.",),
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
        summary="Copies files that match patterns.",
        limits=("Cleans no folder outside the job's.",),
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
        summary="Removes files and folders that match patterns.",
        limits=("Removes nothing outside the job's folders.",),
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
        required=(
            "rootFolderOrFile",
            "includeRootFolder",
            "archiveType",
            "archiveFile",
            "replaceExistingArchive",
        ),
        visible={"sevenZipCompression": "archiveType = 7z", "tarCompression": "archiveType = tar"},
        options={
            "archiveType": ("zip", "7z", "tar", "wim"),
            "tarCompression": ("gz", "bz2", "xz", "none"),
            "sevenZipCompression": ("ultra", "maximum", "normal", "fast", "fastest", "none"),
        },
        summary="Puts files into an archive.",
        limits=("Makes zip and tar (gz, bz2, xz, none); 7z and wim are refused.",),
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
        required=(
            "archiveFilePatterns",
            "destinationFolder",
            "cleanDestinationFolder",
            "overwriteExistingFiles",
        ),
        summary="Takes files out of archives.",
        limits=("Takes zip and tar; 7z is refused. Nothing leaves the job's folders.",),
    ),
)

FILE_TASKS: tuple[TaskDefinition, ...] = (
    *SCRIPT_TASKS, *RESULT_TASKS, *ARTIFACT_TASKS, *_FILE_HANDLING,
)  # fmt: skip
