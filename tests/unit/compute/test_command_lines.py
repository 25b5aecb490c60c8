"""Commands with their values."""

import pytest

from shipway.base.errors import BadInput
from shipway.compute import command_lines

COMMAND = "run ${{inputs.a}} $[[--b ${{ inputs.b }}]] $[[--c ${{inputs.c}}]] > ${{outputs.o}}"


def test_values_stand_where_they_are_named_and_optional_parts_only_with_one() -> None:
    line = command_lines.render(COMMAND, values={"a": "1", "b": "2"}, outputs={"o": "/o"})
    assert line.split() == ["run", "1", "--b", "2", ">", "/o"]


def test_a_name_without_value_is_refused() -> None:
    with pytest.raises(BadInput, match="output 'o'"):
        command_lines.render(COMMAND, values={"a": "1"}, outputs={})


@pytest.mark.parametrize(
    ("line", "shell"),
    [
        ("python train.py --n 3", False),
        ("/opt/tool a.b c=d", False),
        ("echo plain", True),  # a word that the shell may know better
        ("python a.py && python b.py", True),
        ("A=1 python a.py", True),
        ("python a.py *.csv", True),
        ("python a.py '$HOME'", True),
        ("python a.py\npython b.py", True),
        ("", True),
    ],
)
def test_a_shell_is_used_where_one_is_needed(line: str, shell: bool) -> None:
    assert (command_lines.arguments(line)[0] == "/bin/bash") == shell
