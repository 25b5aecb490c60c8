"""The stubs of a shipway.yml: what they say, and what is wrong with them."""

import pytest

from shipway.devops import known_tasks, task_stubs

GOOD = """\
# tasks that only our organization has
tasks:
  ContosoScan@2: succeed
  "Contoso Release@1.4": fail
  ContosoTell@0:
    script: |
      echo one
      echo two
    shell: python
"""


def test_each_form_of_a_stub_is_read() -> None:
    read = task_stubs.parse(GOOD)
    assert read.are_right
    assert [(str(s), s.kind, s.shell, s.line) for s in read.stubs] == [
        ("ContosoScan@2", "succeed", "bash", 3),
        ("Contoso Release@1", "fail", "bash", 4),
        ("ContosoTell@0", "script", "python", 5),
    ]
    assert read.stubs[2].script == "echo one\necho two\n"


@pytest.mark.parametrize("name", ["contososcan", "ContosoScan", "contoso.tools.scan.ContosoScan"])
def test_a_stub_is_found_in_any_letter_case_and_behind_a_prefix(name: str) -> None:
    read = task_stubs.parse(GOOD)
    found = read.find(name, 2)
    assert found is not None
    assert found.name == "ContosoScan"
    assert read.find(name, 3) is None


@pytest.mark.parametrize("text", ["", "# nothing\n", "tasks:\n", "tasks: {}\n"])
def test_a_file_without_stubs_is_right(text: str) -> None:
    assert task_stubs.parse(text) == task_stubs.NO_STUBS


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("tasks:\n  A@1: skip\n", (2, 8), "'skip' is no stub of the task 'A@1'"),
        ("tasks:\n  A: fail\n", (2, 3), "'A' is not the name of a task with its version"),
        ("tasks:\n  A@1: {shell: bash}\n", (2, 8), "Expected a value for 'script'"),
        ("tasks:\n  A@1: {script: x, shell: zsh}\n", (2, 27), "'zsh' is no shell of a stub"),
        ("tasks:\n  A@1: {scrpt: x}\n", (2, 9), "Unexpected value 'scrpt'"),
        ("tasks:\n  A@1: [x]\n", (2, 8), "A sequence was not expected"),
        ("tasks:\n  A@1: fail\n  a@1: fail\n", (3, 3), "'a@1' is already defined"),
        ("stubs:\n  A@1: fail\n", (1, 1), "Unexpected value 'stubs'"),
        ("tasks: &all\n  A@1: fail\n", (1, 8), "Anchors are not currently supported"),
    ],
)
def test_what_is_wrong_has_a_place(text: str, place: tuple[int, int], words: str) -> None:
    read = task_stubs.parse(text)
    assert not read.are_right
    assert any(words in p.message and (p.line, p.column) == place for p in read.problems)
    assert {p.file for p in read.problems} == {"shipway.yml"}


def test_a_hostile_file_is_refused_at_once() -> None:
    assert not task_stubs.parse("tasks: " + "[" * 5000).are_right
    assert not task_stubs.parse(b"\xff\xfe\x00").are_right


def test_stubs_are_among_the_tasks_that_are_known() -> None:
    stubs = task_stubs.parse("tasks:\n  ContosoScan@2: fail\n  azurecli@9: fail\n")
    here, azure = known_tasks.of_runs(stubs), known_tasks.of_service(stubs)
    assert "ContosoScan" not in known_tasks.of_runs()
    for known in (here, azure):
        assert tuple(known["ContosoScan"]) == (2,)
        assert {1, 2, 9} <= set(known["AzureCLI"])
    assert "DotNetCoreCLI" in azure
    assert "DotNetCoreCLI" not in here


def test_tasks_know_where_they_run() -> None:
    targets = known_tasks.targets()
    assert (targets["delay@1"].server, targets["delay@1"].agent) == (True, False)
    assert (targets["cmdline@2"].server, targets["cmdline@2"].agent) == (False, True)
    assert "contososcan@2" not in targets
