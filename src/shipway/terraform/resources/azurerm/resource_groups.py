"""azurerm_resource_group. Source: azurerm's services/resource/resource_group_resource.go."""

from shipway.base.errors import Conflict
from shipway.terraform.calls import Calls
from shipway.terraform.resource import TerraformResource, Values
from shipway.terraform.resources.azurerm import arm_ids, rules
from shipway.terraform.resources.azurerm.arm_nouns import ArmNoun, feature, resource_of
from shipway.terraform.resources.azurerm.mapping import LOCATION, TAGS, Field

TYPE_NAME = "azurerm_resource_group"
API_VERSION = "2023-07-01"
_SHOWN = 20


def _refuse_full(calls: Calls, state: Values) -> None:
    """What Terraform did not make is not deleted along with the group."""
    block, name = "resource_group", "prevent_deletion_if_contains_resources"
    if not feature(calls, block, name, default=True):
        return
    path = f"{state['id']}/resources?$expand=provisioningState&$top={_SHOWN}"
    listed = calls.arm("GET", path, api_version=API_VERSION, missing_ok=True) or {}
    there = sorted(str(one["id"]) for one in listed.get("value") or ())
    if there:
        shown = "\n".join(f"* `{one}`" for one in there)
        raise Conflict(
            f'deleting Resource Group "{state["name"]}": the Resource Group still contains '
            "Resources.",
            code="ResourceGroupNotEmpty",
            hint="Terraform is configured to check for Resources within the Resource Group when "
            "deleting the Resource Group - and raise an error if nested Resources still exist to "
            "avoid unintentionally deleting these Resources.\n\nTerraform has detected that the "
            f"following Resources still exist within the Resource Group:\n\n{shown}\n\nDelete "
            "them, or set `prevent_deletion_if_contains_resources = false` in the block "
            "`resource_group` of the provider's `features`.",
        )


NOUN = ArmNoun(
    type_name=TYPE_NAME,
    title="Resource Group",
    shape=arm_ids.RESOURCE_GROUP,
    api_version=API_VERSION,
    parts={"name": "group"},
    rows=(LOCATION, TAGS, Field("managed_by", "managedBy")),
    rules={"name": rules.GROUP_NAME},
    before_delete=_refuse_full,
)
RESOURCE: TerraformResource = resource_of(NOUN)
