"""What a provider keeps beside a resource's state: the version of the schema and the timeouts.

In the form of the older provider SDK (helper/schema/resource_timeout.go), so that the real
providers read it as well.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from shipway.terraform.resource import Values

_TIMEOUTS = "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0"
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)")
_DEFAULT_SECONDS = 1200.0  # the SDK's own: twenty minutes


def seconds_of(text: str) -> float | None:
    """A duration as Go writes it (`1h30m0s`) in seconds; None when it is none."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def timeouts_of(values: Mapping[str, Any], defaults: Mapping[str, str]) -> dict[str, float]:
    """Seconds per operation: the block `timeouts`, else the type's defaults."""
    told = values.get("timeouts")
    found = {name: seconds_of(text) or _DEFAULT_SECONDS for name, text in defaults.items()}
    if isinstance(told, dict):
        for name, text in told.items():
            seconds = seconds_of(text) if isinstance(text, str) else None
            if seconds is not None:
                found[name] = seconds
    return found


def encode(timeouts: Mapping[str, float], version: int) -> bytes:
    """The private bytes for a resource."""
    content: dict[str, Any] = {
        _TIMEOUTS: {name: int(seconds * 1e9) for name, seconds in timeouts.items()}
    }
    if version:
        content["schema_version"] = str(version)
    return json.dumps(content).encode()


def decode(content: bytes) -> dict[str, float]:
    """Seconds per operation from private bytes; empty when they hold none."""
    try:
        told = json.loads(content or b"{}").get(_TIMEOUTS) or {}
        return {name: float(number) / 1e9 for name, number in told.items()}
    except (ValueError, AttributeError, TypeError):
        return {}


def limit(timeouts: Mapping[str, float], operation: str) -> float:
    """How long an operation may take."""
    return timeouts.get(operation) or timeouts.get("default") or _DEFAULT_SECONDS


def malformed(values: Values) -> tuple[str, str] | None:
    """The first of `timeouts` that is not a duration: its name and text."""
    told = values.get("timeouts")
    if isinstance(told, dict):
        for name, text in told.items():
            if isinstance(text, str) and seconds_of(text) is None:
                return name, text
    return None
