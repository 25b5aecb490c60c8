"""Docker@2 against an engine of the test's own that notes what it is asked for."""

import json
from pathlib import Path

import pytest
from tests.unit.agent.tasks import running_steps
from tests.unit.agent.tasks.running_steps import RunningStep, connect, program

from shipway.agent.job_context import JobContext
from shipway.agent.task import StepResult
from shipway.agent.tasks import docker
from shipway.base.errors import BadInput, NotSupported

AUTH = "ZXZhOnRoZS1wYXNzd29yZA=="


@pytest.fixture
def engine(job: JobContext) -> Path:
    (job.directories.sources / "app").mkdir()
    (job.directories.sources / "app" / "Dockerfile").write_text(
        "FROM python:3.11@sha256:abc AS base\nRUN true\nFROM base\n"
    )
    for name, value in {
        "System.TeamFoundationCollectionUri": "https://dev.azure.com/shipway/",
        "System.TeamProject": "ml", "Build.SourceVersion": "c0ffee", "Build.BuildNumber": "7",
    }.items():  # fmt: skip
        job.variables.define(name, value)
    return program(job, "docker")


def registry(job: JobContext, name: str = "hub", *, url: str = "https://reg.example/") -> None:
    connect(job, name, kind="dockerregistry", registry=url, username="eva", password="the-password")


def run(job: JobContext, command: str, **inputs: str) -> tuple[StepResult, RunningStep]:
    return running_steps.run(job, docker.DOCKER, command=command, **inputs)


def calls(engine: Path) -> list[str]:
    return [one for one in engine.read_text().splitlines() if one != "docker version"]


def test_an_image_is_built_with_its_labels_and_pushed(job: JobContext, engine: Path) -> None:
    registry(job)
    result, step = run(
        job, "buildAndPush", containerRegistry="hub", repository="Team/App", tags="1\nlatest"
    )
    assert result == "succeeded", step.errors
    folder = job.directories.sources / "app"
    host = "com.azure.dev.image"
    assert calls(engine) == [
        f"docker build -f {folder}/Dockerfile "
        f"--label {host}.system.teamfoundationcollectionuri=https://dev.azure.com/shipway/ "
        f"--label {host}.system.teamproject=ml --label {host}.build.sourceversion=c0ffee "
        f"--label {host}.build.buildnumber=7 "
        "--label image.base.ref.name=python:3.11 --label image.base.digest=sha256:abc "
        f"-t reg.example/team/app:1 -t reg.example/team/app:latest {folder}",
        "docker push reg.example/team/app:1",
        "docker push reg.example/team/app:latest",
    ]
    # signed in while it ran, and no longer
    shown = engine.with_suffix(".log.file").read_text()
    assert json.dumps({"auths": {"https://reg.example/": {"auth": AUTH}}}) in shown
    assert job.variables.get("DOCKER_CONFIG") == ""
    assert job.masker.mask(f"the-password {AUTH}") == "*** ***"


def test_the_digest_of_the_base_image_is_asked_for(job: JobContext, engine: Path) -> None:
    (job.directories.sources / "app" / "Dockerfile").write_text("FROM alpine:3\n")
    program(job, "docker", "case $1 in inspect) echo '[alpine@sha256:12ab]';; esac")
    run(job, "build", addPipelineData="false")
    pulled, inspected, built = calls(engine)
    assert (pulled, inspected) == (
        "docker pull --quiet alpine:3", "docker inspect alpine:3 -f {{.RepoDigests}}",
    )  # fmt: skip
    assert "--label image.base.ref.name=alpine:3 --label image.base.digest=sha256:12ab " in built
    assert "system.teamproject" not in built


def test_a_login_lasts_until_the_logout(job: JobContext, engine: Path) -> None:
    registry(job)
    registry(job, "two", url="https://index.docker.io/v1/")
    assert run(job, "login", containerRegistry="hub")[0] == "succeeded"
    run(job, "login", containerRegistry="two")
    file = Path(job.variables.get("DOCKER_CONFIG")) / "config.json"
    assert sorted(json.loads(file.read_text())["auths"]) == [
        "https://index.docker.io/v1/", "https://reg.example/",
    ]  # fmt: skip
    assert file.stat().st_mode & 0o077 == 0
    run(job, "push", repository="team/app", tags="1", arguments="--quiet")
    assert calls(engine) == [
        "docker push reg.example/team/app:1 --quiet", "docker push team/app:1 --quiet",
    ]  # fmt: skip
    run(job, "logout", containerRegistry="hub")
    assert list(json.loads(file.read_text())["auths"]) == ["https://index.docker.io/v1/"]
    run(job, "logout")
    assert (file.parent.exists(), job.variables.get("DOCKER_CONFIG")) == (False, "")


def test_what_an_engine_prints_is_kept_and_is_no_command(job: JobContext) -> None:
    program(job, "docker", 'case $1 in version) ;; *) echo "##vso[x]y"; exit 2;; esac')
    result, step = run(job, "inspect", arguments='-f "{{.Id}} now" app')
    assert result == "failed"
    assert "**vso[x]y" in step.logged
    assert Path(job.variables.get("DockerOutput")).read_text() == "**vso[x]y\n"


def test_containers_are_started_and_stopped(job: JobContext, engine: Path) -> None:
    job.variables.define("Agent.ContainerMapping", json.dumps({"db": {"id": "abc123"}}))
    run(job, "start", container="db")
    run(job, "stop", container="other", arguments="-t 5")
    assert calls(engine) == ["docker start abc123", "docker stop other -t 5"]


def test_what_docker_cannot_do_here_is_named(job: JobContext, engine: Path) -> None:
    registry(job, "acr", url="https://ours.azurecr.io")
    with pytest.raises(NotSupported, match=r"the registry 'ours\.azurecr\.io'"):
        run(job, "login", containerRegistry="acr")
    with pytest.raises(BadInput, match="No Dockerfile matching nowhere was found"):
        run(job, "build", Dockerfile="nowhere")
    with pytest.raises(BadInput, match="Input required: containerRegistry"):
        run(job, "login")
    program(job, "docker", "echo cannot connect; exit 1")
    with pytest.raises(NotSupported, match="its engine does not answer"):
        run(job, "push", repository="a")
    running_steps.only(job)
    engine.with_name("docker").unlink()
    with pytest.raises(NotSupported, match="There is no container engine on this machine"):
        run(job, "build")


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("FROM --platform=linux/amd64 ubuntu:22.04\n", "ubuntu:22.04"),
        ("from a as b\nFROM scratch\n", ""),
        ("ARG V\nFROM python:$V\n", ""),
        ("FROM golang AS build\nFROM alpine\nCOPY --from=build /a /a\n", "alpine"),
    ],
)
def test_the_base_image_is_that_of_the_last_stage(text: str, image: str) -> None:
    assert docker.base_image(text) == image
