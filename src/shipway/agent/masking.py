"""Secrets become `***` wherever they would be shown, in every form in which they may appear.

Source: the encoders that the agent registers, and those that its siblings add.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
_URL_PASSWORD = re.compile(
    r"(//[^:/?#\n]+:)(?:[\w.~\-]|(?:%AZP25|%)[0-9a-fA-F]{2}|[!$&'()*+,;=:])+(?=@)"
)
_BACKSLASH = {"t": "\t", "n": "\n", "r": "\r"}
_QUOTES = ("'", '"')
_XML = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;"))
# a part of a secret that is no longer would hide half of any log
_SHORTEST_PART = 6


def forms_of(secret: str) -> set[str]:
    """A secret as it is, trimmed, escaped in every known way, in base64, and its parts."""
    whole = {secret, *_trimmed(secret)}
    whole.add(base64.b64encode(secret.encode()).decode())
    whole.add(base64.urlsafe_b64encode(secret.encode()).decode())
    for form in list(whole):
        whole.update(_in_commands(form))
    forms = {escaped for form in whole for escaped in (form, *_escaped(form))}
    forms.update(part for part in _parts(secret) if len(part) >= _SHORTEST_PART)
    return forms


def _trimmed(secret: str) -> Iterator[str]:
    """What shells leave of it: no quotes around, no white space at the ends."""
    yield secret.strip("\r\n ")
    for mark in _QUOTES:
        if secret.startswith(mark) and secret.endswith(mark):
            yield secret.strip(mark)


def _in_commands(secret: str) -> Iterator[str]:
    """As logging commands write it, with and without an escaped percent sign."""
    yield secret.replace("\r", "%0D").replace("\n", "%0A")
    yield secret.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(secret: str) -> Iterator[str]:
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote(secret, safe="!'()*~-._")
    yield quote_plus(secret)
    yield re.sub(r"\\(.)", lambda found: _BACKSLASH.get(found[1], found[1]), secret)
    xml = secret
    for plain, entity in _XML:
        xml = xml.replace(plain, entity)
    yield xml
    yield secret.replace("'", "''")  # inside quotes of PowerShell
    yield secret.replace("'", "'\\''")  # of a shell
    yield secret.replace('"', '\\"')


def _parts(secret: str) -> Iterator[str]:
    """What may stand alone: lines, what PowerShell prints of `a&b`, base64 within other text."""
    yield from secret.splitlines()
    if "&" in secret:
        cut = secret.find("&+") + 2 if "&+" in secret else secret.rfind("&") + 1
        yield secret[:cut]
        yield secret[cut + 2 :] if "&+" in secret else secret[cut:]
    raw = secret.encode()
    for shift in range(3):  # the part that does not depend on the neighbours
        encoded = base64.b64encode(b"\0" * shift + raw).decode()
        end = len(encoded) - (4 if (shift + len(raw)) % 3 else 0)
        yield encoded[4 if shift else 0 : end]


class Masker:
    """Knows the secrets of one job; overlapping ones merge into one mask."""

    def __init__(self, secrets: Iterable[str] = (), *, shortest: int = 1) -> None:
        self._forms: set[str] = set()
        self._known: set[str] = set()
        self._shortest = shortest
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Mask `secret` from now on, unless it is white space or shorter than `shortest`."""
        if secret not in self._known and len(secret.strip()) >= max(self._shortest, 1):
            self._known.add(secret)
            self._forms |= {form for form in forms_of(secret) if form.strip()}

    def secrets(self) -> list[str]:
        """Every secret as it was given."""
        return sorted(self._known)

    def mask(self, text: str) -> str:
        """`text` without any secret, and without passwords in URLs."""
        spans = sorted(
            (found, found + len(form)) for form in self._forms for found in _positions(text, form)
        )
        out, place, index = [], 0, 0
        while index < len(spans):
            start, end = spans[index]
            while index + 1 < len(spans) and spans[index + 1][0] <= end:
                index += 1
                end = max(end, spans[index][1])
            out += [text[place:start], MASK]
            place = end
            index += 1
        shown = "".join([*out, text[place:]])
        return _URL_PASSWORD.sub(rf"\1{MASK}", shown) if "@" in shown else shown


def _positions(text: str, form: str) -> Iterable[int]:
    found = text.find(form)
    while found >= 0:
        yield found
        found = text.find(form, found + 1)
