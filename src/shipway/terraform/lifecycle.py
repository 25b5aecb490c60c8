"""One resource through its life: create, read, update, delete, each with what is saved after it."""

from dataclasses import dataclass, field
from typing import Any

from shipway.base.errors import ShipwayError, Unavailable
from shipway.terraform import diagnostics, private_state
from shipway.terraform.attempts import Attempt, Attempts, candidates
from shipway.terraform.calls import Calls
from shipway.terraform.diagnostics import Diagnostic
from shipway.terraform.planner import complete, plan, same, settle, without_unknowns
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
    attempts: Attempts

    def create(self, planned: Values, config: Values, timeouts: dict[str, float]) -> Outcome:
        """Make it and read it; one that is there only in part is saved and marked by Terraform."""
        given = self._given(planned, config)
        name = self.resource.type_name
        with self.calls.limited_to(private_state.limit(timeouts, "create")):
            earlier = self.attempts.take_up(name, given)
            if earlier is not None and earlier.made.get("id"):
                adopted = self._adopted({**given, **earlier.made}, config)
                if adopted is not None:
                    return Outcome(state=self._saved(adopted, planned))
            attempt = self.attempts.begin(name, given)
            try:
                made = {**given, **self.resource.create(self.calls, given)}
            except Exception as failure:
                if earlier is not None and isinstance(failure, ShipwayError):
                    found = self._found(failure, given, config)
                    if found is not None:
                        self.attempts.drop(attempt)
                        return Outcome(state=self._saved(found, planned))
                return self._not_created(failure, attempt, given, planned)
        self.attempts.note(attempt, self._without_secrets(made))
        return self._read_back(made, planned, timeouts, "creating")

    def _not_created(
        self, failure: Exception, attempt: Attempt, given: Values, planned: Values
    ) -> Outcome:
        said = self._failed(failure, "creating")
        if isinstance(failure, Unavailable):  # the request may have been obeyed all the same
            self.attempts.keep(attempt)
        else:
            self.attempts.drop(attempt)
        if isinstance(failure, PartlyCreated):
            return Outcome(
                state=self._saved({**given, **failure.values}, planned), diagnostics=said
            )
        return Outcome(state=None, diagnostics=said)

    def _found(self, failure: ShipwayError, given: Values, config: Values) -> Values | None:
        """What an earlier, cut off run has made, if that is why this create failed."""
        for text in candidates(given, str(failure)):
            try:
                started = self.resource.import_state(self.calls, text)
            except ShipwayError:
                continue
            found = self._adopted(complete(self.schema.block, started), config)
            if found is not None:
                return found
        return None

    def _adopted(self, state: Values, config: Values) -> Values | None:
        """A thing of an earlier run as this one wants it; None when it cannot be had so.

        One whose secret is lost is taken away: its create would have told it once only.
        """
        try:
            found = self.resource.read(self.calls, state)
            if found is None:
                return None
            there = self._full({**state, **found})
            if self._lacks_secret(there):
                self.resource.delete(self.calls, there)
                return None
            wanted = plan(self.resource, self.schema, prior=there, config=config)
            if wanted.requires_replace:
                return None
            if not same(self.schema.block.type, wanted.values, there):
                if self.resource.update is None:
                    return None
                given = without_unknowns(self.schema.block, wanted.values)
                changed = {**given, **(self.resource.update(self.calls, there, given) or {})}
                there = {**changed, **(self.resource.read(self.calls, changed) or {})}
        except ShipwayError:
            return None
        return there

    def _lacks_secret(self, values: Values) -> bool:
        return any(
            one.sensitive and one.computed and not one.optional and values.get(name) is None
            for name, one in self.schema.block.attributes.items()
        )

    def _without_secrets(self, values: Values) -> Values:
        attributes = self.schema.block.attributes
        return {
            name: value
            for name, value in values.items()
            if name in attributes and not attributes[name].sensitive
        }

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
                self.attempts.saved(state.get("id"))
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
