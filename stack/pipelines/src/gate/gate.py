"""The condition: ends well when the model passed, else exits 1 with the reason as its last line.

Registration takes an input from here, so it cannot run when the gate holds, whatever the pipeline
does about failed steps.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def verdict(decision: dict) -> str:
    """One line: passed or held, and why."""
    return f"{'passed' if decision['passed'] else 'held'}: {decision['reason']}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluation", type=Path, required=True)
    parser.add_argument("--verdict", type=Path, required=True)
    args = parser.parse_args()

    decision = json.loads((args.evaluation / "decision.json").read_text())
    line = verdict(decision)
    if decision["passed"] is not True:
        print(f"gate {line}", flush=True)
        return 1
    args.verdict.parent.mkdir(parents=True, exist_ok=True)
    args.verdict.write_text(line + "\n")
    print(f"gate {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
