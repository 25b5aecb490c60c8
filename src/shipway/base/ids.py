"""Identifiers: the only place that asks for randomness."""

import base64
import hashlib
import secrets
import uuid

_NAMESPACE = uuid.UUID("5f1a2b6c-0d3e-4c7a-9b1f-73686970776f")
_ADJECTIVES = (
    "amber brave bright calm clever cool crisp eager fair frank gentle glad golden happy honest"
    " jolly keen kind lively loyal lucid mellow modest neat nimble noble patient plain polite"
    " quiet ready sharp sincere smart steady sturdy sunny tender tidy upbeat vivid warm witty"
).split()
_NOUNS = (
    "anchor apple arrow basil beacon berry bird brook cactus carrot cloud coral cup dolphin drum"
    " eagle feather fern fig flame garden ginger glove grape hat island ivory jelly kettle lake"
    " leaf lemon lime lion map mango moon nut oak onion owl parrot pear pen plum reef river rose"
    " sail seed shark spoon star stone sun tent tree turnip van wall yak"
).split()
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_guid() -> str:
    """A fresh GUID in lower case with hyphens."""
    return str(uuid.uuid4())


def guid_from(*parts: str) -> str:
    """The same GUID for the same words, so that a resource keeps its id across restarts."""
    return str(uuid.uuid5(_NAMESPACE, "\x00".join(parts)))


def new_job_name() -> str:
    """A name as Azure ML gives it: `calm_leaf_x1y2z3a4b5`."""
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{secrets.choice(_ADJECTIVES)}_{secrets.choice(_NOUNS)}_{tail}"


def new_token(octets: int = 32) -> str:
    """URL-safe random text of `octets` bytes; no option, as programs take what begins with '-'."""
    while (text := secrets.token_urlsafe(octets)).startswith("-"):
        pass
    return text


def new_etag() -> str:
    """Hex that no earlier version of the same thing has had; 13 digits at most."""
    return f"{secrets.randbits(52):x}"


def new_key(octets: int = 64) -> str:
    """Standard base64 of `octets` random bytes: the form of a storage account key."""
    return base64.b64encode(secrets.token_bytes(octets)).decode()


def digest(text: str | bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def is_guid(text: str) -> bool:
    """Whether `text` reads as a GUID."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
