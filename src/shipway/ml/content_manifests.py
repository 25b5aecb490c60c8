"""What lies at a place, file by file: the ground on which reuse is decided and explained.

A manifest maps each file's path to the digest of its content; its own digest names it. Knows:
blobs, documents. Must not know: jobs.
"""

from collections.abc import Mapping

from shipway.azure.blob import blobs
from shipway.base import ids
from shipway.ml.datastores import BlobPlace
from shipway.store.store import Store

_KIND = "content_manifest"
# a larger folder is still compared by its digest, but not explained file by file
_LARGEST_KEPT = 2000


def blobs_at(store: Store, place: BlobPlace) -> dict[str, blobs.Blob]:
    """The blobs of a folder by relative path, or the one blob of a file under its base name."""
    folder = f"{place.path}/" if place.path else ""
    listed = blobs.list_blobs(
        store, account=place.account, container=place.container, prefix=folder
    )
    found = {blob.name.removeprefix(folder): blob for blob in listed}
    # a name that ends in a slash is the marker that some tools write for an empty folder
    found = {path: blob for path, blob in found.items() if path and not path.endswith("/")}
    if found or not place.path:
        return found
    one = blobs.find(store, account=place.account, container=place.container, name=place.path)
    return {} if one is None else {place.path.rpartition("/")[2]: one}


def of_place(store: Store, place: BlobPlace) -> dict[str, str]:
    """The manifest of a file or folder; empty when nothing is there."""
    return {path: blob.digest for path, blob in blobs_at(store, place).items()}


def digest_of(manifest: Mapping[str, str]) -> str:
    """The name of a manifest; empty for an empty one."""
    if not manifest:
        return ""
    return ids.digest("\n".join(f"{path}\0{digest}" for path, digest in sorted(manifest.items())))


def keep(store: Store, manifest: Mapping[str, str]) -> str:
    """Remember a manifest for later explanations and return its digest."""
    digest = digest_of(manifest)
    if digest and len(manifest) <= _LARGEST_KEPT and store.documents.find(_KIND, digest) is None:
        store.documents.put(_KIND, digest, {"files": dict(manifest)})
    return digest


def find(store: Store, digest: str) -> dict[str, str] | None:
    """The files of a manifest that was kept."""
    document = store.documents.find(_KIND, digest) if digest else None
    return dict(document.body["files"]) if document else None


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What changed from one manifest to another, a line per file."""
    lines = [f"{path} was added" for path in sorted(after.keys() - before.keys())]
    lines += [f"{path} was removed" for path in sorted(before.keys() - after.keys())]
    lines += [
        f"{path} changed ({before[path][:8]} -> {after[path][:8]})"
        for path in sorted(before.keys() & after.keys())
        if before[path] != after[path]
    ]
    return lines
