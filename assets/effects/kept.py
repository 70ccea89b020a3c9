"""Where the answers and pages of declared studies lie in a state.

Lives here: paths and reading. Not here: asking (assets.py), which studies there are (declared.py).
"""

from pathlib import Path

from assets.analysis.kept import kept_as
from assets.effects.declared import KeptStudy, declared_studies


def answers_of(state: Path, name: str) -> Path:
    """Return the file a study's answer is kept in: that of its asset's result."""
    return state / "analysis" / f"effect_{name}.json"


def page_of(state: Path, name: str) -> Path:
    """Return where a study's page is kept until the report hands it out."""
    return state / "analysis" / "effects" / f"{name}.html"


def kept_studies(state: Path) -> tuple[KeptStudy, ...]:
    """Return the kept answers of the studies that are declared, the standing one first."""
    found = (kept_as(KeptStudy, answers_of(state, one.name)) for one in declared_studies(state / "studies"))
    return tuple(one for one in found if one is not None)
