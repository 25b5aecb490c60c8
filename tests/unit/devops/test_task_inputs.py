"""What the facts of tasks say: which inputs are seen, which are missing, which are not there."""

import pytest

from shipway.devops import task_definitions, task_inputs, task_visibility
from shipway.devops.task_definition import TaskDefinition


@pytest.mark.parametrize(
    ("rule", "values", "seen"),
    [
        ("a = x", {"a": "X"}, True),
        ("a == x", {"a": "y"}, False),
        ("a != x && b = y", {"a": "", "b": "y"}, True),
        ("a = x || b = y", {"b": "y"}, True),
        ("a = x || b = y && c = z", {"b": "y", "c": "q"}, False),
        ("a in x,y", {"a": "y"}, True),
        ("a notIn x,y", {"a": "y"}, False),
        ("a contains mid", {"a": "amidst"}, True),
        ("a startsWith am", {"a": "amidst"}, True),
        ("a NotEndsWith st", {"a": "amidst"}, False),
        ("a = x", {"a": "$(later)"}, None),
        ("a = x || b = y", {"a": "$(later)", "b": "y"}, True),
        ("a = x && b = y", {"a": "$(later)", "b": "n"}, False),
        ("a = ", {}, True),
    ],
)
def test_a_rule_tells_whether_an_input_is_seen(
    rule: str, values: dict[str, str], seen: bool | None
) -> None:
    assert task_visibility.is_visible(rule, values) is seen


def test_a_rule_that_cannot_be_read_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        task_visibility.is_visible("a ~ b", {})


def definition(reference: str) -> TaskDefinition:
    name, version = reference.split("@")
    found = task_definitions.find(name, int(version))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("reference", "given", "missing"),
    [
        ("Bash@3", {}, ["filePath"]),
        ("Bash@3", {"TARGETTYPE": "inline"}, []),
        ("Bash@3", {"targetType": "inline", "script": ""}, ["script"]),
        ("Bash@3", {"targetType": "$(kind)"}, []),
        ("AzureCLI@2", {"connectedServiceNameARM": "c"}, ["scriptType", "scriptPath"]),
        ("AzureCLI@1", {"azureSubscription": "c", "scriptLocation": "inlineScript"},
         ["inlineScript"]),
        ("TerraformTaskV4@4", {"command": "plan"}, ["environmentServiceNameAzureRM"]),
        ("TerraformTaskV4@4", {"command": "validate"}, []),
        ("TerraformCLI@0", {"command": "import", "resourceId": "x"}, ["resourceAddress"]),
        ("DownloadPipelineArtifact@2", {"buildType": "specific"}, ["project", "pipeline"]),
        ("Npm@1", {"command": "publish"}, ["publishEndpoint"]),
        ("AzureKeyVault@2", {}, ["ConnectedServiceName", "KeyVaultName"]),
        ("CmdLine@2", {"script": "  "}, ["script"]),
        ("Docker@2", {}, []),
    ],
)  # fmt: skip
def test_what_is_required_and_seen_must_be_there(
    reference: str, given: dict[str, str], missing: list[str]
) -> None:
    assert task_inputs.missing(definition(reference), given) == missing


def test_names_and_values_that_a_task_does_not_have_are_told() -> None:
    given = {"scriptTyp": "bash", "scriptLocation": "here", "scriptType": "$(kind)"}
    given |= {"azureSubscription": "c"}
    found = task_inputs.problems_of(definition("AzureCLI@2"), given)
    assert [(one.code, one.message, one.hint) for one in found] == [
        ("task-input-unknown", "The task AzureCLI@2 has no input 'scriptTyp'.",
         "Did you mean 'scriptType'?"),
        ("task-input-value", "'here' is not a value of the input 'scriptLocation' of AzureCLI@2.",
         "It takes inlineScript, scriptPath."),
    ]  # fmt: skip


def test_the_facts_of_every_task_agree_with_each_other() -> None:
    for one in task_definitions.DEFINITIONS:
        title, inputs = f"{one.name}@{one.version}", set(one.inputs)
        known = (*one.required, *one.visible, *one.options, *one.connections)
        assert inputs.issuperset((*known, *one.aliases.values())), title
        folded = [name.lower() for name in (*one.inputs, *one.aliases)]
        assert len(folded) == len(set(folded)), title
        values = {name.lower(): value for name, value in one.inputs.items()}
        for name, rule in one.visible.items():
            assert task_visibility.is_visible(rule, values) is not None, (title, name)
        for name, options in one.options.items():
            assert one.inputs[name] in ("", *options), (title, name)
