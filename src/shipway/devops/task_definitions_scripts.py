"""The tasks that run scripts and publish results: their inputs.

Names, aliases, defaults, rules and what is required are those of each task.json.
Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/
"""

from shipway.devops.task_definition import TaskDefinition

_SCRIPT = {
    "targetType": "filePath",
    "filePath": "",
    "arguments": "",
    "script": "",
    "workingDirectory": "",
    "failOnStderr": "false",
}
_SCRIPT_RULES = {
    "filePath": "targetType = filePath",
    "arguments": "targetType = filePath",
    "script": "targetType = inline",
}
_PREFERENCE = ("default", "stop", "continue", "silentlyContinue")

SCRIPT_TASKS: tuple[TaskDefinition, ...] = (
    TaskDefinition(
        name="CmdLine",
        version=2,
        inputs={
            "script": "echo Write your commands here\n\necho Hello world\n",
            "workingDirectory": "",
            "failOnStderr": "false",
        },
        required=("script",),
        summary="Runs a script of commands with bash.",
    ),
    TaskDefinition(
        name="Bash",
        version=3,
        inputs={
            **_SCRIPT,
            "script": "# Write your commands here\n\necho 'Hello world'\n",
            "bashEnvValue": "",
        },
        required=("filePath", "script"),
        visible=_SCRIPT_RULES,
        options={"targetType": ("filePath", "inline")},
        summary="Runs a Bash script, inline or from a file.",
    ),
    TaskDefinition(
        name="PowerShell",
        version=2,
        inputs={
            **_SCRIPT,
            "script": '# Write your PowerShell commands here.\n\nWrite-Host "Hello World"\n',
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
        required=("filePath", "script"),
        visible=_SCRIPT_RULES,
        options={
            "targetType": ("filePath", "inline"),
            "errorActionPreference": _PREFERENCE,
            "warningPreference": _PREFERENCE,
            "informationPreference": _PREFERENCE,
            "verbosePreference": _PREFERENCE,
            "debugPreference": _PREFERENCE,
            "progressPreference": _PREFERENCE,
        },
        summary="Runs a PowerShell script, inline or from a file.",
        limits=("Runs where PowerShell is installed; elsewhere the step fails with its name.",),
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
        required=("scriptSource", "scriptPath", "script"),
        visible={"scriptPath": "scriptSource = filePath", "script": "scriptSource = inline"},
        options={"scriptSource": ("filePath", "inline")},
        summary="Runs a Python script, inline or from a file.",
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
        options={"testRunner": ("JUnit", "NUnit", "VSTest", "XUnit", "CTest")},
        summary="Publishes test results; the run's page shows them.",
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
        options={"codeCoverageTool": ("Cobertura", "JaCoCo")},
        summary="Publishes sums of code coverage; the run's page shows them.",
        limits=("Makes no HTML report.",),
    ),
    TaskDefinition(
        name="PublishCodeCoverageResults",
        version=2,
        inputs={"summaryFileLocation": "", "pathToSources": "", "failIfCoverageEmpty": "false"},
        required=("summaryFileLocation",),
        summary="Publishes sums of code coverage; the run's page shows them.",
        limits=("Reads Cobertura and JaCoCo. Makes no HTML report.",),
    ),
)
