"""The end of the line: pages, workbook and CSV for QA and WFM leads.

Lives here: Dagster's view of the report. Not here: reading (gather.py), pages (build.py and its neighbours).
"""

from collections.abc import Sequence

import dagster as dg

from analytics.first_answers import FirstAnswers
from assets.lake import Lake
from assets.report.build import build_report
from assets.report.gather import gather
from assets.report.unchanged import is_published, note_published, state_of
from assets.score.forms_in_force import forms_of
from assets.station import Station

_NEEDS = ("core_interaction", "score_interaction", "score_question", "score_evidence")
_NEEDS += ("question_agreement", "score_drift", "best_practice", "score_rule")


def report_asset(effects: Sequence[str]) -> dg.AssetsDefinition:
    """Return the report, made after the answers of the declared studies (their assets' names)."""

    @dg.asset(group_name="report", deps=[*_NEEDS, *effects], kinds={"plotly"})
    def report(
        first_answers: FirstAnswers, lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]
    ) -> dg.MaterializeResult:
        """One page for QA leads, one for WFM leads, one a study, a workbook and CSV; every cell traceable to interactions."""
        forms, out = forms_of(station), station.state / "reports"
        state = state_of(lake, station, forms.epoch)
        if is_published(out, state):
            return dg.MaterializeResult(metadata={"written": "nothing changed"})
        written = build_report(gather(lake, station, forms, first_answers), out)
        note_published(out, state)
        return dg.MaterializeResult(metadata={"written": len(written), "index": dg.MetadataValue.path(str(out / "index.html"))})

    return report
