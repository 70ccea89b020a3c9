"""Running a job of the definitions in this process: what `run`, `demo` and tests do, over the same assets as the daemon.

Lives here: executing, and what came of it. Not here: the definitions (definitions.py), what verbs print (verbs/).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg

from assets.station import Progress, Say
from pipelines.definitions import build_definitions
from pipelines.environments import CHECKOUT, Environment, remember
from pipelines.full_disk import is_full_disk, says_full, what_to_do
from pipelines.history import unhurried_history
from pipelines.quiet import quiet, silent


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: assets made, checks that failed (with what they say), steps that broke."""

    assets: tuple[str, ...]
    failed_checks: tuple[str, ...]
    broken: tuple[str, ...]
    metadata: Mapping[str, Mapping[str, Any]]

    @property
    def is_clean(self) -> bool:
        """Whether nothing failed."""
        return not self.failed_checks and not self.broken


def instance_for(state: Path) -> dg.DagsterInstance:
    """Return the Dagster instance whose history lives in the state folder, with the checkout's settings."""
    from dagster._core.instance.ref import InstanceRef

    folder = state / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    storage = {"sqlite": {"base_dir": str(folder)}}
    artifacts = {"module": "dagster.core.storage.root", "class": "LocalArtifactStorage", "config": {"base_dir": str(folder)}}
    logs = {
        "module": "dagster.core.storage.local_compute_log_manager",
        "class": "LocalComputeLogManager",
        "config": {"base_dir": str(folder / "logs")},
    }
    overrides = {"storage": storage, "local_artifact_storage": artifacts, "compute_logs": logs}
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(folder), config_dir=str(CHECKOUT), overrides=overrides))


def run_job(environment: Environment, job: str = "nightly", *, progress: Progress = quiet, say: Say = silent) -> Outcome:
    """Execute a job from raw to report and return what came of it; a failing step stops only what depends on it.

    A full disk is told as such, whoever hit it: a step, Dagster's own bookkeeping, or the start.
    """
    try:
        outcome = _executed(environment, job, progress, say)
    except Exception as error:
        if not is_full_disk(error, environment.state):
            raise
        return Outcome((), (), (what_to_do(environment.state),), {})
    if any(says_full(said, environment.state) for said in outcome.broken):
        return replace(outcome, broken=(what_to_do(environment.state),))
    return outcome


def _executed(environment: Environment, job: str, progress: Progress, say: Say) -> Outcome:
    remember(environment)
    definitions = build_definitions(environment, progress=progress, say=say)
    with unhurried_history(), instance_for(environment.state) as instance:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance, raise_on_error=False, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        )
    return _outcome(result)


def _outcome(result: dg.ExecuteInProcessResult) -> Outcome:
    made, metadata = list[str](), dict[str, dict[str, Any]]()
    for event in result.get_asset_materialization_events():
        name = event.asset_key.to_user_string()
        made.append(name)
        metadata[name] = {key: value.value for key, value in event.materialization.metadata.items()}
    failed = [
        f"{check.asset_key.to_user_string()}: {check.check_name}: {_said(check)}"
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
    ]
    broken = [_cause(event) for event in result.all_events if event.is_step_failure]
    return Outcome(tuple(made), tuple(failed), tuple(broken), metadata)


def _said(check: dg.AssetCheckEvaluation) -> str:
    return check.description or ", ".join(f"{key} = {value.value}" for key, value in check.metadata.items())


def _cause(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    text = error.message.strip().splitlines()[0] if error is not None else "no reason recorded"
    return f"{event.step_key}: {text}"
