"""`data azuredevops_client_config`: the organization that the provider talks to.

Calls: GET `_apis/connectiondata`. The provider asks an address that is not published; its `status`
and `owner_id` are nowhere else, so that they stay empty.
"""

from shipway.terraform.calls import Calls
from shipway.terraform.resource import TerraformDataSource, Values
from shipway.terraform.resources.azuredevops.attributes import doing


def read(calls: Calls, config: Values) -> Values:
    """Who it is."""
    del config
    with doing("Getting organization metadata"):
        found = calls.devops("GET", "/_apis/connectiondata", api_version="7.1-preview.1")
    descriptor = str((found.get("authenticatedUser") or {}).get("descriptor", ""))
    return {
        "id": found["instanceId"],
        "name": calls.organization.rstrip("/").rpartition("/")[2],
        "organization_url": calls.organization,
        "tenant_id": descriptor.partition(";")[2].partition("\\")[0] or calls.tenant_id,
        "status": None,
        "owner_id": None,
    }


ONE = TerraformDataSource(type_name="azuredevops_client_config", read=read)
