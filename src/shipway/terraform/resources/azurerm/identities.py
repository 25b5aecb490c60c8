"""The `identity` block: system-assigned, user-assigned or both."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shipway.terraform.resource import Values
from shipway.terraform.unknown import UNKNOWN

_SYSTEM, _USER = "SystemAssigned", "UserAssigned"


@dataclass(frozen=True, slots=True)
class Identity:
    """The block `identity`. Without it nothing is sent, and nothing is read."""

    # how the service writes the two kinds together: with a blank or without
    separator: str = ", "

    @property
    def names(self) -> tuple[str, ...]:
        """The block's name."""
        return ("identity",)

    def put(self, values: Values, body: dict[str, Any]) -> None:
        """Write the block when it is set."""
        given = values.get("identity") or []
        if not given:
            return
        kind = str(given[0]["type"])
        body["identity"] = {"type": kind.replace(", ", self.separator)}
        if _USER in kind:
            chosen = given[0].get("identity_ids") or []
            body["identity"]["userAssignedIdentities"] = {one: {} for one in chosen}

    def take(self, answer: Mapping[str, Any], into: Values) -> None:
        """Read the block."""
        found = answer.get("identity") or {}
        kinds = [one for one in (_SYSTEM, _USER) if one.lower() in _plain(found.get("type"))]
        into["identity"] = [_block(found, kinds)] if kinds else []


def rule(path: str, value: Any) -> tuple[str, str] | None:  # noqa: ANN401  # a list of blocks
    """Ids of user-assigned identities belong to that kind, which needs one."""
    given = (value or [None])[0] if isinstance(value, list) else None
    if not isinstance(given, Mapping) or UNKNOWN in (given.get("type"), given.get("identity_ids")):
        return None
    chosen, with_users = given.get("identity_ids") or [], _USER in str(given.get("type"))
    if chosen and not with_users:
        return (
            "`identity_ids` can only be specified when `type` is set to "
            '"SystemAssigned, UserAssigned" or "UserAssigned"',
            f'{path}.0.type is "{given.get("type")}".',
        )
    if with_users and not chosen:
        return "`identity_ids` must be specified when `type` is set to `UserAssigned`", ""
    return None


def _plain(kind: object) -> str:
    return str(kind or "").lower().replace("_", "")


def _block(found: Mapping[str, Any], kinds: Collection[str]) -> Values:
    return {
        "type": ", ".join(kinds),
        "identity_ids": sorted(found.get("userAssignedIdentities") or {}),
        "principal_id": found.get("principalId") or "",
        "tenant_id": found.get("tenantId") or "",
    }


IDENTITY = Identity()
