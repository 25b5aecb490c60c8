"""RSA keys that sign this home's tokens: one for the tenant, one for the assertion issuer.

Knows: secrets. The private halves lie sealed in the store and leave it only inside this process.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from shipway.store.store import Store

KeyName = Literal["tenant", "vstoken"]
_BITS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key with the id that tokens name in their `kid` header."""

    key_id: str
    private: rsa.RSAPrivateKey

    @property
    def public(self) -> rsa.RSAPublicKey:
        """The half that checks signatures."""
        return self.private.public_key()


def get(store: Store, name: KeyName) -> SigningKey:
    """The key of that name; made at the first call."""
    secret = f"signing key {name}"
    pem = store.secrets.find(secret)
    if pem is None:
        # made outside the transaction (it takes a moment); the first writer wins
        fresh = _new_pem()
        with store.database.transaction():
            pem = store.secrets.find(secret)
            if pem is None:
                store.secrets.put(secret, fresh)
                pem = fresh
    return _load(pem)


def public_jwk(key: SigningKey) -> dict[str, object]:
    """The public half as a JSON Web Key (RFC 7517), as discovery documents list it."""
    numbers = key.public.public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": key.key_id,
        "x5t": key.key_id,
        "n": _base64url(numbers.n),
        "e": _base64url(numbers.e),
    }


def _new_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@lru_cache(maxsize=16)
def _load(pem: str) -> SigningKey:
    # our own key: the primality tests that a foreign key needs would cost 50 ms in every process
    private = serialization.load_pem_private_key(
        pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("the stored signing key is not an RSA key")
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key_id = base64.urlsafe_b64encode(hashlib.sha256(spki).digest()[:20]).decode().rstrip("=")
    return SigningKey(key_id=key_id, private=private)


def _base64url(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
