"""The data dictionary as Markdown, generated from the contracts.

Lives here: what a reader sees of a Table. `python -m aftercall.contracts.write` writes docs/data_dictionary.md.
"""

from collections.abc import Sequence

from aftercall.contracts.columns import Column
from aftercall.contracts.table import Table


def markdown(tables: Sequence[Table]) -> str:
    """Return the dictionary of the given tables."""
    head = "# Data dictionary\n\nGenerated from `aftercall/contracts`; edit there and run `make contracts`.\n"
    return head + "".join(_table(table) for table in tables)


def _table(table: Table) -> str:
    facts = [f"**Key:** {', '.join(table.key)}", f"**Kept:** {table.retention}", f"**Purpose:** {table.purpose}"]
    if table.partition:
        facts.insert(1, f"**Partition:** {', '.join(table.partition)}")
    rows = "".join(_row(column) for column in table.columns)
    grain = f"{table.grain[0].upper()}{table.grain[1:]}."
    return f"\n## {table.name}\n\n{grain} {' · '.join(facts)}\n\n| column | kind | unit | meaning |\n|---|---|---|---|\n{rows}"


def _row(column: Column) -> str:
    values = f" One of: {', '.join(column.values)}." if column.values else ""
    never = " Never null." if column.required else ""
    return f"| `{column.name}` | {column.kind} | {column.unit} | {column.meaning}{values}{never} |\n"
