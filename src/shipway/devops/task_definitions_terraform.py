"""The Terraform tasks: their inputs.

Names, defaults, rules and what is required are those of each task.json.
Source: microsoft/azure-pipelines-terraform and jason-johnson/azure-pipelines-tasks-terraform.
"""

from shipway.devops.task_definition import TaskDefinition

_SIGNED_IN = "command != init && command != validate"
_CLOUDS = {"AzureRM": "azurerm", "AWS": "aws", "GCP": "gcp"}
_CONNECTION_KINDS = {
    "environmentServiceNameAzureRM": "azurerm",
    "environmentServiceNameAWS": "AWSServiceEndpoint",
    "environmentServiceNameGCP": "GoogleCloudServiceEndpoint",
    "environmentServiceNameOCI": "OracleCloudInfrastructureServiceEndpoint",
    "backendServiceArm": "azurerm",
    "backendServiceAWS": "AWSServiceEndpoint",
    "backendServiceGCP": "GoogleCloudServiceEndpoint",
    "backendServiceOCI": "OracleCloudInfrastructureServiceEndpoint",
}
_BACKENDS = {
    "azurerm": (
        "backendServiceArm", "backendAzureRmResourceGroupName", "backendAzureRmStorageAccountName",
        "backendAzureRmContainerName", "backendAzureRmKey",
    ),
    "aws": ("backendServiceAWS", "backendAWSBucketName", "backendAWSKey"),
    "gcp": ("backendServiceGCP", "backendGCPBucketName", "backendGCPPrefix"),
}  # fmt: skip
_BACKEND_FLAGS = (
    "backendAzureRmUseEnvironmentVariablesForAuthentication",
    "backendAzureRmUseEntraIdForAuthentication",
)
_ORACLE = {"backendServiceOCI": "", "backendOCIPar": "", "backendOCIConfigGenerate": "yes"}
_COMMANDS = ("init", "validate", "plan", "apply", "destroy")
_MORE_COMMANDS = ("init", "validate", "plan", "show", "apply", "output", "destroy", "custom")
_OUTPUT_INPUTS = {
    "outputTo": "console", "customCommand": "", "outputFormat": "default", "fileName": "",
}  # fmt: skip
_OUTPUT_OPTIONS = {"outputTo": ("file", "console"), "outputFormat": ("json", "default")}
_OUTPUT_RULES = {
    "outputTo": "command = show || command = custom",
    "customCommand": "command = custom",
    "outputFormat": "command = show",
}
_SETS = {
    2: ("changesPresent", "jsonPlanFilePath", "jsonOutputVariablesPath"),
    3: ("changesPresent", "showFilePath", "customFilePath", "jsonOutputVariablesPath"),
    4: ("changesPresent", "showFilePath", "customFilePath", "jsonOutputVariablesPath"),
}
_LIMITS = (
    "The providers are those of `shipway tf`; `provider` is azurerm, others are refused.",
    "The terraform is the one on the path.",
)


def _terraform_task(version: int) -> TaskDefinition:
    is_first, has_oracle = version == 2, version == 4
    inputs = {"provider": "azurerm", "command": "init", "commandOptions": ""}
    inputs["workingDirectory"] = "$(System.DefaultWorkingDirectory)"
    rules: dict[str, str] = {}
    for suffix, provider in _CLOUDS.items():
        inputs[f"environmentServiceName{suffix}"] = ""
        rules[f"environmentServiceName{suffix}"] = f"provider = {provider} && {_SIGNED_IN}"
    for provider, names in _BACKENDS.items():
        inputs |= dict.fromkeys(names, "")
        rules |= dict.fromkeys(names, f"provider = {provider} && command = init")
    if not is_first:
        inputs |= _OUTPUT_INPUTS
        rules |= _OUTPUT_RULES | {"fileName": "outputTo = file"}
    if has_oracle:
        inputs |= {"publishPlan": "", "environmentServiceNameOCI": ""}
        inputs |= dict.fromkeys(_BACKEND_FLAGS, "") | _ORACLE
        rules |= dict.fromkeys(_BACKEND_FLAGS, "provider = azurerm && command = init")
        rules |= dict.fromkeys(_ORACLE, "provider = oci && command = init")
        rules |= {
            "publishPlan": "command = plan",
            "environmentServiceNameOCI": f"provider = oci && {_SIGNED_IN}",
        }
    optional = {"commandOptions", "workingDirectory", "backendGCPPrefix", "backendOCIPar"}
    optional |= {"publishPlan", *_BACKEND_FLAGS}
    return TaskDefinition(
        name=f"TerraformTaskV{version}",
        version=version,
        inputs=inputs,
        required=tuple(name for name in inputs if name not in optional),
        visible=rules,
        options={
            "provider": ("azurerm", "aws", "gcp", *(("oci",) if has_oracle else ())),
            "command": _COMMANDS if is_first else _MORE_COMMANDS,
            **({} if is_first else _OUTPUT_OPTIONS),
            **({"backendOCIConfigGenerate": ("yes", "no")} if has_oracle else {}),
        },
        connections={n: kind for n, kind in _CONNECTION_KINDS.items() if n in inputs},
        summary="Runs Terraform, signed in as the service connection.",
        sets=_SETS[version],
        limits=_LIMITS,
    )  # fmt: skip


