"""The expanded pipeline as the service prints it."""

from textwrap import dedent

import pytest

from shipway.azpipelines import compiler
from shipway.azpipelines.compiler import CompileContext, FileMissing


class Files:
    """One file, and the templates beside it."""

    def __init__(self, **texts: str) -> None:
        self._texts = {f"{name}.yml": dedent(text) for name, text in texts.items()}

    def read(self, repository_alias: str, path: str) -> str:
        if path not in self._texts:
            raise FileMissing(f"{path}@{repository_alias}")
        return self._texts[path]


def final(text: str, **templates: str) -> str:
    files = Files(entry=text, **templates)
    context = CompileContext(refuse=frozenset())
    result = compiler.compile(files=files, path="entry.yml", context=context)
    assert result.error_text == ""
    return result.final_yaml


def steps(text: str) -> str:
    """The steps alone of a document that has nothing else."""
    head = "stages:\n- stage: __default\n  jobs:\n  - job: Job\n    steps:\n"
    shown = final(text)
    assert shown.startswith(head)
    assert shown.endswith("\n\n")
    return dedent(shown.removeprefix(head)).rstrip("\n")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("- script: echo 1\n  displayName: One\n  workingDirectory: sub\n  env: {A: b}",
         "- task: CmdLine@2\n  displayName: One\n  env:\n    A: b\n  inputs:\n    script: echo 1\n"
         "    workingDirectory: sub"),
        ("- bash: echo 1\n  failOnStderr: true",
         "- task: Bash@3\n  inputs:\n    targetType: inline\n    script: echo 1\n"
         "    failOnStderr: true"),
        ("- pwsh: echo 1",
         "- task: PowerShell@2\n  inputs:\n    targetType: inline\n    script: echo 1\n"
         "    pwsh: true"),
        ("- checkout: self\n  fetchDepth: 2",
         "- task: 6d15af64-176c-496d-b583-fd2ae21d4df4@1\n  inputs:\n    repository: self\n"
         "    fetchDepth: 2"),
        ("- checkout: none",
         "- task: 6d15af64-176c-496d-b583-fd2ae21d4df4@1\n  condition: false\n  inputs:\n"
         "    repository: none"),
        ("- publish: out\n  artifact: drop",
         "- task: ecdc45f6-832d-4ad9-b52b-ee49e94659be@1\n  inputs:\n    path: out\n"
         "    artifactName: drop"),
        ("- task: CopyFiles@2\n  inputs: {Contents: '**'}\n  target: host",
         "- task: CopyFiles@2\n  inputs:\n    Contents: '**'\n  target:\n    container: host"),
    ],
)  # fmt: skip
def test_a_shorthand_is_its_task(given: str, expected: str) -> None:
    assert steps(f"steps:\n{given}\n") == expected


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain", "plain"),
        ("'1.0'", "'1.0'"),
        ('"in two"', "'in two'"),
        ("${{ 0.5 }}", "'0.5'"),
        ("${{ 1000000 }}", "1000000"),
        ("${{ true }}", "True"),
        ("${{ '' }}", "''"),
        ("'${{ ''a: b'' }}'", "'a: b'"),
        ("${{ variables.nothing }}", "''"),
        ("\"${{ '  x ' }}\"", "'  x '"),
    ],
)
def test_a_text_keeps_its_style_and_what_is_made_is_plain_where_it_may_be(
    written: str, shown: str
) -> None:
    shown_steps = steps(f"steps:\n- task: Bash@3\n  env:\n    V: {written}\n")
    assert shown_steps == f"- task: Bash@3\n  env:\n    V: {shown}"


def test_a_block_stays_one_and_a_made_one_is_folded() -> None:
    literal = "steps:\n- script: |\n    one\n\n    two\n"
    assert steps(literal).endswith("    script: |\n      one\n\n      two")
    made = "steps:\n- script: |\n    one\n    ${{ 'two' }}\n"
    assert steps(made).endswith("    script: >\n      one\n\n      two")
    listed = "steps:\n- task: Bash@3\n  env: {J: \"${{ convertToJson(split('a b', ' ')) }}\"}\n"
    assert steps(listed).endswith('    J: >-\n      [\n        "a",\n        "b"\n      ]')


def test_the_long_forms_of_the_rest() -> None:
    shown = final("""\
        trigger: [main]
        pr: none
        pool: Default
        variables: {a: 1}
        jobs:
        - job:
          dependsOn: []
          container: c
          services: {db: c}
          steps: []
        - deployment: D
          dependsOn: other
          environment: dev
          strategy:
            runOnce:
              deploy:
                steps:
                - template: t.yml
        - job: other
          steps: [{script: x}]
        resources:
          containers:
          - {container: c, image: i}
        """, t="steps:\n- download: none\n")  # fmt: skip
    assert shown == dedent("""\
        trigger:
          branches:
            include:
            - main
        pr:
          enabled: false
        pool:
          name: Default
        variables:
        - name: a
          value: 1
        stages:
        - stage: __default
          jobs:
          - job: ''
            dependsOn: []
            container:
              alias: c
            services:
              db:
                alias: c
            steps: []
          - deployment: D
            dependsOn:
            - other
            environment:
              name: dev
            strategy:
              runOnce:
                deploy:
                  steps:
                  - task: 30f35852-3f7e-4c0c-9a88-e127b4f97211@1
                    condition: false
                    inputs:
                      alias: none
          - job: other
            steps:
            - task: CmdLine@2
              inputs:
                script: x
        resources:
          containers:
          - container: c
            image: i

        """)
