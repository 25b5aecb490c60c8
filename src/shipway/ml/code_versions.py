"""Code snapshots: a folder of blobs that a client uploaded, found again by the hash it computed.

Knows: documents, datastores. Must not know: HTTP.
"""

from dataclasses import dataclass

from shipway.azure.entra.principals import ANONYMOUS, Principal
from shipway.base.errors import BadInput
from shipway.ml import asset_versions, datastores
from shipway.ml.asset_versions import AssetKind, AssetVersion
from shipway.ml.datastores import BlobPlace
from shipway.ml.entities import authorship
from shipway.store.store import Store

KIND = AssetKind(noun="code", path="codes", container="code_container", version="code_version")
_BY_HASH = "code_by_hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeVersion(AssetVersion):
    """A snapshot. `code_uri` as given; `content_hash` is the client's own."""

    code_uri: str
    account: str
    container: str
    path: str
    content_hash: str = ""
    hash_version: str = ""

    @property
    def place(self) -> BlobPlace:
        """Where its files lie."""
        return BlobPlace(account=self.account, container=self.container, path=self.path)


def create(
    store: Store,
    *,
    workspace: str,
    name: str,
    version: str,
    code_uri: str,
    content_hash: str = "",
    hash_version: str = "",
    is_anonymous: bool = True,
    principal: Principal = ANONYMOUS,
) -> CodeVersion:
    """Register a snapshot. Raises `BadInput` for a URI outside storage and `Conflict` when the
    version exists with another URI."""
    if not code_uri:
        raise BadInput(
            "The code version has no codeUri.", code="UserError", where="properties.codeUri",
            hint="Upload the folder first; the URI is that of the uploaded folder.",
        )  # fmt: skip
    place = datastores.locate(store, workspace=workspace, uri=code_uri)
    asset_versions.check_names(KIND, name, version)
    with store.database.transaction():
        old = find(store, workspace=workspace, name=name, version=version)
        if old is not None:
            if old.place != place:
                raise asset_versions.refuse_change(KIND, old, "URI")
            return old
        new = CodeVersion(
            workspace=workspace, name=name, version=version, code_uri=code_uri,
            account=place.account, container=place.container, path=place.path,
            content_hash=content_hash, hash_version=hash_version, is_anonymous=is_anonymous,
            **authorship(principal),
        )  # fmt: skip
        if content_hash:
            store.documents.put(
                _BY_HASH, f"{workspace}/{content_hash}", {"name": name, "version": version}
            )
        return asset_versions.save(store, KIND, new)


def find(store: Store, *, workspace: str, name: str, version: str) -> CodeVersion | None:
    """The snapshot, or None."""
    return asset_versions.find_version(
        store, KIND, CodeVersion, workspace=workspace, name=name, version=version
    )


def get(store: Store, *, workspace: str, name: str, version: str) -> CodeVersion:
    """The snapshot. Raises `NotFound`."""
    return asset_versions.get_version(
        store, KIND, CodeVersion, workspace=workspace, name=name, version=version
    )


def by_hash(store: Store, *, workspace: str, content_hash: str) -> CodeVersion | None:
    """A snapshot with the content that a client hashed, so that it need not be uploaded again."""
    row = store.documents.find(_BY_HASH, f"{workspace}/{content_hash}") if content_hash else None
    if row is None:
        return None
    return find(store, workspace=workspace, name=row.body["name"], version=row.body["version"])


def list_versions(store: Store, *, workspace: str, name: str) -> list[CodeVersion]:
    """The versions under a name, the newest first."""
    return asset_versions.list_versions(store, KIND, CodeVersion, workspace=workspace, name=name)


def resolve(store: Store, *, workspace: str, reference: str) -> CodeVersion:
    """The snapshot behind an id. Raises `BadInput` and `NotFound`."""
    return asset_versions.resolve(
        store, KIND, CodeVersion, workspace=workspace, reference=reference
    )
