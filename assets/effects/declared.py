"""The studies that are declared: the one every centre has, and YAML files in the state's `studies` folder.

Lives here: names, the file behind each, running one on the closed weeks of the panel. Not here: the study (analytics), Dagster
(assets.py).
"""

import hashlib
import io
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from aftercall.contracts.errors import AftercallError
from analytics.effect import Effect, effect_of
from analytics.mart_study import coaching_effect, standing_spec, study_frame
from analytics.panel import Panel, read_panel
from analytics.studies.study import Study, study
from analytics.studies.study_spec import StudySpec, read_spec

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


def answer_of(declared: Declared, agent_weeks: pl.DataFrame, siblings: tuple[Declared, ...]) -> tuple[KeptStudy, Study | None]:
    """Return a declared study's answer on these agent-weeks; what cannot be answered says why and stops nothing else.

    Args: siblings, the other declared studies: those of the same family share its false discovery rate.
    """
    text = declared.text()
    try:
        panel = read_panel(agent_weeks)
        if declared.path is None:
            effect, found = coaching_effect(panel)
            return KeptStudy(declared.name, effect, "", found.spec.as_yaml()), found
        spec, frame = read_spec(text), study_frame(panel)
        drawn = declared.drawn()
        assignment = None if drawn is None else pl.read_csv(drawn, infer_schema=False)
        found = study(frame, spec, assignment=assignment, family_p=_family(spec, panel, declared, siblings))
        return KeptStudy(declared.name, effect_of(found, frame), "", text), found
    except (AftercallError, pl.exceptions.PolarsError) as error:
        return KeptStudy(declared.name, None, getattr(error, "message", str(error)), text), None


def _family(spec: StudySpec, panel: Panel, declared: Declared, siblings: tuple[Declared, ...]) -> tuple[float, ...]:
    """Return the p-values of the other studies of the family; "single" is no family."""
    if spec.family == "single":
        return ()
    out = list[float]()
    for other in siblings:
        if other.name == declared.name:
            continue
        try:
            its = standing_spec(panel) if other.path is None else read_spec(other.text())
            found = study(study_frame(panel), its).found if its.family == spec.family else None
        except AftercallError:
            continue
        if found is not None and found.p is not None:
            out.append(found.p)
    return tuple(out)
