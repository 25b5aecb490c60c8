"""Creates or updates the workspace's retraining schedule.

Schedules live in the workspace, not in Terraform: the deploy stage runs this with the pipeline file
that was just released, so what is scheduled is what was approved. The scheduled job names
registered component versions and a path, not a version, of the data: it takes the months that are
there when it runs, and looks up the champion then.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from azure.ai.ml import load_job
from azure.ai.ml.entities import JobSchedule, RecurrencePattern, RecurrenceTrigger

import pipeline_file
import workspace

FREQUENCIES = ("minute", "hour", "day", "week", "month")
HOUR_OF_DAY = 2


def next_start(frequency: str, now: datetime) -> datetime:
    """The first moment to fire, always ahead: a start in the past would fire at once or never."""
    if frequency == "minute":
        return (now + timedelta(minutes=1)).replace(second=0, microsecond=0)
    if frequency == "hour":
        return (now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    night = now.replace(hour=HOUR_OF_DAY, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


def trigger(frequency: str, interval: int, now: datetime) -> RecurrenceTrigger:
    """Every `interval` minutes, hours or days; by night where the frequency leaves the choice."""
    start = next_start(frequency, now).strftime("%Y-%m-%dT%H:%M:%S")
    pattern = RecurrencePattern(hours=[HOUR_OF_DAY], minutes=[0])
    if frequency == "week":
        pattern = RecurrencePattern(hours=[HOUR_OF_DAY], minutes=[0], week_days=["monday"])
    if frequency == "month":
        pattern = RecurrencePattern(hours=[HOUR_OF_DAY], minutes=[0], month_days=[1])
    extra = {} if frequency in ("minute", "hour") else {"schedule": pattern}
    return RecurrenceTrigger(
        frequency=frequency, interval=interval, start_time=start, time_zone="UTC", **extra
    )


def scheduled(spec: dict) -> dict:
    """The pipeline as a schedule runs it: says so, and never reuses an old result.

    A path in a datastore looks unchanged to the service when new months lie below it.
    """
    spec = pipeline_file.fill_in(spec, ["started_by=schedule", "run=none", "data_stamp=scheduled"])
    spec["settings"] = {**spec["settings"], "force_rerun": True}
    return spec


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    workspace.add_arguments(parser)
    parser.add_argument("--name", required=True)
    parser.add_argument("--pipeline", type=Path, required=True, help="names versions")
    parser.add_argument("--frequency", choices=FREQUENCIES, default="day")
    parser.add_argument("--interval", type=int, default=1)
    args = parser.parse_args()

    ml = workspace.client(args)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training-pipeline.yml"
        pipeline_file.write(scheduled(yaml.safe_load(args.pipeline.read_text())), path)
        job = load_job(path)
    schedule = JobSchedule(
        name=args.name,
        display_name=args.name,
        trigger=trigger(args.frequency, args.interval, datetime.now(UTC)),
        create_job=job,
    )
    created = ml.schedules.begin_create_or_update(schedule).result()
    print(
        f"schedule {created.name}: every {args.interval} {args.frequency}(s) "
        f"from {created.trigger.start_time} UTC"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
