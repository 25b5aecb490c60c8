"""Validating pipelines: one that includes 50 templates, and 600 in one process.

    python -m benchmarks pipelines [--rounds 5] [--json FILE]

The first is a whole command, from the first import of ours in a fresh Python to its end, and the
same again in that process; beside it the command as a user waits for it and a bare Python. The
files are made up: 20 jobs with 360 steps, of two legs each, from templates in three layers, with
parameters, loops and conditions. Each answer is checked.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEMPLATES, PIPELINES = 50, 600
AIMS = {"one": 0.150, "many": 30.0, "memory MB": 200.0}
_INSIDE = """
import time
began = time.perf_counter()
import sys
from shipway.cli import main
code = main.main(sys.argv[2:])
whole = time.perf_counter() - began
for _ in range(int(sys.argv[1])):
    began = time.perf_counter()
    main.main(sys.argv[2:])
again = time.perf_counter() - began
sys.stderr.write(f"{whole} {again}")
sys.exit(code)
"""

STEPS = """\
parameters:
- name: tool
  type: string
- name: versions
  type: object
  default: [3.11, 3.12]
- name: publish
  type: boolean
  default: true
steps:
- checkout: self
  fetchDepth: 1
- ${{{{ each version in parameters.versions }}}}:
  - task: UsePythonVersion@0
    displayName: Python ${{{{ version }}}}
    inputs:
      versionSpec: ${{{{ version }}}}
  - script: |
      python -m pip install ${{{{ parameters.tool }}}}=={number}
      python -m ${{{{ parameters.tool }}}} --version
    displayName: Install ${{{{ parameters.tool }}}} for ${{{{ version }}}}
    env:
      TOOL: ${{{{ parameters.tool }}}}
      TOKEN: $(System.AccessToken)
- ${{{{ if and(parameters.publish, ne(variables['Build.Reason'], 'PullRequest')) }}}}:
  - publish: $(Build.ArtifactStagingDirectory)
    artifact: ${{{{ format('{{0}}-{{1}}', parameters.tool, 'drop{number}') }}}}
- ${{{{ else }}}}:
  - bash: echo "not published"
    condition: succeededOrFailed()
"""
JOBS = """\
parameters:
- name: name
  type: string
- name: tools
  type: object
jobs:
- ${{{{ each tool in parameters.tools }}}}:
  - job: ${{{{ parameters.name }}}}_${{{{ tool }}}}
    displayName: ${{{{ upper(parameters.name) }}}} with ${{{{ tool }}}}
    pool:
      vmImage: ubuntu-latest
    timeoutInMinutes: 30
    variables:
    - name: folder
      value: $(Build.SourcesDirectory)/${{{{ tool }}}}
    strategy:
      matrix:
        small: {{ size: 1 }}
        large: {{ size: 2 }}
    steps:
{steps}"""
INSERT = "    - template: ../steps/{number}.yml\n      parameters:\n        tool: ${{{{ tool }}}}\n"
STAGES = """\
stages:
- stage: S{number}
  displayName: Stage {number}
  condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))
  jobs:
  - template: ../jobs/{number}.yml
    parameters:
      name: job{number}
      tools: [pytest, ruff]
"""
HEAD = """\
trigger:
  branches:
    include: [main, releases/*]
variables:
- name: where
  value: $(Pipeline.Workspace)
"""


def main(given: list[str]) -> int:
    """Measure and print; 1 when an aim does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks pipelines", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(given)
    folder = Path(tempfile.mkdtemp(prefix="shipway-bench-"))
    try:
        figures = _measured(folder, arguments.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say = sys.stdout.write
    say(f"{'seconds':44}{'median':>9}{'least':>9}{'aim':>9}\n")
    for name, (label, values) in figures.items():
        aim = f"{AIMS[name]:9.3f}" if name in AIMS else f"{'-':>9}"
        say(f"{label:44}{statistics.median(values):9.3f}{min(values):9.3f}{aim}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps({n: v for n, (_, v) in figures.items()}, indent=1))
    return int(any(statistics.median(figures[n][1]) > aim for n, aim in AIMS.items()))


def write_one(folder: Path, *, layers: int) -> Path:
    """A pipeline of `layers` stages; every stage, job and two lists of steps is a template."""
    for kind in ("stages", "jobs", "steps"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    steps = TEMPLATES - 2 * layers
    for number in range(steps):
        (folder / "steps" / f"{number}.yml").write_text(STEPS.format(number=number))
    for number in range(layers):
        used = range(number, steps, layers)
        inserts = "".join(INSERT.format(number=one) for one in used)
        (folder / "jobs" / f"{number}.yml").write_text(JOBS.format(steps=inserts))
        (folder / "stages" / f"{number}.yml").write_text(STAGES.format(number=number))
    included = "".join(f"- template: stages/{number}.yml\n" for number in range(layers))
    entry = folder / "azure-pipelines.yml"
    entry.write_text(f"{HEAD}stages:\n{included}")
    return entry


def write_many(folder: Path) -> None:
    """As many pipelines as the corpus of real ones has, over the templates of `write_one`."""
    write_one(folder, layers=10)
    (folder / "azure-pipelines.yml").unlink()
    for number in range(PIPELINES):
        one = number % 10
        (folder / f"pipeline-{number}.yml").write_text(
            f"{HEAD}- name: number\n  value: {number}\n"
            f"stages:\n- template: stages/{one}.yml\n- stage: Own\n  jobs:\n"
            f"  - job: own\n    steps:\n    - template: steps/{number % 30}.yml\n"
            "      parameters:\n        tool: pytest\n"
        )


def _measured(folder: Path, rounds: int) -> dict[str, tuple[str, list[float]]]:
    entry = write_one(folder / "one", layers=10)
    write_many(folder / "many")
    one = ["pipelines", "validate", str(entry)]
    many = ["pipelines", "validate", str(folder / "many")]
    found: dict[str, tuple[str, list[float]]] = {
        "bare": ("a bare Python", []),
        "command": (f"shipway pipelines validate, {TEMPLATES} templates", []),
        "one": ("   of it ours, once Python is up", []),
        "again": ("   the same again in that process", []),
        "many": (f"{PIPELINES} pipelines in one process", []),
        "memory MB": ("   peak resident memory, MB", []),
    }
    _inside(one, "1 pipeline, 0 wrong")  # the first writes the compiled files of Python
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", ""], check=True)
        found["bare"][1].append(time.perf_counter() - began)
        began = time.perf_counter()
        command = [str(Path(sys.executable).parent / "shipway"), *one]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found["command"][1].append(time.perf_counter() - began)
        whole, again = _inside(one, "1 pipeline, 0 wrong", more=2)
        found["one"][1].append(whole)
        found["again"][1].append(again)
        found["many"][1].append(_inside(many, f"{PIPELINES} pipelines, 0 wrong")[0])
    # kilobytes of the largest child that has ended: the one with all the pipelines
    found["memory MB"][1].append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    return found


def _inside(words: list[str], said: str, *, more: int = 0) -> tuple[float, float]:
    """Seconds from the first line of ours to the last, and of the last of `more` repetitions.

    Raises when the answer is another.
    """
    done = subprocess.run(
        [sys.executable, "-c", _INSIDE, str(more), *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or said not in done.stdout:
        raise AssertionError(
            f"{words}: {done.returncode}\n{done.stdout[-500:]}{done.stderr[-500:]}"
        )
    whole, again = done.stderr.rpartition("\n")[2].split()
    return float(whole), float(again)
