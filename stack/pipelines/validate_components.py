"""Checks every component and pipeline file before anything is submitted.

Each file must load with the SDK, every input must be bound and every binding must exist, each
environment must be one of this repository with its version, and nothing may use SDK v1.

    python pipelines/validate_components.py
"""

from __future__ import annotations

import ast
import json
import logging
import re
import sys
from pathlib import Path

import yaml
from azure.ai.ml import load_component, load_environment, load_job
from azure.ai.ml.entities import PipelineJob

import training_pipeline

# Loading any file says that some classes are experimental, whether the file uses them or not.
logging.getLogger("azure.ai.ml._utils._experimental").setLevel(logging.ERROR)

ROOT = Path(__file__).resolve().parent
BINDING = re.compile(r"\$\{\{\s*(?P<path>[^}]+?)\s*\}\}")
ENVIRONMENT = re.compile(r"azureml:(?P<name>[\w.-]+):(?P<version>[\w.-]+)")
#: The packages of SDK v1, which has reached its end.
SDK_V1 = ("azureml.core", "azureml.pipeline", "azureml.train", "azureml.data", "azureml.automl")


def environments(root: Path) -> dict[str, str]:
    """Name -> version of the environments that this repository defines."""
    specs = [
        load_environment(path)
        for path in sorted((root / "environments").glob("*.yml"))
        if not path.name.endswith(".conda.yml")
    ]
    return {spec.name: str(spec.version) for spec in specs}


def component_problems(path: Path, known: dict[str, str]) -> list[str]:
    """What is wrong with one component file."""
    try:
        component = load_component(path)
    except Exception as error:
        return [f"{path.name}: does not load: {error}"]
    spec = yaml.safe_load(path.read_text())
    problems = []
    if component.name != path.stem:
        problems.append(f"{path.name}: is named {component.name}")
    code = (path.parent / spec.get("code", "")).resolve()
    if "code" not in spec or not code.is_dir():
        problems.append(f"{path.name}: has no code folder, so its script would not reach the job")
    match = ENVIRONMENT.fullmatch(str(spec.get("environment")))
    if match is None:
        problems.append(f"{path.name}: environment {spec.get('environment')} names no version")
    elif known.get(match["name"]) != match["version"]:
        problems.append(
            f"{path.name}: environment {match['name']}:{match['version']} is not defined here; "
            f"there is {known}"
        )
    declared = {f"inputs.{name}" for name in spec.get("inputs") or {}}
    declared |= {f"outputs.{name}" for name in spec.get("outputs") or {}}
    used = set(BINDING.findall(spec["command"]))
    problems += [f"{path.name}: the command uses undeclared {name}" for name in used - declared]
    problems += [f"{path.name}: {name} is never used" for name in declared - used]
    if "is_deterministic" not in spec:
        problems.append(f"{path.name}: does not say whether it is deterministic")
    return problems


def pipeline_problems(path: Path) -> list[str]:
    """What is wrong with one pipeline file: loading, missing inputs, bindings to nowhere."""
    try:
        load_job(path)
    except Exception as error:
        return [f"{path.name}: does not load: {error}"]
    spec = yaml.safe_load(path.read_text())
    parts = {
        name: yaml.safe_load((path.parent / node["component"]).read_text())
        for name, node in spec["jobs"].items()
    }
    there = {f"parent.inputs.{name}" for name in spec["inputs"]}
    there |= {f"parent.outputs.{name}" for name in spec.get("outputs") or {}}
    for name, part in parts.items():
        there |= {f"parent.jobs.{name}.outputs.{output}" for output in part.get("outputs") or {}}
    problems = []
    used: set[str] = set()
    for name, node in spec["jobs"].items():
        wanted = parts[name].get("inputs") or {}
        given = node.get("inputs") or {}
        required = {key for key, value in wanted.items() if "default" not in value}
        problems += [f"{path.name}: {name} lacks input {key}" for key in required - set(given)]
        problems += [f"{path.name}: {name} has no input {key}" for key in set(given) - set(wanted)]
        for value in [*given.values(), *(node.get("outputs") or {}).values()]:
            used |= set(BINDING.findall(str(value)))
    problems += [f"{path.name}: {name} does not exist" for name in sorted(used - there)]
    unused = {f"parent.inputs.{name}" for name in spec["inputs"]} - used
    return problems + [f"{path.name}: {name} is never used" for name in sorted(unused)]


def python_problems(root: Path) -> list[str]:
    """Where training_pipeline.py builds another pipeline than training-pipeline.yml describes."""
    described = _plain(load_job(root / "training-pipeline.yml"))
    built = _plain(training_pipeline.build())
    problems = [
        f"training_pipeline.py: {key} is {built.get(key)}, in training-pipeline.yml {value}"
        for key, value in described.items()
        if key != "jobs" and built.get(key) != value
    ]
    for name in sorted(set(described["jobs"]) | set(built["jobs"])):
        nodes = [pipeline["jobs"].get(name, {}) for pipeline in (described, built)]
        problems += [
            f"training_pipeline.py: {name} has other {part} than in training-pipeline.yml"
            for part in ("type", "inputs", "outputs")
            if nodes[0].get(part) != nodes[1].get(part)
        ]
    return problems


def _plain(job: PipelineJob) -> dict:
    return json.loads(json.dumps(job._to_dict(), default=str))


def sdk_problems(root: Path) -> list[str]:
    """Python files that import SDK v1."""
    problems = []
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            problems += [
                f"{path.relative_to(root)}:{node.lineno}: {name} is SDK v1; use azure-ai-ml"
                for name in names
                if name.startswith(SDK_V1)
            ]
    return problems


def validate(root: Path) -> list[str]:
    """Everything that is wrong below a pipelines folder."""
    known = environments(root)
    problems = []
    for path in sorted((root / "components").glob("*.yml")):
        problems += component_problems(path, known)
    for path in sorted(root.glob("*pipeline*.yml")):
        problems += pipeline_problems(path)
    if not problems:  # comparing needs files that load
        problems += python_problems(root)
    return problems + sdk_problems(root.parent)


def main() -> int:
    problems = validate(ROOT)
    for problem in problems:
        print(f"##vso[task.logissue type=error]{problem}")
    components = len(list((ROOT / "components").glob("*.yml")))
    print(f"{components} components: {f'{len(problems)} problems' if problems else 'all good'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
