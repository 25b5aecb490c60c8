"""Creates the Azure ML registry that environments share components through; once, by hand.

Terraform's azurerm has no such resource. Afterwards put its name into the tfvars (registry_name)
and give the pipelines' identities the role "AzureML Registry User" on it. A registry that is there
already is used as it is.

    python scripts/create_registry.py --subscription S --resource-group rg-ml-shared \
        --registry-name contoso-ml --location westeurope
"""

from __future__ import annotations

import argparse
import sys

from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    Registry,
    RegistryRegionDetails,
    SystemCreatedAcrAccount,
    SystemCreatedStorageAccount,
)
from azure.core.exceptions import AzureError, ResourceNotFoundError

import arm
import azdo


def region(location: str) -> RegistryRegionDetails:
    """A region whose workspaces use the registry, with a storage account and a container registry
    that Azure makes and keeps."""
    return RegistryRegionDetails(
        location=location,
        acr_config=[SystemCreatedAcrAccount(acr_account_sku="Premium")],
        storage_config=SystemCreatedStorageAccount(
            storage_account_hns=False, storage_account_type="standard_lrs"
        ),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscription", required=True)
    parser.add_argument("--resource-group", required=True)
    parser.add_argument("--registry-name", required=True)
    parser.add_argument("--location", required=True)
    parser.add_argument("--also", action="append", default=[], help="another region")
    args = parser.parse_args()

    ml = MLClient(
        arm.credential(),
        subscription_id=args.subscription,
        resource_group_name=args.resource_group,
        enable_telemetry=False,
    )
    try:
        found = ml.registries.get(args.registry_name)
        print(f"registry {found.name} is there")
    except ResourceNotFoundError:
        wanted = Registry(
            name=args.registry_name,
            location=args.location,
            replication_locations=[region(one) for one in (args.location, *args.also)],
            public_network_access="Enabled",
        )
        found = ml.registries.begin_create(wanted).result()
        print(f"registry {found.name} made in {args.location}")
    return 0


if __name__ == "__main__":
    sys.exit(azdo.reported(main, arm.ArmError, AzureError))
