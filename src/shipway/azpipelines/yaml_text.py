"""Tokens to YAML text, in the layout in which the service prints an expanded pipeline.

Block style, two spaces, lists at the indent of their key. A text keeps the style in which it was
written where that is a block or quotes; one that an expression has made is plain where YAML allows
it, folded where it has several lines.
Source: documents returned by the preview route of Azure Pipelines.
"""

from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Sequence, Token

_FIRST = frozenset("#,[]{}&*!|>\"%@`'\\")
_ALWAYS = frozenset("\x00\x85\u2028\u2029\ufeff")


def render(root: Mapping) -> str:
    """The document; ends with an empty line, as the service's does."""
    lines: list[str] = []
    _mapping(root, 0, lines)
    return "\n".join(lines) + "\n\n"


def _mapping(token: Mapping, indent: int, lines: list[str], first: str = "") -> None:
    """`first` stands before the first key instead of the indent: the dash of a list item."""
    for entry in token.entries:
        _entry(entry, indent, lines, first or " " * indent)
        first = ""


def _entry(entry: Entry, indent: int, lines: list[str], before: str) -> None:
    key = f"{before}{_line(entry.key)}:"
    value = entry.value
    if isinstance(value, Mapping):
        if not value.entries:
            lines.append(f"{key} {{}}")
            return
        lines.append(key)
        _mapping(value, indent + 2, lines)
    elif isinstance(value, Sequence):
        if not value.items:
            lines.append(f"{key} []")
            return
        lines.append(key)
        _sequence(value, indent, lines)
    else:
        _scalar(value, indent, lines, f"{key} ")


def _sequence(token: Sequence, indent: int, lines: list[str], first: str = "") -> None:
    for item in token.items:
        before = f"{first or ' ' * indent}- "
        first = ""
        _item(item, indent + 2, lines, before)


def _item(item: Token, indent: int, lines: list[str], before: str) -> None:
    if isinstance(item, Mapping):
        if item.entries:
            _mapping(item, indent, lines, before)
        else:
            lines.append(f"{before}{{}}")
    elif isinstance(item, Sequence):
        if item.items:
            _sequence(item, indent, lines, before)
        else:
            lines.append(f"{before}[]")
    else:
        _scalar(item, indent - 2, lines, before)


def _scalar(token: Scalar, indent: int, lines: list[str], before: str) -> None:
    text = token.text
    if "\n" not in text or not _fits_block(text):
        lines.append(f"{before}{_line(token)}")
        return
    is_literal = token.style == "|"
    sign = "|" if is_literal else ">"
    hint = "2" if text[:1] in (" ", "\n") else ""
    lines.append(f"{before}{sign}{hint}{_chomping(text)}")
    margin = " " * (indent + 2)
    shown = text.split("\n") if is_literal else _folded(text)
    if shown and not shown[-1] and text.endswith("\n"):
        shown.pop()
    lines.extend(f"{margin}{line}" if line else "" for line in shown)


def _folded(text: str) -> list[str]:
    """Lines of a folded block: a break between two lines of text is written twice."""
    lines: list[str] = []
    following = ""
    for part in reversed(text.split("\n")):
        starts_run = bool(part) and not part.startswith((" ", "\t"))
        if starts_run and following and not following.startswith((" ", "\t")):
            lines.append("")
        lines.append(part)
        following = part or following
    return lines[::-1]


def _chomping(text: str) -> str:
    if not text.endswith("\n"):
        return "-"
    return "+" if text.endswith("\n\n") or text == "\n" else ""


def _fits_block(text: str) -> bool:
    return not any(sign in _ALWAYS or (sign < " " and sign not in "\n\t") for sign in text)


def _line(token: Scalar) -> str:
    """A text in one line: plain, in single quotes, or escaped in double ones."""
    text = token.text
    if "\n" in text or not _fits_block(text):
        return _escaped(text)
    if token.style == "" and text:
        return text
    if token.style is None and text and _may_be_plain(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _may_be_plain(text: str) -> bool:
    if text[0] in _FIRST or text[0] == " " or text[-1] == " " or "\t" in text:
        return False
    if text[0] in "-?:" and (len(text) == 1 or text[1] == " "):
        return False
    if text.startswith(("---", "...")) or text.endswith(":"):
        return False
    if text[0] == "0" and len(text) > 1 and text[1] in ". ":
        return False  # the service's writer quotes these: '0.5' beside 0123 and -1.25
    return ": " not in text and " #" not in text


def _escaped(text: str) -> str:
    names = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\x00": "\\0"}
    shown = (names.get(sign) or (sign if sign >= " " else f"\\x{ord(sign):02X}") for sign in text)
    return '"' + "".join(shown) + '"'
