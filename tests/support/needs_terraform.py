"""The one word for tests that run terraform: named skips on a user's machine, failures in CI."""

import shutil

import pytest

#: beside the mark `terraform`, by which tests/conftest.py finds a skipped one in CI
needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not on this machine"
)
