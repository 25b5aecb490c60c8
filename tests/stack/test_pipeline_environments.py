"""Which environment a run of the stack's pipelines belongs to, as it is known when compiled."""

from __future__ import annotations

import re

import pytest

from shipway.azpipelines import compiler, conditions, plan_json
from shipway.azpipelines.compiler import CompileContext, CompileResult, FileMissing
from tests.stack.conftest import STACK


class Files:
    """The stack as the repository `self`."""

    def read(self, repository_alias: str, path: str) -> str:
        file = STACK / path.lstrip("/")
        if repository_alias != "self" or not file.is_file():
            raise FileMissing(path)
        return file.read_text()


def compiled(kind: str, environment: str, **variables: str) -> CompileResult:
    known = {
        "Build.DefinitionName": f"{environment}-{kind}-pipeline",
        "Build.Reason": "IndividualCI",
        "Build.SourceBranch": "refs/heads/main" if environment == "prod" else "refs/heads/develop",
        **{name.replace("_", "."): value for name, value in variables.items()},
    }
    groups: dict[str, dict[str, str]] = {f"ml-{environment}": {}}
    context = CompileContext(
        variables=known, groups=groups, environments=frozenset({f"{environment}-ml-approval"})
    )
    return compiler.compile(
        files=Files(), path=f"azure-devops/{kind}-pipeline.yml", context=context
    )


def names(result: CompileResult) -> set[str]:
    """Connections, variable groups and AzDO environments that the plan names."""
    assert result.plan is not None, result.error_text
    text = plan_json.to_json(result.plan)
    return set(re.findall(r'"(azure-ml-\w+|ml-\w+|\w+-ml-approval)"', str(text).replace("'", '"')))


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("kind", ["ml", "release"])
def test_a_definition_uses_what_its_environment_has(kind: str, environment: str) -> None:
    expected = {f"azure-ml-{environment}", f"ml-{environment}", f"{environment}-ml-approval"}
    assert names(compiled(kind, environment)) == expected


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_pull_request_is_validated_with_what_the_definition_may_use(environment: str) -> None:
    result = compiled(
        "ml", environment, Build_Reason="PullRequest", Build_SourceBranch="refs/pull/7/merge"
    )
    assert f"ml-{environment}" in names(result)


def test_a_branch_does_not_choose_the_environment() -> None:
    assert "azure-ml-dev" in names(compiled("ml", "dev", Build_SourceBranch="refs/heads/main"))


@pytest.mark.parametrize(
    ("environment", "branch", "reason", "looks"),
    [
        ("dev", "develop", "Schedule", True),
        ("prod", "main", "Schedule", True),
        ("dev", "main", "Schedule", False),
        ("prod", "develop", "Schedule", False),
        ("dev", "feature", "Manual", True),
    ],
)
def test_an_hour_of_the_other_branch_looks_for_nothing(
    environment: str, branch: str, reason: str, looks: bool
) -> None:
    known = {"Build_Reason": reason, "Build_SourceBranch": f"refs/heads/{branch}"}
    result = compiled("release", environment, **known)
    assert result.plan is not None, result.error_text
    variables = {name.replace("_", "."): value for name, value in known.items()}
    stage = result.plan.stage("Find")
    assert stage is not None
    assert stage.condition
    found = conditions.evaluate(
        stage.condition, status=conditions.Status(scope="stage"), variables=variables
    )
    assert found == conditions.ConditionResult(value=looks)
