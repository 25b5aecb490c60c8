"""`azuredevops_check_required_template`: only pipelines that extend a template use the resource."""

from typing import Any

from shipway.terraform.resource import Values
from shipway.terraform.resources.azuredevops import checks
from shipway.terraform.resources.azuredevops.attributes import blocks, text

_AZURE, _GIT = "azuregit", "git"  # Terraform's word and the service's for the same


def expand(values: Values) -> dict[str, Any]:
    """The settings as the service has them."""
    return {
        "extendsChecks": [
            {
                "repositoryType": _GIT if kind == _AZURE else kind,
                "repositoryName": text(one, "repository_name"),
                "repositoryRef": text(one, "repository_ref"),
                "templatePath": text(one, "template_path"),
            }
            for one in blocks(values, "required_template")
            for kind in [text(one, "repository_type")]
        ]
    }


def flatten(settings: dict[str, Any]) -> Values:
    """The attributes that settings say."""
    return {
        "required_template": [
            {
                "repository_type": _AZURE if kind == _GIT else kind,
                "repository_name": one["repositoryName"],
                "repository_ref": one["repositoryRef"],
                "template_path": one["templatePath"],
            }
            for one in settings.get("extendsChecks") or []
            for kind in [one["repositoryType"]]
        ]
    }


RESOURCE = checks.resource(
    "azuredevops_check_required_template",
    checks.CheckKind(
        type_id="4020e66e-b0f3-47e1-bc88-48f3cc59b5f3",
        expand=expand,
        flatten=flatten,
        has_timeout=False,
    ),
)
