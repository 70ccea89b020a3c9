"""From current records of interactions and legs to core_interaction, core_leg and core_turn.

Lives here: merging a transcript with its ACD legs, handle time, the state of the transcript. Not here: which records
are current (current.py), redaction and the notice gate (done on intake).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import polars as pl

from aftercall.contracts.frames import polars_schema, shaped
from aftercall.contracts.tables import table_named

_INTERACTION, _LEG, _TURN = table_named("core_interaction"), table_named("core_leg"), table_named("core_turn")
_PARTS = ("talk_s", "hold_s", "acw_s")


def conversations(records: pl.DataFrame, expected: pl.DataFrame, *, basis: str) -> dict[str, pl.DataFrame]:
    """Return core_interaction, core_leg and core_turn of the given current records.

    Args: records, raw_record rows with interaction_id; expected, interaction_id, day_on and content_hash per
        interaction; basis, why these data may be processed.
    """
    by_kind = {kind: records.filter(pl.col("record_kind") == kind) for kind in ("interaction", "leg")}
    place = expected.select("interaction_id", "day_on")
    legs = _legs(by_kind["leg"]).join(place, on="interaction_id", how="inner")
    lines = by_kind["interaction"]
    parsed = [orjson.loads(text) for text in lines["record_json"]]
    turns = _turns(parsed).join(place, on="interaction_id", how="inner")
    said = _said(parsed, lines)
    merged = _merged(expected, said, legs, turns).with_columns(basis=pl.lit(basis))
    return {"core_turn": shaped(turns, _TURN), "core_leg": shaped(legs, _LEG), "core_interaction": shaped(merged, _INTERACTION)}


def _turns(parsed: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {name: [] for name in _TURN.names if name != "day_on"}
    add = [columns[name].append for name in ("interaction_id", "turn", "speaker", "start_s", "end_s", "text", "confidence")]
    words = columns["words_json"].append
    for line in parsed:
        for place, turn in enumerate(line["turns"]):
            values = (
                line["interaction_id"],
                place,
                turn["speaker"],
                turn["start_s"],
                turn["end_s"],
                turn["text"],
                turn.get("confidence"),
            )
            for put, value in zip(add, values, strict=True):
                put(value)
            words(orjson.dumps([list(word.values()) for word in turn["words"]]).decode() if "words" in turn else None)
    schema = {name: dtype for name, dtype in polars_schema(_TURN).items() if name != "day_on"}
    return pl.DataFrame(columns, schema=schema)


def _said(parsed: list[Mapping[str, Any]], lines: pl.DataFrame) -> pl.DataFrame:
    rows = [
        {
            "interaction_id": line["interaction_id"],
            "channel": line["channel"],
            "direction": line["direction"],
            "queue": line["queue"],
            "intent": line["intent"],
            "agent_id": line["agent_id"],
            "customer_id": line["customer_id"],
            "started_at": line["started_at"],
            "talk_s": line["talk_s"],
            "hold_s": line["hold_s"],
            "acw_s": line["acw_s"],
            "queue_wait_s": line["queue_wait_s"],
            "language": line["attributes"].get("language"),
            "transcript_state": line["attributes"].get("transcript_state", "ok" if line["turns"] else "missing"),
            "role_confidence": line["attributes"].get("role_confidence"),
            "attributes_json": orjson.dumps(line["attributes"]).decode() if line["attributes"] else None,
        }
        for line in parsed
    ]
    schema = {name: dtype for name, dtype in polars_schema(_INTERACTION).items() if name in _SAID}
    schema |= {"started_at": pl.String()}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    frame = frame.with_columns(pl.col("started_at").str.to_datetime("%+", time_unit="us", time_zone="UTC"))
    return frame.with_columns(lines["source_system"], lines["source_ref"])


_SAID = (
    "interaction_id",
    "channel",
    "direction",
    "queue",
    "intent",
    "agent_id",
    "customer_id",
    "started_at",
    *_PARTS,
    "queue_wait_s",
    "language",
    "transcript_state",
    "role_confidence",
    "attributes_json",
)


def _legs(lines: pl.DataFrame) -> pl.DataFrame:
    schema = {name: dtype for name, dtype in polars_schema(_LEG).items() if name not in ("day_on", "handle_s")}
    as_text = {name: pl.String() if dtype == pl.Datetime("us", "UTC") else dtype for name, dtype in schema.items()}
    rows = [orjson.loads(text) for text in lines["record_json"]]
    picked = [{name: row.get(name) for name in as_text} for row in rows]
    frame = pl.DataFrame(picked, schema=as_text, orient="row", strict=False)
    instants = [name for name, dtype in schema.items() if dtype == pl.Datetime("us", "UTC")]
    frame = frame.with_columns(pl.col(instants).str.to_datetime("%+", time_unit="us", time_zone="UTC"))
    return frame.with_columns(handle_s=_handle())


def _handle() -> pl.Expr:
    # A sum with a missing part is missing: null, never a shorter time.
    return pl.col("talk_s") + pl.col("hold_s") + pl.col("acw_s")


def _merged(expected: pl.DataFrame, said: pl.DataFrame, legs: pl.DataFrame, turns: pl.DataFrame) -> pl.DataFrame:
    """One row per expected interaction. Handle times come from the ACD legs where there are any, else from the line."""
    whole = [
        pl.when(pl.col(part).null_count() == 0).then(pl.col(part).sum()).alias(f"leg_{part}")
        for part in (*_PARTS, "queue_wait_s")
    ]
    first = [pl.col(name).drop_nulls().first().alias(f"leg_{name}") for name in ("agent_id", "queue", "offered_at")]
    by_leg = legs.sort("interaction_id", "leg_no").group_by("interaction_id").agg(*whole, *first, leg_ref=pl.len())
    counted = turns.group_by("interaction_id").agg(turn_n=pl.len())
    joined = (
        expected.join(said, on="interaction_id", how="left")
        .join(by_leg, on="interaction_id", how="left")
        .join(counted, on="interaction_id", how="left")
    )
    both = {name: pl.coalesce(f"leg_{name}", name) for name in (*_PARTS, "queue_wait_s")}
    return joined.with_columns(
        **both,
        agent_id=pl.coalesce("agent_id", "leg_agent_id"),
        queue=pl.coalesce("queue", "leg_queue"),
        started_at=pl.coalesce("started_at", "leg_offered_at"),
        turn_n=pl.col("turn_n").fill_null(0),
        transcript_state=pl.col("transcript_state").fill_null("missing"),
    ).with_columns(handle_s=_handle())
