"""YAML text to tokens with positions.

Reads parser events, so that size, depth, anchors and aliases are judged before anything is built.
"""

from collections.abc import Iterator

import yaml

from shipway.azpipelines import limits
from shipway.azpipelines.budget import TOKEN, Budget
from shipway.azpipelines.diagnostics import Position, Problems, Shown
from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Sequence, Token

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
)

_NULL = frozenset(("null", "Null", "NULL", "~"))
"""Plain words that mean: nothing is written here."""


_NO_OBJECT = "Object reference not set to an instance of an object."
"""What the service adds when it goes on with a file that it could not read."""


class _Refused(Exception):
    """Reading stops; the diagnostic is already recorded."""


def parse(
    text: str | bytes, *, file: str, problems: Problems, budget: Budget | None = None
) -> Token | None:
    """The root token of a YAML document, or None with at least one error in `problems`.

    Raises `Exceeded` when the budget of the compilation is spent.
    """
    reader = _Reader(file=file, problems=problems, budget=budget or Budget(problems))
    try:
        return reader.document(reader.decoded(text))
    except _Refused:
        return None


class _Reader:
    def __init__(self, *, file: str, problems: Problems, budget: Budget) -> None:
        self._file = file
        self._problems = problems
        self._budget = budget

    def decoded(self, text: str | bytes) -> str:
        start = Position(file=self._file, line=1, column=1)
        if len(text) > limits.MAX_FILE_BYTES:
            raise self._refuse(
                "file-too-large",
                f"Maximum file size of {limits.MAX_FILE_BYTES} bytes exceeded",
                start,
            )
        if isinstance(text, str):
            return text.removeprefix("\ufeff")
        encoding = next(
            (name for mark, name in _BYTE_ORDER_MARKS if text.startswith(mark)), "utf-8"
        )
        try:
            return text.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            at = error.start if encoding.startswith("utf-8") else 0
            line = text.count(b"\n", 0, at) + 1
            column = at - (text.rfind(b"\n", 0, at) + 1) + 1
            raise self._refuse(
                "encoding",
                f"The file is not valid {encoding} text",
                Position(file=self._file, line=line, column=column),
                hint="Save the file as UTF-8.",
            ) from error

    def document(self, text: str) -> Token:
        events = self._checked(text)
        first = next(events)
        while isinstance(first, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            first = next(events)
        if isinstance(first, yaml.StreamEndEvent):
            return Mapping(entries=(), position=Position(file=self._file, line=1, column=1))
        root = self._node(first, events, depth=1)
        next(events)  # the document's end
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._refuse(
                "yaml-syntax",
                "Expected stream end parse event",
                self._position(after),
                shown="file",
                hint="One file holds one YAML document.",
            )
        return root

    def _checked(self, text: str) -> Iterator[yaml.Event]:
        try:
            for event in yaml.parse(text, Loader=_Loader):
                if not self._budget.event():
                    self._budget.refuse_event(self._position(event))
                self._check_anchor(event)
                self._check_tag(event)
                yield event
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            what = (error.problem or "the text is not YAML").rstrip(".") + "."
            if error.context:
                what = f"{error.context}, {what}"
            what = what[0].upper() + what[1:]
            place = Position(file=self._file, line=where[0], column=where[1])
            raise self._unreadable(what, place, error) from error
        except yaml.reader.ReaderError as error:
            offset = error.position if isinstance(error.position, int) else 0
            line = text.count("\n", 0, offset) + 1
            column = offset - (text.rfind("\n", 0, offset) + 1) + 1
            raise self._refuse(
                "encoding",
                f"The file holds a character that YAML does not allow: {error.reason}",
                Position(file=self._file, line=line, column=column),
                hint="Save the file as UTF-8 text.",
            ) from error

    def _unreadable(self, what: str, place: Position, error: yaml.MarkedYAMLError) -> _Refused:
        """What breaks the rules of a token is printed in another form than what breaks those of
        their order."""
        said = f" {what}"
        shown: Shown = "place"
        end = error.problem_mark or error.context_mark
        if isinstance(error, yaml.scanner.ScannerError) and end is not None:
            start = error.context_mark or end
            said, shown = f"{_mark(start)} - {_mark(end)}: {what}", "file"
        self._problems.error("yaml-syntax", what, place, said=said, shown=shown, tail=_NO_OBJECT)
        return _Refused()

    def _check_tag(self, event: yaml.Event) -> None:
        tag = getattr(event, "tag", None)
        if tag in (None, "!") or tag in _TAGS:
            return
        raise self._refuse(
            "unknown-tag", f"The tag '{tag}' is not supported", self._position(event)
        )

    def _check_anchor(self, event: yaml.Event) -> None:
        anchor = getattr(event, "anchor", None)
        if anchor is None:
            return
        raise self._refuse(
            "anchor",
            f"Anchors are not currently supported. Remove the anchor '{anchor}'",
            self._position(event),
            hint="Use a template with parameters instead.",
            shown="file",
            tail=_NO_OBJECT,
        )

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], *, depth: int) -> Token:
        position = self._position(event)
        self._budget.deep(depth, position)
        self._budget.spend(TOKEN, position)
        if isinstance(event, yaml.ScalarEvent):
            self._budget.spend(len(event.value), position)
            style = event.style or ""
            text = "" if not style and event.value in _NULL else event.value
            return Scalar(text, position, not style, style)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, position, depth)
        return self._mapping(events, position, depth)

    def _sequence(self, events: Iterator[yaml.Event], position: Position, depth: int) -> Sequence:
        items: list[Token] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, depth=depth + 1))
        return Sequence(tuple(items), position)

    def _mapping(self, events: Iterator[yaml.Event], position: Position, depth: int) -> Mapping:
        entries: list[Entry] = []
        seen: set[str] = set()
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events, depth=depth + 1)
            value = self._node(next(events), events, depth=depth + 1)
            if not isinstance(key, Scalar):
                self._problems.error("yaml-key", "A mapping key must be a scalar", key.position)
                continue
            # directive keys may repeat: two `${{ if }}` blocks with one condition are legal
            folded = key.text.lower()
            if folded in seen and "${{" not in folded:
                self._problems.error(
                    "duplicate-key", f"'{key.text}' is already defined", key.position
                )
                continue
            seen.add(folded)
            entries.append(Entry(key, value))
        return Mapping(tuple(entries), position)

    def _position(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        if mark is None:
            return Position(file=self._file, line=1, column=1)
        return Position(file=self._file, line=mark.line + 1, column=mark.column + 1)

    def _refuse(
        self,
        code: str,
        message: str,
        position: Position,
        *,
        hint: str = "",
        shown: Shown = "place",
        tail: str = "",
    ) -> _Refused:
        self._problems.error(code, message, position, hint=hint, shown=shown, tail=tail)
        return _Refused()


def _mark(mark: yaml.Mark) -> str:
    return f"(Line: {mark.line + 1}, Col: {mark.column + 1}, Idx: {mark.index})"
