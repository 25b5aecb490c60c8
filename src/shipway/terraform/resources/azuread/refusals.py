"""What may be configured in Entra and is not so here: refused at its attribute, with the reason."""

from collections.abc import Iterator, Mapping
from typing import Final

from shipway.terraform.resource import UNKNOWN, AtAttribute, Problem, Values

_MAIL = "Only security groups are kept; mail, teams and Microsoft 365 groups are not."
_PREMISES = "There is no directory on premises."
REFUSALS: Final[Mapping[str, Mapping[str, str]]] = {
    "application": {
        "logo_image": "Logos are not kept.",
        "template_id": "There are no application templates.",
    },
    "group": {
        "administrative_unit_ids": "There are no administrative units.",
        "auto_subscribe_new_members": _MAIL,
        "behaviors": _MAIL,
        "dynamic_membership": "Members are assigned; rules are not evaluated.",
        "external_senders_allowed": _MAIL,
        "hide_from_address_lists": _MAIL,
        "hide_from_outlook_clients": _MAIL,
        "mail_enabled": _MAIL,
        "onpremises_group_type": _PREMISES,
        "provisioning_options": _MAIL,
        "theme": _MAIL,
        "types": _MAIL,
        "writeback_enabled": _PREMISES,
    },
}


def problems(noun: str, config: Values) -> Iterator[Problem]:
    """The refused attributes that a configuration sets; one that is not known yet is not."""
    for name, why in REFUSALS[noun].items():
        value = config.get(name)
        if value is not UNKNOWN and not _is_unset(value):
            yield Problem(name, f"`{name}` is not supported by shipway", why)


def refuse(noun: str, values: Values) -> None:
    """Raises `AtAttribute` for the first of them, once all values are known."""
    for name, why in REFUSALS[noun].items():
        if not _is_unset(values.get(name)):
            raise AtAttribute(name, f"`{name}` is not supported by shipway", why)


def _is_unset(value: object) -> bool:
    return value in (None, "", [], {}, False)