def _installer(version: int) -> TaskDefinition:
    return TaskDefinition(
        name="TerraformInstaller",
        version=version,
        inputs={"terraformVersion": "latest"},
        required=("terraformVersion",),
        summary="Puts a version of Terraform first on the path.",
        sets=("terraformLocation",),
        limits=(
            "`latest` is the version of this machine; another one is downloaded once and kept.",
        ),
    )


_PROVIDER_COMMANDS = " || ".join(
    f"command = {one}" for one in ("plan", "apply", "destroy", "refresh", "import")
)
_AZURE_BACKEND = {
    "backendServiceArm": "",
    "backendAzureRmTenantId": "",
    "backendAzureRmSubscriptionId": "",
    "ensureBackend": "false",
    "backendAzureRmResourceGroupName": "",
    "backendAzureRmResourceGroupLocation": "",
    "backendAzureRmStorageAccountName": "",
    "backendAzureRmStorageAccountSku": "Standard_RAGRS",
    "backendAzureRmContainerName": "",
    "backendAzureRmKey": "",
}
_OTHER_CLOUDS = (
    "backendServiceAws", "backendAwsRegion", "backendAwsBucket", "backendAwsKey",
    "backendGcsCredentials", "backendGcsBucket", "backendGcsPrefix",
    "providerServiceAws", "providerAwsRegion",
    "providerGoogleCredentials", "providerGoogleProject", "providerGoogleRegion",
)  # fmt: skip

_TERRAFORM_CLI = TaskDefinition(
    name="TerraformCLI",
    version=0,
    inputs={
        "command": "validate",
        "workingDirectory": "$(System.DefaultWorkingDirectory)",
        "environmentServiceName": "",
        "providerAzureRmSubscriptionId": "",
        "runAzLogin": "false",
        "secureVarsFile": "",
        "workspaceSubCommand": "select",
        "stateSubCommand": "list",
        "commandOptions": "",
        "backendType": "local",
        **_AZURE_BACKEND,
        "aiInstrumentationKey": "",
        "allowTelemetryCollection": "true",
        "inputTargetPlanOrStateFilePath": "",
        "resourceAddress": "",
        "resourceId": "",
        "lockID": "",
        "publishPlanResults": "",
        "workspaceName": "",
        "skipExistingWorkspace": "false",
        "stateMoveSource": "",
        "stateMoveDestination": "",
        "stateSubCommandAddresses": "",
        **dict.fromkeys(_OTHER_CLOUDS, ""),
    },
    # the task's own facts call commandOptions required; nothing of it asks for them
    required=(
        "command", "workingDirectory", "allowTelemetryCollection", "resourceAddress", "resourceId",
        "lockID",
    ),
    visible={
        **dict.fromkeys(
            ("environmentServiceName", "providerAzureRmSubscriptionId", "runAzLogin"),
            _PROVIDER_COMMANDS,
        ),
        **dict.fromkeys(_AZURE_BACKEND, "command = init && backendType = azurerm"),
        "backendType": "command = init",
        "workspaceSubCommand": "command = workspace",
        "workspaceName": "command = workspace",
        "skipExistingWorkspace": "command = workspace && workspaceSubCommand = new",
        "stateSubCommand": "command = state",
        "stateMoveSource": "command = state && stateSubCommand = mv",
        "stateMoveDestination": "command = state && stateSubCommand = mv",
        "stateSubCommandAddresses": "command = state && stateSubCommand != mv",
        "inputTargetPlanOrStateFilePath": "command = show",
        "publishPlanResults": "command = plan",
        "resourceAddress": "command = import",
        "resourceId": "command = import",
        "lockID": "command = forceunlock",
    },
    options={
        "command": (
            "version", "init", "validate", "plan", "apply", "destroy", "fmt", "show", "refresh",
            "import", "output", "forceunlock", "workspace", "state", "test",
        ),
        "workspaceSubCommand": ("select", "new"),
        "stateSubCommand": ("list", "mv", "rm"),
        "backendType": ("local", "azurerm", "selfConfigured", "aws", "gcs"),
    },
    connections={"environmentServiceName": "azurerm", "backendServiceArm": "azurerm"},
    summary="Runs any command of Terraform; its outputs become variables.",
    sets=(
        "TERRAFORM_LAST_EXITCODE", "TERRAFORM_PLAN_HAS_CHANGES",
        "TERRAFORM_PLAN_HAS_DESTROY_CHANGES", "TF_OUT_NAME",
    ),
    limits=(
        "Backends are local, azurerm and what the files say; AWS, Google and secure files are "
        "refused, and so are `ensureBackend` and `runAzLogin`.",
        "No telemetry leaves this machine.",
    ),
)  # fmt: skip

TERRAFORM_TASKS: tuple[TaskDefinition, ...] = (
    _installer(0),
    _installer(1),
    _terraform_task(2),
    _terraform_task(3),
    _terraform_task(4),
    _TERRAFORM_CLI,
)
