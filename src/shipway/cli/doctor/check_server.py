"""The server: running, and its ports its own; the shell's variables meant for it."""

import socket

from shipway.base import config, front_door
from shipway.base.errors import ShipwayError
from shipway.base.home import Home
from shipway.cli.doctor.check import Finding
from shipway.client.session import Session


def check_server(home: Home) -> Finding:
    """It answers, or is not up."""
    if not home.root.exists() or home.holder() is None:
        return Finding(check="server", level="ok", found="not running (`shipway up` starts it)")
    try:
        status = Session(home).get("/status")
    except ShipwayError as error:
        return Finding(
            check="server", level="failure", found=error.message,
            remedy=f"Look into {home.logs / 'server.log'}; `shipway down`, then `shipway up`.",
        )  # fmt: skip
    down = [worker["name"] for worker in status["workers"] if not worker["pid"]]
    if down:
        return Finding(
            check="server", level="warning", found=f"workers down: {', '.join(down)}",
            remedy=f"Look into {home.logs}/{down[0]}.log.",
        )  # fmt: skip
    return Finding(check="server", level="ok", found=f"process {status['pid']} answers")


def check_refusals(home: Home) -> Finding:
    """What clients asked for and shipway does not serve: often why a program does not work."""
    if not home.root.exists() or home.holder() is None:
        return Finding(check="refusals", level="ok", found="not known while no server runs")
    try:
        refused = Session(home).get("/refusals?limit=1")["value"]
    except ShipwayError as error:
        return Finding(
            check="refusals", level="warning", found=error.message, remedy="`shipway status`."
        )
    if not refused:
        return Finding(check="refusals", level="ok", found="none")
    newest = refused[0]
    return Finding(
        check="refusals", level="warning",
        found=f"{newest['method']} {newest['target']}: {newest['reason']}",
        remedy="`shipway status --refusals 20` lists what was asked for and is not served.",
    )  # fmt: skip


def check_port(home: Home) -> Finding:
    """The ports that were asked for are free or ours."""
    settings = config.read_settings()
    state = front_door.find_state(home)
    ours = {state.proxy_port, state.studio_port} if state else set()
    for port in (settings.proxy_port, settings.studio_port):
        if port and port not in ours and not _is_free(port):
            return Finding(
                check="port", level="failure", found=f"port {port} is taken by another program",
                remedy="Unset SHIPWAY_PROXY_PORT and SHIPWAY_STUDIO_PORT: free ones are chosen.",
            )  # fmt: skip
    return Finding(check="port", level="ok", found="free, or chosen free at the start")


def check_shell(home: Home) -> Finding:
    """A shell that took over `shipway env` has the ports of the server that runs now."""
    env_vars = config.environment()
    proxy = env_vars.get("HTTPS_PROXY", "")
    if env_vars.get("AZURE_CONFIG_DIR") != str(home.root / "clients" / "azure"):
        return Finding(check="shell", level="ok", found="plain (`shipway env` not taken over)")
    state = front_door.find_state(home)
    if state is None or proxy.rstrip("/") != state.proxy_url:
        return Finding(
            check="shell", level="warning", found=f"HTTPS_PROXY is {proxy}, not this server",
            remedy='eval "$(shipway env)"',
        )  # fmt: skip
    return Finding(check="shell", level="ok", found="sends Azure's clients to this server")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
