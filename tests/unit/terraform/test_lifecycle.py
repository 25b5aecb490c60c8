"""What is saved after each verb of a resource, however it ended; and how long it may take."""

from pathlib import Path
from typing import Any

import pytest

from shipway.base.errors import NotSupported, ShipwayError, Unavailable
from shipway.terraform import private_state
from shipway.terraform.attempts import Attempts
from shipway.terraform.calls import ApiError, Calls
from shipway.terraform.credentials import Credentials
from shipway.terraform.lifecycle import Life
from shipway.terraform.resource import AtAttribute, PartlyCreated, TerraformResource, Values
from shipway.terraform.schema import ProviderSchema
from shipway.terraform.unknown import UNKNOWN

BLOCK = {
    "attributes": {
        "id": {"type": "string", "optional": True, "computed": True},
        "name": {"type": "string", "required": True},
        "url": {"type": "string", "computed": True},
        "key": {"type": "string", "computed": True, "sensitive": True},
        "word": {"type": "string", "optional": True, "write_only": True, "sensitive": True},
    },
    "block_types": {
        "rule": {
            "nesting_mode": "list",
            "block": {"attributes": {"port": {"type": "number", "required": True}}},
        }
    },
}
CONTENT = {
    "version": "1", "provider_config": {}, "data_sources": {},
    "resources": {"toy": {"schema_version": 0, "timeouts": {"create": "5m0s"}, "block": BLOCK}},
}  # fmt: skip
SCHEMA = ProviderSchema("azurerm", CONTENT).resource("toy")
PLANNED: Values = {
    "id": UNKNOWN, "name": "n", "url": UNKNOWN, "key": UNKNOWN, "word": None, "rule": [],
}  # fmt: skip
CONFIG: Values = {"name": "n", "word": "open sesame"}
DENIED = ApiError(
    403, "AuthorizationFailed",
    "The client 'c' does not have authorization to perform action 'Microsoft.Toy/toys/write' over "
    "scope '/subscriptions/s' or the scope is invalid.",
)  # fmt: skip


class Toys:
    """A service with one toy, and a list of what was asked of it."""

    def __init__(self) -> None:
        self.toy: Values | None = None
        self.asked: list[tuple[str, Any]] = []
        self.failing: dict[str, Exception] = {}

    def _ask(self, verb: str, given: Any) -> None:
        self.asked.append((verb, given))
        if verb in self.failing:
            raise self.failing[verb]

    def create(self, _: Calls, given: Values) -> Values:
        self.toy = {"id": "1", "name": given["name"], "url": "u", "key": "k"}
        self._ask("create", given)
        return {"id": "1"}

    def read(self, _: Calls, state: Values) -> Values | None:
        self._ask("read", state)
        return self.toy

    def update(self, _: Calls, prior: Values, given: Values) -> None:
        self._ask("update", given)
        self.toy = {**(self.toy or {}), "name": given["name"]}

    def delete(self, _: Calls, state: Values) -> None:
        self._ask("delete", state)
        self.toy = None

    def life(self, folder: Path, **more: Any) -> Life:
        resource = TerraformResource(
            **{
                "type_name": "toy", "create": self.create, "read": self.read,
                "update": self.update, "delete": self.delete, **more,
            }
        )  # fmt: skip
        calls = Calls(Credentials(kind="pat"), None, env_vars={})  # type: ignore[arg-type]
        return Life(
            resource=resource, schema=SCHEMA, calls=calls, attempts=Attempts(folder, "here")
        )


@pytest.fixture
def toys() -> Toys:
    return Toys()


def test_a_create_is_read_and_saved(toys: Toys, tmp_path: Path) -> None:
    outcome = toys.life(tmp_path).create(PLANNED, CONFIG, {})
    assert outcome.diagnostics == []
    assert outcome.state == {
        "id": "1", "name": "n", "url": "u", "key": "k", "word": None, "rule": [],
    }  # fmt: skip
    created, read = toys.asked
    assert created[1]["word"] == "open sesame", "given to the service, never saved"
    assert created[1]["id"] is None
    assert read[1]["id"] == "1"


