"""Tokens with templates to tokens without.

Walks the document once. Directives choose and repeat items, `template:` items are replaced by the
content of their files, every `${{ }}` by its value. Errors are recorded and the walk goes on.
"""

from collections.abc import Iterator
from collections.abc import Sequence as ListOf
from dataclasses import replace
from typing import NoReturn

from shipway.azpipelines.budget import TOKEN, Budget, Exceeded
from shipway.azpipelines.diagnostics import Problems
from shipway.azpipelines.expand import blocks, interpolation, parameters, templates
from shipway.azpipelines.expand.directives import Directive, directive_of
from shipway.azpipelines.expand.includes import Library
from shipway.azpipelines.expand.scope import Scope
from shipway.azpipelines.expand.structure import EVALUATED_OF_FIXED, LISTS, SCOPED, child_kind
from shipway.azpipelines.expand.turns import Chain, Turns
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Sequence, Token, is_empty


class Expander:
    """Expands the documents of one compilation."""

    def __init__(self, *, library: Library, problems: Problems) -> None:
        self._library = library
        self._problems = problems
        self._budget = Budget(problems)
        self._turns = Turns(problems, self._budget)
        self._lost = False
        """Whether the service would have lost its place in the document."""

    def expand(self, token: Token, *, scope: Scope, kind: str) -> Token | None:
        """The token without directives, templates and expressions; None when it has none.

        Raises `Exceeded`.
        """
        self._budget.deep(scope.depth, token.position)
        self._budget.spend(TOKEN, token.position)
        # most tokens are plain texts, for which a scope of their own would be made in vain
        is_plain = isinstance(token, Scalar) and interpolation.OPEN not in token.text
        inner = scope if is_plain else scope.deeper()
        if kind == "declarations":
            token, kind = parameters.declared(token), "literal"
        if kind == "literal":
            self._turns.refuse_expressions(token)
            return token
        if isinstance(token, Scalar):
            return self._scalar(token, scope=inner, kind=kind)
        if kind == "texts":
            return self._texts(token, scope=inner)
        if kind == "fixed" and isinstance(token, Sequence):
            token = self._fixed(token)
        if kind == "variables":
            return self.variables(token, scope=inner)[0]
        if isinstance(token, Sequence):
            items = tuple(self._items(token.items, scope=inner, kind=kind))
            return Sequence(items, token.position)
        return self._mapping(token, scope=inner, kind=kind)

    def variables(self, token: Token, *, scope: Scope) -> tuple[Token, Scope]:
        """A `variables:` block expanded, and the scope in which its values are visible."""
        if isinstance(token, Scalar):
            value = self._scalar(token, scope=scope, kind="any")
            if value is None or isinstance(value, Scalar):
                return value or token, scope
            return self.variables(value, scope=scope)
        if isinstance(token, Mapping):
            return self._variable_mapping(token, scope)
        return self._variable_list(token, scope)

    def _texts(self, token: Mapping | Sequence, *, scope: Scope) -> Token:
        if isinstance(token, Sequence):
            items = (self.expand(one, scope=scope, kind="texts") for one in token.items)
            return Sequence(tuple(one for one in items if one is not None), token.position)
        entries = (
            Entry(e.key, self.expand(e.value, scope=scope, kind="texts") or e.value)
            for e in token.entries
        )
        return Mapping(tuple(entries), token.position)

    def _fixed(self, token: Sequence) -> Sequence:
        kept = []
        for item in token.items:
            found = self._item_directive(item)
            if found is None:
                kept.append(self._fixed_item(item))
            else:
                self._turns.refuse_expressions(found[0])
        return Sequence(tuple(kept), token.position)

    def _fixed_item(self, item: Token) -> Token:
        """An item whose values are fixed as well, but for a few."""
        if not isinstance(item, Mapping):
            return item
        for entry in item.entries:
            self._turns.refuse_expressions(entry.key)
            if entry.key.text not in EVALUATED_OF_FIXED:
                self._turns.refuse_expressions(entry.value)
        entries = (one for one in item.entries if interpolation.OPEN not in one.key.text)
        return Mapping(tuple(entries), item.position)

    # -- scalars

    def _scalar(self, token: Scalar, *, scope: Scope, kind: str) -> Token | None:
        self._budget.spend(len(token.text), token.position)
        if interpolation.OPEN not in token.text:
            return token
        if directive_of(token.text) is not None:
            self._turns.unexpected(token)  # a directive is a key, never a value
            return None
        value = interpolation.interpolated(token, scope=scope, problems=self._problems)
        if value is None or isinstance(value, Scalar) or kind == "any":
            if isinstance(value, Scalar):
                self._budget.spend(len(value.text), value.position)
            return value
        # an inserted list of steps, jobs or stages may hold templates of its own
        return self.expand(value, scope=scope, kind=kind)

    # -- lists

    def _items(self, items: ListOf[Token], *, scope: Scope, kind: str) -> Iterator[Token]:
        chain = Chain()
        for item in items:
            directive = self._item_directive(item)
            if directive is not None:
                key, body, word = directive
                if word.word in ("each", "insert"):
                    chain.taken = None
                yield from self._directed_items(word, key, body, chain, scope=scope, kind=kind)
            elif self._is_wrong_item(item, scope):
                continue
            elif isinstance(item, Scalar):
                yield from self._scalar_item(item, scope=scope, kind=kind)
            else:
                yield from self._plain_item(item, scope=scope, kind=kind)

    def _item_directive(self, item: Token) -> tuple[Scalar, Token, Directive] | None:
        if not isinstance(item, Mapping) or len(item.entries) != 1:
            return None
        entry = item.entries[0]
        directive = self._turns.directive(entry.key)
        return None if directive is None else (entry.key, entry.value, directive)

    def _is_wrong_item(self, item: Token, scope: Scope) -> bool:
        """Whether the one key of an item is an expression that cannot be followed; recorded."""
        if not isinstance(item, Mapping) or len(item.entries) != 1:
            return False
        key = item.entries[0].key
        if self._turns.is_wrong(key):
            if not self._turns.is_taken(key):
                self._turns.unexpected(key)
            return True
        if not key.text.startswith(interpolation.OPEN) or self._key(key, scope) is not None:
            return False
        self._turns.without_key(key, scope)
        return True

    def _scalar_item(self, item: Scalar, *, scope: Scope, kind: str) -> Iterator[Token]:
        value = self._scalar(item, scope=scope, kind="any")
        if isinstance(value, Sequence):
            yield from self._items(value.items, scope=scope, kind=kind)
        elif isinstance(value, Mapping):
            yield from self._plain_item(value, scope=scope, kind=kind)
        elif value is not None and not (interpolation.OPEN in item.text and is_empty(value)):
            yield value

    def _plain_item(self, item: Token, *, scope: Scope, kind: str) -> Iterator[Token]:
        expanded = self.expand(item, scope=scope, kind=LISTS.get(kind, "any"))
        if expanded is None:
            return
        if kind in LISTS and isinstance(expanded, Mapping) and expanded.get("template"):
            yield from self._included(expanded, scope=scope, kind=kind)
        else:
            yield expanded

    def _included(self, item: Mapping, *, scope: Scope, kind: str) -> Iterator[Token]:
        found = templates.open_template(
            item, kind=kind, scope=scope, library=self._library, problems=self._problems,
            expander=self,
        )  # fmt: skip
        if found is None:
            return
        body = self.expand(found.body, scope=found.scope, kind=kind)
        if isinstance(body, Sequence):
            yield from body.items
        elif body is not None and not is_empty(body):
            Reader(self._problems).misfit("expected-sequence", body)

    def _directed_items(
        self,
        directive: Directive,
        key: Scalar,
        body: Token,
        chain: Chain,
        *,
        scope: Scope,
        kind: str,
    ) -> Iterator[Token]:
        if directive.word == "insert":
            # the mapping that is inserted is the item
            whole = Mapping((Entry(key, body),), key.position)
            yield from self._plain_item(whole, scope=scope, kind=kind)
            return
        orphan = directive.word in ("else", "elseif") and chain.taken is None
        for turn in self._turns.of(directive, key, body, chain, scope=scope):
            yield from self._body_items(body, scope=turn, kind=kind)
        if orphan:
            self._turns.unexpected(key)

    def _body_items(self, body: Token, *, scope: Scope, kind: str) -> Iterator[Token]:
        inner = scope.deeper()
        if isinstance(body, Sequence):
            yield from self._items(body.items, scope=inner, kind=kind)
        elif isinstance(body, Scalar) and interpolation.OPEN in body.text:
            yield from self._scalar_item(body, scope=inner, kind=kind)
        elif isinstance(body, Mapping):
            yield from self._items([body], scope=inner, kind=kind)
        elif not is_empty(body):
            self._problems.error("expected-sequence", "Expected a sequence", body.position)

    # -- mappings

    def _mapping(self, token: Mapping, *, scope: Scope, kind: str) -> Mapping:
        done: dict[int, Token] = {}
        if kind in SCOPED:
            scope = self._own_variables(token.entries, scope, done)
            if self._lost and kind == "pipeline":
                self._stop(token)
        entries: list[Entry] = []
        seen: set[str] = set()
        for key, value, entry_scope in self._flat(token.entries, scope=scope):
            if key.text.lower() in seen:
                self._problems.error(
                    "duplicate-key", f"'{key.text}' is already defined", key.position
                )
                continue
            seen.add(key.text.lower())
            if id(value) in done:
                entries.append(Entry(key, done[id(value)]))
                continue
            if key.text == "variables" and kind in SCOPED:
                expanded: Token | None
                expanded, after = self.variables(value, scope=entry_scope)
                scope = replace(scope, variables=after.variables)
            else:
                child = child_kind(kind, key.text)
                # variables that a directive brought in are visible to what stands behind it
                visible = entry_scope
                if visible.variables is not scope.variables:
                    visible = replace(entry_scope, variables=scope.variables)
                expanded = self.expand(value, scope=visible, kind=child)
            # the key of a failed value stays, so that one error does not cause another
            entries.append(Entry(key, expanded or Scalar("", value.position, plain=False)))
        return Mapping(tuple(entries), token.position)

    def _own_variables(self, entries: ListOf[Entry], scope: Scope, done: dict[int, Token]) -> Scope:
        for entry in entries:
            if entry.key.text == "variables":
                expanded, scope = self.variables(entry.value, scope=scope)
                done[id(entry.value)] = expanded
        return scope

    def _stop(self, root: Mapping) -> NoReturn:
        """End as the service does, which takes the end of the variables for that of the file."""
        index = next(n for n, one in enumerate(root.entries, 1) if one.key.text == "variables")
        following = root.entries[index].key if index < len(root.entries) else root
        self._problems.error(
            "template-end", "Expected end of template object", following.position, shown="file",
            hint="Nothing of the pipeline is read from here on.", said=blocks.end_of_object(index),
        )  # fmt: skip
        raise Exceeded

    def _flat(
        self, entries: ListOf[Entry], *, scope: Scope, is_variables: bool = False
    ) -> Iterator[tuple[Scalar, Token, Scope]]:
        """Entries with directives resolved; values are not expanded yet."""
        chain = Chain()
        for entry in entries:
            directive = self._turns.directive(entry.key)
            if directive is not None and directive.word in ("each", "insert"):
                chain.taken = None
            if directive is None:
                wrong = self._turns.is_wrong(entry.key)
                key = None if wrong else self._key(entry.key, scope)
                if key is not None:
                    yield key, entry.value, scope
            elif directive.word == "insert":
                if is_empty(entry.value):
                    where = entry.value.position
                    self._problems.error("expected-mapping", "Expected a mapping", where)
                yield from self._body_entries(entry.value, scope=scope)
            else:
                orphan = directive.word in ("else", "elseif") and chain.taken is None
                for turn in self._turns.of(directive, entry.key, entry.value, chain, scope=scope):
                    yield from self._body_entries(entry.value, scope=turn, is_directed=True)
                if orphan and is_variables and isinstance(entry.value, Mapping):
                    self._lost = True
                    message = "A mapping was not expected"
                    self._problems.error("expected-scalar", message, entry.value.position)
                    yield from self._flat(entry.value.entries, scope=scope)

    def _body_entries(
        self, body: Token, *, scope: Scope, is_directed: bool = False
    ) -> Iterator[tuple[Scalar, Token, Scope]]:
        tail = blocks.no_object(body) if is_directed else ""
        if isinstance(body, Scalar) and interpolation.OPEN in body.text:
            value = self._scalar(body, scope=scope, kind="any")
            if value is None:
                return
            body = value
        if isinstance(body, Mapping):
            yield from self._flat(body.entries, scope=scope.deeper())
        elif not is_empty(body):
            message = "Expected a mapping"
            self._problems.error("expected-mapping", message, body.position, tail=tail)

    def _key(self, key: Scalar, scope: Scope) -> Scalar | None:
        if interpolation.OPEN not in key.text:
            return key
        value = interpolation.interpolated(key, scope=scope, problems=self._problems)
        if isinstance(value, Scalar):
            place = scope.place_of_loop(key.text)
            return replace(value, position=place) if place is not None else value
        if value is None:
            return None
        self._problems.error("yaml-key", "Expected a scalar value", key.position)
        return None

    # -- variables

    def _variable_mapping(self, token: Mapping, scope: Scope) -> tuple[Token, Scope]:
        entries: list[Entry] = []
        seen: set[str] = set()
        variables = scope.variables.copy()
        for key, value, entry_scope in self._flat(token.entries, scope=scope, is_variables=True):
            if key.text.lower() in seen:
                message = f"'{key.text}' is already defined"
                self._problems.error("duplicate-key", message, key.position)
                continue
            seen.add(key.text.lower())
            visible = replace(entry_scope, variables=variables)
            expanded = self.expand(value, scope=visible, kind="any")
            if expanded is None:
                continue
            entries.append(Entry(key, expanded))
            if isinstance(expanded, Scalar):
                variables.put(key.text, expanded.text)
        return Mapping(tuple(entries), token.position), replace(scope, variables=variables)

    def _variable_list(self, token: Sequence, scope: Scope) -> tuple[Token, Scope]:
        items: list[Token] = []
        variables = scope.variables.copy()
        for item, item_scope in self._flat_items(token.items, scope):
            visible = replace(item_scope, variables=variables)
            for one in self._variable_items(item, visible):
                items.append(one)
                name, value = blocks.named_value(one)
                if name:
                    variables.put(name, value)
        return Sequence(tuple(items), token.position), replace(scope, variables=variables)

    def _flat_items(self, items: ListOf[Token], scope: Scope) -> Iterator[tuple[Token, Scope]]:
        chain = Chain()
        for item in items:
            found = self._item_directive(item)
            if found is None:
                yield item, scope
                continue
            key, body, directive = found
            for turn in self._turns.of(directive, key, body, chain, scope=scope):
                if isinstance(body, Sequence):
                    yield from self._flat_items(body.items, turn)
                else:
                    yield body, turn

    def _variable_items(self, item: Token, scope: Scope) -> Iterator[Token]:
        for one in self._items([item], scope=scope, kind="any"):
            if not isinstance(one, Mapping) or one.get("template") is None:
                yield one
                continue
            found = templates.open_template(
                one, kind="variables", scope=scope, library=self._library,
                problems=self._problems, expander=self,
            )  # fmt: skip
            if found is None:
                continue
            body, _ = self.variables(found.body, scope=found.scope)
            yield from blocks.as_items(body)
