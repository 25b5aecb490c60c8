"""Secrets at rest: sealed with a key that lies outside the database, or kept as hashes only."""

import hashlib
import hmac
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shipway.base import ids
from shipway.base.errors import ShipwayError
from shipway.base.home import write_private
from shipway.store.database import Database

_NONCE = 12


class SecretsKeyWrong(ShipwayError):
    """The key file does not open what is stored."""

    default_code = "SecretsKeyWrong"


class Secrets:
    """Named secrets, AES-256-GCM, the name bound in as associated data."""

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        if not key_file.exists():
            write_private(key_file, AESGCM.generate_key(bit_length=256))
        self._key = AESGCM(key_file.read_bytes())
        self._key_file = key_file

    def put(self, name: str, value: str) -> None:
        """Store or replace a secret."""
        nonce = hashlib.sha256(ids.new_guid().encode()).digest()[:_NONCE]
        sealed = nonce + self._key.encrypt(nonce, value.encode(), name.encode())
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT OR REPLACE INTO secrets (name, sealed) VALUES (?, ?)", (name, sealed)
            )

    def find(self, name: str) -> str | None:
        """The secret in clear, or None. Raises `SecretsKeyWrong`."""
        row = self._database.read().execute(
            "SELECT sealed FROM secrets WHERE name = ?", (name,)
        ).fetchone()  # fmt: skip
        if row is None:
            return None
        sealed = bytes(row["sealed"])
        try:
            return self._key.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode()).decode()
        except InvalidTag:
            raise SecretsKeyWrong(
                f"the stored secret '{name}' cannot be opened",
                where=str(self._key_file),
                hint="The key file was replaced. Restore it, or set the secret again.",
            ) from None

    def delete(self, name: str) -> None:
        """Remove a secret."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM secrets WHERE name = ?", (name,))

    def names(self, *, prefix: str = "") -> list[str]:
        """Names that start with `prefix`."""
        rows = self._database.read().execute(
            "SELECT name FROM secrets WHERE name >= ? AND name < ? ORDER BY name",
            (prefix, prefix + "\U0010ffff"),
        )
        return [row["name"] for row in rows.fetchall()]


def hash_of(secret: str) -> str:
    """A salted hash of a machine-made secret (client secret, PAT): `salt$sha256`.

    These have 256 bits of entropy, so a slow hash would add nothing.
    """
    salt = ids.new_token(9)
    return f"{salt}${hashlib.sha256((salt + secret).encode()).hexdigest()}"


def matches(secret: str, hashed: str) -> bool:
    """Whether `secret` is the one behind `hashed`; takes the same time either way."""
    salt, _, expected = hashed.partition("$")
    return hmac.compare_digest(hashlib.sha256((salt + secret).encode()).hexdigest(), expected)
