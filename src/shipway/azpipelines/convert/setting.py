"""What every converter has at hand."""

from collections.abc import Collection
from dataclasses import dataclass, field

from shipway.azpipelines.context import CompileContext, Feature
from shipway.azpipelines.diagnostics import Position, Problems
from shipway.azpipelines.expr import parser
from shipway.azpipelines.expr.functions.table import FUNCTIONS
from shipway.azpipelines.expr.parser import Dialect
from shipway.azpipelines.expr.syntax import ExpressionSyntaxError
from shipway.azpipelines.plan_resources import ContainerPlan
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.runtime_words import CONDITION, STEP_CONDITION
from shipway.azpipelines.tokens import Mapping, Scalar, Sequence, Token

_STEP_WORDS = Dialect(functions=FUNCTIONS, names=frozenset())
"""What the service knows of the condition of a step: functions and their number of arguments."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Reader, diagnostics and surroundings of one compilation."""

    reader: Reader
    context: CompileContext
    repositories: Collection[str]
    containers: Collection[ContainerPlan]
    places: dict[tuple[str, ...], Position] = field(default_factory=dict)
    """Where a dependency was written: (stage, dependency) or (stage, job, dependency)."""

    @property
    def problems(self) -> Problems:
        """Where findings go."""
        return self.reader.problems

    def container(self, name: str) -> ContainerPlan:
        """A container resource by its alias, whatever the case; else the name is an image."""
        wanted = name.lower()
        known = (one for one in self.containers if (one.alias or "").lower() == wanted)
        return next(known, ContainerPlan(image=name))

    def refuse(self, feature: Feature, what: str, position: Position) -> None:
        """Record an error when the caller does not take this feature."""
        if feature in self.context.refuse:
            self.problems.error(
                "unsupported",
                f"{what} cannot be run here yet",
                position,
                hint="The pipeline is valid for Azure Pipelines.",
            )

    def depends_on(self, token: Token | None, *path: str) -> tuple[str, ...]:
        """The names in `dependsOn:`, their places kept for the check of the graph."""
        listed = token.items if isinstance(token, Sequence) else (token,)
        for one in listed:
            if isinstance(one, Scalar):
                self.places[*path, one.text.lower()] = one.position
        return self.reader.texts(token)

    def condition(self, body: Mapping) -> str | None:
        """The text of `condition:`, its syntax checked; None for the default."""
        token = body.get("condition")
        text = self.reader.text(token)
        if token is None or text is None or not text.strip():
            return None
        try:
            parser.parse(text, CONDITION)
        except ExpressionSyntaxError as error:
            self.problems.error("condition-syntax", str(error), token.position, shown="message")
        return text

    def step_condition(self, body: Mapping, *, job_name: str, step_name: str) -> str | None:
        """The text of a step's `condition:`, judged as the service does.

        Words that nothing is known of are left to the agent, which fails the step: a warning.
        """
        token = body.get("condition")
        text = self.reader.text(token)
        if token is None or text is None or not text.strip():
            return None
        try:
            parser.parse(text, _STEP_WORDS)
        except ExpressionSyntaxError as error:
            if error.kind != "UnrecognizedValue" or not error.raw.isidentifier():
                self.problems.error(
                    "condition-syntax",
                    f"Job {job_name}: Step {step_name} specifies condition {text} which is not "
                    f"valid. Reason: {error}",
                    token.position,
                    shown="message",
                )
                return text
        try:
            parser.parse(text, STEP_CONDITION)
        except ExpressionSyntaxError as error:
            self.problems.warning(
                "condition-syntax", str(error), token.position,
                hint="The service takes it; the agent fails the step.",
            )  # fmt: skip
        return text
