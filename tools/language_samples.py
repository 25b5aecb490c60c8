"""The keys of the Azure Pipelines language with a sample of each, for the page of the language.

Source: https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/ and the schema that the
service gives out. A sample says nothing of its own support: the compiler is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where keys may stand. `document` has `KEY` in their place, indented as it stands.

    `page` is the last part of the address of Azure's reference. `notes` say what a key does here
    beyond, or short of, what it does on Azure.
    """

    title: str
    page: str
    document: str
    keys: Mapping[str, str]
    notes: Mapping[str, str] = field(default_factory=dict)


_STEPS = "steps:\n- script: x\n"
_JOB = "jobs:\n- job: A\n  KEY\n  steps:\n  - script: x\n"
_RUN_ONCE = "{runOnce: {deploy: {steps: [{script: x}]}}}"
_FILTERS = "{include: [main], exclude: [old/*]}"
_NO_EFFECT = "kept, without effect"

PLACES: tuple[Place, ...] = (
    Place(
        title="The root",
        page="pipeline",
        document=f"KEY\n{_STEPS}",
        keys={
            "name": "name: $(Date:yyyyMMdd).$(Rev:r)",
            "appendCommitMessageToRunName": "appendCommitMessageToRunName: false",
            "trigger": "trigger: [main]",
            "pr": "pr: [main]",
            "schedules": "schedules: [{cron: 0 3 * * *, branches: {include: [main]}}]",
            "parameters": "parameters: [{name: p, default: x}]",
            "resources": "resources: {pipelines: [{pipeline: up}]}",
            "variables": "variables: {a: b}",
            "lockBehavior": "lockBehavior: sequential",
            "pool": "pool: {vmImage: ubuntu-latest}",
            "strategy": "strategy: {parallel: 2}",
            "continueOnError": "continueOnError: true",
            "container": "container: python:3.11",
            "services": "services: {db: postgres}",
            "workspace": "workspace: {clean: all}",
            "queue": "queue: mine",
            "server": "server: true",
        },
        notes={
            "pr": "for GitHub and Bitbucket, whose pull requests start nothing here; those of "
            "Azure Repos start by a branch policy",
            "queue": "the old name of `pool`",
            "server": "the old name of `pool: server`",
        },
    ),
    Place(
        title="What a pipeline is made of",
        page="pipeline",
        document="KEY\n",
        keys={
            "stages": "stages: [{stage: A, jobs: [{job: B, steps: [{script: x}]}]}]",
            "jobs": "jobs: [{job: A, steps: [{script: x}]}]",
            "phases": "phases: [{phase: A, steps: [{script: x}]}]",
            "steps": "steps: [{script: x}]",
            "extends": "extends: {template: t.yml, parameters: {p: a}}",
        },
        notes={"phases": "the old name of `jobs`"},
    ),
    Place(
        title="A stage",
        page="stages-stage",
        document="stages:\n- stage: A\n  KEY\n  jobs:\n  - job: B\n    steps:\n    - script: x\n",
        keys={
            "group": "group: g",
            "displayName": "displayName: One",
            "pool": "pool: Default",
            "dependsOn": "dependsOn: []",
            "condition": "condition: succeeded()",
            "variables": "variables: {a: b}",
            "lockBehavior": "lockBehavior: runLatest",
            "trigger": "trigger: manual",
            "isSkippable": "isSkippable: false",
            "templateContext": "templateContext: {a: b}",
            "checks": "checks: [{type: productionReadinessPolicy}]",
        },
        notes={"group": _NO_EFFECT, "templateContext": "for templates to read"},
    ),
    Place(
        title="A job",
        page="jobs-job",
        document=_JOB,
        keys={
            "displayName": "displayName: One",
            "dependsOn": "dependsOn: []",
            "condition": "condition: always()",
            "continueOnError": "continueOnError: true",
            "timeoutInMinutes": "timeoutInMinutes: 5",
            "cancelTimeoutInMinutes": "cancelTimeoutInMinutes: 1",
            "variables": "variables: {a: b}",
            "strategy: matrix": "strategy: {matrix: {a: {x: y}}}",
            "strategy: matrix, at run time": "strategy: {matrix: \"$[ variables['legs'] ]\"}",
            "strategy: parallel": "strategy: {parallel: 2}",
            "strategy: maxParallel": "strategy: {matrix: {a: {x: y}}, maxParallel: 1}",
            "pool": "pool: Default",
            "pool: server": "pool: server",
            "container": "container: python:3.11",
            "services": "services: {db: postgres}",
            "workspace": "workspace: {clean: outputs}",
            "uses": "uses: {repositories: [self], pools: [Default]}",
            "templateContext": "templateContext: {a: b}",
        },
        notes={
            "templateContext": "for templates to read",
            "uses": "its repositories ask for their permission",
        },
    ),
    Place(
        title="A pool",
        page="pool",
        document=_JOB.replace("  KEY\n", "  pool:\n    KEY\n"),
        keys={
            "name": "name: Default",
            "vmImage: ubuntu": "vmImage: ubuntu-latest",
            "vmImage: windows": "vmImage: windows-latest",
            "vmImage: macOS": "vmImage: macOS-latest",
            "demands": "demands: [git]",
            "other keys": "os: linux",
        },
        notes={
            "name": "one agent runs everything, on this machine; the pool's permission counts",
            "other keys": "for templates to read; a warning",
        },
    ),
    Place(
        title="A deployment job",
        page="jobs-deployment",
        document=f"jobs:\n- deployment: A\n  KEY\n  environment: e\n  strategy: {_RUN_ONCE}\n",
        keys={
            "displayName": "displayName: One",
            "dependsOn": "dependsOn: []",
            "condition": "condition: always()",
            "continueOnError": "continueOnError: true",
            "timeoutInMinutes": "timeoutInMinutes: 5",
            "cancelTimeoutInMinutes": "cancelTimeoutInMinutes: 1",
            "variables": "variables: {a: b}",
            "pool": "pool: Default",
            "container": "container: python:3.11",
            "services": "services: {db: postgres}",
            "workspace": "workspace: {clean: all}",
            "uses": "uses: {repositories: [self]}",
            "templateContext": "templateContext: {a: b}",
        },
    ),
    Place(
        title="The environment of a deployment job",
        page="jobs-deployment-environment",
        document=f"jobs:\n- deployment: A\n  KEY\n  strategy: {_RUN_ONCE}\n",
        keys={
            "environment": "environment: e",
            "environment with a resource": "environment: e.machine",
            "name": "environment: {name: e}",
            "resourceName": "environment: {name: e, resourceName: machine}",
            "resourceId": "environment: {name: e, resourceId: 1}",
            "resourceType": "environment: {name: e, resourceType: virtualMachine}",
            "tags": "environment: {name: e, tags: 'web,eu'}",
        },
    ),
    Place(
        title="The strategy of a deployment job",
        page="jobs-deployment-strategy",
        document="jobs:\n- deployment: A\n  environment: {name: e, resourceType: virtualMachine}\n"
        "  strategy:\n    KEY\n",
        keys={
            "runOnce": "runOnce: {deploy: {steps: [{script: x}]}}",
            "rolling": "rolling: {maxParallel: 2, deploy: {steps: [{script: x}]}}",
            "canary": "canary: {increments: [10, 50], deploy: {steps: [{script: x}]}}",
            "preDeploy": "runOnce: {preDeploy: {steps: []}, deploy: {steps: [{script: x}]}}",
            "routeTraffic": "runOnce: {deploy: {steps: []}, routeTraffic: {steps: []}}",
            "postRouteTraffic": "runOnce: {deploy: {steps: []}, postRouteTraffic: {steps: []}}",
            "on: success": "runOnce: {deploy: {steps: []}, on: {success: {steps: []}}}",
            "on: failure": "runOnce: {deploy: {steps: []}, on: {failure: {steps: []}}}",
            "pool of a hook": "runOnce: {deploy: {pool: server, steps: []}}",
        },
    ),
    Place(
        title="Steps",
        page="steps",
        document="steps:\n- KEY\n",
        keys={
            "task": "{task: CmdLine@2, inputs: {script: x}}",
            "script": "{script: x, failOnStderr: true, workingDirectory: /tmp}",
            "bash": "{bash: x, failOnStderr: true, workingDirectory: /tmp}",
            "pwsh": "{pwsh: x, errorActionPreference: stop, ignoreLASTEXITCODE: true}",
            "powershell": "{powershell: x, failOnStderr: true}",
            "checkout": "{checkout: self}",
            "publish": "{publish: out, artifact: a}",
            "upload": "{upload: out, artifact: a}",
            "download": "{download: current, artifact: a, patterns: '**', path: in}",
            "downloadBuild": "{downloadBuild: b, artifact: a}",
            "getPackage": "{getPackage: p}",
            "reviewApp": "{reviewApp: r}",
            "template": "{template: s.yml}",
        },
        notes={
            "task": "the [tasks](pipeline-tasks.md) that are here",
            "pwsh": "where PowerShell is installed",
            "powershell": "PowerShell Core, where it is installed",
            "upload": "the old name of `publish`",
        },
    ),
    Place(
        title="Every step",
        page="steps-task",
        document="steps:\n- script: x\n  KEY\n",
        keys={
            "condition": "condition: always()",
            "continueOnError": "continueOnError: true",
            "displayName": "displayName: One",
            "enabled": "enabled: false",
            "env": "env: {A: $(b)}",
            "name": "name: one",
            "retryCountOnTaskFailure": "retryCountOnTaskFailure: 2",
            "target": "target: host",
            "target: a container": "target: other",
            "target: commands": "target: {commands: restricted}",
            "target: settableVariables": "target: {settableVariables: [a]}",
            "timeoutInMinutes": "timeoutInMinutes: 5",
        },
    ),
    Place(
        title="A checkout",
        page="steps-checkout",
        document="resources: {repositories: [{repository: tools, name: ml/tools}]}\n"
        "steps:\n- KEY\n",
        keys={
            "self": "checkout: self",
            "none": "checkout: none",
            "an alias": "checkout: tools",
            "git://": "checkout: git://ml/tools@refs/heads/main",
            "clean": "{checkout: self, clean: true}",
            "fetchDepth": "{checkout: self, fetchDepth: 1}",
            "fetchFilter": "{checkout: self, fetchFilter: 'blob:none'}",
            "fetchTags": "{checkout: self, fetchTags: true}",
            "lfs": "{checkout: self, lfs: true}",
            "persistCredentials": "{checkout: self, persistCredentials: true}",
            "submodules": "{checkout: self, submodules: recursive}",
            "path": "{checkout: self, path: s/app}",
            "sparseCheckoutDirectories": "{checkout: self, sparseCheckoutDirectories: src}",
            "sparseCheckoutPatterns": "{checkout: self, sparseCheckoutPatterns: '/*'}",
            "workspaceRepo": "{checkout: self, workspaceRepo: true}",
        },
    ),
    Place(
        title="Variables",
        page="variables",
        document=f"variables:\nKEY\n{_STEPS}",
        keys={
            "a mapping": "  a: b",
            "name and value": "- {name: a, value: b}",
            "readonly": "- {name: a, value: b, readonly: true}",
            "group": "- group: g",
            "template": "- template: v.yml",
            "counter": "  a: $[ counter('x', 1) ]",
        },
        notes={"counter": "kept for each pipeline"},
    ),
    Place(
        title="Resources",
        page="resources",
        document=f"resources:\n  KEY\n{_STEPS}",
        keys={
            "repositories": "repositories: [{repository: tools, name: ml/tools, ref: main}]",
            "repositories, type: github": "repositories: [{repository: t, type: github, "
            "name: a/t, endpoint: hub}]",
            "repositories, type: githubenterprise": "repositories: [{repository: t, "
            "type: githubenterprise, name: a/t, endpoint: hub}]",
            "repositories, type: bitbucket": "repositories: [{repository: t, type: bitbucket, "
            "name: a/t, endpoint: b}]",
            "repositories, trigger": "repositories: [{repository: t, name: ml/t, trigger: [main]}]",
            "repositories, checkoutOptions": "repositories: [{repository: t, name: ml/t, "
            "checkoutOptions: {clean: true}}]",
            "pipelines": "pipelines: [{pipeline: up, source: train, project: ml, branch: main, "
            "tags: [good], version: '1'}]",
            "pipelines, trigger": "pipelines: [{pipeline: up, trigger: {branches: [main], "
            "stages: [A], tags: [good]}}]",
            "containers": "containers: [{container: py, image: 'python:3.11', endpoint: hub, "
            "env: {A: b}, options: -t, ports: ['80'], volumes: ['/a:/b'], mapDockerSocket: false, "
            "mountReadOnly: {work: true}, localImage: true}]",
            "containers, trigger": "containers: [{container: c, image: i, trigger: true}]",
            "builds": "builds: [{build: b, type: Jenkins, connection: c, source: s}]",
            "packages": "packages: [{package: p, type: npm, connection: c, name: a/p}]",
            "webhooks": "webhooks: [{webhook: w, connection: c, filters: [{path: a, value: b}]}]",
        },
        notes={
            "repositories": "of this organization, with their permission",
            "repositories, type: github": "their [mirror](../guides/terraform-github.md)",
            "repositories, type: githubenterprise": "their mirror, as for GitHub",
            "repositories, type: bitbucket": "a template or checkout from one fails with its name",
            "containers, trigger": _NO_EFFECT,
        },
    ),
    Place(
        title="Triggers",
        page="trigger",
        document=f"KEY\n{_STEPS}",
        keys={
            "none": "trigger: none",
            "a list of branches": "trigger: [main, releases/*]",
            "batch": f"trigger: {{batch: true, branches: {_FILTERS}}}",
            "branches": f"trigger: {{branches: {_FILTERS}}}",
            "paths": f"trigger: {{paths: {_FILTERS}}}",
            "tags": f"trigger: {{tags: {_FILTERS}}}",
            "pr: autoCancel, drafts": f"pr: {{autoCancel: false, drafts: false, "
            f"branches: {_FILTERS}, paths: {_FILTERS}}}",
            "schedules: cron": "schedules: [{cron: 0 3 * * Mon-Fri, displayName: d}]",
            "schedules: branches": f"schedules: [{{cron: 0 3 * * *, branches: {_FILTERS}}}]",
            "schedules: always": "schedules: [{cron: 0 3 * * *, always: true}]",
            "schedules: batch": "schedules: [{cron: 0 3 * * *, batch: true}]",
        },
        notes={"pr: autoCancel, drafts": "see `pr` above"},
    ),
    Place(
        title="Old forms",
        page="pipeline",
        document="KEY\n",
        keys={
            "resources as a list": f"resources: [{{repo: self, clean: true}}]\n{_STEPS}",
            "phase with a queue": "phases:\n- phase: A\n  queue: {name: mine, demands: git, "
            "parallel: 2, matrix: {a: {x: y}}, timeoutInMinutes: 5}\n  steps: [{script: x}]\n",
            "phase with a server": "phases:\n- phase: A\n  server: {timeoutInMinutes: 5}\n"
            "  steps: [{task: Delay@1}]\n",
            "parameters as a mapping": f"parameters: {{a: b}}\n{_STEPS}",
        },
    ),
)
"""Every place of the language whose keys are few enough to be listed."""

TEMPLATES: Mapping[str, str] = {
    "t.yml": "parameters:\n- {name: p, default: ''}\nsteps:\n- script: x\n",
    "s.yml": "steps:\n- script: x\n",
    "v.yml": "variables:\n  a: b\n",
}
"""Files beside the sample."""

TEMPLATE_USES: Mapping[str, str] = {
    "steps": "steps:\n- template: x.yml\n",
    "jobs": "jobs:\n- template: x.yml\n",
    "stages": "stages:\n- template: x.yml\n",
    "variables": "variables:\n- template: x.yml\nsteps: [{script: x}]\n",
    "extends": "extends:\n  template: x.yml\n",
}
