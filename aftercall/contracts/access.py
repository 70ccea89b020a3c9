"""Who may read what for which purpose: the matrix every read goes through.

Lives here: roles, and the tables each role may read. Not here: reading (assets.lake), roster-bound rows (privacy gate).
"""

from aftercall.contracts.errors import AccessRefused
from aftercall.contracts.table import Purpose, Table

_AGGREGATES = frozenset({"mart_queue_interval", "mart_handle_time", "mart_coverage"})
_PANELS = _AGGREGATES | {"mart_agent_day", "mart_agent_week", "mart_behaviour_week", "core_exposure", "core_agent"}
_SCORES = frozenset(
    {"score_interaction", "score_question", "score_evidence", "score_signal", "score_rule", "core_interaction"}
    | {"core_evaluation"}
)

# None is every table: the pipeline itself, which hands out only what its assets publish.
ROLES: dict[str, frozenset[str] | None] = {
    "pipeline": None,
    "qa_lead": _PANELS | _SCORES,
    "wfm_lead": _AGGREGATES | {"core_activity"},
    "analyst": _PANELS,
}


def allow(table: Table, *, role: str, purpose: str) -> None:
    """Return if `role` may read `table` for `purpose`.

    Raises: AccessRefused, naming what was asked and what exists.

    >>> from aftercall.contracts.lake_tables import CORE_TURN
    >>> allow(CORE_TURN, role="pipeline", purpose="service_quality")
    """
    if purpose not in set(Purpose):
        raise AccessRefused(f"Purpose {purpose!r} is refused. Data may be read for: {', '.join(Purpose)}.")
    if role not in ROLES:
        raise AccessRefused(f"There is no role {role!r}. There are: {', '.join(ROLES)}.")
    allowed = ROLES[role]
    if allowed is not None and table.name not in allowed:
        raise AccessRefused(f"Role {role!r} may not read {table.name}. It may read: {', '.join(sorted(allowed))}.")
