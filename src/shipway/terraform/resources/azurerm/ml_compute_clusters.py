"""azurerm_machine_learning_compute_cluster. Nodes are processes of this machine: no SSH, no net.

Source: azurerm's internal/services/machinelearning/machine_learning_compute_cluster_resource.go.
"""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.identities import Identity
from shipway.terraform.resources.azurerm.mapping import (
    TAGS,
    AbsentBlocks,
    Beside,
    Block,
    Field,
    negated,
    normal_location,
)

API_VERSION = "2025-06-01"
WORKSPACE = "machine_learning_workspace_id"
NO_LOGIN = "Jobs run on this machine; there are no nodes to log in to."
NO_NETWORKS = "There are no virtual networks: everything is on this machine."


def workspace_location(calls: Calls, workspace_id: str) -> str:
    """Where a workspace is; the real provider sends a compute's location so, too."""
    found = calls.arm("GET", workspace_id, api_version=API_VERSION) or {}
    return normal_location(str(found.get("location") or ""))


def _complete(calls: Calls, values: Values, body: Body) -> None:
    body["location"] = workspace_location(calls, values[WORKSPACE])
    properties = body["properties"]
    properties["computeType"] = "AmlCompute"
    properties["properties"]["remoteLoginPortPublicAccess"] = "Disabled"


NOUN = ArmNoun(
    type_name="azurerm_machine_learning_compute_cluster",
    shape=arm_ids.ML_COMPUTE,
    api_version=API_VERSION,
    parts={"name": "child"},
    parent=(WORKSPACE, arm_ids.ML_WORKSPACE),
    rows=(
        TAGS,
        Identity(separator=","),
        Field("location", "properties.computeLocation", from_wire=normal_location),
        Field("description", "properties.description"),
        negated("local_auth_enabled", "properties.disableLocalAuth", absent=True),
        Field("vm_size", "properties.properties.vmSize"),
        Field("vm_priority", "properties.properties.vmPriority"),
        Field("node_public_ip_enabled", "properties.properties.enableNodePublicIp", absent=True),
        Block(
            "scale_settings",
            "properties.properties.scaleSettings",
            (
                Field("min_node_count", "minNodeCount", absent=0),
                Field("max_node_count", "maxNodeCount"),
                Field("scale_down_nodes_after_idle_duration", "nodeIdleTimeBeforeScaleDown"),
            ),
        ),
        Field("subnet_resource_id", "properties.properties.subnet.id", sent=False, absent=""),
        AbsentBlocks(("ssh",)),
    ),
    beside=(Beside(("ssh_public_access_enabled",)),),
    rules={
        "name": rules.matches(
            "[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]",
            "{path} must be between 3 and 32 characters, may only include alphanumeric characters "
            "and '-' and must start with a letter, end with a letter or digit",
        ),
        WORKSPACE: rules.id_of(arm_ids.ML_WORKSPACE),
        "scale_settings.min_node_count": rules.at_least(0),
        "scale_settings.max_node_count": rules.at_least(0),
        "scale_settings.scale_down_nodes_after_idle_duration": rules.duration,
        "ssh": rules.refused(NO_LOGIN),
        "ssh_public_access_enabled": rules.refused(NO_LOGIN),
        "local_auth_enabled": rules.only(True, why=NO_LOGIN),
        "node_public_ip_enabled": rules.only(True, why=NO_NETWORKS),
        "subnet_resource_id": rules.refused(NO_NETWORKS),
    },
    complete=_complete,
    enrich=lambda _calls, _answer, _state, values: values.update(ssh_public_access_enabled=False),
)
RESOURCE: TerraformResource = resource_of(NOUN)
