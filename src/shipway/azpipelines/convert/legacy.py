"""Old forms that the service still takes: `phase`, `queue`, `server`."""

from collections.abc import Iterator

from shipway.azpipelines.convert.setting import Setting
from shipway.azpipelines.tokens import Entry, Mapping, Scalar, Token

_PHASE_KEYS = (
    "phase",
    "dependsOn",
    "displayName",
    "condition",
    "continueOnError",
    "queue",
    "server",
    "variables",
    "steps",
)
_QUEUE_KEYS = (
    "name",
    "demands",
    "container",
    "workspace",
    "timeoutInMinutes",
    "cancelTimeoutInMinutes",
    "parallel",
    "matrix",
)
_SERVER_KEYS = ("timeoutInMinutes", "cancelTimeoutInMinutes", "parallel", "matrix")


def phase(body: Mapping, setting: Setting) -> Mapping:
    """A `phase:` as a `job:`."""
    setting.reader.check_keys(body, _PHASE_KEYS)
    return without_target(body, setting)


def without_target(body: Mapping, setting: Setting) -> Mapping:
    """`queue` and `server` replaced by the keys of today."""
    entries: list[Entry] = []
    for entry in body.entries:
        if entry.key.text in ("queue", "server"):
            entries.extend(_target(entry, setting))
        else:
            entries.append(entry)
    return Mapping(tuple(entries), body.position)


def _target(entry: Entry, setting: Setting) -> Iterator[Entry]:
    is_server = entry.key.text == "server"
    where = entry.key.position
    if isinstance(entry.value, Scalar):
        pool = "server" if is_server else entry.value.text
        yield Entry(Scalar("pool", where), Scalar(pool, entry.value.position))
        return
    body = setting.reader.mapping(entry.value, allowed=_SERVER_KEYS if is_server else _QUEUE_KEYS)
    if body is None:
        return
    if is_server:
        yield Entry(Scalar("pool", where), Scalar("server", where))
    else:
        yield from _pool(body, where_key=entry.key)
    for key in ("container", "workspace", "timeoutInMinutes", "cancelTimeoutInMinutes"):
        value = body.get(key)
        if value is not None:
            yield Entry(Scalar(key, value.position), value)
    yield from _strategy(body)


def _pool(body: Mapping, *, where_key: Scalar) -> Iterator[Entry]:
    parts = tuple(one for one in body.entries if one.key.text in ("name", "demands"))
    if len(parts) == 1 and parts[0].key.text == "name":
        yield Entry(Scalar("pool", where_key.position), parts[0].value)
    elif parts:
        yield Entry(Scalar("pool", where_key.position), Mapping(parts, body.position))


def _strategy(body: Mapping) -> Iterator[Entry]:
    matrix, parallel = body.get("matrix"), body.get("parallel")
    entries: list[Entry] = []
    if matrix is not None:
        entries.append(Entry(Scalar("matrix", matrix.position), matrix))
    if parallel is not None:
        # beside a matrix, the old `parallel` bounded how many legs ran at once
        name = "maxParallel" if matrix is not None else "parallel"
        entries.append(Entry(Scalar(name, parallel.position), parallel))
    if entries:
        where: Token = entries[0].value
        yield Entry(Scalar("strategy", where.position), Mapping(tuple(entries), where.position))
