"""A configuration of every resource in which every attribute says something.

`other` gives a second value where any other one will not do; `unread` and `refused` are the
attributes that the service never tells, or that are refused by name, each with its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.unit.terraform.azuredevops.echo_service import PROJECT, REPOSITORY

_DANA, _AVA = "aad.dana", "aad.ava"
_GUID = "33333333-3333-3333-3333-333333333333"
_ENVIRONMENT = {
    "project_id": PROJECT,
    "target_resource_id": "7",
    "target_resource_type": "environment",
}
_SCOPE = [{"repository_id": REPOSITORY, "repository_ref": "refs/heads/main", "match_type": "Exact"}]
_FILTER = [{"include": ["main"], "exclude": ["old"]}]


@dataclass(frozen=True, kw_only=True)
class Sample:
    values: dict[str, Any]
    other: Mapping[str, Any] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)


_IN_YAML = "stands in the YAML file"
_SECRET = "a secret never comes back"
SAMPLES: dict[str, Sample] = {
    "azuredevops_project": Sample(
        values={
            "name": "delay", "description": "on time", "visibility": "private",
            "version_control": "Git", "work_item_template": "Agile",
            "features": {"boards": "disabled"},
        },
        other={"work_item_template": "Scrum", "features": {"boards": "enabled"}},
        unread={"features": "only those that are configured are looked at"},
    ),
    "azuredevops_project_features": Sample(
        values={"project_id": PROJECT, "features": {"boards": "disabled"}},
        other={"features": {"artifacts": "disabled"}},
        unread={"features": "only those that are configured are looked at"},
    ),
    "azuredevops_git_repository": Sample(
        values={
            "name": "flights", "project_id": PROJECT, "default_branch": "refs/heads/main",
            "initialization": [{"init_type": "Clean"}],
        },
        other={"initialization.0.init_type": "Nothing"},
        unread={"initialization": "a repository does not know how it began"},
        refused={
            "parent_repository_id": "of a fork",
            "disabled": "repositories cannot be switched off",
            "initialization.0.source_type": "of an import",
            "initialization.0.source_url": "of an import",
            "initialization.0.service_connection_id": "of an import",
            "initialization.0.username": "of an import",
            "initialization.0.password": "of an import",
        },
    ),
    "azuredevops_git_repository_file": Sample(
        values={
            "repository_id": REPOSITORY, "file": "a/b.yml", "content": "steps: []",
            "branch": "refs/heads/main", "commit_message": "Add it", "author_name": "Ava",
            "author_email": "ava@example.test", "committer_name": "Dana",
            "committer_email": "dana@example.test", "overwrite_on_create": True,
        },
        unread={"overwrite_on_create": "a choice of the configuration"},
        silent={"overwrite_on_create": "decides only when the file is there"},
    ),
    "azuredevops_serviceendpoint_azurerm": Sample(
        values={
            "project_id": PROJECT, "service_endpoint_name": "azure", "description": "the way",
            "azurerm_spn_tenantid": "t", "azurerm_subscription_id": "s",
            "azurerm_subscription_name": "sub", "azurerm_management_group_id": "m",
            "azurerm_management_group_name": "group", "environment": "AzureStack",
            "server_url": "https://stack.test", "resource_group": "rg",
            "service_endpoint_authentication_scheme": "ServicePrincipal",
            "credentials": [
                {
                    "serviceprincipalid": "app", "serviceprincipalkey": "key",
                    "serviceprincipalcertificate": "pem",
                }
            ],
            "features": [{"validate": False}],
        },
        other={
            "environment": "AzureCloud",
            "service_endpoint_authentication_scheme": "ManagedServiceIdentity",
        },
        unread={
            "credentials": _SECRET, "features": "a choice of the configuration",
        },
        silent={
            "credentials.0.serviceprincipalcertificate": "the key goes before the certificate",
            "features.0.validate": "only false is allowed",
        },
    ),
    "azuredevops_serviceendpoint_github": Sample(
        values={
            "project_id": PROJECT, "service_endpoint_name": "github", "description": "the way",
            "auth_personal": [{"personal_access_token": "ghp"}],
            "auth_oauth": [{"oauth_configuration_id": "configuration"}],
        },
        unread={"auth_personal": _SECRET},
        silent={"auth_personal.0.personal_access_token": "OAuth goes before a token"},
    ),
    "azuredevops_serviceendpoint_generic": Sample(
        values={
            "project_id": PROJECT, "service_endpoint_name": "any", "description": "the way",
            "server_url": "https://example.test", "username": "u", "password": "p",
        },
        unread={"password": _SECRET},
    ),
    "azuredevops_build_definition": Sample(
        values={
            "project_id": PROJECT, "name": "train", "path": "\\ml", "queue_status": "paused",
            "agent_pool_name": "Azure Pipelines", "agent_specification": None,
            "job_authorization_scope": "project", "variable_groups": [3], "jobs": [],
            "schedules": [], "build_completion_trigger": [],
            "features": [{"skip_first_run": False}],
            "repository": [
                {
                    "repo_id": "octo/flights", "repo_type": "GitHub", "branch_name": "main",
                    "yml_path": "ml.yml", "service_connection_id": _GUID,
                    "report_build_status": False, "url": "https://github.com/octo/flights.git",
                    "github_enterprise_url": "",
                }
            ],
            "ci_trigger": [
                {
                    "use_yaml": False,
                    "override": [
                        {
                            "batch": False, "branch_filter": _FILTER, "path_filter": _FILTER,
                            "max_concurrent_builds_per_branch": 1, "polling_interval": 5,
                        }
                    ],
                }
            ],
            "pull_request_trigger": [
                {
                    "use_yaml": False, "initial_branch": "main", "comment_required": "All",
                    "forks": [{"enabled": True, "share_secrets": True}],
                    "override": [
                        {"auto_cancel": False, "branch_filter": _FILTER, "path_filter": _FILTER}
                    ],
                }
            ],
            "variable": [
                {
                    "name": "A", "value": "1", "secret_value": "", "is_secret": False,
                    "allow_override": False,
                },
                {
                    "name": "B", "value": "", "secret_value": "s", "is_secret": True,
                    "allow_override": True,
                },
            ],
        },
        other={
            "features.0.skip_first_run": True, "repository.0.repo_type": "TfsGit",
            "pull_request_trigger.0.comment_required": "NonTeamMembers",
        },
        unread={"features": "a choice of the configuration"},
        refused={
            "agent_specification": _IN_YAML, "jobs": _IN_YAML, "schedules": _IN_YAML,
            "build_completion_trigger": _IN_YAML,
            "repository.0.github_enterprise_url": "of a type of repository that is not there",
        },
        silent={
            "repository.0.url": "made from the name",
            "pull_request_trigger.0.initial_branch": "only with use_yaml",
            "variable.0.secret_value": "of a variable that is no secret",
            "variable.1.value": "of a variable that is a secret",
        },
    ),
    "azuredevops_build_folder": Sample(
        values={"project_id": PROJECT, "path": "\\ml", "description": "pipelines"},
    ),
    "azuredevops_environment": Sample(
        values={"project_id": PROJECT, "name": "dev", "description": "first"},
    ),
    "azuredevops_check_approval": Sample(
        values={
            **_ENVIRONMENT, "approvers": [_GUID], "instructions": "look",
            "minimum_required_approvers": 1, "requester_can_approve": True, "timeout": 60,
        },
    ),
    "azuredevops_check_branch_control": Sample(
        values={
            **_ENVIRONMENT, "allowed_branches": "refs/heads/main", "display_name": "main only",
            "ignore_unknown_protection_status": True, "verify_branch_protection": True,
            "timeout": 60,
        },
    ),
    "azuredevops_check_exclusive_lock": Sample(values={**_ENVIRONMENT, "timeout": 60}),
    "azuredevops_check_business_hours": Sample(
        values={
            **_ENVIRONMENT, "display_name": "office", "start_time": "08:00", "end_time": "17:00",
            "time_zone": "UTC", "timeout": 60, "monday": True, "tuesday": True, "wednesday": True,
            "thursday": True, "friday": True, "saturday": True, "sunday": True,
        },
    ),
    "azuredevops_check_rest_api": Sample(
        values={
            **_ENVIRONMENT, "display_name": "gate", "connected_service_name": _GUID,
            "connected_service_name_selector": "connectedServiceName", "method": "POST",
            "body": "{}", "headers": '{"A": "b"}', "url_suffix": "/gate", "retry_interval": 10,
            "success_criteria": "eq(root['a'], 1)", "variable_group_name": "g", "timeout": 60,
            "completion_event": "ApiResponse",
        },
        other={"connected_service_name_selector": "connectedServiceNameARM", "method": "GET"},
    ),
    "azuredevops_check_required_template": Sample(
        values={
            **_ENVIRONMENT,
            "required_template": [
                {
                    "repository_name": "p/r", "repository_ref": "refs/heads/main",
                    "repository_type": "azuregit", "template_path": "a.yml",
                }
            ],
        },
        other={"required_template.0.repository_type": "github"},
    ),
    "azuredevops_variable_group": Sample(
        values={
            "project_id": PROJECT, "name": "ml", "description": "values", "allow_access": True,
            "key_vault": [],
            "variable": [
                {"name": "A", "value": "1", "secret_value": "", "is_secret": False},
                {"name": "B", "value": "", "secret_value": "s", "is_secret": True},
            ],
        },
        refused={"key_vault": "secrets are not read from a vault"},
        silent={
            "variable.0.secret_value": "of a variable that is no secret",
            "variable.1.value": "of a variable that is a secret",
        },
    ),
    "azuredevops_branch_policy_min_reviewers": Sample(
        values={
            "project_id": PROJECT, "blocking": True, "enabled": True,
            "settings": [
                {
                    "allow_completion_with_rejects_or_waits": True,
                    "last_pusher_cannot_approve": True, "on_each_iteration_require_vote": True,
                    "on_last_iteration_require_vote": True, "on_push_reset_all_votes": False,
                    "on_push_reset_approved_votes": True, "reviewer_count": 2,
                    "submitter_can_vote": True, "scope": _SCOPE,
                }
            ],
        },
    ),
    "azuredevops_branch_policy_build_validation": Sample(
        values={
            "project_id": PROJECT, "blocking": True, "enabled": True,
            "settings": [
                {
                    "build_definition_id": 4, "display_name": "tests",
                    "filename_patterns": ["/src/*"], "manual_queue_only": True,
                    "queue_on_source_update_only": True, "valid_duration": 60, "scope": _SCOPE,
                }
            ],
        },
    ),
    "azuredevops_pipeline_authorization": Sample(
        values={
            "project_id": PROJECT, "pipeline_project_id": _GUID, "type": "repository",
            "resource_id": REPOSITORY, "pipeline_id": 4,
        },
        other={"type": "endpoint"},
        unread={
            "pipeline_id": "part of the question", "pipeline_project_id": "part of the question",
        },
    ),
    "azuredevops_group": Sample(
        values={
            "scope": PROJECT, "display_name": "approvers", "description": "who approves",
            "members": [_DANA], "origin_id": None, "mail": None,
        },
        other={"members": [_AVA]},
        refused={
            "origin_id": "in place of the name; see its own test",
            "mail": "in place of the name; see its own test",
        },
    ),
    "azuredevops_group_membership": Sample(
        values={"group": "vssgp.9", "members": [_DANA], "mode": "overwrite"},
        other={"members": [_AVA]},
        unread={"mode": "a choice of the configuration", "members": "only those of the state"},
        silent={"mode": "see its own test", "group": "is the address; see its own test"},
    ),
    "azuredevops_team": Sample(
        values={
            "project_id": PROJECT, "name": "ml", "description": "who trains",
            "administrators": [_DANA], "members": [_AVA],
            "area": [{"path": "flights", "include_children": True, "is_default": True}],
        },
        other={"administrators": [_AVA], "members": [_DANA]},
    ),
    "azuredevops_team_members": Sample(
        values={"project_id": PROJECT, "team_id": "T", "members": [_DANA], "mode": "add"},
        other={"members": [_AVA]},
        unread={"mode": "a choice of the configuration", "members": "only those of the state"},
        silent={"mode": "see its own test", "project_id": "is the address",
                "team_id": "is the address"},
    ),
    "azuredevops_user_entitlement": Sample(
        values={
            "principal_name": "ava@example.test", "origin": "aad", "origin_id": _GUID,
            "account_license_type": "stakeholder", "licensing_source": "account",
        },
    ),
}  # fmt: skip
