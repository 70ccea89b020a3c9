"""From current records of people, coaching, schedules, evaluations, surveys and notices to their core tables.

Lives here: one small function for all of them: the contract says what each column is. Not here: conversations.
"""

import orjson
import polars as pl

from aftercall.contracts.frames import polars_schema, shaped
from aftercall.contracts.tables import table_named

TABLE_OF = {
    "agent": "core_agent",
    "customer": "core_customer",
    "exposure": "core_exposure",
    "activity": "core_activity",
    "evaluation": "core_evaluation",
    "survey": "core_survey",
    "notice": "core_notice",
}


def reference(records: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return the core table of one kind of record, in key order.

    Args: records, current raw_record rows of the kind.
    """
    table = table_named(TABLE_OF[kind])
    schema = polars_schema(table)
    as_text = {name: pl.String() if dtype.is_temporal() else dtype for name, dtype in schema.items()}
    rows = [orjson.loads(text) for text in records["record_json"]]
    frame = pl.DataFrame(
        [{name: row.get(name) for name in as_text} for row in rows], schema=as_text, orient="row", strict=False
    )
    instants = [name for name, dtype in schema.items() if isinstance(dtype, pl.Datetime)]
    dates = [name for name, dtype in schema.items() if dtype == pl.Date]
    frame = frame.with_columns(
        pl.col(instants).str.to_datetime("%+", time_unit="us", time_zone="UTC"), pl.col(dates).str.to_date("%Y-%m-%d")
    )
    return shaped(frame, table).sort(table.key)
