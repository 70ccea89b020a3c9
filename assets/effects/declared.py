"""The studies that are declared: the one every centre has, and YAML files in the state's `studies` folder.

Lives here: names, the file behind each, running one on the closed weeks of the panel. Not here: the study (analytics), Dagster
(assets.py).
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from aftercall.contracts.errors import AftercallError, RequestError
from analytics.effect import Effect, effect_of
from analytics.mart_study import coaching_effect, study_frame
from analytics.panel import Panel, read_panel
from analytics.studies.study import Study, study
from analytics.studies.study_spec import read_spec

STANDING = "coaching_handle_s"


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared study; `path` is None for the standing one."""

    name: str
    path: Path | None

    def text(self) -> str:
        """Return the file's text, empty for the standing study."""
        return "" if self.path is None else self.path.read_text(encoding="utf-8")

    def drawn(self) -> Path | None:
        """Return the file of who was drawn, beside the study's own: NAME.assignment.csv."""
        path = None if self.path is None else self.path.with_suffix(".assignment.csv")
        return path if path is not None and path.is_file() else None

    def inputs(self) -> str:
        """Return everything declared: the study and who was drawn."""
        drawn = self.drawn()
        return self.text() + ("" if drawn is None else drawn.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class KeptStudy:
    """A study's answer or why there is none; `declared` is its YAML."""

    name: str
    effect: Effect | None
    refused: str
    declared: str


def declared_studies(folder: Path) -> tuple[Declared, ...]:
    """Return the standing study and those of the folder's YAML files, by name.

    A file's name becomes the asset's: letters, digits and underscores; other signs become underscores.
    """
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]) if folder.is_dir() else []
    found = {STANDING: Declared(STANDING, None)}
    for path in files:
        name = "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in path.stem.lower())
        while name in found:
            name += "_"
        found[name] = Declared(name, path)
    return tuple(found.values())


def closed_weeks(agent_weeks: pl.DataFrame, today: date) -> pl.DataFrame:
    """Return the weeks that have ended: a week that is still running would read as a change."""
    return agent_weeks.filter(pl.col("week_on") + timedelta(days=7) <= today)


def content_hash(frame: pl.DataFrame) -> str:
    """Return the SHA-256 of a table's content in order of agent and week: the same rows, the same hash."""
    held = io.BytesIO()
    frame.sort("agent_id", "week_on").write_ipc(held, compression="uncompressed")
    return hashlib.sha256(held.getbuffer()).hexdigest()


def relatives(declared: Declared, every: Sequence[Declared]) -> tuple[Declared, ...]:
    """Return the other studies of a study's family, whose p-values its verdict depends on; "single" is no family."""
    families = {one.name: _family_of(one) for one in every}
    mine = _family_of(declared)
    return tuple(one for one in every if one.name != declared.name and mine is not None and families[one.name] == mine)


def _family_of(declared: Declared) -> str | None:
    if declared.path is None:
        return None
    try:
        family = read_spec(declared.text()).family
    except AftercallError:
        return None
    return None if family == "single" else family


def answer_of(declared: Declared, agent_weeks: pl.DataFrame, family: Sequence[Declared] = ()) -> tuple[KeptStudy, Study | None]:
    """Return a declared study's answer on these agent-weeks; what cannot be answered says why and stops nothing else.

    Args: family, its `relatives`: together they share one false discovery rate.
    """
    text = declared.text()
    try:
        panel = read_panel(agent_weeks)
        if declared.path is None:
            effect, found = coaching_effect(panel)
            return KeptStudy(declared.name, effect, "", found.spec.as_yaml()), found
        found = _asked(declared, panel, tuple(_p_values(family, panel)))
        return KeptStudy(declared.name, effect_of(found), "", text), found
    except AftercallError as error:
        return KeptStudy(declared.name, None, error.message, text), None


def _asked(declared: Declared, panel: Panel, family_p: tuple[float, ...] = ()) -> Study:
    drawn = declared.drawn()
    try:
        assignment = None if drawn is None else pl.read_csv(drawn, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise RequestError(f"{drawn} is no table: {str(error).splitlines()[0]}. Give a CSV with a header.") from None
    return study(study_frame(panel), read_spec(declared.text()), assignment=assignment, family_p=family_p)


def _p_values(family: Sequence[Declared], panel: Panel) -> Iterator[float]:
    for one in family:
        try:
            found = _asked(one, panel).found
        except AftercallError:
            continue
        if found is not None and found.p is not None:
            yield found.p
