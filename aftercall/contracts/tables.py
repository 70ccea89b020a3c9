"""Every table by name.

Lives here: the registry. Not here: the tables themselves (lake_tables.py, mart_tables.py).
"""

from aftercall.contracts import lake_tables as lake
from aftercall.contracts import mart_tables as marts
from aftercall.contracts.errors import UnknownTable
from aftercall.contracts.table import Table

LAKE: tuple[Table, ...] = (
    lake.RAW_FILE,
    lake.RAW_RECORD,
    lake.CORE_INTERACTION,
    lake.CORE_LEG,
    lake.CORE_TURN,
    lake.CORE_AGENT,
    lake.CORE_CUSTOMER,
    lake.CORE_EXPOSURE,
    lake.CORE_ACTIVITY,
    lake.CORE_EVALUATION,
    lake.CORE_SURVEY,
    lake.CORE_NOTICE,
    lake.SCORE_INTERACTION,
    lake.SCORE_QUESTION,
    lake.SCORE_EVIDENCE,
    lake.SCORE_SIGNAL,
    lake.SCORE_RULE,
)
MARTS: tuple[Table, ...] = (
    marts.MART_AGENT_DAY,
    marts.MART_AGENT_WEEK,
    marts.MART_BEHAVIOUR_WEEK,
    marts.MART_QUEUE_INTERVAL,
    marts.MART_HANDLE_TIME,
    marts.MART_CUSTOMER,
    marts.MART_COVERAGE,
)
TABLES: dict[str, Table] = {table.name: table for table in (*LAKE, *MARTS)}


def table_named(name: str) -> Table:
    """Return a table by name.

    Raises: UnknownTable, listing the tables that exist.

    >>> table_named("core_turn").key
    ('interaction_id', 'turn')
    """
    try:
        return TABLES[name]
    except KeyError:
        raise UnknownTable(name, tuple(TABLES)) from None
