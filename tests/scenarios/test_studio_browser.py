"""The studio in a real browser: signing in, a run as it happens, approvals, an ML job, lineage."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ml_lab import Lab, make_workspace
from tests.shipway_server import ProjectRepository, ShipwayServer, running, wait_until
from tests.studio_visitor import link_for
from tests.support import permissions

from shipway.azure.entra import users
from shipway.devops import approvals, checks, environments, runs
from shipway.ml import model_versions, tracking
from shipway.store.growing import EndpointRequest, MetricPoint

sync_api: Any = pytest.importorskip("playwright.sync_api", reason="needs a browser: playwright")

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
# what may take a while on a busy machine; a page that is right needs a fraction of it
MILLISECONDS = 20_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs a browser: Debian's chromium"),
]

SLOW_THEN_GATED = """
stages:
- stage: Build
  jobs:
  - job: B
    steps:
    - script: |
        for i in 1 2 3 4; do echo "line-$i"; sleep 0.7; done
        printf '# Better\\n\\n| | auc |\\n|---|---|\\n| new | 0.71 |\\n' > s.md
        echo "##vso[task.uploadsummary]$PWD/s.md"
      displayName: speaks
- stage: Release
  jobs:
  - deployment: Ship
    environment: prod
    strategy: {runOnce: {deploy: {steps: [{script: echo shipped, displayName: ships}]}}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShipwayServer]:
    with running(tmp_path_factory.mktemp("browser")) as made:
        users.ensure_demo_users(made.store)
        yield made


@pytest.fixture(scope="module")
def project(server: ShipwayServer) -> ProjectRepository:
    made = server.project()
    target = environments.create(server.store, project_id=made.project_id, name="prod")
    permissions.open_to_all(server.store, "environment", target.environment_id)
    people = [users.get(server.store, name) for name in ("avery", "dana")]
    checks.create(
        server.store, project_id=made.project_id, kind="Approval",
        resource_type="environment", resource_id=str(target.environment_id), resource_name="prod",
        settings={"approvers": [{"id": p.object_id} for p in people],
                  "requesterCannotBeApprover": True, "minRequiredApprovers": 1},
        timeout_minutes=60,
    )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def ml(server: ShipwayServer) -> Lab:
    return Lab(store=server.store, workspace=make_workspace(server.store))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield made
        made.close()


class Window:
    """A signed-in browser window; `faults` has what the page's console complained of."""

    def __init__(self, browser: Any, server: ShipwayServer, user: str, path: str) -> None:
        self._context = browser.new_context(viewport={"width": 1280, "height": 900})
        self._context.set_default_timeout(MILLISECONDS)
        self.page = self._context.new_page()
        self.faults: list[str] = []
        self.loads = 0
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._heard)
        link = link_for(server, user, path)
        self.base = link.partition("/sign-in")[0]
        self.page.goto(link)
        self.page.wait_for_url(f"{self.base}{path}")
        self.page.on("load", self._loaded)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def _loaded(self, page: Any) -> None:
        del page
        self.loads += 1

    def close(self) -> None:
        self._context.close()


def test_a_run_is_seen_as_it_happens_and_approved_in_the_browser(
    server: ShipwayServer, project: ProjectRepository, browser: Any, tmp_path: Path
) -> None:
    window = Window(browser, server, "avery", "/runs")
    page = window.page
    run_id = project.push(SLOW_THEN_GATED)
    # the list shows it without being loaded again
    page.wait_for_selector(f'tr[data-run="{run_id}"]')
    assert window.loads == 0
    page.click(f'tr[data-run="{run_id}"] a')
    page.wait_for_url(f"{window.base}/runs/{run_id}")
    loads = window.loads
    # the log grows line by line while the step runs
    page.wait_for_selector('.log .line:text-is("line-2")')
    assert runs.get(server.store, run_id).state == "inProgress"
    page.wait_for_selector('.log .line:text-is("line-4")')
    lines = page.locator(".log .line").all_inner_texts()
    assert [line for line in lines if line.startswith("line-")] == [
        f"line-{n}" for n in range(1, 5)
    ]
    page.wait_for_selector(".markdown td:text-is('0.71')")
    page.wait_for_selector("article.approval textarea")
    # what is typed stays while the page goes on living
    page.fill("textarea", "good enough")
    wait_until(lambda: approvals.list_of(server.store, run_id=run_id, status="pending"))
    users.create(server.store, name=f"new-{run_id}")
    page.wait_for_timeout(1500)
    assert page.input_value("textarea") == "good enough"
    page.screenshot(path=tmp_path / "run.png")
    assert window.loads == loads
    page.click("button.good")
    page.wait_for_selector("#run-state .state-succeeded")
    page.wait_for_selector('article.approval q:text-is("good enough")')
    assert server.finished(run_id).result == "succeeded"
    assert window.faults == []
    window.close()


def test_the_requester_sees_that_another_one_has_to_answer(
    server: ShipwayServer, project: ProjectRepository, browser: Any
) -> None:
    run_id = project.push(SLOW_THEN_GATED)
    wait_until(lambda: approvals.list_of(server.store, run_id=run_id, status="pending"))
    window = Window(browser, server, "dana", "/approvals")
    card = window.page.locator("article.approval").first
    assert "another approver has to answer" in card.inner_text()
    assert card.locator("button").count() == 0
    # the other one rejects in another window; this one sees it without being loaded again
    other = Window(browser, server, "avery", "/approvals")
    other.page.fill("article.approval textarea", "not today")
    other.page.click("article.approval button.bad")
    window.page.wait_for_selector('article.approval q:text-is("not today")')
    assert window.loads == 0
    assert server.finished(run_id).result == "failed"
    assert (window.faults, other.faults) == ([], [])
    window.close()
    other.close()


