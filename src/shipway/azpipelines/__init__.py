"""Floor 2: the Azure Pipelines language as a pure library: text in, plan out.

No clock, disk, store or network; stands on PyYAML alone. What the rest of shipway calls:

Compile (a run is queued, a file is validated)
    `compiler.compile(*, files, path, context) -> CompileResult`
        Never raises for errors of the text. `CompileResult(plan, diagnostics)`; `plan` is None
        when any diagnostic is an error; `error_text` is what the service prints.
    `expand.includes.FileProvider` (Protocol): `read(repository_alias, path) -> str | bytes`,
        raising `FileMissing` or `RepositoryMissing`; the entry repository is `self`.
    `context.CompileContext`: parameters, variables known at queue time, groups with
        `secret_names`, known tasks and environments, features to refuse.
    `diagnostics.Diagnostic`: code, severity, message, file, line, column, hint.

The plan (stored with the run: `RunPlan.to_json()`, `RunPlan.from_json(body)`)
    `plan.RunPlan` > `StagePlan` > `JobPlan` > `StepPlan`, deployment jobs with `HookPlan`s
        (order: `plan.HOOK_ORDER`, then success or failure) and an `EnvironmentTarget`,
        matrix and parallel as `FanOut` with `LegPlan`s. Shorthands are already tasks; the job's
        checkout and the deploy hook's download stand in the plan as `implicit` steps.

Start (which definitions does this push start)
    `triggers.triggers_of(text) -> (PipelineTriggers, diagnostics)`, from the entry file alone;
    `triggers.matches_push(trigger, *, branch, changed_paths) -> bool`, `triggers.why_not`;
    `triggers.override(filters)` and `triggers.with_branches(trigger, filters)` for a definition's
    own branch filter (`+refs/heads/main`, `-x`); `Schedule.cron` is in UTC;
    `run_names.run_name(name_format, *, started, revision, variables)` numbers the run.

While it runs
    `conditions.evaluate(condition, *, variables, dependencies, stage_dependencies, status)
        -> ConditionResult(value, error)`; `Dependency(result, outputs)`, `Status(scope, ...)`.
    `runtime.variables_of(plans, groups)`, `runtime.overlaid(*layers)`: sets of variables;
    `runtime.evaluate(text, ...)`: `$[ ]` of a variable; `runtime.resolve_job`, `resolve_step`:
        late values; `runtime.matrix_legs(json)`; all raise `RuntimeValueError`.
    `macros.expand(text, variables)`: `$(x)` once; `macros.expand_all(variables)`: a set among
        itself; `macros.variable_to_env_name(name)`.
    `results.merge`, `merge_step`, `worst`, `with_continue_on_error`.

The way of the data: `source` (YAML to tokens) > `expand/` (templates, directives, expressions
`expr/`) > `convert/` (legal keys, shorthands, plan) > `graph` (dependencies).
"""
