"""`counter` by data: `counter.json`.

Each case evaluates `expr` once for each of `runs` (its variables) of one new pipeline.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from shipway.azpipelines.runtime import RuntimeValueError
from shipway.azure.entra import users
from shipway.base.clock import SystemClock
from shipway.base.home import Home
from shipway.devops import definitions, projects, repositories, runs, runtime_values
from shipway.devops.runtime_values import RunVariable
from shipway.store.store import Store, open_store

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "counter.json").read_text())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = open_store(Home(tmp_path_factory.mktemp("counter")), SystemClock())
    users.ensure_demo_users(made)
    project = projects.create(made, name="ml")
    repositories.create(made, project_id=project.project_id, name="r")
    return made


@pytest.mark.parametrize("index", range(len(CASES)))
def test_counter(store: Store, index: int) -> None:
    case = CASES[index]
    if "err" in case:
        with pytest.raises(RuntimeValueError) as caught:
            _values(store, case, f"p{index}")
        assert case["err"] in str(caught.value)
        return
    assert _values(store, case, f"p{index}") == case["values"]


def _values(store: Store, case: dict[str, Any], name: str) -> list[str]:
    project = projects.get(store, "ml")
    repository = repositories.get(store, project_id=project.project_id, name_or_id="r")
    definition = definitions.create(
        store, project_id=project.project_id, name=name, repository_id=repository.repository_id
    )
    found = []
    for given in case["runs"]:
        run = runs.queue_run(
            store, definition=definition, branch="refs/heads/main", version="0" * 40,
            reason="manual", requested_by=runs.SERVICE,
        )  # fmt: skip
        known = [RunVariable(name=n, value=v) for n, v in given.items()]
        known.append(RunVariable(name="n", value=f"$[ {case['expr']} ]"))
        # asked twice: a run keeps its number
        first, second = (runtime_values.resolved(store, run, known)[-1].value for _ in range(2))
        assert first == second
        found.append(first)
    return found
