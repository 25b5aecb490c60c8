"""A near-empty step, step.py LOG NAME OUT [PARENT_FILE ...]: one more than the parents' sum."""

import os
import sys
import time

began = time.monotonic_ns()
log, name, out, *parents = sys.argv[1:]
value = 1
for parent in parents:
    with open(parent) as file:  # noqa: PTH123  # pathlib costs more to import than the step takes
        value += int(file.read())
with open(out, "w") as file:  # noqa: PTH123
    file.write(str(value))
line = f"{name} {value} {began} {time.monotonic_ns()}\n"
descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
os.write(descriptor, line.encode())
