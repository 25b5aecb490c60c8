"""The tasks that act on Azure with a service connection: their inputs.

Names, aliases, defaults, rules and what is required are those of each task.json.
Source: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/
"""

from shipway.devops.task_definition import TaskDefinition

_CLI_INPUTS = {
    "azureSubscription": "",
    "scriptType": "",
    "scriptLocation": "scriptPath",
    "scriptPath": "",
    "inlineScript": "",
    "scriptArguments": "",
    "powerShellErrorActionPreference": "stop",
    "addSpnToEnvironment": "false",
    "useGlobalConfig": "false",
    "workingDirectory": "",
    "failOnStandardError": "false",
    "powerShellIgnoreLASTEXITCODE": "false",
    "visibleAzLogin": "true",
    "keepAzSessionActive": "false",
}
_CLI_RULES = {
    "scriptPath": "scriptLocation = scriptPath",
    "inlineScript": "scriptLocation = inlineScript",
}
_CLI_LOCATIONS = ("inlineScript", "scriptPath")
_CLI_ALIASES = {"connectedServiceNameARM": "azureSubscription", "cwd": "workingDirectory"}
_CLI_SUMMARY = "Runs a script in which `az` is signed in as the service connection."

_VAULT_INPUTS = {
    "ConnectedServiceName": "",
    "KeyVaultName": "",
    "SecretsFilter": "*",
    "RunAsPreJob": "false",
}


def _key_vault(version: int) -> TaskDefinition:
    return TaskDefinition(
        name="AzureKeyVault",
        version=version,
        inputs=_VAULT_INPUTS,
        aliases={"azureSubscription": "ConnectedServiceName"},
        required=tuple(_VAULT_INPUTS),
        connections={"ConnectedServiceName": "azurerm"},
        summary="Makes secrets of a key vault secret variables of the job.",
        sets=("a variable for each secret",),
        limits=("Keys and certificates are not read.",),
    )


AZURE_TASKS: tuple[TaskDefinition, ...] = (
    TaskDefinition(
        name="AzureCLI",
        version=2,
        inputs=_CLI_INPUTS,
        aliases={**_CLI_ALIASES, "arguments": "scriptArguments"},
        required=(
            "azureSubscription", "scriptType", "scriptLocation", "scriptPath", "inlineScript",
        ),
        visible={
            **_CLI_RULES,
            "powerShellErrorActionPreference": "scriptType = ps || scriptType = pscore",
            "powerShellIgnoreLASTEXITCODE": "scriptType = ps || scriptType = pscore",
        },
        options={
            "scriptType": ("ps", "pscore", "batch", "bash"),
            "scriptLocation": _CLI_LOCATIONS,
            "powerShellErrorActionPreference": ("stop", "continue", "silentlyContinue"),
        },
        connections={"azureSubscription": "azurerm"},
        summary=_CLI_SUMMARY,
        limits=("Takes `scriptType: bash`, and `ps` and `pscore` where PowerShell is installed.",),
    ),
    TaskDefinition(
        name="AzureCLI",
        version=1,
        inputs={
            "azureSubscription": "",
            "scriptLocation": "scriptPath",
            "scriptPath": "",
            "inlineScript": "",
            "args": "",
            "addSpnToEnvironment": "false",
            "useGlobalConfig": "false",
            "workingDirectory": "",
            "failOnStandardError": "false",
        },
        aliases={**_CLI_ALIASES, "arguments": "args"},
        required=("azureSubscription", "scriptLocation", "scriptPath", "inlineScript"),
        visible=_CLI_RULES,
        options={"scriptLocation": _CLI_LOCATIONS},
        connections={"azureSubscription": "azurerm"},
        summary=_CLI_SUMMARY,
    ),
    _key_vault(1),
    _key_vault(2),
)  # fmt: skip
