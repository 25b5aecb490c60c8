"""Where in a document templates may stand and variables take effect.

Kinds name places (`pipeline`, `job`, `steps`); everything else is expanded without regard to
where it stands. `literal` places take no expressions, `texts` no directives: only their texts are
evaluated. The items of a `fixed` list cannot be chosen or repeated.
"""

from collections.abc import Mapping

LISTS: Mapping[str, str] = {"stages": "stage", "jobs": "job", "steps": "step"}
"""Kinds of lists whose items may be `template:` references, with the kind of an item."""

_HOOKS = {
    "preDeploy": "hook",
    "deploy": "hook",
    "routeTraffic": "hook",
    "postRouteTraffic": "hook",
    "on": "outcome",
}

_CHILDREN: Mapping[str, Mapping[str, str]] = {
    "pipeline": {
        "stages": "stages",
        "jobs": "jobs",
        "phases": "jobs",
        "steps": "steps",
        "strategy": "strategy",
        "parameters": "declarations",
        "trigger": "texts",
        "pr": "texts",
        "schedules": "texts",
        "resources": "resources",
    },
    "resources": {"repositories": "fixed"},
    "stage": {"jobs": "jobs", "phases": "jobs"},
    "job": {"steps": "steps", "strategy": "strategy"},
    "strategy": {"runOnce": "hooks", "rolling": "hooks", "canary": "hooks"},
    "hooks": _HOOKS,
    "outcome": {"success": "hook", "failure": "hook"},
    "hook": {"steps": "steps"},
}

EVALUATED_OF_FIXED = ("ref", "endpoint")
"""Keys of the items of a `fixed` list whose values take expressions."""

SCOPED = frozenset({"pipeline", "stage", "job"})
"""Kinds whose `variables` are visible to template expressions inside them."""


def child_kind(kind: str, key: str) -> str:
    """The kind of the value under a key."""
    if key == "variables" and kind in SCOPED:
        return "variables"
    return _CHILDREN.get(kind, {}).get(key, "any")
