"""azurerm_user_assigned_identity."""

from shipway.terraform.resource import TerraformResource
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, resource_of
from shipway.terraform.resources.azurerm.mapping import LOCATION, TAGS, Field, computed

API_VERSION = "2024-11-30"
NOUN = ArmNoun(
    type_name="azurerm_user_assigned_identity",
    title="User Assigned Identity",
    shape=arm_ids.IDENTITY,
    api_version=API_VERSION,
    rows=(
        LOCATION,
        TAGS,
        Field("isolation_scope", "properties.isolationScope", sent=False),
        computed("client_id", "properties.clientId"),
        computed("principal_id", "properties.principalId"),
        computed("tenant_id", "properties.tenantId"),
    ),
    rules={
        "name": rules.length(3, 128),
        "resource_group_name": rules.GROUP_NAME,
        "isolation_scope": rules.refused("There are no regions here."),
    },
)
RESOURCE: TerraformResource = resource_of(NOUN)
