"""Every check, in the order in which a newcomer meets its subject."""

from shipway.cli.doctor import (
    check_authority,
    check_home,
    check_programs,
    check_server,
    check_terraform,
)
from shipway.cli.doctor.check import Check

CHECKS: tuple[Check, ...] = (
    check_programs.check_python,
    check_programs.check_git,
    check_programs.check_uv,
    check_terraform.check_terraform,
    check_terraform.check_terraform_lock,
    check_home.check_permissions,
    check_home.check_path_length,
    check_home.check_disk,
    check_authority.check_authority,
    check_server.check_port,
    check_server.check_server,
    check_server.check_shell,
    check_server.check_refusals,
)
