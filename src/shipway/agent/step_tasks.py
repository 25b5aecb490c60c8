"""What runs for each step of a job: the stub that the repository gives the task, or the task."""

from dataclasses import dataclass
from functools import cached_property

from shipway.agent import all_tasks
from shipway.agent.task import Task
from shipway.agent.tasks import stub
from shipway.azpipelines.plan import StepPlan
from shipway.devops import run_stubs, task_definitions
from shipway.devops.runs import Run
from shipway.devops.task_definition import TaskDefinition
from shipway.devops.task_stubs import TaskStub, TaskStubs
from shipway.store.store import Store


@dataclass(frozen=True, kw_only=True)
class StepTasks:
    """The tasks of one run; its stubs are read once, when the first `task:` is looked up."""

    store: Store
    run: Run

    @cached_property
    def _stubs(self) -> TaskStubs:
        return run_stubs.of_run(self.store, self.run)

    def definition_of(self, step: StepPlan) -> TaskDefinition | None:
        """The inputs of the step's task; those of a stub are what the step gives it."""
        major = _major(step)
        known = task_definitions.find(step.task.name, major)
        if known is None and self._stub(step) is not None:
            return TaskDefinition(
                name=step.task.name, version=major, inputs=dict.fromkeys(step.inputs, "")
            )
        return known if known is None or self.find(step) is not None else None

    def find(self, step: StepPlan) -> Task | None:
        """What runs for the step, or None."""
        found = self._stub(step)
        if found is not None:
            return stub.task_of(found, step.inputs)
        return all_tasks.find(step.task.name, step.task.version)

    def _stub(self, step: StepPlan) -> TaskStub | None:
        # checkout, scripts and their like are no tasks that one could name in a file
        if step.shorthand != "task":
            return None
        return self._stubs.find(step.task.name, _major(step))


def _major(step: StepPlan) -> int:
    major = step.task.version.split(".", 1)[0]
    return int(major) if major.isdigit() else -1
