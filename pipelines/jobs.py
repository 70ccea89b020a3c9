"""When things run: the nightly job makes everything, the hourly job scores what is new and refreshes the live snapshot.

Lives here: jobs and schedules. Not here: what the assets do.
"""

import dagster as dg

# The hourly path never waits for dbt: it stops at the scores and at the snapshot the sidecar reads.
HOURLY = dg.AssetSelection.groups("raw", "core", "score", "live")
# One run at a time writes a state (dagster.yaml limits this tag); the lake's lock holds against runs started elsewhere.
_ONE_WRITER = {"aftercall/state": "main"}

nightly = dg.define_asset_job(
    "nightly",
    dg.AssetSelection.all(),
    tags=_ONE_WRITER,
    executor_def=dg.in_process_executor,
    description="From the files in the input folder to the reports.",
)
hourly = dg.define_asset_job(
    "hourly",
    HOURLY,
    tags=_ONE_WRITER,
    executor_def=dg.in_process_executor,
    description="Score what has arrived and publish the live snapshot; marts and reports wait for the night.",
)

_ON = dg.DefaultScheduleStatus.RUNNING

JOBS = [nightly, hourly]
SCHEDULES = [
    dg.ScheduleDefinition(
        name="every_night", job=nightly, cron_schedule="15 2 * * *", execution_timezone="UTC", default_status=_ON
    ),
    dg.ScheduleDefinition(
        name="every_hour", job=hourly, cron_schedule="5 * * * *", execution_timezone="UTC", default_status=_ON
    ),
]
