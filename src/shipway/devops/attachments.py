"""Files that steps attach to a run: summaries for people, logs, anything by type and name.

Knows: documents, files. Must not know: HTTP, what the files hold.
"""

from dataclasses import dataclass
from datetime import datetime

from shipway.devops import rows
from shipway.store.store import Store

_KIND = "attachment"
SUMMARY = "Distributedtask.Core.Summary"
FILE = "Distributedtask.Core.FileAttachment"
LOG = "DistributedTask.Core.Log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attached file; `kind` is Azure's attachment type."""

    run_id: int
    record_id: str
    kind: str
    name: str
    digest: str
    size: int
    created_at: datetime


def add(
    store: Store, *, run_id: int, record_id: str, kind: str, name: str, content: bytes
) -> Attachment:
    """Attach a file; the same step attaching the same name again replaces it."""
    stored = store.files.put_bytes(content)
    made = Attachment(
        run_id=run_id, record_id=record_id, kind=kind, name=name, digest=stored.digest,
        size=stored.size, created_at=store.clock.now(),
    )  # fmt: skip
    store.documents.put(_KIND, f"{run_id:010}/{kind}/{record_id}/{name}", rows.body_of(made))
    return made


def list_of(store: Store, *, run_id: int, kind: str = "") -> list[Attachment]:
    """The attachments of a run, all or of one kind."""
    prefix = f"{run_id:010}/{kind}/" if kind else f"{run_id:010}/"
    return [rows.read(Attachment, d.body) for d in store.documents.list(_KIND, prefix=prefix)]


def content(store: Store, attachment: Attachment) -> bytes:
    """What was attached."""
    return store.files.read(attachment.digest)
