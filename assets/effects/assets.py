"""One asset per declared study: effect_<name>, asked again only when its closed weeks, its declaration or the code moved.

Lives here: Dagster's view of studies. Not here: which there are and how one is run (declared.py), pages (assets.report).
"""

from pathlib import Path

import dagster as dg

from assets.analysis.kept import code_hash, kept_or_asked, sha256_of
from assets.effects.declared import Declared, KeptStudy, answer_of, closed_weeks, content_hash, declared_studies, relatives
from assets.effects.kept import answers_of, page_of
from assets.marts.published import read_mart
from assets.report.study import study_page
from assets.station import Station

# An answer is kept with its page: other code of either makes both anew.
_DRAWS = (Path(__file__).parent, Path(__file__).parents[1] / "report")


def effect_assets(state: Path) -> list[dg.AssetsDefinition]:
    """Return an asset for every study declared in the state."""
    studies = declared_studies(state / "studies")
    return [_asset(one, studies) for one in studies]


def _asset(declared: Declared, every: tuple[Declared, ...]) -> dg.AssetsDefinition:
    family = relatives(declared, every)

    def effect(station: dg.ResourceParam[Station]) -> KeptStudy:
        weeks = read_mart(station.state / "marts" / "current", "mart_agent_week", role="analyst", purpose="coaching")
        weeks, page = closed_weeks(weeks, station.clock().date()), page_of(station.state, declared.name)

        def ask() -> KeptStudy:
            kept, found = answer_of(declared, weeks, family)
            page.parent.mkdir(parents=True, exist_ok=True)
            page.unlink(missing_ok=True)
            if found is not None:
                page.write_text(study_page(found, source="mart_agent_week, closed weeks"), encoding="utf-8")
            return kept

        made_from = {"weeks": content_hash(weeks), "code": code_hash(*_DRAWS)}
        made_from |= {f"declared_{one.name}": sha256_of(one.inputs()) for one in (declared, *family)}
        return kept_or_asked(answers_of(station.state, declared.name), KeptStudy, made_from, ask)

    effect.__doc__ = f"The answer of the declared study {declared.name}, with its doubts and a verdict."
    return dg.asset(effect, name=f"effect_{declared.name}", group_name="effects", deps=["mart_agent_week"], kinds={"python"})
