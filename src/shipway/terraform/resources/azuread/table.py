"""Every resource and data source of azuread."""

from typing import Final

from shipway.terraform.resource import TerraformDataSource, TerraformResource
from shipway.terraform.resources.azuread import (
    application_federated_credentials,
    application_passwords,
    applications,
    group_members,
    groups,
    service_principals,
    users,
)

RESOURCES: Final[tuple[TerraformResource, ...]] = (
    applications.RESOURCE,
    application_federated_credentials.RESOURCE,
    application_passwords.OF_APPLICATION,
    service_principals.RESOURCE,
    application_passwords.OF_SERVICE_PRINCIPAL,
    groups.RESOURCE,
    group_members.RESOURCE,
)
DATA_SOURCES: Final[tuple[TerraformDataSource, ...]] = (
    users.CLIENT_CONFIG,
    users.USER_DATA,
    users.USERS_DATA,
    groups.DATA_SOURCE,
    service_principals.DATA_SOURCE,
    applications.DATA_SOURCE,
)
