"""Pools."""

from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.plan import PoolPlan
from shipway.azpipelines.tokens import Mapping, Scalar, Token, is_empty

HOSTED = "Azure Pipelines"
SERVER = "server"


def convert(token: Token | None, setting: Setting, inherited: PoolPlan) -> PoolPlan:
    """A pool's name or its parts; without one the pool of the place above."""
    if token is None or is_empty(token):
        return inherited
    if isinstance(token, Scalar):
        if token.text == SERVER:
            return PoolPlan(is_server=True)
        return PoolPlan(name=token.text)
    reader = setting.reader
    body = reader.mapping(token, allowed=None)
    if body is None:
        return inherited
    _warn_of_others(body, setting)
    name = reader.text(body.get("name"))
    image = body.get("vmImage")
    system = (reader.text(image) or "").lower()
    if image is not None and system.startswith(("windows", "win1", "vs20", "macos")):
        setting.refuse("otherSystem", f"A job on the image '{system}'", image.position)
    return PoolPlan(
        name=name or None,
        vm_image=reader.text(body.get("vmImage")) or None,
        demands=reader.texts(body.get("demands")),
        is_server=name == SERVER,
    )


def _warn_of_others(body: Mapping, setting: Setting) -> None:
    """The service takes further keys of a pool (`os`, `image`) for templates to read."""
    for entry in body.entries:
        if entry.key.text not in ("name", "vmImage", "demands"):
            setting.problems.warning(
                "pool-key", f"'{entry.key.text}' of a pool has no effect", entry.key.position
            )
