"""Runs one job: its steps in order, their conditions, results, retries, time-outs.

Never raises for what a step does. Steps that ended before this agent took the job are replayed
(their commands take effect again, nothing runs), the one that runs is adopted.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from shipway.agent import (
    checkout_paths,
    container_steps,
    demands,
    machine_folders,
    python_venvs,
    step_attempts,
)
from shipway.agent.job_context import JobContext, JobStop
from shipway.agent.job_environment import (
    LOOKUP,
    base_environment,
    define_predefined,
    define_step,
)
from shipway.agent.masking import Masker
from shipway.agent.step_runner import StepRunner
from shipway.agent.step_tasks import StepTasks
from shipway.agent.tasks import post_job
from shipway.agent.variables import JobVariables
from shipway.azpipelines import conditions, results, runtime
from shipway.azpipelines.conditions import ConditionResult, Status
from shipway.azpipelines.plan import CHECKOUT_TASK, StepPlan
from shipway.azpipelines.results import Result
from shipway.azpipelines.runtime import RuntimeValueError
from shipway.azure.entra import personal_access_tokens
from shipway.base import clock, ids, process
from shipway.base.errors import ShipwayError
from shipway.devops import agent_pools, logs, run_engine, runs
from shipway.devops.job_work import JobWork
from shipway.devops.runs import Issue, Record
from shipway.store.store import Store

_LOG = logging.getLogger(__name__)


class JobRunner:
    """One job, in one thread. `stop()` may be called from another one."""

    def __init__(self, store: Store, work: JobWork, *, worker: str) -> None:
        self._store = store
        self._work = work
        self._worker = worker
        self._result: Result = "Succeeded"
        self._order = 0
        self._is_before_job = False
        self._tasks = StepTasks(store=store, run=work.run)
        self._stop = JobStop(grace_seconds=work.job.cancel_timeout_in_minutes * 60.0)
        self.job = self._context()

    def stop(self) -> None:
        """Somebody asked to cancel the job."""
        self._stop.set()

    def run(self) -> Result:
        """All steps; the job's result."""
        problem = self._work.error or self._unmet()
        if problem:
            self.job.issues.append(("error", problem))
            self._tidy()
            return "Failed"
        limit = self._limit()
        try:
            with machine_folders.held(self.job.directories, self._stop) as is_mine:
                if is_mine:
                    machine_folders.prepare(self.job.directories, self._clean())
                if container_steps.begin(self.job, self._work):
                    self._steps(self._work.job.steps)
                else:
                    self._result = "Failed"
                container_steps.end(self.job, self._work)
        finally:
            if limit is not None:
                limit.cancel()
        self._tidy()
        return "Canceled" if self._stop.is_set() else self._result

    def _unmet(self) -> str:
        """Which demand of the job's pool this agent does not meet."""
        pool = self._work.job.pool
        if pool.is_server or not pool.demands:
            return ""
        name = pool.name or agent_pools.POOLS[agent_pools.HOSTED].name
        return demands.unmet(self.job, pool.demands, pool=name)

    def _limit(self) -> threading.Timer | None:
        """What ends the job when its time is up, counted from when an agent first took it."""
        minutes = self._work.job.timeout_in_minutes
        if not minutes:
            return None
        timer = threading.Timer(self._left(self._work.record.started_at, minutes), self._expire)
        timer.daemon = True
        timer.start()
        return timer

    def _expire(self) -> None:
        """As on Azure, a job whose time is up is canceled: what is `always()` still runs."""
        minutes = self._work.job.timeout_in_minutes
        self.job.issues.append(
            ("error", f"The job running on agent {self._worker} ran longer than the maximum time "
             f"of {minutes} minutes. For more information, see "
             "https://go.microsoft.com/fwlink/?linkid=2077134")
        )  # fmt: skip
        self._stop.set()

    def _clean(self) -> str:
        return self.job.variables.expand(self._work.job.workspace_clean or "")

    def _left(self, since: datetime | None, minutes: int) -> float:
        """What is left of a time limit that began to run at `since`, also over restarts."""
        now = self._store.clock.now()
        return max(0.0, minutes * 60 - (now - (since or now)).total_seconds())

    def _tidy(self) -> None:
        """End what steps have left running and take the folders of the job away.

        The next one begins on a fresh machine.
        """
        marker = self.job.base_environment.get(LOOKUP)
        if marker:
            for left in process.kill_marked(f"{LOOKUP}={marker}"):
                _LOG.info("job %s: terminate orphan process: %s", self._work.record.name, left)
        python_venvs.retire(self.job.directories.tools)
        self.job.directories.remove()

    def outputs(self) -> Mapping[str, tuple[str, bool]]:
        """`step.name` -> value and whether it is secret."""
        return self.job.outputs

    def _context(self) -> JobContext:
        work, store = self._work, self._store
        directories = machine_folders.directories_of(store.home, work)
        token = personal_access_tokens.issue_job_token(store, run_id=work.run.run_id)
        variables = JobVariables()
        for item in work.variables:
            variables.define(
                item.name, item.value, is_secret=item.is_secret, is_read_only=item.is_read_only
            )
        define_predefined(variables, work, directories, worker=self._worker)
        variables.define("System.AccessToken", token, is_secret=True, is_read_only=True)
        base: dict[str, str] = {}
        if not work.job.pool.is_server:
            directories.create()
            base = base_environment(store.home, directories)
            base[LOOKUP] = f"vsts_{work.record.record_id}"
        return JobContext(
            store=store,
            run=work.run,
            stage_name=work.stage.name,
            job_name=work.job.name,
            job_record_id=work.record.record_id,
            directories=directories,
            variables=variables,
            masker=Masker(variables.secrets()),
            access_token=token,
            sealing_key=store.home.secrets_key.read_bytes(),
            base_environment=base,
            stop=self._stop,
            has_several_checkouts=len(checkout_paths.checkouts_of(work.job.steps)) > 1,
        )

    def _steps(self, steps: Sequence[StepPlan]) -> None:
        default = self.job.directories.tools / "default"
        if not self._work.job.pool.is_server and not default.exists():
            # a hosted machine has a Python of its own that a job may fill; so has this one
            made, said = python_venvs.create(
                default, version="3", env_vars=dict(self.job.base_environment)
            )
            if not made:
                self.job.issues.append(("warning", f"The job has no Python of its own: {said}"))
        self.job.issues.extend(("warning", text) for text in self.job.variables.warnings())
        self._before_job(steps)
        for step in steps:
            self._order += 1
            status = "Canceled" if self._stop.is_set() else self._result
            self.job.variables.define("Agent.JobStatus", status, is_read_only=True)
            self._step(step)
        if self._result == "Succeeded" and not self._stop.is_set():
            self._result = post_job.run(self.job, self._work.record)

    def _before_job(self, steps: Sequence[StepPlan]) -> None:
        """What tasks do before the first step; as on Azure the timeline shows it as `Pre-job: `."""
        early = [
            step
            for step in steps
            if step.enabled and (task := self._tasks.find(step)) and task.before_job
        ]
        self._order, self._is_before_job = -len(early), True
        for step in early:
            self._order += 1
            self._step(
                replace(
                    step, display_name=f"Pre-job: {step.display_name}",
                    ref_name=f"PreJob_{step.ref_name}",
                )
            )  # fmt: skip
        self._order, self._is_before_job = 0, False

    def _step(self, step: StepPlan) -> None:
        record = self._record(step)
        define_step(self.job.variables, step, record)
        if record.state == "completed":
            self._replay(step, record)
            result = run_engine.language_word(record.result)
            self._result = results.merge_step(self._result, result)
            return
        # a step that an earlier agent has begun is adopted, whatever its condition says by now
        verdict: Result = "Succeeded"
        reason = ""
        if record.state != "inProgress":
            verdict, reason = self._verdict(step)
        if verdict != "Succeeded":
            self._finish(record, verdict, reason=reason)
            self._result = results.merge_step(self._result, verdict)
            return
        self._result = results.merge_step(self._result, self._run(step, record))

    def _verdict(self, step: StepPlan) -> tuple[Result, str]:
        """Whether the step runs: Succeeded means yes."""
        try:
            is_enabled = runtime.resolve_step(step, self.job.variables.values()).enabled
        except RuntimeValueError as error:
            return "Failed", str(error)
        if not is_enabled:
            return "Skipped", "the step is disabled"
        verdict = self._condition(step, is_canceled=self._stop.is_set())
        if verdict.error:
            return "Failed", verdict.error
        if not verdict.value:
            return "Skipped", f"its condition is false: {step.condition or conditions.DEFAULT}"
        return "Succeeded", ""

    def _condition(self, step: StepPlan, *, is_canceled: bool) -> ConditionResult:
        return conditions.evaluate(
            step.condition,
            variables=self.job.variables.values(),
            dependencies=self._work.dependencies,
            status=Status(scope="step", job_status=self._result, is_canceled=is_canceled),
        )

    def _run(self, step: StepPlan, record: Record) -> Result:
        log = logs.create(self._store, run_id=record.run_id, record_id=record.record_id)
        record = runs.change_record(
            self._store,
            record.run_id,
            record.record_id,
            state="inProgress",
            started_at=record.started_at or self._store.clock.now(),
            log_id=log.log_id,
        )
        with logs.writer(self._store, log) as writer:
            runner, problem = self._runner(step, record, writer)
            if runner is None:
                writer.write(f"##[error]{problem}")
                self._finish(record, "Failed", reason=problem)
                return "Failed"
            writer.write(f"##[section]Starting: {runner.name}")
            for name in runner.unknown_inputs():
                runner.log(f"##[warning]The task {step.task} has no input '{name}'.")
            result = step_attempts.run(runner, partial(self._once, step, runner))
            writer.write(f"##[section]Finishing: {runner.name}")
        go_on = runner.plan.continue_on_error
        result = results.with_continue_on_error(result, continue_on_error=go_on)
        self._finish(record, result, runner=runner)
        return result

    def _runner(
        self, step: StepPlan, record: Record, log: logs.LogWriter | None
    ) -> tuple[StepRunner | None, str]:
        definition = self._tasks.definition_of(step)
        if definition is None:
            return None, f"the task {step.task} is not available on this agent"
        try:
            plan = runtime.resolve_step(step, self.job.variables.values())
        except RuntimeValueError as error:
            return None, str(error)
        limit = plan.timeout_in_minutes
        left = self._left(record.started_at, limit) if limit else None
        control = self.job.directories.control / f"{self._order:03d}"
        return (
            StepRunner(
                job=self.job,
                plan=plan,
                definition=definition,
                record_id=record.record_id,
                control=control,
                log=log,
                deadline=None if left is None else clock.monotonic() + left,
                # the agent looks at a step's condition again when the job is canceled
                outlives_cancel=self._condition(step, is_canceled=True).value,
            ),
            "",
        )

    def _once(self, step: StepPlan, runner: StepRunner) -> Result:
        task = self._tasks.find(step)
        if task is None:
            return "Failed"
        run = task.before_job if self._is_before_job and task.before_job else task.run
        try:
            said = run_engine.language_word(run(runner))
        except ShipwayError as error:
            runner.error(str(error))
            said = "Failed"
        if runner.is_out_of_time:
            runner.issue(Issue(kind="error", message="The task has timed out."))
            return "Failed"
        if runner.is_canceled:
            runner.issue(Issue(kind="error", message="The operation was canceled."))
            return "Canceled"
        return results.merge(said, runner.result)

    def _replay(self, step: StepPlan, record: Record) -> None:
        runner, _ = self._runner(step, record, None)
        if runner is None or record.result == "skipped":
            return
        runner.replay()
        # their effect is on the job, not in their output
        task = self._tasks.find(step)
        acts = task is not None and task.acts_on_job
        if acts or step.task.name.lower() in ("usepythonversion", "cache", CHECKOUT_TASK):
            self._once(step, runner)

    def _record(self, step: StepPlan) -> Record:
        work = self._work
        record_id = ids.guid_from("step", work.record.record_id, "", str(self._order))
        found = runs.find_record(self._store, work.run.run_id, record_id)
        if found is not None:
            return found
        return runs.set_record(
            self._store,
            Record(
                record_id=record_id,
                run_id=work.run.run_id,
                parent_id=work.record.record_id,
                kind="Task",
                name=self._shown(step) or str(step.task),
                ref_name=step.ref_name,
                identifier=f"{work.record.identifier}.{step.ref_name}",
                order=self._order,
                task_name="Checkout" if step.task.name == CHECKOUT_TASK else step.task.name,
                task_version=step.task.version,
            ),
        )

    def _shown(self, step: StepPlan) -> str:
        """A step's name is in logs and in the timeline: no secret may be in it."""
        return self.job.masker.mask(self.job.variables.expand(step.display_name))

    def _finish(
        self,
        record: Record,
        result: Result,
        *,
        reason: str = "",
        runner: StepRunner | None = None,
    ) -> None:
        kept = list(runner.issues) if runner else []
        if reason and result == "Failed":
            kept.append(Issue(kind="error", message=reason))
        now = self._store.clock.now()
        after = replace(
            runs.get_record(self._store, record.run_id, record.record_id),
            state="completed",
            result=run_engine.timeline_word(result),
            started_at=record.started_at or now,
            finished_at=now,
            issues=tuple(kept),
            error_count=runner.error_count if runner else len(kept),
            warning_count=runner.warning_count if runner else 0,
            data={"reason": reason} if reason else {},
        )
        runs.set_record(self._store, replace(after, name=runner.name) if runner else after)
