"""The drop folder: files that arrive and have come to rest start the nightly job.

Lives here: noticing. Not here: reading the files (aftercall.intake, through the raw assets).
"""

import hashlib
from pathlib import Path

import dagster as dg

from assets.station import Station
from pipelines.jobs import nightly

# A file still being copied changes; one untouched for this long is whole.
REST_S = 3.0


def fingerprint(folder: Path, *, now_s: float) -> tuple[str, int]:
    """Return a digest of the files at rest (name, size, time) and how many there are; ('', 0) for none.

    Args: now_s, seconds since the epoch.
    """
    listed = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        facts = path.stat()
        if now_s - facts.st_mtime >= REST_S:
            listed.append(f"{path.relative_to(folder)}\0{facts.st_size}\0{facts.st_mtime_ns}")
    return (hashlib.sha256("\n".join(listed).encode()).hexdigest(), len(listed)) if listed else ("", 0)


@dg.sensor(job=nightly, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def drop_folder(context: dg.SensorEvaluationContext, station: dg.ResourceParam[Station]) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run when the files at rest in the input folder are not the ones of the last request."""
    if station.input is None:
        return dg.SkipReason("No input folder: set AFTERCALL_INPUT.")
    seen, file_n = fingerprint(station.input, now_s=station.clock().timestamp())
    if not seen:
        return dg.SkipReason(f"No files at rest in {station.input}.")
    if seen == context.cursor:
        return dg.SkipReason(f"The {file_n} files in {station.input} were asked for before.")
    context.update_cursor(seen)
    return dg.RunRequest(run_key=seen)
