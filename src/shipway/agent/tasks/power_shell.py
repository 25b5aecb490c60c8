"""PowerShell@2 (`powershell`, `pwsh`): a script with the preferences asked for, where pwsh exists.

Source: powershell.ts of microsoft/azure-pipelines-tasks.
"""

import shutil

from shipway.agent.task import StepResult, StepRun, Task
from shipway.agent.tasks.script import file_of, run_watched
from shipway.base.errors import BadInput, NotSupported

_PREFERENCES = {
    "errorActionPreference": ("ErrorActionPreference", "stop"),
    "warningPreference": ("WarningPreference", "default"),
    "informationPreference": ("InformationPreference", "default"),
    "verbosePreference": ("VerbosePreference", "default"),
    "debugPreference": ("DebugPreference", "default"),
    "progressPreference": ("ProgressPreference", "silentlyContinue"),
}
_VALID = ("Default", "Stop", "Continue", "SilentlyContinue")
_SHOW_WARNINGS = """
$warnings = New-Object System.Collections.ObjectModel.ObservableCollection[\
System.Management.Automation.WarningRecord];
Register-ObjectEvent -InputObject $warnings -EventName CollectionChanged -Action {{
    if ($Event.SourceEventArgs.Action -like "Add") {{
        $Event.SourceEventArgs.NewItems | ForEach-Object {{
            Write-Host "##vso[task.logissue type=warning;]$_";
        }}
    }}
}};
Invoke-Command {{{script}}} -WarningVariable +warnings;
"""
EXIT_CODE = "if (Test-Path -LiteralPath variable:\\LASTEXITCODE) { exit $LASTEXITCODE }"


def _preferences(step: StepRun) -> list[str]:
    found: list[str] = []
    for name, (variable, default) in _PREFERENCES.items():
        value = step.input(name, default)
        if value.lower() not in (valid.lower() for valid in _VALID):
            raise BadInput(
                f"Invalid action preference for {name}: '{value}'. The value must be one of: "
                f"{', '.join(_VALID)}", code="InvalidInput", where=name,
            )  # fmt: skip
        if value.lower() != "default":
            found.append(f"${variable} = '{value}'")
    return found


def text_of(step: StepRun) -> str:
    """The script as it is run. Raises `BadInput`."""
    kind = step.input("targetType", "filePath").lower()
    if kind not in ("filepath", "inline"):
        raise BadInput(
            f"Invalid target type '{kind}'. The value must be one of: 'filepath' or 'inline'",
            code="InvalidInput", where="targetType",
        )  # fmt: skip
    script = step.input("script")
    if kind == "filepath":
        quoted = str(file_of(step, suffix=".ps1")).replace("'", "''")
        script = f". '{quoted}' {step.input('arguments')}".strip()
    if step.flag("showWarnings"):
        script = _SHOW_WARNINGS.format(script=script)
    ending = [] if step.flag("ignoreLASTEXITCODE") else [EXIT_CODE]
    return "\n".join([*_preferences(step), script, *ending])


def program(step: StepRun) -> str:
    """The path of PowerShell. Raises `NotSupported` where there is none."""
    path = step.job.search_path()
    shell = shutil.which("pwsh", path=path) or shutil.which("powershell", path=path)
    if shell is None:
        raise NotSupported(
            "PowerShell is not installed on this machine", code="PowerShellMissing", where="pwsh",
            hint="Install it (https://aka.ms/powershell), or write the step as `bash`.",
        )  # fmt: skip
    return shell


def _run(step: StepRun) -> StepResult:
    text = text_of(step)
    shell = program(step)
    step.log("Generating script.")
    step.log("========================== Starting Command Output ===========================")
    file, descriptors = step.script("\ufeff" + text, suffix=".ps1")
    operator = "&" if step.flag("runScriptInSeparateScope") else "."
    return run_watched(
        step,
        [shell, "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", f"{operator} '{file}'"],
        fds=descriptors, what="PowerShell", fail_on_stderr=step.flag("failOnStderr"),
        complaint="PowerShell wrote one or more lines to the standard error stream.",
    )  # fmt: skip


POWER_SHELL = Task(name="PowerShell", version=2, run=_run)
