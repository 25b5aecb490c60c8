"""The verbs of plugin protocol 6: from a request to schema, planner and lifecycle, and back."""

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shipway.base.errors import ShipwayError
from shipway.terraform import diagnostics, planner, private_state, validation
from shipway.terraform.all_resources import Tables
from shipway.terraform.attempts import Attempts
from shipway.terraform.calls import Calls
from shipway.terraform.diagnostics import Diagnostic
from shipway.terraform.lifecycle import Life, Outcome
from shipway.terraform.protocol import cty
from shipway.terraform.resource import Problem, TerraformResource, Value, Values
from shipway.terraform.schema import Block, ProviderSchema, TypeSchema

_LOG = logging.getLogger(__name__)
_FINISH_SECONDS = 10.0
Fields = dict[str, Any]
Configure = Callable[[Values, str, threading.Event], Calls]


class ProviderServicer:
    """One provider process's answers. Called from many threads at once.

    `configure` makes the calls of a configured provider: its values, Terraform's version, and the
    event that is set when Terraform wants to stop.
    """

    def __init__(
        self, schema: ProviderSchema, tables: Tables, configure: Configure, attempts: Attempts
    ) -> None:
        self._schema = schema
        self._tables = tables
        self._configure = configure
        self._attempts = attempts
        self._calls: Calls | None = None
        self._stopping = threading.Event()
        self._working = 0
        self._idle = threading.Condition()
        self._verbs: Mapping[str, Callable[[Fields], Fields | bytes]] = {
            "GetMetadata": lambda _: schema.metadata(),
            "GetProviderSchema": lambda _: schema.encoded(),
            "ValidateProviderConfig": self._validate_provider,
            "ValidateResourceConfig": self._validate_resource,
            "ValidateDataResourceConfig": self._validate_data_source,
            "UpgradeResourceState": self._upgrade,
            "ConfigureProvider": self._configure_provider,
            "ReadResource": self._read,
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": self._apply,
            "ImportResourceState": self._import,
            "MoveResourceState": self._move,
            "ReadDataSource": self._read_data_source,
            "GetFunctions": lambda _: {},
            "CallFunction": self._call_function,
            "StopProvider": self._stop,
        }

    def call(self, method: str, request: Fields) -> Fields | bytes:
        """Answer one verb; whatever fails becomes a diagnostic."""
        with self._idle:
            self._working += 1
        try:
            return self._verbs[method](request)
        except Exception as failure:
            if not isinstance(failure, ShipwayError):
                _LOG.exception("%s failed", method)
            empty = Block(attributes={}, blocks={})
            said = diagnostics.of_failure(empty, failure, method)
            return {"diagnostics": said} if method != "StopProvider" else {"Error": str(failure)}
        finally:
            with self._idle:
                self._working -= 1
                self._idle.notify_all()

    def close(self) -> None:
        """Terraform has ended this process in order."""
        self._attempts.close()

    def finish(self) -> None:
        """Terraform is gone: let what is under way come to its end, for a moment."""
        self._stopping.set()
        with self._idle:
            self._idle.wait_for(lambda: self._working == 0, _FINISH_SECONDS)

    def _validate_provider(self, request: Fields) -> Fields:
        block = self._schema.configuration
        config = _decoded(block, request["config"])
        return {"diagnostics": diagnostics.of_problems(block, validation.problems(block, config))}

    def _validate_resource(self, request: Fields) -> Fields:
        schema = self._schema.resource(request["type_name"])
        config = _decoded(schema.block, request["config"])
        resource = self._tables.resources.get(schema.name)
        own = resource.validate(config) if resource is not None else ()
        return {"diagnostics": _problems(schema, config, own)}

    def _validate_data_source(self, request: Fields) -> Fields:
        schema = self._schema.data_source(request["type_name"])
        config = _decoded(schema.block, request["config"])
        source = self._tables.data_sources.get(schema.name)
        own = source.validate(config) if source is not None else ()
        return {"diagnostics": _problems(schema, config, own)}

    def _upgrade(self, request: Fields) -> Fields:
        schema = self._schema.resource(request["type_name"])
        if request["version"] > schema.version:
            said = diagnostics.error(
                f"{schema.name}: the state was written by a newer provider",
                f"The state has version {request['version']} of the schema; shipway's "
                f"{self._schema.provider} provider mirrors {self._schema.version}, which has "
                f"version {schema.version}. Use a newer shipway, or the provider that wrote it.",
            )
            return {"diagnostics": [said]}
        raw = request["raw_state"] or {}
        told = json.loads(raw.get("json") or b"null")
        if told is None and raw.get("flatmap"):
            said = diagnostics.error(
                f"{schema.name}: the state is in the format of Terraform 0.11",
                "Upgrade it with Terraform 0.12 or newer and the real provider first.",
            )
            return {"diagnostics": [said]}
        state = None if told is None else cty.from_json(schema.block.type, told)
        return {"upgraded_state": _encoded(schema.block, state)}

    def _configure_provider(self, request: Fields) -> Fields:
        block = self._schema.configuration
        config = planner.with_defaults(
            block, planner.without_unknowns(block, _decoded(block, request["config"]))
        )
        try:
            self._calls = self._configure(config, request["terraform_version"], self._stopping)
        except ShipwayError as failure:
            what = f"configuring the {self._schema.provider} provider"
            return {"diagnostics": diagnostics.of_failure(block, failure, what)}
        return {}

    def _read(self, request: Fields) -> Fields:
        life = self._life(request["type_name"])
        state = _decoded(life.schema.block, request["current_state"])
        timeouts = private_state.decode(request["private"]) or self._timeouts(life.schema, state)
        outcome = life.read(state, timeouts)
        return {
            "new_state": _encoded(life.schema.block, outcome.state),
            "diagnostics": outcome.diagnostics,
            "private": request["private"],
        }

    def _plan(self, request: Fields) -> Fields:
        schema = self._schema.resource(request["type_name"])
        if _is_null(request["proposed_new_state"]):  # a destroy is planned by Terraform itself
            return {
                "planned_state": request["proposed_new_state"],
                "planned_private": request["prior_private"],
                "legacy_type_system": True,
            }
        prior = _decoded(schema.block, request["prior_state"])
        config = _decoded(schema.block, request["config"])
        try:
            made = planner.plan(self._resource(schema.name), schema, prior=prior, config=config)
        except ShipwayError as failure:
            said = diagnostics.of_failure(schema.block, failure, f"planning {schema.name}")
            return {"diagnostics": said}
        return {
            "planned_state": _encoded(schema.block, made.values),
            "requires_replace": [
                {"steps": diagnostics.steps(schema.block, path)}
                for path in sorted(made.requires_replace)
            ],
            "planned_private": private_state.encode(
                self._timeouts(schema, config), schema.version
            ),
            "legacy_type_system": True,
        }  # fmt: skip

    def _apply(self, request: Fields) -> Fields:
        life = self._life(request["type_name"])
        block = life.schema.block
        prior = _decoded(block, request["prior_state"])
        planned = _decoded(block, request["planned_state"])
        config = _decoded(block, request["config"]) or {}
        private = request["planned_private"]
        timeouts = private_state.decode(private) or self._timeouts(life.schema, planned or prior)
        if planned is None:
            outcome = life.delete(prior, timeouts)
        elif prior is None:
            outcome = life.create(planned, config, timeouts)
        else:
            outcome = life.update(prior, planned, config, timeouts)
        return self._applied(block, outcome, private)

    def _applied(self, block: Block, outcome: Outcome, private: bytes) -> Fields:
        return {
            "new_state": _encoded(block, outcome.state),
            "private": private if outcome.state is not None else b"",
            "diagnostics": outcome.diagnostics,
            "legacy_type_system": True,
        }

    def _import(self, request: Fields) -> Fields:
        life = self._life(request["type_name"])
        schema = life.schema
        try:
            started = life.resource.import_state(life.calls, request["id"])
        except Exception as failure:  # whatever it was, Terraform is told
            what = f"importing {schema.name}"
            return {"diagnostics": diagnostics.of_failure(schema.block, failure, what)}
        state = planner.complete(schema.block, started)
        imported = {
            "type_name": schema.name,
            "state": _encoded(schema.block, state),
            "private": private_state.encode(self._timeouts(schema, state), schema.version),
        }
        return {"imported_resources": [imported]}

    def _move(self, request: Fields) -> Fields:
        said = diagnostics.error(
            f"{request['source_type_name']} cannot be moved to {request['target_type_name']}",
            "A block `moved` between types of resources is not supported by shipway's "
            f"{self._schema.provider} provider. Import the resource under its new type instead.",
        )
        return {"diagnostics": [said]}

    def _read_data_source(self, request: Fields) -> Fields:
        schema = self._schema.data_source(request["type_name"])
        block = schema.block
        source = self._tables.data_sources.get(schema.name)
        if source is None:
            raise _not_yet(schema.name, self._schema)
        config = planner.with_defaults(block, _decoded(block, request["config"]))
        timeouts = self._timeouts(schema, config)
        calls = self._configured()
        try:
            with calls.limited_to(private_state.limit(timeouts, "read")):
                found = source.read(calls, config)
        except Exception as failure:
            what = f"reading {schema.name}"
            return {"diagnostics": diagnostics.of_failure(block, failure, what)}
        return {"state": _encoded(block, planner.complete(block, {**config, **found}))}

    def _call_function(self, request: Fields) -> Fields:
        text = f"the {self._schema.provider} provider has no function '{request['name']}'"
        return {"error": {"text": text}}

    def _stop(self, _: Fields) -> Fields:
        self._stopping.set()
        return {}

    def _resource(self, name: str) -> TerraformResource:
        found = self._tables.resources.get(name)
        if found is None:
            raise _not_yet(name, self._schema)
        return found

    def _life(self, name: str) -> Life:
        schema = self._schema.resource(name)
        return Life(
            resource=self._resource(name), schema=schema, calls=self._configured(),
            attempts=self._attempts,
        )  # fmt: skip

    def _configured(self) -> Calls:
        if self._calls is None:
            raise ShipwayError(f"the {self._schema.provider} provider is not configured")
        return self._calls

    @staticmethod
    def _timeouts(schema: TypeSchema, values: Values) -> dict[str, float]:
        return private_state.timeouts_of(values, schema.timeouts)


def _problems(schema: TypeSchema, config: Values, own: Iterable[Problem]) -> list[Diagnostic]:
    found = [*validation.problems(schema.block, config), *own]
    bad = private_state.malformed(config)
    if bad is not None:
        name, text = bad
        found.append(Problem(f"timeouts.{name}", f'"{text}" is not a duration such as "30m"'))
    return diagnostics.of_problems(schema.block, found)


def _not_yet(name: str, schema: ProviderSchema) -> ShipwayError:
    return ShipwayError(f"shipway's {schema.provider} provider does not support {name}")


def _is_null(value: Fields | None) -> bool:
    return value is None or value["msgpack"] == b"\xc0"


def _decoded(block: Block, value: Fields | None) -> Value:
    if value is None:
        return None
    if not value["msgpack"] and value["json"]:
        return cty.from_json(block.type, json.loads(value["json"]))
    return cty.decode(block.type, value["msgpack"]) if value["msgpack"] else None


def _encoded(block: Block, value: Values | None) -> Fields:
    return {"msgpack": cty.encode(block.type, value)}
