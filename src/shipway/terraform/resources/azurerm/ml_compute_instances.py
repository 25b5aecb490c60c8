"""azurerm_machine_learning_compute_instance: every attribute forces a new one.

Source: azurerm's internal/services/machinelearning/machine_learning_compute_instance_resource.go.
"""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, Body, resource_of
from shipway.terraform.resources.azurerm.identities import Identity
from shipway.terraform.resources.azurerm.mapping import (
    TAGS,
    AbsentBlocks,
    Block,
    Field,
    negated,
)
from shipway.terraform.resources.azurerm.ml_compute_clusters import (
    API_VERSION,
    NO_LOGIN,
    NO_NETWORKS,
    WORKSPACE,
    workspace_location,
)
from shipway.terraform.resources.azurerm.ml_workspaces import same_but_case

_SIZE = "virtual_machine_size"


def _complete(calls: Calls, values: Values, body: Body) -> None:
    location = workspace_location(calls, values[WORKSPACE])
    body["location"] = location
    body["properties"] |= {"computeType": "ComputeInstance", "computeLocation": location}


NOUN = ArmNoun(
    type_name="azurerm_machine_learning_compute_instance",
    shape=arm_ids.ML_COMPUTE,
    api_version=API_VERSION,
    parts={"name": "child"},
    parent=(WORKSPACE, arm_ids.ML_WORKSPACE),
    rows=(
        TAGS,
        Identity(separator=","),
        Field("description", "properties.description"),
        negated("local_auth_enabled", "properties.disableLocalAuth", absent=True),
        Field(_SIZE, "properties.properties.vmSize"),
        Field("authorization_type", "properties.properties.computeInstanceAuthorizationType"),
        Field("node_public_ip_enabled", "properties.properties.enableNodePublicIp", absent=True),
        Block(
            "assign_to_user",
            "properties.properties.personalComputeInstanceSettings.assignedUser",
            (Field("object_id", "objectId"), Field("tenant_id", "tenantId")),
        ),
        Field("subnet_resource_id", "properties.properties.subnet.id", sent=False),
        AbsentBlocks(("ssh",)),
    ),
    rules={
        "name": rules.matches(
            "[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
            "invalid value for {path} (It can include letters, digits and dashes. It must start "
            "with a letter, end with a letter or digit, and be between 3 and 24 characters in "
            "length.)",
        ),
        WORKSPACE: rules.id_of(arm_ids.ML_WORKSPACE),
        "assign_to_user.tenant_id": rules.uuid,
        "ssh": rules.refused(NO_LOGIN),
        "local_auth_enabled": rules.only(True, why=NO_LOGIN),
        "node_public_ip_enabled": rules.only(True, why=NO_NETWORKS),
        "subnet_resource_id": rules.refused(NO_NETWORKS),
    },
    complete=_complete,
    updates_by="nothing",
    suppress={_SIZE: same_but_case},
)
RESOURCE: TerraformResource = resource_of(NOUN)
