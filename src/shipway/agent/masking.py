"""Secrets become `***` wherever they would be shown, in every form in which they may appear."""

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"
_URL_USER_INFO = re.compile(r"(?<=[a-z]://)([^\s:@/?#]+):([^\s:@/]+)(?=@)", re.IGNORECASE)
_BACKSLASH = {"t": "\t", "n": "\n", "r": "\r"}


def forms_of(secret: str) -> set[str]:
    """A secret as it is, as JSON text, URI-escaped, with backslashes taken away, in base64."""
    forms = {secret, json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")}
    forms.add(quote(secret, safe="!'()*~-._"))
    forms.add(re.sub(r"\\(.)", lambda found: _BACKSLASH.get(found[1], found[1]), secret))
    encoded = base64.b64encode(secret.encode()).decode()
    forms.add(encoded)
    forms.update(line for line in secret.splitlines() if len(line) > 5)
    # base64 of a text that only contains the secret: the part that does not depend on neighbours
    for shift in (1, 2):
        inner = base64.b64encode(b"\0" * shift + secret.encode()).decode()
        forms.add(inner[4 : len(inner) - 4])
    return {form for form in forms if form == secret or len(form) > 5}


class Masker:
    """Knows the secrets of one job; overlapping ones merge into one mask."""

    def __init__(self, secrets: Iterable[str] = (), *, shortest: int = 2) -> None:
        self._forms: set[str] = set()
        self._shortest = shortest
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Mask `secret` from now on; what is shorter than `shortest` would hide half of any log."""
        if len(secret.strip()) >= self._shortest:
            self._forms |= forms_of(secret)

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
        return _URL_USER_INFO.sub(rf"\1:{MASK}", "".join([*out, text[place:]]))


def _positions(text: str, form: str) -> Iterable[int]:
    found = text.find(form)
    while found >= 0:
        yield found
        found = text.find(form, found + 1)
