"""The compliance packs over the lake, every night, in shadow: findings with their epoch and coverage, no score.

Lives here: Dagster's view, reading and writing. Not here: rules (aftercall.scoring.pack_book), rows and counts (shadow.py).
"""

import hashlib

import dagster as dg
import polars as pl

from aftercall.scoring.pack_book import RuleBook, shipped_rules
from aftercall.text.signals import Signals
from assets.compliance.shadow import Known, RulesInShadow, days_now, in_shadow, judged, known_facts
from assets.lake import Lake
from assets.score.forms_in_force import forms_of
from assets.score.unscored import unscored
from assets.station import Station

_AS = {"role": "pipeline", "purpose": "coaching"}
_CORE = ("interaction_id", "day_on", "content_hash", "channel", "direction", "queue", "started_at", "hold_s", "attributes_json")
_TURN = ("interaction_id", "turn", "speaker", "text", "start_s", "end_s", "confidence")


@dg.asset(group_name="compliance", deps=["core_turn", "score_interaction"], kinds={"python", "delta"}, pool="lake")
def score_rule(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> RulesInShadow:
    """Compliance rules judged in shadow: newest days first, so many a run; nobody's score hangs on them."""
    forms = forms_of(station)
    book = shipped_rules(forms.model if isinstance(forms.model, Signals) else None)
    return judge_days(lake, book, known_facts(station.state), forms.epoch)


def judge_days(lake: Lake, book: RuleBook, known: Known, score_epoch: str) -> RulesInShadow:
    """Judge the days whose findings are not those of the present rules and transcripts, as far as a run may go."""
    scored = lake.read("score_interaction", columns=["interaction_id", "null_reason"], epoch=score_epoch, **_AS)
    # Who has no score for reasons of privacy or role is not judged here either.
    open_ = scored.filter(pl.col("null_reason").is_null()).select("interaction_id")

    def key_of(content_hash: str) -> str:
        return hashlib.sha256(f"{book.epoch}|{known}|{content_hash}".encode()).hexdigest()[:32]

    with lake.writing():
        core = lake.read("core_interaction", columns=list(_CORE), **_AS).join(open_, on="interaction_id", how="semi")
        keys = ["interaction_id", "day_on", "score_key"]
        done = lake.read("score_rule", columns=keys, epoch=book.epoch, **_AS).unique()
        todo = unscored(core.select("interaction_id", "day_on", "content_hash"), done, key_of)
        sizes = {str(day): int(n) for day, n in core.group_by("day_on").len().iter_rows()}
        days = days_now(sizes, todo.days, known.per_run_n)
        if days:
            rows = core.filter(pl.col("day_on").is_in(days))
            turns = lake.read("core_turn", columns=list(_TURN), days=days, **_AS)
            names = {one: key_of(one) for one in rows["content_hash"].unique()}
            lake.overwrite("score_rule", judged(rows, turns, book, known, names), days=days, epoch=book.epoch)
    columns = ["interaction_id", "rule_id", "rule_outcome", "rule_reason"]
    return in_shadow(lake.read("score_rule", columns=columns, epoch=book.epoch, **_AS), book, core.height)


compliance_assets = [score_rule]
