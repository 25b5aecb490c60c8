"""Ids as azuread writes them, and what it says of a text that is none.

`/applications/<guid>` names a directory object; `<guid>/password/<guid>` something within one.
"""

from dataclasses import dataclass

from shipway.base import ids
from shipway.terraform.resource import AtAttribute, Problem, Values


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """A kind of directory object: its segment, its name in errors, the example's last segment."""

    segment: str
    title: str
    example: str

    def id_of(self, object_id: str) -> str:
        """The id of an object."""
        return f"/{self.segment}/{object_id}"

    def object_id(self, text: str, *, at: str) -> str:
        """The object id within an id. Raises `AtAttribute` at the attribute `at`."""
        fault = self.fault(text)
        if fault:
            raise AtAttribute(at, fault)
        return text.strip("/").split("/")[1]

    def fault(self, text: str) -> str:
        """What is wrong with a text that should be an id; empty when nothing is."""
        parts = [part for part in text.strip("/").split("/") if part]
        if len(parts) == 2 and parts[0] == self.segment:
            return ""
        literal = bool(parts) and parts[0] == self.segment
        counted = "the number of segments didn't match" if len(parts) != 2 else (
            "parsing segment \"" + self.segment + "\""
        )  # fmt: skip
        return (
            f'parsing "{text}": parsing the {self.title} ID: {counted}\n\n'
            f"Expected a {self.title} ID that matched (containing 2 segments):\n\n"
            f"> /{self.segment}/{self.example}\n\n"
            f"However this value was provided (which was parsed into {int(literal)} segments):\n\n"
            f"> {text}\n\nThe following Segments are expected:\n\n"
            f'* Segment 0 - this should be the literal value "{self.segment}"\n'
            "* Segment 1 - this should be the user specified value for this "
            f'{self.example} [for example "{self.example}"]\n\n'
            "The following Segments were parsed:\n\n"
            + (f'* Segment 0 - parsed as "{self.segment}"\n' if literal else
               "* Segment 0 - not found\n")
            + "* Segment 1 - not found\n"
        )  # fmt: skip

    def problem(self, config: Values, name: str) -> list[Problem]:
        """The fault of an attribute of a configuration; one that is not known yet has none."""
        value = config.get(name)
        if not isinstance(value, str):
            return []
        fault = self.fault(value)
        return [Problem(name, fault)] if fault else []


APPLICATION = ObjectKind("applications", "Application", "applicationId")
SERVICE_PRINCIPAL = ObjectKind("servicePrincipals", "ServicePrincipal", "servicePrincipalId")
GROUP = ObjectKind("groups", "Group", "groupId")
USER = ObjectKind("users", "User", "userId")


def within(object_id: str, kind: str, inner: str) -> str:
    """The id of something within an object: `<object>/password/<key>`."""
    return f"{object_id}/{kind}/{inner}"


def parts_within(text: str, kind: str) -> tuple[str, str]:
    """Object and inner id. Raises `AtAttribute` for another form."""
    parts = text.split("/")
    if len(parts) != 3 or parts[1] != kind or not ids.is_guid(parts[0]):
        raise AtAttribute(
            "id", f'Parsing ID: "{text}" is not of the form {{objectId}}/{kind}/{{id}}'
        )
    return parts[0], parts[2]


def name_is_taken(type_name: str, object_id: str, name: str) -> AtAttribute:
    """azuread's refusal of a second object of a name, where that was asked for."""
    return AtAttribute(
        "display_name",
        f"`prevent_duplicate_names` was specified and an existing {type_name} with the name "
        f'"{name}" was found: ID "{object_id}"',
    )


def exists_already(type_name: str, resource_id: str, *, at: str) -> AtAttribute:
    """azuread's refusal to take over what it has not made."""
    return AtAttribute(
        at,
        f'A resource with the ID "{resource_id}" already exists - to be managed via Terraform this '
        "resource needs to be imported into the State. Please see the resource documentation for "
        f'"{type_name}" for more information.',
    )
