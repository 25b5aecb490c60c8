"""Every resource and data source by provider and type: the explicit table."""

import importlib
from collections.abc import Mapping
from typing import Final

from shipway.terraform.resource import TerraformDataSource, TerraformResource

# A process serves one provider and imports only its own table.
_TABLES: Final = {
    "azurerm": "shipway.terraform.resources.azurerm.table",
    "azuread": "shipway.terraform.resources.azuread.table",
    "azuredevops": "shipway.terraform.resources.azuredevops.table",
}


class Tables:
    """One provider's resources and data sources by type name."""

    def __init__(self, provider: str) -> None:
        table = importlib.import_module(_TABLES[provider])
        self.resources: Mapping[str, TerraformResource] = {
            one.type_name: one for one in table.RESOURCES
        }
        self.data_sources: Mapping[str, TerraformDataSource] = {
            one.type_name: one for one in table.DATA_SOURCES
        }
