"""The states of a lease, as a table.

Source: https://learn.microsoft.com/rest/api/storageservices/lease-blob#lease-states
"""

from shipway.base.machine import Machine

# Available: no lease, anyone may write and acquire. Found on a blob without a lease document.
# Leased: somebody holds it; only that lease id may write. Found with `expires_at` ahead or none.
# Breaking: broken, but its holder may still write until the break period ends (`breaks_at`).
# Broken: the break period has ended; anyone may acquire.
# Expired: its duration has ended; anyone may acquire, the last holder may renew.
MACHINE = Machine(
    name="lease",
    table={
        ("Available", "acquire"): "Leased",
        ("Leased", "acquire"): "Leased",
        ("Broken", "acquire"): "Leased",
        ("Expired", "acquire"): "Leased",
        ("Leased", "renew"): "Leased",
        ("Expired", "renew"): "Leased",
        ("Leased", "change"): "Leased",
        ("Leased", "break"): "Breaking",
        ("Breaking", "break"): "Breaking",
        ("Broken", "break"): "Broken",
        ("Expired", "break"): "Broken",
        ("Leased", "release"): "Available",
        ("Breaking", "release"): "Available",
        ("Broken", "release"): "Available",
        ("Expired", "release"): "Available",
        # time, not a caller
        ("Leased", "expire"): "Expired",
        ("Breaking", "end"): "Broken",
        # a write to a blob whose lease has ended clears what is left of it
        ("Broken", "write"): "Available",
        ("Expired", "write"): "Available",
    },
    terminal=frozenset(),
)

# what the service answers where the table has no row
REFUSALS: dict[tuple[str, str], tuple[str, str]] = {
    ("Breaking", "acquire"): (
        "LeaseIsBreakingAndCannotBeAcquired",
        "There is already a breaking lease, which cannot be acquired until it is broken",
    ),
    ("Breaking", "renew"): (
        "LeaseIsBrokenAndCannotBeRenewed",
        "The lease ID matched, but the lease has been broken explicitly and cannot be renewed",
    ),
    ("Broken", "renew"): (
        "LeaseIsBrokenAndCannotBeRenewed",
        "The lease ID matched, but the lease has been broken explicitly and cannot be renewed",
    ),
    ("Breaking", "change"): (
        "LeaseIsBreakingAndCannotBeChanged",
        "The lease ID matched, but the lease is currently in breaking state and cannot be changed",
    ),
}
NOT_PRESENT = (
    "LeaseNotPresentWithLeaseOperation",
    "There is currently no lease on the blob",
)
