"""How often the body of a directive stands in the document: never, once, or once per item."""

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from decimal import Decimal

from shipway.azpipelines.budget import TOKEN, Budget
from shipway.azpipelines.diagnostics import Position, Problems
from shipway.azpipelines.expand import interpolation
from shipway.azpipelines.expand.directives import Directive, directive_of
from shipway.azpipelines.expand.scope import Scope
from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.expr.values import EvaluationError, Value, kind_of, to_boolean
from shipway.azpipelines.tokens import Entry, Scalar, Sequence, Token


@dataclass(slots=True)
class Chain:
    """What the last if / elseif of a list decided; None when there is no open chain.

    Other items may stand between: `else` still belongs to the last `if`.
    """

    taken: bool | None = None


class Turns:
    """Evaluates directives of one compilation."""

    def __init__(self, problems: Problems, budget: Budget) -> None:
        self._problems = problems
        self._budget = budget

    def directive(self, key: Scalar) -> Directive | None:
        """The directive in a key; one that is written wrongly is recorded."""
        if not key.text.startswith(interpolation.OPEN):
            return None
        found = directive_of(key.text)
        if isinstance(found, str):
            self._problems.error("directive", found, key.position)
            return None
        return found

    def is_wrong(self, key: Scalar) -> bool:
        """Whether a key is a directive written wrongly."""
        text = key.text
        return text.startswith(interpolation.OPEN) and isinstance(directive_of(text), str)

    def is_taken(self, key: Scalar) -> bool:
        """Whether what is wrong with it is a loop variable whose name has a meaning already."""
        return "has already been defined" in str(directive_of(key.text))

    def unexpected(self, key: Scalar) -> None:
        """What the service adds for an item of a list whose key could not be followed."""
        message = f"Unexpected value '{key.text}'"
        self._problems.error("unexpected-value", message, key.position, is_consequence=True)

    def without_key(self, key: Scalar, scope: Scope) -> None:
        """The same for a key that is an expression: a word that is not known leaves no key."""
        if not interpolation.has_unknown_name(key.text, scope=scope):
            self.unexpected(key)
            return
        self._problems.error(
            "empty-mapping",
            "Expected at least one key-value pair in the mapping",
            key.position,
            is_consequence=True,
        )

    def of(
        self, directive: Directive, key: Scalar, body: Token, chain: Chain, *, scope: Scope
    ) -> Iterator[Scope]:
        """The scopes in which a directive's body stands: none, one, or one per item."""
        if directive.word == "each":
            yield from self._loop(directive, key, body, scope)
            return
        if directive.word != "if" and chain.taken is None:
            self._problems.error(
                "directive-context",
                f"The expression directive '{directive.word}' is not supported in this context",
                key.position,
            )
            return
        if self._chosen(directive, key, chain, scope):
            yield scope
        else:
            self._check_untaken(body, scope)

    def _chosen(self, directive: Directive, key: Scalar, chain: Chain, scope: Scope) -> bool:
        if directive.word == "else":
            taken = not chain.taken
            chain.taken = None
            return taken
        if directive.word == "elseif" and chain.taken:
            probe = Scalar("${{" + directive.expression + "}}", key.position)
            self._check_text(probe, scope)  # its syntax counts, its value does not
            return False
        chain.taken = self._condition(directive, key, scope)
        return chain.taken

    def _condition(self, directive: Directive, key: Scalar, scope: Scope) -> bool:
        value, found = self._value(directive.expression, key.position, scope)
        return found and to_boolean(value)

    def _loop(
        self, directive: Directive, key: Scalar, body: Token, scope: Scope
    ) -> Iterator[Scope]:
        value, found = self._value(directive.expression, key.position, scope)
        dialect = scope.dialect.with_names(frozenset({directive.variable}))
        turns = list(_turns_of(value)) if found else []
        if isinstance(value, bool | Decimal) or (isinstance(value, str) and value):
            self._problems.error(
                "each-collection",
                f"Expected a sequence or mapping. Actual value is {kind_of(value)}",
                key.position,
            )
        if not turns:
            self._check_untaken(body, scope.with_loop(directive.variable, None, dialect))
        for turn in turns:
            self._budget.spend(TOKEN, key.position)
            yield scope.with_loop(directive.variable, turn, dialect, key.position)

    def _value(self, expression: str, position: Position, scope: Scope) -> tuple[Value, bool]:
        try:
            return interpolation.evaluated(expression, scope=scope), True
        except (ExpressionSyntaxError, EvaluationError) as error:
            interpolation.record(error, position, self._problems)
            return None, False

    def _check_untaken(self, body: Token, scope: Scope) -> None:
        """Syntax errors count even where nothing is taken."""
        if isinstance(body, Scalar):
            if interpolation.OPEN in body.text:
                self._check_text(body, scope)
        elif isinstance(body, Sequence):
            for item in body.items:
                self._check_untaken(item, scope)
        else:
            for entry in body.entries:
                self._check_entry(entry, scope)

    def _check_entry(self, entry: Entry, scope: Scope) -> None:
        directive = self.directive(entry.key)
        if directive is None:
            self._check_untaken(entry.key, scope)
        elif directive.expression:
            probe = Scalar("${{" + directive.expression + "}}", entry.key.position)
            self._check_text(probe, scope)
        if directive is not None and directive.word == "each":
            dialect = scope.dialect.with_names(frozenset({directive.variable}))
            scope = scope.with_loop(directive.variable, None, dialect)
        self._check_untaken(entry.value, scope)

    def _check_text(self, scalar: Scalar, scope: Scope) -> None:
        interpolation.check(scalar.text, scalar.position, scope=scope, problems=self._problems)

    def refuse_expressions(self, token: Token) -> None:
        """Record every expression in a place that takes none."""
        if isinstance(token, Scalar):
            if interpolation.OPEN in token.text:
                self._problems.error(
                    "expression-not-allowed",
                    "A template expression is not allowed in this context",
                    token.position,
                )
        elif isinstance(token, Sequence):
            for item in token.items:
                self.refuse_expressions(item)
        else:
            for entry in token.entries:
                self.refuse_expressions(entry.key)
                self.refuse_expressions(entry.value)


def _turns_of(value: Value) -> Iterator[Value]:
    if isinstance(value, MappingOf):
        for key, item in value.items():
            yield {"key": key, "value": item}
    elif isinstance(value, ListOf) and not isinstance(value, str):
        yield from value
