"""Variables of a job: macros, secrecy, locks, environment names."""

import pytest

from shipway.agent.variables import JobVariables
from shipway.azpipelines.macros import variable_to_env_name
from shipway.base.errors import Forbidden


@pytest.fixture
def variables() -> JobVariables:
    made = JobVariables()
    made.define("a", "1")
    made.define("Outer", "<$(a)>")
    made.define("pw", "s3cret", is_secret=True)
    made.define("uses", "x$(pw)")
    made.define("loop", "$(Loop)")
    made.define("locked", "stays", is_read_only=True)
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [("$(A)", "1"), ("$(outer)", "<1>"), ("$(nope)", "$(nope)"), ("$(loop)", "$(Loop)"),
     ("$(a$(a))", "$(a1)"), ("$$(a)", "$1")],
)  # fmt: skip
def test_macros_expand(variables: JobVariables, text: str, expected: str) -> None:
    assert variables.expand(text) == expected


def test_secrets_never_reach_the_environment(variables: JobVariables) -> None:
    environment = variables.environment()
    assert "s3cret" not in "".join(environment.values())
    assert environment["OUTER"] == "<1>"
    assert "PW" not in environment
    assert "USES" not in environment


def test_a_locked_variable_stays(variables: JobVariables) -> None:
    with pytest.raises(Forbidden, match="Overwriting readonly variable 'LOCKED'"):
        variables.assign("LOCKED", "other")
    assert variables.get("locked") == "stays"


def test_a_secret_stays_secret_when_it_is_set_again(variables: JobVariables) -> None:
    variables.assign("pw", "new-value")
    assert sorted(variables.secrets()) == ["new-value", "xnew-value"]


def test_conditions_see_values_with_their_macros_expanded(variables: JobVariables) -> None:
    assert variables.values()["Outer"] == "<1>"


def test_texts_that_others_choose_bring_no_commands(variables: JobVariables) -> None:
    variables.define("Build.SourceVersionMessage", "fix ##VSO[task.setvariable variable=x]y")
    assert variables.get("build.sourceversionmessage") == "fix **vso[task.setvariable variable=x]y"


@pytest.mark.parametrize("names", [("A.B", "A_B"), ("A_B", "A.B")])
def test_the_dotted_of_two_names_wins(names: tuple[str, str]) -> None:
    made = JobVariables()
    for name in names:
        made.define(name, name)
    assert made.environment() == {"A_B": "A.B"}


def test_environment_names() -> None:
    assert variable_to_env_name("Build.Source Branch-x") == "BUILD_SOURCE_BRANCH-X"
