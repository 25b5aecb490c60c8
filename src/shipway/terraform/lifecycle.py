"""One resource through its life: create, read, update, delete, each with what is saved after it."""

from dataclasses import dataclass, field
from typing import Any

from shipway.base.errors import ShipwayError
from shipway.terraform import diagnostics, private_state
from shipway.terraform.calls import Calls
from shipway.terraform.diagnostics import Diagnostic
from shipway.terraform.planner import complete, settle, without_unknowns
from shipway.terraform.resource import PartlyCreated, TerraformResource, Values
from shipway.terraform.schema import TypeSchema


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What is saved (None: nothing, it is gone) and what is said."""

    state: Values | None
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A resource's verbs, framed. Failures become diagnostics; what is there is always saved."""

    resource: TerraformResource
    schema: TypeSchema
    calls: Calls

    def create(self, planned: Values, config: Values, timeouts: dict[str, float]) -> Outcome:
        """Make it and read it; one that is there only in part is saved and marked by Terraform."""
        given = self._given(planned, config)
        try:
            with self.calls.limited_to(private_state.limit(timeouts, "create")):
                made = {**given, **self.resource.create(self.calls, given)}
        except PartlyCreated as failure:
            said = self._failed(failure, "creating")
            return Outcome(
                state=self._saved({**given, **failure.values}, planned), diagnostics=said
            )
        except Exception as failure:  # whatever it was, Terraform is told
            return Outcome(state=None, diagnostics=self._failed(failure, "creating"))
        return self._read_back(made, planned, timeouts, "creating")

    def update(
        self, prior: Values, planned: Values, config: Values, timeouts: dict[str, float]
    ) -> Outcome:
        """Change it in place. A failure keeps the prior state; the next refresh tells the truth."""
        given = self._given(planned, config)
        try:
            if self.resource.update is None:
                raise ShipwayError(
                    f"{self.resource.type_name} cannot be changed in place; "
                    "this change should have forced a replacement"
                )
            with self.calls.limited_to(private_state.limit(timeouts, "update")):
                answer = self.resource.update(self.calls, prior, given)
        except Exception as failure:
            return Outcome(state=prior, diagnostics=self._failed(failure, "updating"))
        return self._read_back({**given, **(answer or {})}, planned, timeouts, "updating")

    def delete(self, prior: Values, timeouts: dict[str, float]) -> Outcome:
        """Take it away. A failure keeps the state."""
        try:
            with self.calls.limited_to(private_state.limit(timeouts, "delete")):
                self.resource.delete(self.calls, prior)
        except Exception as failure:
            return Outcome(state=prior, diagnostics=self._failed(failure, "deleting"))
        return Outcome(state=None)

    def read(self, state: Values, timeouts: dict[str, float]) -> Outcome:
        """What is there now; nothing when it was taken away behind Terraform's back."""
        try:
            with self.calls.limited_to(private_state.limit(timeouts, "read")):
                found = self.resource.read(self.calls, state)
        except Exception as failure:
            return Outcome(state=state, diagnostics=self._failed(failure, "reading"))
        if found is None:
            return Outcome(state=None)
        kind = self.schema.block.type
        return Outcome(state=settle(kind, self._full({**state, **found}), state, is_apply=False))

    def _read_back(
        self, made: Values, planned: Values, timeouts: dict[str, float], doing: str
    ) -> Outcome:
        try:
            with self.calls.limited_to(private_state.limit(timeouts, "read")):
                found = self.resource.read(self.calls, made)
        except Exception as failure:
            said = self._failed(failure, f"reading after {doing}")
            return Outcome(state=self._saved(made, planned), diagnostics=said)
        if found is None:
            said = [
                diagnostics.error(
                    f"{doing} {self.resource.type_name}: it is not there afterwards",
                    "Something else has deleted it meanwhile. Run the command again.",
                )
            ]
            return Outcome(state=None, diagnostics=said)
        return Outcome(state=self._saved({**made, **found}, planned))

    def _given(self, planned: Values, config: Values) -> Values:
        """Planned values as the resource's functions get them, with what is never saved."""
        given = without_unknowns(self.schema.block, planned)
        for name, one in self.schema.block.attributes.items():
            if one.write_only:
                given[name] = config.get(name)
        return given

    def _saved(self, values: Values, planned: Values) -> Values:
        saved: Values = settle(self.schema.block.type, self._full(values), planned, is_apply=True)
        return saved

    def _full(self, values: Values) -> Values:
        full = complete(self.schema.block, values)
        for name, one in self.schema.block.attributes.items():
            if one.write_only:
                full[name] = None
        return full

    def _failed(self, failure: Exception, doing: str) -> list[dict[str, Any]]:
        what = f"{doing} {self.resource.type_name}"
        return diagnostics.of_failure(self.schema.block, failure, what)
