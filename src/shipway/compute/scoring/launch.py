"""Starts the official inference server's app on a unix socket: `python launch.py SOCKET`.

Its own command always binds 0.0.0.0, so gunicorn is started here as that command starts it, with
the one difference. Runs in the deployment's environment and may import nothing of shipway.
"""

import os
import sys
from importlib import metadata


def main(socket: str) -> None:
    """Serve until told to stop. Exits 3 when the scoring script cannot be loaded."""
    try:
        from azureml_inference_server_http.constants import PACKAGE_ROOT  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
        from azureml_inference_server_http.log_config import load_logging_config  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
        from gunicorn.app.wsgiapp import WSGIApplication  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.exit(
            f"The environment has no package '{error.name}': the inference server is missing. "
            "Add azureml-inference-server-http (or azureml-defaults) to its pip dependencies."
        )
    variables = os.environ  # noqa: TID251  # this file is not part of the package that runs it
    version = metadata.version("azureml-inference-server-http")
    variables.setdefault("HTTP_X_MS_SERVER_VERSION", f"azmlinfsrv/{version}")
    load_logging_config(PACKAGE_ROOT)
    sys.path.append(variables["AML_APP_ROOT"])
    os.umask(0o177)
    sys.argv = [
        "gunicorn", "-b", f"unix:{socket}", "-w", variables.get("WORKER_COUNT", "1"),
        "--timeout", variables.get("WORKER_TIMEOUT", "300"),
        # as the official launcher has it: access lines are wanted, errors come by its own logger
        "--access-logfile", "-", "--error-logfile", "/dev/null",
        # the heartbeat file; /dev/shm spares the disk and is there on Linux
        *(["--worker-tmp-dir", "/dev/shm"] if os.path.isdir("/dev/shm") else []),  # noqa: S108, PTH112
        "azureml_inference_server_http.server.entry:app",
    ]  # fmt: skip
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


if __name__ == "__main__":
    main(sys.argv[1])
