"""The tasks that come with Azure Pipelines: names, ids, newest versions, where each may run.

Facts of the task.json files of microsoft/azure-pipelines-tasks, and the major versions that the
service still takes besides. A version of one number is one that the repository no longer holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["agent", "server", "deploymentGroup"]


@dataclass(frozen=True, slots=True)
class BuiltInTask:
    """A task of the service in all its major versions, by major version."""

    name: str
    task_id: str
    versions: Mapping[int, str]
    place: Place = "agent"


def _rows(text: str, place: Place = "agent") -> tuple[BuiltInTask, ...]:
    """`name versions... [id]` by line."""
    found: list[BuiltInTask] = []
    for line in text.split("\n"):
        name, *words = line.split()
        task_id = words.pop() if "-" in words[-1] else ""
        found.append(BuiltInTask(name, task_id, {int(v.split(".")[0]): v for v in words}, place))
    return tuple(found)


_ON_AGENTS = """\
AndroidBuild 1
AndroidSigning 1 2.274.0 3.274.0 80f3f6a0-82a6-4a22-ba7a-e5b8c541b9b9
Ant 1.278.0 3a6a2d63-f2b2-4e93-bcf9-0cbe22f5dc26
ApacheJMeterLoadTest 1.235.1 f20661eb-e0f7-4afd-9a86-9fe9d1a93382
AppCenterDistribute 0 1.262.0 2.262.0 3.276.0 b832bec5-8c27-4fef-9fb8-6bec8524ad8a
AppCenterTest 1.269.0 ad5cd22a-be4e-48bb-adce-181a32432da5
ArchiveFiles 1 2.279.0 d8b84976-e99a-4b86-b885-4849694435b0
AzureAppConfigurationExport 10.278.0 81fa1f14-66ef-4e75-93fd-30b8ee7140d6
AzureAppConfigurationImport 10.278.0 fd186364-adb5-43c0-91ea-c5f9daa5b747
AzureAppConfigurationSnapshot 1.278.0 520c1ef0-be95-4931-9278-6e3ac79b81f2
AzureAppServiceManage 0.279.1 f045e430-8704-11e6-968f-e717e6411619
AzureAppServiceSettings 1.276.0 3eeea460-bffa-11e9-9cb5-2a2ae2dbcce4
AzureCLI 0 1.275.0 2.279.0 3.279.0 46e4be58-730b-4389-8a2f-ea10b3e5e815
AzureCloudPowerShellDeployment 1.278.0 2.276.1 2ca8fe15-42ea-4b26-80f1-e0738ec17e89
AzureContainerApps 0.278.0 1.278.0 cad8dd6a-de28-4d89-a7db-1bc20a2fbb2d
AzureFileCopy 1.278.0 2.278.0 3.278.0 4.278.0 5.278.0 6.278.0 eb72cb01-a7e5-427b-a8a1-1b31ccac8a43
AzureFunctionApp 1.279.1 2.279.1 501dd25d-1785-43e4-b4e5-a5c78ccc0573
AzureFunctionAppContainer 1.279.1 13c22ce0-3b93-43f9-aeb7-71fbce7bf5b2
AzureFunctionOnKubernetes 0.273.0 1.276.0 fd1aa5b9-400c-4f4b-9c0b-069ba74e53c6
AzureIoTEdge 2.276.3 80f3f6a0-82a6-4a22-ba7a-e5b8c541b9b8
AzureKeyVault 1.277.0 2.276.0 1e244d32-2dd4-4165-96fb-b7441ca9331e
AzureMonitorAlerts 0
AzureMysqlDeployment 1.276.0 2.276.0 bd1bed02-f04e-11e7-8c3f-9a214cf093ae
AzurePowerShell 1 2.278.0 3.278.0 4.279.2 5.279.2 72a1931b-effb-4d2e-8fd8-f8472a07cb62
AzureResourceGroupDeployment 1 2.276.0 94a74903-f93f-4075-884f-dc11f34058b4
AzureResourceManagerTemplateDeployment 3.277.0 94a74903-f93f-4075-884f-dc11f34058b4
AzureRmWebAppDeployment 2 3.279.1 4.279.1 5.279.1 497d490f-eea7-4f2b-ab94-48d9c1acdcb1
AzureSpringCloud 0.276.0 5679292e-de0e-473a-948e-4874d2d8ef97
AzureStaticWebApp 0.275.0 18aad896-e191-4720-88d6-8ced4806941a
AzureTestPlan 0.274.2 105e2492-460a-4da6-56d5-2fa9ab3f0174
AzureVmssDeployment 0.279.0 1.279.0 4dda660c-b643-4598-a4a2-61080d0002d9
AzureWebApp 1.279.1 18bde28a-8172-45cb-b204-5cef1393dbb1
AzureWebAppContainer 1.279.1 15858991-8bac-4542-99e7-577fef9b5be6
AzureWebPowerShellDeployment 1
Bash 3.278.0 6c731c3c-3c68-459a-a5c9-bde6e6595b5b
BatchScript 1.226.0 bfc8bf76-e7ac-4a8c-9a55-a944a9f632fd
BicepDeploy 0.279.0 7c8f9a3b-2d4e-4f1a-9b6c-8e5d3a1f7c2b
Cache 2.274.0 d53ccab4-555e-4494-9d06-11db043fb4a9
CacheBeta 0.244.0 1.274.0 d53ccab4-555e-4494-9d06-11db043fb4a9
CargoAuthenticate 0.277.0 d1d75615-084d-4b9b-91a5-068b5f8c95a9
Chef 1.235.1 b719db6c-40a2-4f43-9aff-827825baecae
ChefKnife 1.235.1 c7b7ccf9-d6e0-472b-97bb-06b6e43504f3
CloudLoadTest 1.271.0 9e9db38a-b40b-4c13-b7f0-31031c894c22
CMake 1.274.0 7d831c3c-3c68-459a-a5c9-bde6e659596c
CmdLine 1 2.279.1 d9bafed4-0b18-4f58-968d-86655b4d2ce9
CocoaPods 0.274.0 bfc05e0d-839c-42cd-89c7-0f9fbfcab965
CondaAuthenticate 0.277.0 543c39b2-11e9-4de8-8b9b-94eea1339891
CondaEnvironment 0.276.0 1.274.0 03dd16c3-43e0-4667-ba84-40515d27a410
ContainerBuild 0.277.4 8413c881-4959-43d5-8840-b4ea0ffc5cfe
ContainerStructureTest 0.276.0 39bc2c9b-55b7-4835-89cd-6cc699ef7220
CopyFiles 1 2.276.0 5bfb729a-a7c8-4a78-a7c3-8d717bb7c13c
CopyFilesOverSSH 0.274.0 67cec91b-0351-4c2f-8465-d74b3d2a2d96
CopyPublishBuildArtifacts 1
cURLUploader 1 2.274.0 ad8974d8-de11-11e4-b2fe-7fb898a745f3
DecryptFile 1.274.1 7c6a6b71-4355-4afc-a274-480eab5678e9
DeleteFiles 1.274.1 b7e8b412-0437-4065-9371-edc5881de25b
DeployVisualStudioTestAgent 1 2
Docker 0.269.0 1.276.0 2.279.0 e28912f1-0114-4464-802a-a3a35437fd16
DockerCompose 0.263.0 1.275.1 6975e2d1-96d3-4afc-8a41-498b5d34ea19
DockerInstaller 0.275.0 8e038650-f7bf-11e8-8a6c-8fff434b4eff
DotNetCoreCLI 0 1 2.275.0 5541a522-603c-47ad-91fc-a4b1d163081b
DotNetCoreInstaller 0.276.0 1.276.0 b0ce7256-7898-45d3-9cb5-176b752bfea6
DownloadBuildArtifacts 0.275.3 1.220.0 a433f589-fce1-4460-9ee6-44a624aeb1fb
DownloadFileshareArtifacts 1.275.0 e3cf3806-ad30-4ec4-8f1e-8ecd98771aa0
DownloadGithubNpmPackage 1.275.0 97411e3d-0241-4b1f-9607-2d2c04b4df51
DownloadGitHubNugetPackage 1.276.1 9fac244b-8d7c-4d8e-a003-2097daa3270f
DownloadGitHubRelease 0.278.0 263abc27-4582-4174-8789-af599697778e
DownloadPackage 0.275.0 1.275.0 8d6e8f7e-267d-442d-8c92-1f586864c62f
DownloadPipelineArtifact 0.244.0 1.230.0 2.198.0 61f2a582-95ae-4948-b34d-a1b3c4f6a737
DownloadSecureFile 1.274.0 2a6ca863-f2ce-4f4d-8bcb-15e64608ec4b
DuffleInstaller 0.268.0 11ea7cf0-8a3e-4b5a-98a2-8756cc3094b0
ExtractFiles 1.274.0 5e1e3830-fbfb-11e5-aab1-090c92bc4988
FileTransform 1.279.0 2.279.0 8ce97e91-56cc-4743-bfab-9a9315be5f27
FtpUpload 1.274.0 2.274.0 6f8c69a5-b023-428e-a125-fccf4efcb929
FuncToolsInstaller 0.275.1 a22a6eb4-fe21-442e-abce-5b2b09cfece3
GitHubComment 0.275.0 deea6198-adf8-4b16-9939-7addf85708b2
GitHubRelease 0.277.0 1.277.0 7b5a6198-adf8-4b16-9939-7addf85708b2
Go 0.275.0 34b37fdd-bbf7-4ef1-b37c-9652ca7bb355
GoTool 0.275.0 334727f4-9495-4f9d-a391-fc621d671474
Gradle 1 2.276.0 3.276.0 4.276.0 8d8eebd8-2b94-4c97-85af-839254cc6da4
GradleAuthenticate 0.277.0 74983ddf-9889-4b8b-bac1-9e1255a36ff9
Grunt 0.274.0 521d1e15-f5fb-4b73-a93b-b2fe88a9a286
gulp 0.274.0 1.274.0 b82cfbe4-34f9-40f5-889e-c8842ca9dd9d
HelmDeploy 0.276.0 1.277.0 afa7d54d-537b-4dc8-b60a-e0eeea2c9a87
HelmInstaller 0.266.0 1.277.0 068d5909-43e6-48c5-9e01-7c8a94816220
IISWebAppDeployment 1.235.1 89a3a82d-4b3e-4a09-8d40-a793849dc94f
IISWebAppDeploymentOnMachineGroup 0.279.0 1b467810-6725-4b6d-accd-886174c09bba
IISWebAppManagementOnMachineGroup 0.276.0 1b2aec60-dc49-11e6-9b76-63056e018cac
InstallAppleCertificate 0 1 2.274.1 d2eff759-736d-4b7b-8554-7ba0960d49d6
InstallAppleProvisioningProfile 0 1.274.0 0f9f66ca-250e-40fd-9678-309bcd439d5e
InstallSSHKey 0.274.0 5c9af2eb-5fc5-42dc-9b91-dc234a8c4400
JavaToolInstaller 0.278.0 1.278.0 c0e0b74f-0931-47c7-ac27-7c5a19456a36
JenkinsDownloadArtifacts 1.278.0 2.277.1 86c37a92-59a7-444b-93c7-220fcf91e29c
JenkinsQueueJob 1 2.274.0 c24b86d4-4256-4925-9a29-246f81aa64a7
KubectlInstaller 0.275.1 8413c881-4959-43d5-8840-b4ea0ffc5cfd
KubeloginInstaller 0.276.0 5eeaaa81-40b2-4918-8fc7-e2dfc2318902
Kubernetes 0.268.0 1.277.0 cbc316a2-586f-4def-be79-488a1f503564
KubernetesManifest 0.263.0 1.276.0 dee316a2-586f-4def-be79-488a1f503dfe
Maven 1 2.276.0 3.276.1 4.279.0 ac4ee482-65da-4485-a532-7b085873e532
MavenAuthenticate 0.277.0 d4b964f9-ea90-41bb-9526-29589628ad90
MSBuild 1.276.0 c6c4c611-aa2e-4a33-b606-5eaba2196824
MysqlDeploymentOnMachineGroup 1.277.0 6fec3938-df52-4c01-9f5a-8ed5f66c377e
NodeTaskRunnerInstaller 0.268.0 31c75b2b-bcdf-4706-8d7c-4da6a1959bc2
NodeTool 0.274.0 31c75bbb-bcdf-4706-8d7c-4da6a1959bc2
Notation 0.278.0 c7d56ba6-35a6-453d-8192-8b602bf234bd
Npm 0.275.0 1.275.0 fe47e961-9fa8-4106-8639-368c022d43ad
npmAuthenticate 0.277.0 ad884ca2-732e-4b85-b2d3-ed71bcbd2788
NuGet 0.275.0 2661b7e5-00f9-4de1-ba41-04e68d70b528
NuGetAuthenticate 0.279.0 1.279.0 f5fd8599-ccfa-4d6e-b965-4d14bed7097b
NuGetCommand 2.279.0 333b11bd-d341-40d9-afcf-b32d5ce6f23b
NuGetInstaller 0.277.0 333b11bd-d341-40d9-afcf-b32d5ce6f23b
NuGetPackager 0.236.0 333b11bd-d341-40d9-afcf-b32d5ce6f24b
NuGetPublisher 0.277.0 333b11bd-d341-40d9-afcf-b32d5ce6f25b
NuGetRestore 1.277.0 333b11bd-d341-40d9-afcf-b32d5ce6f23b
NuGetToolInstaller 0.275.0 1.275.0 2c65196a-54fd-4a02-9be8-d9d1837b7c5d
OpenPolicyAgentInstaller 0.270.0 50817e39-e160-45e1-a825-1c746b7d2eb2
PackerBuild 0.264.0 1.278.0 845fd4f4-642d-4694-8514-047948a5a556
PipAuthenticate 0.275.0 1.277.0 5e3feff0-c5ae-11e8-a7d0-4bd3b8229800
PowerShell 1 2.279.0 e213ff0f-5d5c-4791-802d-52ea3e7be1f1
PowerShellOnTargetMachines 1.277.2 2.277.2 3.278.0 3b5693d4-5777-4fee-862a-bd2b7a374c68
PublishBuildArtifacts 1.274.0 2ff763a7-ce83-4e1f-bc89-0ae63477cebe
PublishCodeCoverageResults 1.277.0 2.276.0 2a7ebc54-c13e-490e-81a5-d7561ab7cd97
PublishPipelineArtifact 0.242.0 1.242.0 ecdc45f6-832d-4ad9-b52b-ee49e94659be
PublishPipelineMetadata 0.275.1 01fa79eb-4c54-41b5-a16f-5cd8d60db88d
PublishSymbols 1 2.277.1 0675668a-7bba-4ccb-901d-5ad6554ca653
PublishTestResults 1.277.0 2.277.0 0b0f01ed-7dde-43ff-9cbb-e48954daf9b1
PyPIPublisher 0.276.0 2d8a1d60-8ccd-11e7-a792-11ac56e9f553
PythonScript 0.274.1 6392f95f-7e76-4a18-b3c7-7f078d2f7700
QuickPerfTest 1.235.1 9648625c-1523-4eb5-b015-dfe7c685840c
ReviewApp 0.275.0 deeafed4-0b18-4f58-968d-86655b4d2ce9
RunVisualStudioTestsusingTestAgent 1
ServiceFabricComposeDeploy 0.276.0 19c02b15-d377-40e0-9efa-3168506e0933
ServiceFabricDeploy 1.279.0 c6650aa0-185b-11e6-a47d-df93e7a34c64
ServiceFabricPowerShell 1.278.0 816979f7-c273-4347-9a55-845b721d82cb
ServiceFabricUpdateAppVersions 1
ServiceFabricUpdateManifests 2.276.0 97ef6e59-b8cc-48aa-9937-1a01e35e7584
ShellScript 2.274.0 6c731c3c-3c68-459a-a5c9-bde6e6595b5b
SonarQubePostTest 1
SonarQubePreBuild 1
SqlAzureDacpacDeployment 1.278.0 ce85a08b-a538-4d2b-8589-1d37a9ab970f
SqlDacpacDeploymentOnMachineGroup 0.278.1 4b506f7f-720f-47bb-bf21-029bac6a690d
SqlServerDacpacDeployment 1.235.1 70a3a82d-4a3c-4a09-8d30-a793739dc94f
SSH 0.278.0 91443475-df55-4874-944b-39253b558790
TwineAuthenticate 0.275.0 1.277.0 e4d58330-c771-11e8-8f8f-81fbb42e2824
UniversalPackages 0.275.0 1.277.0 e0b79640-8625-11e8-91be-db2878ff888a
UseDotNet 2.274.2 b0ce7256-7898-45d3-9cb5-176b752bfea6
UseNode 1.274.1 31c75bbb-bcdf-4706-8d7c-4da6a1959bc2
UsePythonVersion 0.276.0 33c63b11-352b-45a2-ba1b-54cb568a29ca
UseRubyVersion 0.274.0 630c472c-cde7-4cd8-ba13-e00ca5ff180b
VisualStudioTestPlatformInstaller 1.277.0 2c65196a-54fd-4a02-9be8-d9d1837b7111
VSBuild 1.276.0 71a9a2d3-a98a-4caa-96ab-affca411ecda
VSMobileCenterTest 0
VSTest 1.271.0 2.274.0 3.278.1 ef087383-ee5e-42c7-9a53-ab56c98420f9
WindowsMachineFileCopy 1.278.0 2.278.0 731004d4-1d66-4f70-8c05-638018b22210
XamarinAndroid 1.276.0 27edd013-36fd-43aa-96a3-7d73e1e35285
XamarinComponentRestore 0
XamariniOS 1 2.274.0 0f077e3a-af59-496d-81bc-ad971b7464e0
XamarinLicense 1
XamarinTestCloud 1.274.0 049918cb-1488-48eb-85e8-c318eccaaa74
Xcode 2 3 4 5.274.0 1e78dc1b-9132-4b18-9c75-0e7ecc634b74
XcodePackageiOS 0"""

_ON_SERVERS = """\
AutomatedAnalysis 0.244.0 6b519857-1a20-4248-bae8-aad039015afb
AzureFunction 0 1.274.0 2.273.0 537fdb7a-a601-4537-aa70-92645a2b5ce4
AzureMonitor 0.234.0 1.198.0 99a72e7f-25e4-4576-bf38-22a42b995ed8
AzurePolicyCheckGate 0.221.1 8ba74703-e94f-4a35-814e-fc21f44578a2
Delay 1.241.0 28782b92-5e8e-4458-9751-a71cd1492bae
InvokeRESTAPI 0 1.274.1 9c3e8943-130d-4c78-ac63-8af81df62dfb
ManualIntervention 8.241.0 bcb64569-d51a-4af0-9c01-ea5d05b3b622
ManualValidation 0.244.0 1.274.0 2003ad3a-104a-451a-9238-60474ab294e6
PublishToAzureServiceBus 0 1.274.0 2.243.0 ba761f24-cbd6-48cb-92f3-fc13396405b1
queryWorkItems 0.241.0 f1e4b0e6-017e-4819-8a48-ef19ae96e289"""

_ON_DEPLOYMENT_GROUPS = """\
AzureNLBManagement 1.277.0 e94f1750-a6a8-11e6-be69-bdf37a7b15d8"""

BUILT_IN: tuple[BuiltInTask, ...] = (
    *_rows(_ON_AGENTS),
    *_rows(_ON_SERVERS, "server"),
    *_rows(_ON_DEPLOYMENT_GROUPS, "deploymentGroup"),
)
