"""Jobs in containers, with a program in the engine's place that writes down what it is asked."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.agent.job_runs import bash, log_of, open_home, results, work_of
from tests.unit.agent.tasks.running_steps import connect
from tests.unit.agent.test_job_runner import wait_for

from shipway.agent.job_runner import JobRunner
from shipway.azpipelines.plan import RunPlan, StagePlan, StepTarget
from shipway.azpipelines.plan_resources import ContainerPlan
from shipway.azpipelines.triggers import PipelineTriggers
from shipway.devops import runs
from shipway.devops.job_work import JobWork
from shipway.devops.runtime_values import RunVariable
from shipway.store.store import Store

# runs what `exec` is given on this machine, with nothing but the variables that are passed in
ENGINE = r"""#!/bin/bash
printf '%s\n' "$*" | head -c 4000 >> {calls}
echo >> {calls}
case $1 in
port) echo '5432/tcp -> 0.0.0.0:15432' ;;
inspect) [[ $3 == *Health* ]] || echo 10.1.2.3 ;;
pull)
    [[ ! -e $DOCKER_CONFIG/config.json ]] || cat "$DOCKER_CONFIG/config.json" > {calls}.login
    [[ $2 != broken ]] || { echo "manifest for broken not found"; exit 1; } ;;
create) echo "${DB_PASSWORD:-none}" >> {calls}.env ;;
exec)
    shift; declare -a kept=(PATH=$PATH)
    while [[ $1 == --* ]]; do
        case $1 in
        --env) kept+=("$2=${!2}"); shift 2 ;;
        --workdir) cd "$2"; shift 2 ;;
        --user) shift 2 ;;
        *) shift ;;
        esac
    done
    inside=$1; shift
    exec env -i "INSIDE=$inside" "${kept[@]}" "$@" ;;
esac
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_home(tmp_path)


@pytest.fixture
def calls(store: Store) -> Path:
    """What the engine was asked; the engine lies where the tools of the agent do."""
    folder = store.home.root / "agent-tools" / "bin"
    folder.mkdir(parents=True)
    file = store.home.root / "calls"
    program = folder / "docker"
    program.write_text(ENGINE.replace("{calls}", str(file)))
    program.chmod(0o755)
    return file


def planned(store: Store, work: JobWork, *containers: ContainerPlan) -> JobWork:
    plan = RunPlan(
        name_format="", triggers=PipelineTriggers(), containers=containers,
        stages=(StagePlan(name="S", display_name="S", jobs=(work.job,)),),
    )  # fmt: skip
    body = json.loads(json.dumps(plan.to_json()))
    return replace(work, run=runs.set_run(store, work.run.run_id, plan=body))


def verbs(calls: Path) -> list[str]:
    return [line.split()[0] for line in calls.read_text().splitlines() if line]


def test_the_steps_of_a_job_run_in_its_container(store: Store, calls: Path) -> None:
    told = "echo \"in $INSIDE: $GREETING $BUILD_REASON\"; pwd; echo 's3cret'"
    work = planned(store, work_of(
        store, bash("one", told), replace(bash("two", "echo ${INSIDE:-outside}"),
                                          target=StepTarget(container="host")),
        container=ContainerPlan(image="ubuntu:$(tag)", options="--cpus 2", env={"A": "b"}),
    ))  # fmt: skip
    work = replace(work, variables=(
        RunVariable(name="tag", value="22.04"), RunVariable(name="greeting", value="hello"),
        RunVariable(name="password", value="s3cret", is_secret=True),
    ))  # fmt: skip
    runner = JobRunner(store, work, worker="w")
    assert runner.run() == "Succeeded", log_of(store, work, "Initialize containers")
    assert verbs(calls) == ["version", "info", "pull", "create", "start", "exec", "rm"]
    text = calls.read_text()
    assert "pull ubuntu:22.04" in text
    assert "--network host --cpus 2 --env A --volume " in text
    assert "--entrypoint tail ubuntu:22.04 -f /dev/null" in text
    assert "s3cret" not in text
    log = log_of(store, work, "one")
    assert f"in shipway_{work.record.record_id[:13]}_job: hello " in log
    assert str(runner.job.directories.sources) in log
    assert "***" in log
    assert "outside" in log_of(store, work, "two")


