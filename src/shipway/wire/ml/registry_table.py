"""Every route of registries: ARM's part, the discovery by name, and their own service.

`R` is a registry's path; at its service it stands behind `/mferp/managementfrontend`.
"""

from shipway.wire.ml import codes, components, environments, model_versions, registries
from shipway.wire.ml.envelopes import LIST_QUERY, PROVIDER

Row = tuple[str, str, registries.Handler, str, tuple[str, ...]]

_GROUP = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{PROVIDER}/registries"
R = f"{_GROUP}/{{registry}}"
_ACTION = f"{PROVIDER}/registries"
_READ, _WRITE = f"{_ACTION}/assets/read", f"{_ACTION}/assets/write"
_S = f"/mferp/managementfrontend{R}"

# ruff: noqa: E501  # one row, one line
ARM_ROWS: tuple[Row, ...] = (
    ("GET", f"/subscriptions/{{subscription}}/providers/{PROVIDER}/registries", registries.list_all, f"{_ACTION}/read", LIST_QUERY),
    ("GET", _GROUP, registries.list_all, f"{_ACTION}/read", LIST_QUERY),
    ("GET", R, registries.get, f"{_ACTION}/read", ()),
    ("PUT", R, registries.put, f"{_ACTION}/write", ()),
    ("DELETE", R, registries.delete, f"{_ACTION}/delete", ()),
    ("GET", f"{R}/{{rest:path}}", registries.refuse, f"{_ACTION}/read", LIST_QUERY),
    ("PUT", f"{R}/{{rest:path}}", registries.refuse, f"{_ACTION}/read", LIST_QUERY),
)  # fmt: skip

_VERSIONED = (
    ("environments", environments),
    ("components", components),
    ("models", model_versions),
)

SERVICE_ROWS: tuple[Row, ...] = (
    ("GET", "/registrymanagement/v1.0/registries/{registry}/discovery", registries.discovery, "", ()),
    *(
        row
        for noun, module in _VERSIONED
        for row in (
            ("GET", f"{_S}/{noun}", module.list_containers, _READ, LIST_QUERY),
            ("GET", f"{_S}/{noun}/{{name}}", module.get_container, _READ, ()),
            ("PUT", f"{_S}/{noun}/{{name}}", module.put_container, _WRITE, ()),
            ("GET", f"{_S}/{noun}/{{name}}/versions", registries.versions_of(module.list_versions), _READ, LIST_QUERY),
            ("GET", f"{_S}/{noun}/{{name}}/versions/{{version}}", module.get, _READ, ()),
            ("PUT", f"{_S}/{noun}/{{name}}/versions/{{version}}", module.put, _WRITE, ()),
        )
    ),
    ("GET", f"{_S}/codes/{{name}}/versions", codes.list_versions, _READ, (*LIST_QUERY, "hash", "hashVersion")),
    ("GET", f"{_S}/codes/{{name}}/versions/{{version}}", codes.get, _READ, ()),
    ("PUT", f"{_S}/codes/{{name}}/versions/{{version}}", codes.put, _WRITE, ()),
    ("PUT", f"{_S}/tempdatarefs/{{name}}/versions/{{version}}", registries.start_upload, _WRITE, ()),
    ("POST", f"{_S}/datarefs/{{name}}/versions/{{version}}", registries.read_reference, _READ, ()),
    ("POST", f"{_S}/import", registries.share, _WRITE, ()),
    *((method, f"{_S}/{{rest:path}}", registries.refuse, _READ, LIST_QUERY) for method in ("GET", "PUT", "POST", "DELETE")),
)  # fmt: skip
