"""Wrong pipelines: each is refused with its exact place, the offending name and a remedy."""

import pytest

from shipway.azpipelines import compiler
from shipway.azpipelines.compiler import CompileContext, FileMissing

CONTEXT = CompileContext(
    known_tasks={"AzureCLI": [1, 2], "Bash": [3]},
    groups={"ml-dev": {}},
    environments=["dev-ml-approval"],
)


class OneFile:
    def __init__(self, text: str) -> None:
        self._text = text

    def read(self, repository_alias: str, path: str) -> str:
        if (repository_alias, path) != ("self", "ci/p.yml"):
            raise FileMissing(f"File /{path} not found in repository {repository_alias}")
        return self._text


WRONG = [
    ("stpes: []\n", "ci/p.yml:1:1", "'stpes'", "Did you mean 'steps'?"),
    (
        "steps:\n- bash: x\n  displayname: y\n",
        "ci/p.yml:3:3",
        "'displayname'",
        "Did you mean 'displayName'?",
    ),
    (
        "steps:\n- displayName: y\n  bash: x\n",
        "ci/p.yml:2:3",
        "'displayName'",
        "'bash' must be the first key of the step.",
    ),
    (
        "steps:\n- task: AzureCLI@3\n",
        "ci/p.yml:2:9",
        "'AzureCLI'",
        "Known versions: AzureCLI@1, AzureCLI@2.",
    ),
    ("steps:\n- task: AzurCLI@2\n", "ci/p.yml:2:9", "'AzurCLI'", "Did you mean 'AzureCLI'?"),
    (
        "stages:\n- stage: build\n- stage: deploy\n  dependsOn: [biuld]\n",
        "ci/p.yml:4:15",
        "biuld",
        "Did you mean 'build'?",
    ),
    (
        "variables:\n- group: ml-dve\nsteps: []\n",
        "ci/p.yml:2:10",
        "ml-dve",
        "Did you mean 'ml-dev'?",
    ),
    (
        "jobs:\n- deployment: d\n  environment: dev-ml-aproval\n"
        "  strategy: {runOnce: {deploy: {steps: []}}}\n",
        "ci/p.yml:3:16",
        "dev-ml-aproval",
        "Did you mean 'dev-ml-approval'?",
    ),
    (
        "parameters:\n- {name: env, default: qa, values: [dev, prod]}\nsteps: []\n",
        "ci/p.yml:2:24",
        "'qa'",
        "Allowed: dev, prod",
    ),
    (
        "schedules:\n- cron: '0 3 * *'\n  always: true\nsteps: []\n",
        "ci/p.yml:2:9",
        "'0 3 * *'",
        "Five fields in UTC: minute hour day month weekday, as in '0 3 * * Mon-Fri'.",
    ),
    (
        "x: &base {a: b}\nsteps: []\n",
        "ci/p.yml:1:4",
        "'base'",
        "Use a template with parameters instead.",
    ),
    (
        "jobs:\n- job: a\n  timeoutInMinutes: soon\n",
        "ci/p.yml:3:21",
        "'soon'",
        "'timeoutInMinutes' is a whole number of zero or more.",
    ),
    (
        "steps:\n- checkout: tols\n",
        "ci/p.yml:2:13",
        "'tols'",
        "Declare it under resources: repositories.",
    ),
    (
        "jobs:\n- template: t.yml@tools\n",
        "ci/p.yml:2:13",
        "tools",
        "Declare it under resources: repositories.",
    ),
]


@pytest.mark.parametrize(("text", "place", "name", "hint"), WRONG)
def test_wrong_text_is_refused(text: str, place: str, name: str, hint: str) -> None:
    result = compiler.compile(files=OneFile(text), path="ci/p.yml", context=CONTEXT)
    first = next(one for one in result.diagnostics if one.severity == "error")
    assert f"{first.file}:{first.line}:{first.column}" == place
    assert name in first.message
    assert first.hint == hint
    assert result.plan is None
