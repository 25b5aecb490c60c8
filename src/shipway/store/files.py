"""Contents by SHA-256 on disk: written once, never changed, shared by all who have the digest."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shipway.base import ids
from shipway.base.errors import NotFound

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """What was stored: `digest` in hex, `size` in bytes, `md5` in hex (Azure's Content-MD5)."""

    digest: str
    size: int
    md5: str


class Files:
    """A folder of contents. A content is on disk (fsync) before its digest is given out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, chunks: Iterable[bytes]) -> StoredFile:
        """Store the bytes of `chunks` without holding them in memory."""
        sha, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        temporary = self._folder / f".incoming-{ids.new_guid()}"
        try:
            with temporary.open("wb") as file:
                for chunk in chunks:
                    sha.update(chunk)
                    md5.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            stored = StoredFile(digest=sha.hexdigest(), size=size, md5=md5.hexdigest())
            target = self.path(stored.digest)
            if not target.exists():
                target.parent.mkdir(exist_ok=True, mode=0o700)
                temporary.replace(target)
            return stored
        finally:
            temporary.unlink(missing_ok=True)

    def put_bytes(self, content: bytes) -> StoredFile:
        """Store a content that is in memory already."""
        return self.put([content])

    def put_file(self, path: Path) -> StoredFile:
        """Store a copy of a file."""
        return self.put(read_chunks(path))

    def path(self, digest: str) -> Path:
        """Where a content lies. To be read only; whether it exists is not asked."""
        return self._folder / digest[:2] / digest

    def read(self, digest: str) -> bytes:
        """The whole content. Raises `NotFound`."""
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"the content {digest} is not stored", code="ContentMissing") from None

    def copy_to(self, digest: str, target: Path) -> None:
        """A private copy at `target` (parents are made). Raises `NotFound`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(self.path(digest), target)
        except FileNotFoundError:
            raise NotFound(f"the content {digest} is not stored", code="ContentMissing") from None


def read_chunks(path: Path) -> Iterable[bytes]:
    """The bytes of a file, a mebibyte at a time."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