def test_a_failed_create_saves_nothing(toys: Toys, tmp_path: Path) -> None:
    toys.failing["create"] = ApiError(409, "Conflict", "taken")
    outcome = toys.life(tmp_path).create(PLANNED, CONFIG, {})
    assert outcome.state is None
    [said] = outcome.diagnostics
    assert said["summary"] == (
        "creating toy: unexpected status 409 (409 Conflict) with error: Conflict: taken"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_only_in_part_is_saved_with_an_error(toys: Toys, tmp_path: Path) -> None:
    toys.failing["create"] = PartlyCreated({"id": "1"}, ApiError(400, "Bad", "half"))
    outcome = toys.life(tmp_path).create(PLANNED, CONFIG, {})
    assert outcome.state is not None
    assert outcome.state["id"] == "1"
    assert "half" in outcome.diagnostics[0]["summary"]


def test_a_read_that_fails_after_a_create_loses_nothing(toys: Toys, tmp_path: Path) -> None:
    toys.failing["read"] = ApiError(500, "Oops", "no")
    outcome = toys.life(tmp_path).create(PLANNED, CONFIG, {})
    assert outcome.state is not None
    assert outcome.state["id"] == "1"
    assert "reading after creating toy" in outcome.diagnostics[0]["summary"]


def test_a_failed_update_and_a_failed_delete_keep_the_state(toys: Toys, tmp_path: Path) -> None:
    prior: Values = {"id": "1", "name": "old", "url": "u", "key": "k", "word": None, "rule": []}
    toys.failing = {"update": DENIED, "delete": DENIED}
    life = toys.life(tmp_path)
    updated = life.update(prior, {**prior, "name": "new"}, CONFIG, {})
    assert updated.state == prior
    [said] = updated.diagnostics
    assert "Microsoft.Toy/toys/write on /subscriptions/s" in said["detail"]
    deleted = life.delete(prior, {})
    assert deleted.state == prior
    assert len(deleted.diagnostics) == 1


def test_a_problem_is_shown_at_its_attribute(toys: Toys, tmp_path: Path) -> None:
    toys.failing["create"] = AtAttribute("rule.0.port", "not that one", "because")
    [said] = toys.life(tmp_path).create(PLANNED, CONFIG, {}).diagnostics
    assert (said["summary"], said["detail"]) == ("not that one", "because")
    assert [*said["attribute"]["steps"][1].values()] == [0]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Unavailable("refused"), "shipway up"),
        (NotSupported("no such sku", hint="Take Basic."), "Take Basic."),
        (KeyError("oops"), "bug in shipway's provider"),
    ],
)
def test_every_failure_says_what_to_do(
    toys: Toys, tmp_path: Path, failure: Exception, words: str
) -> None:
    toys.failing["create"] = failure
    [said] = toys.life(tmp_path).create(PLANNED, CONFIG, {}).diagnostics
    assert words in f"{said['summary']} {said['detail']}"


def test_a_type_without_update_says_so(toys: Toys, tmp_path: Path) -> None:
    outcome = toys.life(tmp_path, update=None).update(CONFIG, PLANNED, CONFIG, {})
    assert "cannot be changed in place" in outcome.diagnostics[0]["summary"]


def _cut_off(folder: Path, toys: Toys, **made: Any) -> None:
    """A run that was killed after its create."""
    notes = Attempts(folder, "here")
    attempt = notes.begin("toy", {**PLANNED, "id": None, "url": None, "key": None, **_word()})
    notes.note(attempt, made)
    for path in folder.iterdir():
        key, _, number = path.name.split(".")
        path.rename(path.with_name(f"{key}.999999999-1.{number}"))
    toys.toy = {"id": "1", "name": "n", "url": "u", "key": "k"}


def _word() -> Values:
    return {"word": "open sesame"}


def test_what_a_cut_off_run_has_made_is_taken_up(toys: Toys, tmp_path: Path) -> None:
    _cut_off(tmp_path, toys, id="1")
    outcome = toys.life(tmp_path).create(PLANNED, CONFIG, {})
    assert outcome.diagnostics == []
    assert outcome.state is not None
    assert outcome.state["url"] == "u"
    assert "create" not in [verb for verb, _ in toys.asked]


def test_one_whose_secret_is_lost_is_made_anew(toys: Toys, tmp_path: Path) -> None:
    _cut_off(tmp_path, toys, id="1")
    toys.toy = {"id": "1", "name": "n", "url": "u", "key": None}
    outcome = toys.life(tmp_path).create(PLANNED, CONFIG, {})
    assert [verb for verb, _ in toys.asked] == ["read", "delete", "create", "read"]
    assert outcome.state is not None
    assert outcome.state["key"] == "k"


def test_one_that_is_there_already_is_found_by_its_name(toys: Toys, tmp_path: Path) -> None:
    _cut_off(tmp_path, toys)
    toys.failing["create"] = ShipwayError("it exists")
    looked: list[str] = []

    def import_state(_: Calls, text: str) -> Values:
        looked.append(text)
        return {"id": "1"}

    outcome = toys.life(tmp_path, import_state=import_state).create(PLANNED, CONFIG, {})
    assert looked == ["n"]
    assert outcome.diagnostics == []
    assert list(tmp_path.iterdir()) == []


def test_without_a_note_nothing_is_taken_up(toys: Toys, tmp_path: Path) -> None:
    toys.failing["create"] = ShipwayError("it exists")
    outcome = toys.life(tmp_path).create(PLANNED, CONFIG, {})
    assert outcome.state is None
    assert outcome.diagnostics[0]["summary"] == "it exists"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m0s", 5400.0), ("5m", 300.0), ("1.5s", 1.5), ("200ms", 0.2), ("x", None), ("5", None)],
)
def test_durations_are_read_as_go_writes_them(text: str, seconds: float | None) -> None:
    assert private_state.seconds_of(text) == seconds


def test_timeouts_travel_in_the_private_state() -> None:
    told = private_state.timeouts_of({"timeouts": {"create": "1s", "read": None}}, SCHEMA.timeouts)
    assert told == {"create": 1.0}
    assert private_state.decode(private_state.encode(told, 2)) == told
    assert private_state.decode(b"") == private_state.decode(b"rubbish") == {}
    assert private_state.limit({}, "read") == 1200.0


def test_an_operation_ends_at_its_limit(toys: Toys, tmp_path: Path) -> None:
    def create(calls: Calls, _: Values) -> Values:
        calls.wait(60)
        return {}

    outcome = toys.life(tmp_path, create=create).create(PLANNED, CONFIG, {"create": 0.05})
    assert "deadline" in outcome.diagnostics[0]["summary"]
