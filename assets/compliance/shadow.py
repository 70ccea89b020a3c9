"""Rules in shadow: facts of an interaction, which days are judged now, outcomes as rows, counts per rule.

Lives here: pure functions on frames. Not here: the rules (aftercall.scoring.pack_book), reading and writing (assets.py).
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from aftercall.contracts.records import Turn
from aftercall.scoring.pack import Value
from aftercall.scoring.pack_book import RuleBook
from aftercall.scoring.pack_ear import RuleOutcome
from aftercall.scoring.pack_likeness import PERHAPS_SAID
from aftercall.scoring.pack_run import RuleFacts

_COUNTED = ("kept", "late", "missed", "fired", "na")
_OWN = "compliance_facts.toml"


@dataclass(frozen=True, slots=True)
class Known:
    """Facts by channel and by queue, and how many interactions a run may judge."""

    per_run_n: int
    channel: Mapping[str, Mapping[str, Value]]
    queue: Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class RulesInShadow:
    """What the rules found in one epoch of theirs; nobody's score hangs on it.

    `rows`, one a rule: rule_id, title, source_status, asked_n (called for or not known), kept_n, late_n, missed_n, fired_n,
    person_n (a notice perhaps said in other words), unknown_n (a fact or the words are not known). `interaction_n` could be
    judged, `judged_n` were.
    """

    epoch: str
    interaction_n: int
    judged_n: int
    rows: pl.DataFrame


def known_facts(state: Path) -> Known:
    """Return the facts of a state: its own file, else the shipped one.

    >>> known_facts(Path("nowhere")).channel["voice"]
    {'recorded': True}
    """
    own = state / _OWN
    given = tomllib.loads((own if own.is_file() else Path(__file__).with_name("facts.toml")).read_text(encoding="utf-8"))
    return Known(given["interactions_per_run"], given.get("channel", {}), given.get("queue", {}))


def facts_of(row: Mapping[str, Any], known: Known) -> RuleFacts:
    """Return what the rules may know of a core_interaction row: by channel, by queue, its own attributes last."""
    import orjson

    own = orjson.loads(row["attributes_json"]) if row["attributes_json"] else {}
    plain = {name: value for name, value in own.items() if isinstance(value, str | int | float | bool)}
    told = {**known.channel.get(row["channel"] or "", {}), **known.queue.get(row["queue"] or "", {}), **plain}
    told |= {name: row[name] for name in ("channel", "direction") if row[name] is not None}
    started_on = row["started_at"].date() if row["started_at"] else None
    return RuleFacts(tuple(sorted(told.items())), started_on, row["hold_s"])


def days_now(sizes: Mapping[str, int], todo: Sequence[str], per_run_n: int) -> list[str]:
    """Return the days to judge in this run: whole days, newest first, until so many interactions are reached.

    >>> days_now({"2026-01-01": 5, "2026-01-02": 3, "2026-01-03": 4}, ["2026-01-01", "2026-01-02", "2026-01-03"], 5)
    ['2026-01-02', '2026-01-03']
    """
    taken, n = list[str](), 0
    for day in sorted(todo, reverse=True):
        if n >= per_run_n:
            break
        taken, n = [*taken, day], n + sizes.get(day, 0)
    return sorted(taken)


def judged(rows: pl.DataFrame, turns: pl.DataFrame, book: RuleBook, known: Known, keys: Mapping[str, str]) -> pl.DataFrame:
    """Return score_rule rows of interactions: one per rule in force.

    Args: rows of core_interaction; turns of core_turn; keys, score key of a content hash.
    """
    said = dict[str, list[Turn]]()
    for one in turns.sort("interaction_id", "turn").iter_rows(named=True):
        said.setdefault(one["interaction_id"], []).append(_turn(one))
    out = list[dict[str, Any]]()
    for row in rows.iter_rows(named=True):
        head = {"interaction_id": row["interaction_id"], "day_on": row["day_on"], "score_epoch": book.epoch}
        head["score_key"] = keys[row["content_hash"]]
        mine = sorted(said.get(row["interaction_id"], []), key=lambda turn: (turn.start_s or 0.0, turn.turn))
        out += [head | told for told in _told(book.judge(facts_of(row, known), mine))]
    return pl.DataFrame(out, infer_schema_length=None)


def _turn(one: Mapping[str, Any]) -> Turn:
    return Turn(one["turn"], one["speaker"], one["text"], one["start_s"], one["end_s"], one["confidence"])


def _told(outcomes: Sequence[RuleOutcome]) -> Iterator[dict[str, Any]]:
    for one in outcomes:
        proof = next((evidence for evidence in one.evidence if evidence.quote), None)
        yield {
            "rule_id": one.rule_id,
            "rule_outcome": one.outcome,
            "rule_reason": one.reason,
            "turn": proof.turn if proof else None,
            "start_s": proof.start_s if proof else None,
            "quote": proof.quote if proof else None,
        }


def in_shadow(found: pl.DataFrame, book: RuleBook, interaction_n: int) -> RulesInShadow:
    """Return the counts per rule of all score_rule rows of an epoch."""
    outcome, reason = pl.col("rule_outcome"), pl.col("rule_reason")
    counts = found.group_by("rule_id").agg(
        asked_n=(outcome.is_null() | (outcome != "na")).sum(),
        **{f"{name}_n": (outcome == name).sum() for name in _COUNTED[:4]},
        person_n=(outcome.is_null() & (reason == PERHAPS_SAID)).sum(),
        unknown_n=(outcome.is_null() & (reason != PERHAPS_SAID)).sum(),
    )
    titles = pl.DataFrame(
        list({rule.id: (rule.id, rule.title, rule.source_status) for rule in book.pack.rules}.values()),
        schema=["rule_id", "title", "source_status"],
        orient="row",
    )
    rows = titles.join(counts, on="rule_id", maintain_order="left").filter(pl.col("asked_n") > 0)
    whole = [pl.col(name).cast(pl.Int64) for name in rows.columns if name.endswith("_n")]
    return RulesInShadow(book.epoch, interaction_n, found["interaction_id"].n_unique(), rows.with_columns(whole))
