"""What a pipeline names besides its own repository: everything under `resources:`.

Part of the plan (`plan.RunPlan`); each kind is what a run needs to find or start the thing.
Source: https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/resources
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipway.azpipelines.diagnostics import NOWHERE, Position
from shipway.azpipelines.triggers import FilterSet


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutOptions:
    """How a repository is checked out where the step says nothing: texts as written, or None.

    From `checkoutOptions:` of a repository, or from the old `resources: - repo: self`, whose keys
    stand in `RunPlan.self_checkout`.
    """

    clean: str | None = None
    fetch_depth: str | None = None
    fetch_tags: str | None = None
    lfs: str | None = None
    submodules: str | None = None
    persist_credentials: str | None = None

    def as_inputs(self) -> dict[str, str]:
        """Those that are given, by the name of the checkout step's input."""
        named = {
            "clean": self.clean, "fetchDepth": self.fetch_depth, "fetchTags": self.fetch_tags,
            "lfs": self.lfs, "submodules": self.submodules,
            "persistCredentials": self.persist_credentials,
        }  # fmt: skip
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryResource:
    """A repository that the pipeline names; `self` is not listed.

    `name` is `repository` or `project/repository` for type git, `owner/name` for GitHub. `ref`
    None is the default branch. What pushes to it start stands in `RunPlan.triggers.repositories`.
    The last three fields are filled when a run is compiled: where it is, the full name of the
    branch or tag, and its commit then, which checkout and templates of the run use.
    """

    alias: str
    name: str
    type: str = "git"
    ref: str | None = None
    endpoint: str | None = None
    checkout: CheckoutOptions = field(default_factory=CheckoutOptions)
    repository_id: str | None = None
    branch: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineResource:
    """Another pipeline whose runs and artifacts this one uses.

    `version` is a run's name, `branch` and `tags` narrow which run is the newest. Its trigger
    stands in `RunPlan.triggers.completions` under the same alias.
    """

    alias: str
    source: str
    project: str | None = None
    version: str | None = None
    branch: str | None = None
    tags: tuple[str, ...] = ()
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPlan:
    """A container of a job or a service, or one of `resources: containers`.

    What a job names by an alias is filled in from the resource, its `alias` kept. `image` is the
    name for `docker pull`; both hold macros and `$[ ]` where the YAML has them, and then
    `RunPlan.container` finds what the text means. `endpoint` is the service connection of the
    registry. `env` goes into the container; `options` are words for `docker create`; `ports` are
    `8080:80` or `80`, `volumes` `source:target[:ro]`. `mount_read_only` names mounts of the agent:
    work, externals, tools, tasks. `is_local_image`: it is not pulled. For `type: ACR` the image is
    found by `registry`, `repository`, `azure_subscription` and `resource_group`.
    """

    alias: str | None = None
    image: str | None = None
    endpoint: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    options: str = ""
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    map_docker_socket: bool = True
    mount_read_only: tuple[str, ...] = ()
    is_local_image: bool = False
    type: str | None = None
    registry: str | None = None
    repository: str | None = None
    azure_subscription: str | None = None
    resource_group: str | None = None
    starts_on_new_image: bool = False
    """Whether a new image of the registry starts the pipeline, by `image_tags`."""
    image_tags: FilterSet = field(default_factory=FilterSet)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResource:
    """A build of another system (Jenkins, TeamCity), for `downloadBuild`."""

    alias: str
    type: str
    connection: str
    source: str
    version: str | None = None
    branch: str | None = None
    starts_on_new_build: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageResource:
    """A NuGet or npm package of GitHub, for `getPackage`."""

    alias: str
    type: str
    connection: str
    name: str
    version: str | None = None
    tag: str | None = None
    starts_on_new_version: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookResource:
    """An incoming web hook; `filters` are (path, value) that its body must have."""

    alias: str
    connection: str
    type: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
