"""Every attribute of every resource is kept by the directory and read back, or refused by name."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.terraform.azuread.wire_calls import WireCalls
from tests.wire import azure_home
from tests.wire.azure_home import AzureHome

from shipway.azure.entra import users
from shipway.terraform.resource import UNKNOWN, AtAttribute, TerraformResource, Values
from shipway.terraform.resources.azuread.refusals import REFUSALS
from shipway.terraform.resources.azuread.resource_ids import APPLICATION, SERVICE_PRINCIPAL
from shipway.terraform.resources.azuread.table import RESOURCES
from shipway.terraform.schema import Block, ProviderSchema

_RESOURCES = {one.type_name.removeprefix("azuread_"): one for one in RESOURCES}
_SCHEMA = ProviderSchema("azuread")
_ROLE, _OTHER_ROLE = ("00000000-0000-0000-0000-00000000000" + n for n in "12")
CLAIM = {"name": "email", "source": "user", "essential": True, "additional_properties": []}
# what the provider itself does or remembers; no property of the directory stands for it
_ITS_OWN = {
    "application.prevent_duplicate_names", "group.prevent_duplicate_names",
    "service_principal.use_existing", "application_password.rotate_when_changed",
    "service_principal_password.rotate_when_changed", "application_password.end_date_relative",
    "service_principal_password.end_date_relative",
    # the same as `tags` in other words
    "application.feature_tags", "service_principal.feature_tags", "service_principal.features",
}  # fmt: skip
REFUSED: dict[str, Any] = {
    "application.logo_image": "aGVsbG8=",
    "application.template_id": _ROLE,
    "group.administrative_unit_ids": [_ROLE],
    "group.auto_subscribe_new_members": True,
    "group.behaviors": ["WelcomeEmailDisabled"],
    "group.dynamic_membership": [{"enabled": True, "rule": "x"}],
    "group.external_senders_allowed": True,
    "group.hide_from_address_lists": True,
    "group.hide_from_outlook_clients": True,
    "group.mail_enabled": True,
    "group.onpremises_group_type": "UniversalSecurityGroup",
    "group.provisioning_options": ["Team"],
    "group.theme": "Blue",
    "group.types": ["Unified"],
    "group.writeback_enabled": True,
}


class World:
    """A directory with an application, a principal and a group to hang things on."""

    def __init__(self, root: Path) -> None:
        self.home: AzureHome = azure_home.make(root)
        self.calls = WireCalls(self.home)
        dana, avery = users.ensure_demo_users(self.home.store)
        self.dana, self.avery = dana.object_id, avery.object_id
        self.application = self.made("application", {"display_name": "base"})
        client_id = {"client_id": self.application["client_id"], "account_enabled": True}
        self.principal = self.made("service_principal", client_id)
        group = {"display_name": "base", "security_enabled": True}
        self.group = self.made("group", group)

    def made(self, name: str, values: Values) -> Values:
        """The state after a create."""
        resource = _RESOURCES[name]
        values = {**empty(name), **copy.deepcopy(values)}
        state = {**values, **resource.create(self.calls, values)}
        found = resource.read(self.calls, state)
        assert found is not None
        return {**state, **found}

    def changed(self, resource: TerraformResource, before: Values, after: Values) -> Values:
        """The state after an update."""
        assert resource.update is not None
        state = {**after, "id": before["id"]}
        state |= resource.update(self.calls, before, state) or {}
        found = resource.read(self.calls, state)
        assert found is not None
        return {**state, **found}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("azuread"))


def empty(name: str) -> Values:
    """Everything absent."""
    block = _SCHEMA.resource(f"azuread_{name}").block
    return {**dict.fromkeys(block.attributes), **{name: [] for name in block.blocks}}


def samples(world: World) -> dict[str, tuple[Values, Values]]:
    """What is given at first, and what else each attribute may become in place."""
    fresh = world.made("application", {"display_name": "unowned"})
    return {
        "application": (_application(world), _other_application(world)),
        "service_principal": (
            {
                "client_id": fresh["client_id"], "account_enabled": False,
                "alternative_names": ["a"], "app_role_assignment_required": True,
                "description": "d", "login_url": "https://l.example", "notes": "n",
                "notification_email_addresses": ["a@example.org"], "owners": [world.dana],
                "preferred_single_sign_on_mode": "oidc", "tags": ["t"],
                "saml_single_sign_on": [{"relay_state": "/a"}],
            },
            {
                "account_enabled": True, "alternative_names": ["b"],
                "app_role_assignment_required": False, "description": "e",
                "login_url": "https://m.example", "notes": "o",
                "notification_email_addresses": ["b@example.org"], "owners": [world.avery],
                "preferred_single_sign_on_mode": "saml", "tags": ["u", "v"],
                "saml_single_sign_on": [{"relay_state": "/b"}],
            },
        ),
        "application_federated_identity_credential": (
            {
                "application_id": world.application["id"], "display_name": "c", "description": "d",
                "audiences": ["api://a"], "issuer": "https://i.example", "subject": "s",
            },
            {
                "description": "e", "audiences": ["api://b"], "issuer": "https://j.example",
                "subject": "t",
            },
        ),
        "application_password": (
            {
                "application_id": world.application["id"], "display_name": "p",
                "start_date": "2026-01-01T00:00:00Z", "end_date": "2999-01-01T00:00:00Z",
            },
            {},
        ),
        "service_principal_password": (
            {
                "service_principal_id": world.principal["id"], "display_name": "p",
                "start_date": "2026-01-01T00:00:00Z", "end_date": "2999-01-01T00:00:00Z",
            },
            {},
        ),
        "group": (
            {
                "display_name": "g", "description": "d", "security_enabled": True,
                "assignable_to_role": True, "mail_nickname": "gee", "visibility": "Private",
                "members": [world.dana], "owners": [world.avery],
            },
            {
                "display_name": "h", "description": "e", "visibility": "Public",
                "members": [world.avery], "owners": [world.dana, world.avery],
            },
        ),
        "group_member": (
            {
                "group_object_id": world.group["object_id"], "member_object_id": world.dana,
            },
            {},
        ),
    }  # fmt: skip


def _application(world: World) -> Values:
    return {
        "display_name": "a", "description": "d", "device_only_auth_enabled": True,
        "fallback_public_client_enabled": True, "group_membership_claims": ["All"],
        "identifier_uris": ["api://a"], "marketing_url": "https://m.example", "notes": "n",
        "oauth2_post_response_required": True, "owners": [world.dana],
        "privacy_statement_url": "https://p.example", "service_management_reference": "r",
        "sign_in_audience": "AzureADMyOrg", "support_url": "https://s.example", "tags": ["t"],
        "terms_of_service_url": "https://t.example",
        "api": [{
            "known_client_applications": [_ROLE], "mapped_claims_enabled": True,
            "requested_access_token_version": 2,
            "oauth2_permission_scope": [{
                "admin_consent_description": "a", "admin_consent_display_name": "b",
                "enabled": True, "id": _ROLE, "type": "User", "user_consent_description": "c",
                "user_consent_display_name": "d", "value": "read",
            }],
        }],
        "app_role": [{
            "allowed_member_types": ["User"], "description": "d", "display_name": "r",
            "enabled": True, "id": _OTHER_ROLE, "value": "admin",
        }],
        "optional_claims": [{
            "access_token": [CLAIM], "id_token": [CLAIM], "saml2_token": [CLAIM],
        }],
        "password": [{"display_name": "p", "start_date": "2026-01-01T00:00:00Z",
                      "end_date": "2999-01-01T00:00:00Z"}],
        "public_client": [{"redirect_uris": ["https://c.example"]}],
        "required_resource_access": [{
            "resource_app_id": _ROLE, "resource_access": [{"id": _ROLE, "type": "Scope"}],
        }],
        "single_page_application": [{"redirect_uris": ["https://q.example/"]}],
        "web": [{
            "homepage_url": "https://h.example", "logout_url": "https://o.example",
            "redirect_uris": ["https://w.example/"],
            "implicit_grant": [{"access_token_issuance_enabled": True,
                                "id_token_issuance_enabled": True}],
        }],
    }  # fmt: skip


def _other_application(world: World) -> Values:
    role = {"allowed_member_types": ["Application"], "description": "e", "display_name": "s",
            "enabled": False, "id": _ROLE, "value": "root"}  # fmt: skip
    return {
        "display_name": "b", "description": "e", "device_only_auth_enabled": False,
        "fallback_public_client_enabled": False, "group_membership_claims": ["SecurityGroup"],
        "identifier_uris": ["api://b"], "marketing_url": "https://n.example", "notes": "o",
        "oauth2_post_response_required": False, "owners": [world.avery],
        "privacy_statement_url": "https://q.example", "service_management_reference": "s",
        "sign_in_audience": "AzureADMultipleOrgs", "support_url": "https://u.example",
        "tags": ["v", "w"], "terms_of_service_url": "https://v.example",
        "api": [{"known_client_applications": [], "mapped_claims_enabled": False,
                 "requested_access_token_version": 1, "oauth2_permission_scope": []}],
        "app_role": [role], "optional_claims": [],
        "password": [{"display_name": "q", "start_date": "2026-02-01T00:00:00Z",
                      "end_date": "2999-02-01T00:00:00Z"}],
        "public_client": [{"redirect_uris": ["https://d.example"]}],
        "required_resource_access": [],
        "single_page_application": [{"redirect_uris": ["https://r.example/"]}],
        "web": [{"homepage_url": "https://i.example", "logout_url": "", "redirect_uris": [],
                 "implicit_grant": [{"access_token_issuance_enabled": False,
                                     "id_token_issuance_enabled": False}]}],
    }  # fmt: skip


def holds(state: Any, wanted: Any) -> bool:
    """Whether a state has at least what was given; lists in any order."""
    if isinstance(wanted, dict):
        return all(holds(state.get(name), one) for name, one in wanted.items())
    if isinstance(wanted, list):
        return len(state) == len(wanted) and all(
            any(holds(other, one) for other in state) for one in wanted
        )
    return bool(state == wanted)


def settable(block: Block, path: str) -> Iterator[str]:
    """The dotted paths of all that a configuration may say, blocks as one."""
    for name, one in block.attributes.items():
        if (one.required or one.optional) and name != "id":
            yield f"{path}.{name}"
    for name in block.blocks:
        if name != "timeouts":
            yield f"{path}.{name}"


@pytest.mark.parametrize("name", sorted(_RESOURCES))
def test_what_is_given_is_kept_and_changed_in_place(world: World, name: str) -> None:
    given, others = samples(world)[name]
    state = world.made(name, given)
    for attribute, value in given.items():
        assert holds(state[attribute], value), attribute
    resource = _RESOURCES[name]
    for attribute, value in others.items():
        state = world.changed(resource, state, {**state, attribute: value})
        assert holds(state[attribute], value), attribute
    resource.delete(world.calls, state)
    assert resource.read(world.calls, state) is None
    resource.delete(world.calls, state)  # gone already is fine


def test_no_attribute_is_forgotten(world: World) -> None:
    found = samples(world)
    known = {f"{name}.{one}" for name, (given, _) in found.items() for one in given}
    for name, resource in _RESOURCES.items():
        block = _SCHEMA.resource(f"azuread_{name}").block
        for path in settable(block, name):
            assert path in known | set(REFUSED) | _ITS_OWN, path
        can_change = resource.update is not None
        for attribute, one in block.attributes.items():
            path = f"{name}.{attribute}"
            if can_change and path in known and not one.force_new and path not in REFUSED:
                assert attribute in found[name][1] or attribute == "security_enabled", path


def test_all_that_is_refused_is_tried() -> None:
    told = {f"{noun}.{name}" for noun, names in REFUSALS.items() for name in names}
    assert told == set(REFUSED)


@pytest.mark.parametrize("path", sorted(REFUSED))
def test_what_is_not_supported_is_refused_at_its_attribute(world: World, path: str) -> None:
    name, attribute = path.split(".")
    values = {"display_name": "x", "security_enabled": True, attribute: REFUSED[path]}
    with pytest.raises(AtAttribute) as caught:
        world.made(name, values)
    assert caught.value.path == attribute
    told = [one.path for one in _RESOURCES[name].validate({**empty(name), **values})]
    assert told == [attribute]
    unknown = {**empty(name), **values, attribute: UNKNOWN}
    assert list(_RESOURCES[name].validate(unknown)) == []


def test_feature_tags_and_tags_say_the_same(world: World) -> None:
    made = world.made("application", {"display_name": "f", "feature_tags": [{"hide": True}]})
    assert made["tags"] == ["HideApp"]
    principal = world.made(
        "service_principal",
        {"client_id": made["client_id"], "features": [{"visible_to_users": False,
                                                       "enterprise_application": True}]},
    )  # fmt: skip
    assert sorted(principal["tags"]) == ["HideApp", "WindowsAzureActiveDirectoryIntegratedApp"]
    assert principal["feature_tags"][0]["enterprise"] is True


def test_duplicates_are_refused_where_that_was_asked(world: World) -> None:
    for name in ("application", "group"):
        values = {"display_name": "base", "security_enabled": True, "prevent_duplicate_names": True}
        with pytest.raises(AtAttribute, match="prevent_duplicate_names"):
            world.made(name, values)


def test_a_relative_end_is_counted_from_the_start(world: World) -> None:
    values = {"application_id": world.application["id"], "start_date": "2999-01-01T00:00:00Z",
              "end_date_relative": "24h30m"}  # fmt: skip
    assert world.made("application_password", values)["end_date"] == "2999-01-02T00:30:00Z"


@pytest.mark.parametrize("text", ["", "x", "/applications", "/groups/a", "/applications/a/b"])
def test_a_text_that_is_no_id_is_told_which_it_should_be(text: str) -> None:
    with pytest.raises(AtAttribute) as caught:
        APPLICATION.object_id(text, at="application_id")
    assert "> /applications/applicationId" in caught.value.summary
    assert SERVICE_PRINCIPAL.fault("/servicePrincipals/x") == ""
