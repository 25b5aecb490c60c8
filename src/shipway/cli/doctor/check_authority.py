"""The local certificate authority: there, valid, its key private and its own."""

from datetime import timedelta

from shipway.base import front_door
from shipway.base.clock import SystemClock
from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.cli.doctor.check import Finding
from shipway.gateway import authority

_SOON = timedelta(days=60)
_RENEW = "Stop the server, remove {folder} and start again: a new authority is made."


def check_authority(home: Home) -> Finding:
    """Key and certificate belong together and hold for a while; the bundle has it."""
    if not (home.authority / "authority.pem").exists():
        return Finding(check="authority", level="ok", found="not made yet (`shipway up` does)")
    renew = _RENEW.format(folder=home.authority)
    try:
        facts = authority.inspect(home)
    except ShipwayError as error:
        return Finding(check="authority", level="failure", found=error.message, remedy=renew)
    left = facts.not_after - SystemClock().now()
    if left < _SOON:
        return Finding(
            check="authority", level="failure" if left < timedelta(0) else "warning",
            found=f"valid until {facts.not_after:%Y-%m-%d}", remedy=renew,
        )  # fmt: skip
    bundle = front_door.bundle(home)
    if bundle.exists() and facts.pem not in bundle.read_bytes():
        return Finding(
            check="authority", level="failure", found=f"{bundle} lacks it",
            remedy="Restart the server: it writes the bundle anew.",
        )  # fmt: skip
    return Finding(check="authority", level="ok", found=f"valid until {facts.not_after:%Y-%m-%d}")
