"""Shorthands of steps and the tasks that they stand for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.azpipelines.plan import (
    CHECKOUT_TASK,
    DOWNLOAD_TASK,
    PUBLISH_TASK,
    TaskReference,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepForm:
    """How a shorthand becomes a task: where its text goes, which keys become inputs."""

    task: TaskReference
    title: str
    text_input: str
    moved: Mapping[str, str]
    fixed: Mapping[str, str] = field(default_factory=dict)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_POWERSHELL = TaskReference(name="PowerShell", version="2")
_POWERSHELL_KEYS = _same(
    "errorActionPreference", "failOnStderr", "ignoreLASTEXITCODE", "workingDirectory"
)

FORMS: Mapping[str, StepForm] = {
    "script": StepForm(
        task=TaskReference(name="CmdLine", version="2"),
        title="CmdLine",
        text_input="script",
        moved=_same("workingDirectory", "failOnStderr"),
    ),
    "bash": StepForm(
        task=TaskReference(name="Bash", version="3"),
        title="Bash",
        text_input="script",
        moved=_same("workingDirectory", "failOnStderr"),
        fixed={"targetType": "inline"},
    ),
    "pwsh": StepForm(
        task=_POWERSHELL,
        title="PowerShell",
        text_input="script",
        moved=_POWERSHELL_KEYS,
        fixed={"targetType": "inline", "pwsh": "true"},
    ),
    "powershell": StepForm(
        task=_POWERSHELL,
        title="PowerShell",
        text_input="script",
        moved=_POWERSHELL_KEYS,
        fixed={"targetType": "inline"},
    ),
    "checkout": StepForm(
        task=TaskReference(name=CHECKOUT_TASK, version="1"),
        title="Checkout",
        text_input="repository",
        moved=_same(
            "clean",
            "fetchDepth",
            "fetchFilter",
            "fetchTags",
            "lfs",
            "persistCredentials",
            "submodules",
            "path",
            "sparseCheckoutDirectories",
            "sparseCheckoutPatterns",
            "workspaceRepo",
        ),
    ),
    "publish": StepForm(
        task=TaskReference(name=PUBLISH_TASK, version="1"),
        title="PublishPipelineArtifact",
        text_input="path",
        moved={"artifact": "artifactName"},
    ),
    "download": StepForm(
        task=TaskReference(name=DOWNLOAD_TASK, version="1"),
        title="DownloadPipelineArtifact",
        text_input="alias",
        moved=_same("artifact", "patterns", "path"),
    ),
    "upload": StepForm(  # what `publish` was called at first
        task=TaskReference(name=PUBLISH_TASK, version="1"),
        title="PublishPipelineArtifact",
        text_input="path",
        moved={"artifact": "artifactName"},
    ),
    # the three below need what no agent here has; `steps` refuses them for a run
    "downloadBuild": StepForm(
        task=TaskReference(name=DOWNLOAD_TASK, version="1"),
        title="DownloadPipelineArtifact",
        text_input="alias",
        moved=_same("artifact", "patterns", "path"),
    ),
    "getPackage": StepForm(
        task=TaskReference(name="DownloadPackage", version="1"),
        title="DownloadPackage",
        text_input="alias",
        moved=_same("path"),
    ),
    "reviewApp": StepForm(
        task=TaskReference(name="ReviewApp", version="0"),
        title="ReviewApp",
        text_input="resourceName",
        moved={},
    ),
}
