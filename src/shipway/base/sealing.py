"""Values that must lie in a file for a while: sealed with the home's key (AES-256-GCM)."""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_PURPOSE = b"step output"


def seal(value: str, key: bytes) -> str:
    """`value` encrypted and authenticated, as URL-safe base64."""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, value.encode(), _PURPOSE)
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(text: str, key: bytes) -> str:
    """The value behind `seal`. Raises `ValueError` when it was changed or the key is another."""
    raw = base64.urlsafe_b64decode(text)
    try:
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _PURPOSE).decode()
    except InvalidTag:
        raise ValueError("the sealed value does not belong to this home's key") from None
