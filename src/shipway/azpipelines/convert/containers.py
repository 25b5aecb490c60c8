"""Containers: of `resources:`, of a job, of its services."""

from dataclasses import replace

from shipway.azpipelines import triggers
from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.plan_resources import ContainerPlan
from shipway.azpipelines.reader import Reader
from shipway.azpipelines.tokens import Mapping, Scalar, Token, is_empty
from shipway.azpipelines.triggers import FilterSet

_KEYS = (
    "alias", "image", "endpoint", "env", "mapDockerSocket", "options", "ports", "volumes",
    "mountReadOnly",
)  # fmt: skip
_MOUNTS = ("work", "externals", "tools", "tasks")


def resource(item: Token, reader: Reader) -> ContainerPlan | None:
    """One of `resources: containers`; the service takes further keys."""
    body = reader.mapping(item, allowed=None)
    if body is None:
        return None
    alias = reader.needed(body.get("container"), item.position, "container")
    if not alias:
        return None
    started, tags = _trigger(body.get("trigger"), reader)
    return replace(
        _settings(body, reader),
        alias=alias,
        is_local_image=reader.boolean(body, "localImage", default=False),
        type=reader.text(body.get("type")) or None,
        registry=reader.text(body.get("registry")) or None,
        repository=reader.text(body.get("repository")) or None,
        azure_subscription=reader.text(body.get("azureSubscription")) or None,
        resource_group=reader.text(body.get("resourceGroup")) or None,
        starts_on_new_image=started,
        image_tags=tags,
    )


def of_job(token: Token | None, setting: Setting) -> ContainerPlan | None:
    """`container:` of a job; None when it runs on the agent itself."""
    if token is None or is_empty(token):
        return None
    if isinstance(token, Scalar) and not token.text:
        return None
    return _named(token, setting)


def services(token: Token | None, setting: Setting) -> dict[str, ContainerPlan]:
    """`services:` of a job, by the name of the host."""
    body = setting.reader.mapping(token, allowed=None)
    if body is None or not body.entries:
        return {}
    found = ((entry.key.text, _named(entry.value, setting)) for entry in body.entries)
    return {name: container for name, container in found if container is not None}


def _named(token: Token, setting: Setting) -> ContainerPlan | None:
    """A resource by its alias with everything it says, or an image with what is written here."""
    if isinstance(token, Scalar):
        return setting.container(token.text)
    body = setting.reader.mapping(token, allowed=_KEYS)
    if body is None:
        return None
    alias = setting.reader.text(body.get("alias"))
    return setting.container(alias) if alias else _settings(body, setting.reader)


def _settings(body: Mapping, reader: Reader) -> ContainerPlan:
    mounts = reader.mapping(body.get("mountReadOnly"), allowed=_MOUNTS)
    return ContainerPlan(
        image=reader.text(body.get("image")) or None,
        endpoint=reader.text(body.get("endpoint")) or None,
        env=reader.text_map(body.get("env")),
        options=reader.text(body.get("options")) or "",
        ports=reader.texts(body.get("ports")),
        volumes=reader.texts(body.get("volumes")),
        map_docker_socket=reader.boolean(body, "mapDockerSocket", default=True),
        mount_read_only=_mounts(mounts, reader) if mounts else (),
    )


def _mounts(body: Mapping, reader: Reader) -> tuple[str, ...]:
    return tuple(one for one in _MOUNTS if reader.boolean(body, one, default=False))


def _trigger(token: Token | None, reader: Reader) -> tuple[bool, FilterSet]:
    if token is None or is_empty(token):
        return False, FilterSet()
    if isinstance(token, Scalar):
        return triggers.is_started(token, reader), FilterSet()
    body = reader.mapping(token, allowed=("enabled", "tags"))
    if body is None:
        return False, FilterSet()
    started = reader.boolean(body, "enabled", default=True)
    return started, triggers.filters(body.get("tags"), reader)