def test_services_are_there_before_and_gone_after(store: Store, calls: Path) -> None:
    db = ContainerPlan(
        alias="pg", image="postgres", ports=("15432:5432",), env={"DB_PASSWORD": "x$(y)"},
        volumes=("data:/data",),
    )  # fmt: skip
    work = planned(store, work_of(
        store, bash("one", "test $(agent.services.db.ports.5432) = 15432"),
        services={"db": ContainerPlan(image="$(which)")},
    ), db)  # fmt: skip
    which = (RunVariable(name="which", value="PG"), RunVariable(name="y", value="z"))
    work = replace(work, variables=which)
    assert JobRunner(store, work, worker="w").run() == "Succeeded", calls.read_text()
    assert verbs(calls) == [
        "version", "info", "pull", "network", "create", "start", "port", "inspect", "inspect", "rm",
        "network",
    ]  # fmt: skip
    assert (
        "--network-alias db --publish 15432:5432 --env DB_PASSWORD --volume data:/data postgres"
        in (calls.read_text())
    )
    assert (calls.parent / "calls.env").read_text() == "xz\n"
    assert results(store, work)["Stop Containers"] == "succeeded"


def test_an_image_is_pulled_with_the_login_of_its_endpoint(store: Store, calls: Path) -> None:
    private = ContainerPlan(image="reg.example/py", endpoint="hub")
    # no step finds the login, although it sees the folder
    folder = "$AGENT_TEMPDIRECTORY/engine-home/.docker"
    seen = f'test -d "{folder}" && test ! -e "{folder}/config.json"'
    work = planned(store, work_of(store, bash("one", seen), container=private))
    runner = JobRunner(store, work, worker="w")
    connect(runner.job, "hub", kind="dockerregistry", registry="https://reg.example/",
            username="eva", password="the-password")  # fmt: skip
    assert runner.run() == "Succeeded", log_of(store, work, "Initialize containers")
    config = json.loads((calls.parent / "calls.login").read_text())
    assert config == {"auths": {"https://reg.example/": {"auth": "ZXZhOnRoZS1wYXNzd29yZA=="}}}
    assert "ZXZhOnRoZS1wYXNzd29yZA" not in calls.read_text()


def test_a_step_may_name_a_container_of_its_own(store: Store, calls: Path) -> None:
    node = ContainerPlan(alias="node", image="node:20", is_local_image=True)
    work = planned(store, work_of(
        store, bash("one", "echo ${INSIDE:-outside}"),
        replace(bash("two", "echo ${INSIDE:-outside}"), target=StepTarget(container="Node")),
    ), node)  # fmt: skip
    assert JobRunner(store, work, worker="w").run() == "Succeeded"
    assert "pull" not in verbs(calls)
    assert "outside" in log_of(store, work, "one")
    assert "_node" in log_of(store, work, "two")


def test_an_image_that_is_not_there_fails_the_job_before_its_steps(
    store: Store, calls: Path
) -> None:
    work = planned(
        store, work_of(store, bash("one", "exit 0"), container=ContainerPlan(image="broken"))
    )
    assert JobRunner(store, work, worker="w").run() == "Failed"
    assert "manifest for broken not found" in log_of(store, work, "Initialize containers")
    assert "one" not in results(store, work)
    assert "Stop Containers" not in results(store, work)


@pytest.mark.parametrize(
    ("container", "named"),
    [
        (ContainerPlan(image="ubuntu"), "container engine"),
        (ContainerPlan(alias="r", type="ACR", registry="r"), "ACR"),
        (ContainerPlan(image="ubuntu", options="--label 'open"), "quotation"),
    ],
)
def test_what_cannot_be_started_is_named(
    store: Store, container: ContainerPlan, named: str, monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    work = planned(store, work_of(store, bash("one", "exit 0"), container=container))
    if named == "quotation":
        request.getfixturevalue("calls")
    else:
        monkeypatch.setattr("shipway.agent.job_environment._SYSTEM_PATH", "/nowhere")
        monkeypatch.setenv("PATH", "/nowhere")
    assert JobRunner(store, work, worker="w").run() == "Failed"
    assert named in log_of(store, work, "Initialize containers")


def test_what_a_canceled_step_started_inside_is_ended_there(
    store: Store, calls: Path, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    work = planned(store, work_of(
        store, bash("long", f"touch {begun}; exec sleep 60"), container=ContainerPlan(image="u")
    ))  # fmt: skip
    runner = JobRunner(store, work, worker="w")
    thread = threading.Thread(target=runner.run)
    thread.start()
    wait_for(begun)
    runner.stop()
    thread.join(30)
    assert results(store, work)["long"] == "canceled"
    last = [line for line in calls.read_text().splitlines() if line.startswith("exec")][-1]
    assert "kill -TERM -- -" in last
    assert verbs(calls)[-1] == "rm"


def test_no_container_is_asked_for_where_a_variable_gives_none(store: Store, calls: Path) -> None:
    container: Any = ContainerPlan(image="$[ variables['image'] ]")
    work = planned(store, work_of(store, bash("one", "exit 0"), container=container))
    assert JobRunner(store, work, worker="w").run() == "Succeeded"
    assert not calls.exists()
