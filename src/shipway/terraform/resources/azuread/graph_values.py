"""Graph's JSON to Terraform's values and back: plain fields by table, lists by function.

A property that Graph has not is the zero of its type in the state, as the older SDK writes it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from shipway.terraform.calls import Calls
from shipway.terraform.resource import Values

Json = Mapping[str, Any]
_FEATURES = {
    "custom_single_sign_on": "WindowsAzureActiveDirectoryCustomSingleSignOnApplication",
    "enterprise": "WindowsAzureActiveDirectoryIntegratedApp",
    "gallery": "WindowsAzureActiveDirectoryGalleryApplicationNonPrimaryV1",
    "hide": "HideApp",
}
_OLDER = {
    "custom_single_sign_on": "custom_single_sign_on_app",
    "enterprise": "enterprise_application",
    "gallery": "gallery_application",
}


def text(source: Json, name: str) -> str:
    """A property of text, empty where there is none."""
    value = source.get(name)
    return value if isinstance(value, str) else ""


def flag(source: Json, name: str) -> bool:
    """A property that is true or false, false where there is none."""
    return bool(source.get(name))


def texts(source: Json, name: str) -> list[str]:
    """A property that is a list of text."""
    return [str(one) for one in source.get(name) or ()]


def given(values: Values, name: str) -> str | None:
    """What a configuration says, as Graph takes it: null for nothing and for the empty text."""
    value = values.get(name)
    return value if isinstance(value, str) and value else None


def first(values: Values, name: str) -> Values | None:
    """The one block of a name, or None."""
    found = values.get(name)
    return found[0] if found else None


def quoted(value: str) -> str:
    """A text within a filter."""
    return value.replace("'", "''").replace("%", "%25").replace(" ", "%20").replace(
        "&", "%26").replace("#", "%23").replace("+", "%2B")  # fmt: skip


def find(calls: Calls, collection: str, condition: str, *, beta: bool = False) -> list[Json]:
    """The objects of a collection that a filter names. `condition` is quoted already."""
    where = condition.replace(" ", "%20")
    told = calls.graph("GET", f"/{collection}?$filter={where}", beta=beta)
    return list((told or {}).get("value") or ())


def feature_tags(block: Values, *, older: bool = False) -> list[str]:
    """The tags that a block `feature_tags` (or the older `features`) stands for."""
    names = _OLDER if older else dict.fromkeys(_FEATURES, "")
    chosen = [_FEATURES[name] for name in names if block.get(_OLDER[name] if older else name)]
    if older and block.get("visible_to_users") is False:
        chosen.append(_FEATURES["hide"])
    return chosen


def features_of(tags: Iterable[str]) -> list[Values]:
    """The block `feature_tags` that tags stand for."""
    known = set(tags)
    return [{name: tag in known for name, tag in _FEATURES.items()}]


def older_features_of(tags: Iterable[str]) -> list[Values]:
    """The block `features` that tags stand for."""
    block = features_of(tags)[0]
    shown: Values = {other: block[name] for name, other in _OLDER.items()}
    return [{**shown, "visible_to_users": not block["hide"]}]


def reference(object_id: str) -> str:
    """A directory object as a reference."""
    return f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"


def list_ids(calls: Calls, path: str, *, beta: bool = False) -> list[str]:
    """The object ids of a list of references."""
    told = calls.graph("GET", path, beta=beta)
    return [str(one["id"]) for one in (told or {}).get("value") or ()]


def settle_references(
    calls: Calls, path: str, *, wanted: Iterable[str], there: Iterable[str], keep_one: bool = False
) -> None:
    """Add and remove references below `path` until they are those wanted.

    New ones come first, so that an object that needs an owner always has one (`keep_one`).
    """
    before, after = list(there), list(wanted)
    for object_id in after:
        if object_id not in before:
            calls.graph("POST", f"{path}/$ref", body={"@odata.id": reference(object_id)})
    if keep_one and not after:
        return
    for object_id in before:
        if object_id not in after:
            calls.graph("DELETE", f"{path}/{object_id}/$ref", missing_ok=True)
