"""`checkout`: a real clone over HTTPS, detached, of the run's commit or of another repository.

The job's token travels in a header of git's own requests to Azure DevOps and no further.
Source: https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/steps-checkout
"""

import base64
import shlex

from shipway.agent import checkout_paths
from shipway.agent.task import ProcessOrder, StepResult, StepRun, Task
from shipway.agent.tasks import checkout_script
from shipway.agent.tasks.checkout_script import CheckoutOrder
from shipway.agent.tasks.script import refuse_inputs, result_of
from shipway.azpipelines.plan import CHECKOUT_TASK
from shipway.base.errors import BadInput
from shipway.devops import checkout_sources, run_progress, runs
from shipway.devops.checkout_sources import CheckoutSource

# the server has no store for large files; refused by name, for a script may rely on them
_NOT_DONE = ("lfs",)


def _run(step: StepRun) -> StepResult:
    name = step.input("repository", "self")
    if name.lower() == "none":
        return "succeeded"
    refuse_inputs(step, "checkout", *_NOT_DONE)
    store = step.job.store
    run = runs.get(store, step.job.run.run_id)
    source = checkout_sources.of(store, run, run_progress.plan_of(run) if run.plan else None, name)
    order = _order(step, source)
    for variable, value in checkout_paths.after_checkout(
        order.folder, source.name, is_self=name.lower() == "self",
        several=step.job.has_several_checkouts, is_workspace=step.flag("workspaceRepo"),
        directories=step.job.directories,
    ).items():  # fmt: skip
        step.job.variables.define(variable, value, is_read_only=variable.startswith("System."))
    step.log(f"Syncing repository: {source.name} (Git)")
    token = base64.b64encode(f":{step.job.access_token}".encode()).decode()
    code = step.run_process(
        ProcessOrder(
            command=[
                "/bin/bash", "--noprofile", "--norc", "-c", checkout_script.script_of(order)
            ],
            cwd=step.job.directories.workspace,
            secret_env_vars={"SHIPWAY_GIT_HEADER": f"AUTHORIZATION: basic {token}"},
            env_vars={"GIT_TERMINAL_PROMPT": "0"},
        )
    )  # fmt: skip
    return result_of(step, code, what="Git")


def _order(step: StepRun, source: CheckoutSource) -> CheckoutOrder:
    """What the step's inputs ask of git. Raises `BadInput` naming the input."""
    directories = step.job.directories
    folder = checkout_paths.folder_of(
        step.input("path"), source.name, several=step.job.has_several_checkouts,
        directories=directories,
    )  # fmt: skip
    submodules = step.input("submodules").lower()
    if submodules not in ("", "true", "false", "recursive"):
        raise BadInput(
            f"submodules is '{submodules}', not true, false or recursive", where="submodules"
        )
    cone = _words(step, "sparseCheckoutDirectories")
    return CheckoutOrder(
        folder=folder, url=source.url, commit=source.commit, mirror=source.mirror,
        depth=_depth(step), tags=step.flag("fetchTags"), clean=step.flag("clean"),
        filters=tuple(one for one in step.input("fetchFilter").split("+") if one.strip()),
        cone=cone, patterns=() if cone else _words(step, "sparseCheckoutPatterns"),
        submodules=submodules in ("true", "recursive"),
        nested_submodules=submodules == "recursive",
        credentials=(
            directories.temporary / "git-credentials" if step.flag("persistCredentials") else None
        ),
    )  # fmt: skip


def _depth(step: StepRun) -> int:
    text = step.input("fetchDepth") or "1"
    if not text.isdigit():
        raise BadInput(f"fetchDepth is '{text}', not a number", where="fetchDepth")
    return int(text)


def _words(step: StepRun, name: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(step.input(name)))
    except ValueError as error:
        raise BadInput(f"{name}: {error}", where=name) from None


CHECKOUT = Task(name=CHECKOUT_TASK, version=1, run=_run)
