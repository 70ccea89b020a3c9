"""The notice gate: whose interactions may be processed, and from which date.

Lives here: the question `cleared(agent_id, on_date)`. Not here: reading notice files (csv_table.py), what is dropped when the
answer is no (record.py). Source: spec privacy, P8.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from aftercall.contracts.columns import BASES
from aftercall.contracts.errors import RequestError


@dataclass(frozen=True, slots=True)
class NoticeGate:
    """Under which basis a run stands, and, when that is notices, when each agent was given one.

    `first_on` maps agent id to the date of the agent's first notice.

    >>> gate = NoticeGate("notices", "", {"a1": date(2026, 1, 5)})
    >>> gate.cleared("a1", date(2026, 1, 4)), gate.cleared("a1", date(2026, 1, 5)), gate.cleared(None, date(2026, 1, 5))
    (False, True, False)
    >>> NoticeGate("public", "published chats").cleared(None, None)
    True
    """

    basis: str
    basis_name: str = ""
    first_on: Mapping[str, date] = field(default_factory=dict[str, date])

    def __post_init__(self) -> None:
        if self.basis not in BASES:
            raise RequestError(f"There is no basis {self.basis!r}. There are: {', '.join(BASES)}.")

    def cleared(self, agent_id: str | None, on_date: date | None) -> bool:
        """Whether an interaction of this agent on this date may be processed.

        Always with a declared basis. With notices: the agent is known and was given a notice on or before the date; an
        interaction without a date cannot be shown to come after the notice and is not cleared.
        """
        if self.basis != "notices":
            return True
        if agent_id is None or on_date is None:
            return False
        first = self.first_on.get(agent_id)
        return first is not None and first <= on_date


def gate_of(notices: Iterable[Mapping[str, object]]) -> NoticeGate:
    """Return the gate of a run that stands on notices, from rows with `agent_id` and `noticed_on` (date or ISO text).

    >>> gate_of([{"agent_id": "a1", "noticed_on": "2026-01-05"}]).first_on
    {'a1': datetime.date(2026, 1, 5)}
    """
    first = dict[str, date]()
    for row in notices:
        given = row["noticed_on"]
        on = given if isinstance(given, date) else date.fromisoformat(str(given))
        agent = str(row["agent_id"])
        first[agent] = min(on, first.get(agent, on))
    return NoticeGate("notices", "", first)