def test_an_ml_job_is_drawn_with_its_states_metrics_and_log(
    server: ShipwayServer, ml: Lab, browser: Any, tmp_path: Path
) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    folder = {"o": {"type": "uri_folder"}}
    first = ml.component("echo prepared; echo x > ${{outputs.o}}/a", outputs=folder)
    second = ml.component(
        f"echo epoch-1; while [ -e {hold} ]; do sleep 0.05; done; echo epoch-2; "
        "cp ${{inputs.d}}/a ${{outputs.o}}/m",
        inputs={"d": {"type": "uri_folder"}}, outputs=folder,
    )  # fmt: skip
    taken = {"job_input_type": "literal", "value": "${{parent.jobs.prepare.outputs.o}}"}
    nodes = {
        "prepare": {"type": "command", "componentId": first},
        "train": {"type": "command", "componentId": second, "inputs": {"d": taken}},
    }
    job = ml.pipeline(nodes, displayName="training", experimentName="browser")
    window = Window(browser, server, "avery", "/jobs")
    page = window.page
    page.click(f'tr[data-job="{job.name}"] a')
    page.wait_for_selector('.graph a:has-text("train") .state-Running')
    loads = window.loads
    assert page.locator(".graph .edge").count() == 1
    child = ml.children(job.name)["train"]
    points = [MetricPoint(key="loss", value=1 / (n + 1), step=n, at=0) for n in range(5)]
    tracking.log(server.store, workspace=ml.workspace, run_id=child.name, metrics=points)
    page.wait_for_selector(".plot polyline")
    assert window.loads == loads
    # the child's log grows in its own page
    page.click('.graph a:has-text("train")')
    page.wait_for_selector('.log .line:text-is("epoch-1")')
    assert page.locator('.log .line:text-is("epoch-2")').count() == 0
    hold.unlink()
    page.wait_for_selector('.log .line:text-is("epoch-2")')
    page.wait_for_selector("#job-state .state-Completed")
    assert ml.ended(job.name).status == "Completed"
    # the same again: both are reused, and the page says why
    again = ml.pipeline(nodes, displayName="training", experimentName="browser")
    ml.ended(again.name)
    page.goto(f"{window.base}/jobs/rg/lab/{again.name}")
    assert page.locator(".badge.mark:text-is('reused')").count() == 2
    page.goto(f"{window.base}/jobs/lab/{again.name}")
    page.wait_for_url(f"{window.base}/jobs/rg/lab/{again.name}")
    assert "nothing changed since job" in page.locator(".why").first.inner_text()
    assert window.faults == []
    window.close()


def test_models_endpoints_and_lineage_are_shown(
    server: ShipwayServer, ml: Lab, project: ProjectRepository, browser: Any
) -> None:
    del project
    uri = ml.put_blob("model/m.txt", "weights")
    model_versions.create(
        server.store, workspace=ml.workspace, name="delay", model_uri=uri,
        tags={"auc": "0.71", "commit": "abc1234", "approval": "approved"},
    )  # fmt: skip
    server.store.growing.add_requests(
        [EndpointRequest(endpoint="none", deployment="blue", at=server.store.clock.now(),
                         status=200, milliseconds=3.0, mirrored=False)]
    )  # fmt: skip
    window = Window(browser, server, "avery", "/models")
    page = window.page
    page.click('tr[data-model="delay"] a')
    assert page.locator('[data-version="1"] .facts').inner_text().split("\n")[:2] == [
        "approval", "approved",
    ]  # fmt: skip
    page.click('[data-version="1"] a:text-is("lineage")')
    kinds = page.locator(".station").evaluate_all("all => all.map(s => s.dataset.station)")
    assert kinds == ["commit", "run", "ML job", "model version", "approval", "deployment"]
    assert page.locator(".graph .node").count() == 6
    assert "not complete" in page.locator("#verdict").inner_text()
    for path in ("/endpoints", "/patterns", "/approvals"):
        page.goto(f"{window.base}{path}")
        assert page.locator("main > h1").count() == 1
    # nothing lies outside the window, on a phone either
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/runs", "/patterns", "/lineage?of=delay:1", "/models"):
        page.goto(f"{window.base}{path}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{path} is {wide} wide"
    assert window.faults == []
    window.close()


def test_a_page_goes_on_by_itself_after_the_server_was_away(
    server: ShipwayServer, project: ProjectRepository, browser: Any
) -> None:
    window = Window(browser, server, "avery", "/runs")
    server.kill()
    window.page.wait_for_selector(".offline:visible")
    server.up()
    run_id = project.push("steps:\n- script: echo back\n")
    window.page.wait_for_selector(f'tr[data-run="{run_id}"]')
    assert not window.page.locator(".offline").is_visible()
    assert window.loads == 0
    window.close()


def test_the_browser_is_the_one_that_the_set_up_installs() -> None:
    assert shutil.which("chromium")
