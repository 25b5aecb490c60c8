"""The chain from commit to deployment as text, one station below the other."""

from typing import Any

from shipway.cli import output

# shown by --json and in the studio only
_LONG = ("id", "commit")
_WORDS = {"ml_job": "ML job", "model_version": "model version"}


def show(found: dict[str, Any]) -> None:
    """A chain, one station below the other."""
    for number, station in enumerate(found["stations"]):
        if number:
            print(output.paint("  │", "grey"))
        good = station["is_found"] and station["is_good"]
        sign, colour = ("●", "green") if good else ("○", "yellow")
        kind = _WORDS.get(station["kind"], station["kind"])
        title = output.paint(station["title"], "bold")
        state = output.paint(station["state"], colour)
        print(f"{output.paint(sign, colour)} {kind:14} {title}  {state}")
        told = ((n, v) for n, v in station["facts"].items() if n not in _LONG)
        facts = ", ".join(f"{name} {value}" for name, value in told)
        if facts:
            print(output.paint(f"  │              {facts}", "grey"))
    print("complete" if found["complete"] else "not complete: " + "; ".join(found["missing"]))
