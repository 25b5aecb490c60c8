"""Opens a protected resource to every pipeline, as its owner would in the portal."""

from shipway.devops import pipeline_permissions
from shipway.store.store import Store


def open_to_all(store: Store, kind: str, resource_id: int | str) -> None:
    """Runs that use it do not wait for a permission."""
    pipeline_permissions.authorize(
        store, resource_type=kind, resource_id=str(resource_id), by="test"
    )
