"""The definitions: assets, checks, jobs, schedules and the sensor, built by one function from one environment.

Lives here: putting the pieces together. Not here: assets (assets/), settings (environments.py), jobs and schedules
(jobs.py), the drop folder (sensors.py). `run`, `demo`, the schedules and the sensor all execute what is built here.
"""

import os

import dagster as dg

from aftercall.speech import places_from
from assets.analysis.assets import analysis_assets
from assets.checks import lake_checks
from assets.coaching.assets import coaching_assets
from assets.compliance.assets import compliance_assets
from assets.core.assets import core_conversations, core_reference
from assets.effects.assets import effect_assets
from assets.expectations import expectation_checks
from assets.lake import Lake
from assets.live.assets import live_snapshot
from assets.marts.assets import marts_assets
from assets.quality.assets import quality_assets
from assets.raw.assets import raw_delivery
from assets.report.assets import report_asset
from assets.results import ResultStore
from assets.score.assets import score_conversations
from assets.score.forms_in_force import epoch_of
from assets.station import Progress, Say, Station
from pipelines.environments import Environment, from_variables
from pipelines.jobs import JOBS, SCHEDULES
from pipelines.quiet import quiet, silent
from pipelines.sensors import drop_folder


def build_definitions(environment: Environment, *, progress: Progress = quiet, say: Say = silent) -> dg.Definitions:
    """Return every definition, bound to one state folder."""
    station = station_of(environment, progress=progress, say=say)
    effects = effect_assets(environment.state)
    return dg.Definitions(
        assets=[
            raw_delivery,
            core_conversations,
            core_reference,
            score_conversations,
            live_snapshot,
            *marts_assets(environment.dbt_project, environment.cache / "dbt", epoch_of=epoch_of),
            *analysis_assets,
            *coaching_assets,
            *quality_assets,
            *compliance_assets,
            *effects,
            report_asset([key.to_user_string() for one in effects for key in one.keys]),
        ],
        asset_checks=[*lake_checks(epoch_of=epoch_of), *expectation_checks()],
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=[drop_folder],
        resources={
            "lake": Lake(environment.lake),
            "station": station,
            "io_manager": ResultStore(environment.state / "analysis"),
        },
    )


def station_of(environment: Environment, *, progress: Progress = quiet, say: Say = silent) -> Station:
    """Return what every asset may know of a run in this environment."""
    return Station(
        environment.state,
        environment.input,
        environment.basis,
        environment.basis_name,
        environment.scorecard,
        environment.site_zone,
        environment.since,
        environment.until,
        environment.clock,
        progress,
        say,
        places_from(environment.variables),
        environment.hash_key(),
        environment.dbt_project,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of the daemon and the UI, from the process environment, read when they are loaded."""
    return build_definitions(from_variables(os.environ))
