"""The values of one of the stack's environments, read from its tfvars file."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from shipway.base.errors import BadInput

_LINE = re.compile(r"^\s*(\w+)\s*=\s*(\"([^\"]*)\"|\[[^\]]*\]|[-\d.]+|true|false)\s*(#.*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSettings:
    """One environment of the stack (`dev`, `prod`) with the names that follow from it."""

    values: dict[str, str]
    trigger_paths: tuple[str, ...] = ()

    @property
    def environment(self) -> str:
        return self.values["environment"]

    @property
    def resource_group(self) -> str:
        return f"rg-ml-{self.environment}"

    @property
    def workspace(self) -> str:
        return f"mlw-flights-{self.environment}"

    @property
    def connection(self) -> str:
        """The service connection of the environment."""
        return f"azure-ml-{self.environment}"

    @property
    def environment_name(self) -> str:
        """The AzDO environment that holds the approval."""
        return f"{self.environment}-ml-approval"

    def get(self, name: str) -> str:
        """A value. Raises `BadInput` naming it."""
        if name not in self.values:
            raise BadInput(f"the tfvars file has no '{name}'", where=self.environment)
        return self.values[name]


def of_stack(stack: Path, environment: str) -> StackSettings:
    """The settings of one environment of the stack in `stack`. Raises `BadInput`."""
    found = read(stack / "environments" / f"{environment}.tfvars")
    file = yaml.safe_load((stack / "azure-devops" / "ml-pipeline.yml").read_text())
    paths = file["trigger"].get("paths", {}).get("include", [])
    return replace(found, trigger_paths=tuple(map(str, paths)))


def read(file: Path) -> StackSettings:
    """Read `NAME = VALUE` lines; text, numbers, booleans and lists. Raises `BadInput`."""
    values: dict[str, str] = {}
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.match(line)
        if not found:
            raise BadInput(
                f"line {number} is not NAME = VALUE: {line.strip()}", where=f"{file}:{number}:1"
            )
        values[found[1]] = found[3] if found[3] is not None else found[2]
    return StackSettings(values=values)
