"""The buttons of a run's stages, and the earlier attempts that its page shows."""

from pathlib import Path

import pytest
from tests.support.begun_runs import begin, definition_of, end_jobs, job, settle, stage_of

from shipway.azure.entra import users
from shipway.azure.entra.sign_ins import BrowserSession
from shipway.base.clock import SystemClock
from shipway.base.errors import BadInput, Forbidden, NotFound
from shipway.base.home import Home
from shipway.devops import members, runs
from shipway.devops.runs import Run
from shipway.store.store import Store, open_store
from shipway.studio import rendering
from shipway.studio.contexts import FrameContext, RunContext
from shipway.studio.exchange import Page, Redirect, Visit
from shipway.studio.pages import run_stages
from shipway.studio.pages import runs as page


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(Home(tmp_path / "home"), SystemClock())


def visit(store: Store, run: Run, name: str = "dana", *, query: str = "", **params: str) -> Visit:
    session = BrowserSession(
        principal=users.principal_of(store, users.get(store, name)), display_name=name,
        csrf_token="word", expires_at=SystemClock().now(),
    )  # fmt: skip
    asked = {"attempt": query} if query else {}
    return Visit(session=session, path="/", params={"run": str(run.run_id), **params}, query=asked)


def shown(store: Store, run: Run, *, query: str = "") -> RunContext:
    answer = page.show(store, visit(store, run, query=query))
    assert isinstance(answer, Page)
    assert isinstance(answer.context, RunContext)
    return answer.context


def verbs(store: Store, run: Run) -> dict[str, list[str]]:
    return {s.ref_name: [v.verb for v in s.verbs] for s in shown(store, run).stages}


def test_each_stage_has_the_buttons_that_do_something(store: Store) -> None:
    run = begin(
        store, definition_of(store), stage_of("A", job("x")),
        stage_of("B", job("y"), trigger="manual"), stage_of("C", job("z"), after=("A",)),
    )  # fmt: skip
    assert verbs(store, run) == {"A": ["cancel"], "B": ["start"], "C": ["cancel"]}
    assert {s.ref_name: s.waits for s in shown(store, run).stages} == {
        "A": "", "B": "starts by hand", "C": "",
    }  # fmt: skip
    end_jobs(store, run, "failed")
    assert verbs(store, run) == {"A": ["retry", "retry-all"], "B": ["start"], "C": ["retry-all"]}
    assert shown(store, run).run.may_retry
    for stage, verb in (("A", "retry"), ("B", "start")):
        answer = run_stages.change(store, visit(store, run, stage=stage, verb=verb))
        assert answer == Redirect(location=f"/runs/{run.run_id}")
        settle(store)
    assert verbs(store, run) == {"A": ["cancel"], "B": ["cancel"], "C": ["cancel"]}
    run_stages.change(store, visit(store, run, stage="A", verb="cancel"))
    settle(store)
    assert verbs(store, run)["A"] == []
    end_jobs(store, run, "canceled")
    run_stages.retry_failed(store, visit(store, run))
    settle(store)
    assert runs.get(store, run.run_id).state == "inProgress"


def test_an_earlier_attempt_is_shown_in_the_place_of_the_stage(store: Store) -> None:
    run = begin(store, definition_of(store), stage_of("A", job("x")), stage_of("B", job("y")))
    end_jobs(store, run, "failed")
    run_stages.change(store, visit(store, run, stage="A", verb="retry"))
    settle(store)
    now = next(s for s in shown(store, run).stages if s.ref_name == "A")
    (earlier,) = now.earlier
    assert (now.attempt, now.state, earlier.number) == (2, "inProgress", 1)
    before = shown(store, run, query=earlier.timeline_id).stages
    assert {s.ref_name: (s.attempt, s.state) for s in before} == {
        "A": (1, "failed"), "B": (1, "failed"),
    }  # fmt: skip
    with pytest.raises(NotFound):
        shown(store, run, query="nothing")


def test_the_buttons_post_with_the_word_of_the_session(store: Store) -> None:
    run = begin(store, definition_of(store), stage_of("A", job("x")))
    end_jobs(store, run, "failed")
    frame = FrameContext(title="t", user="dana", section="runs", sections=(), csrf_token="word")
    text = rendering.render(
        rendering.environment(), "run.html", frame=frame, context=shown(store, run)
    )
    for verb in ("retry", "retry-all"):
        form = text.split(f'action="/runs/{run.run_id}/stages/A/{verb}"')[1].split("</form>")[0]
        assert 'name="csrf_token" value="word"' in form
    assert f'formaction="/runs/{run.run_id}/retry"' in text


def test_who_may_not_change_a_run_changes_no_stage(store: Store) -> None:
    run = begin(store, definition_of(store), stage_of("A", job("x")))
    end_jobs(store, run, "failed")
    sam = users.create(store, name="sam", display_name="Sam")
    members.add(store, object_id=sam.object_id, role="Reader")
    with pytest.raises(Forbidden):
        run_stages.change(store, visit(store, run, "sam", stage="A", verb="retry"))
    with pytest.raises(BadInput, match="explode"):
        run_stages.change(store, visit(store, run, stage="A", verb="explode"))
