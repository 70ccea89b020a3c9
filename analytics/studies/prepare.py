"""From a table and a declared study to checked panels: window, corrected scores, offers, covariates that came before.

Lives here: everything that happens to rows before an estimator sees them. Not here: panels themselves (longpanel.py).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from aftercall.contracts.errors import ContractError, DesignError, UnknownColumn
from analytics.results import Reason
from analytics.studies.before_start import in_cohort
from analytics.studies.imputation_errors import imputation
from analytics.studies.longpanel import LongPanel, read_long
from analytics.studies.study_spec import StudySpec
from analytics.studies.verdict import reason

OWN_SCORES, EPOCH_COLUMN = ("overall", "score"), "score_epoch"
WEIGHT_COLUMN = "interaction_n"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The panel of the study, panels of its negative controls, starts as treated beside those as offered, and what was noted.

    `frame` holds the rows they were made of: window, hold-out and cohort kept.
    """

    panel: LongPanel
    controls: dict[str, LongPanel]
    as_treated: LongPanel | None
    reasons: tuple[Reason, ...]
    warnings: tuple[str, ...]
    frame: pl.DataFrame


def prepared(frame: pl.DataFrame, spec: StudySpec, *, pool: frozenset[str] | None = None) -> Prepared:
    """Return the panels of a study.

    Args: pool, units that took part in a hold-out; others are left out.
    Raises: UnknownColumn; ContractError, a rule of panels is broken or a covariate moved with the treatment.
    """
    reasons, notes = list[Reason](), list[str]()
    frame = _in_window(frame, spec)
    if pool is not None and spec.unit:
        before = frame.height
        frame = frame.filter(pl.col(spec.unit).cast(pl.String).is_in(list(pool)))
        notes.append(f"{before - frame.height} rows of units outside the assignment file are left out.")
    frame, of_whom = in_cohort(frame, spec)
    notes += of_whom
    frame, outcome = _corrected(frame, spec, reasons)
    if frame[outcome].null_count() == frame.height:
        raise ContractError(
            f"The panel cannot be used: no row has a known {spec.outcome} (map the right column, or widen the window)."
        )
    _same_scoring(frame, spec, reasons, notes)
    covariates, frame = _stamped(frame, spec)
    columns: dict[str, Any] = {
        "unit": spec.unit,
        "time": spec.time,
        "first_treated": spec.offer or spec.first_treated,
        "cluster": spec.assignment_level if spec.assignment_level != spec.unit else None,
        "weights": _weights(frame, spec),
        "period": spec.period,
    }
    panel = read_long(frame, outcome=outcome, covariates=covariates, unit_of_outcome=spec.unit_of_outcome, **columns)
    _came_before(panel)
    controls = {name: read_long(frame, outcome=name, **columns) for name in spec.negative_controls}
    as_treated = None
    if spec.offer:
        as_given: dict[str, Any] = {**columns, "first_treated": spec.first_treated}
        as_treated = read_long(
            frame, outcome=outcome, covariates=covariates, unit_of_outcome=spec.unit_of_outcome,
            **as_given,
        )  # fmt: skip
    return Prepared(panel, controls, as_treated, tuple(reasons), (*notes, *panel.warnings), frame)


def _need(frame: pl.DataFrame, name: str) -> None:
    if name not in frame.columns:
        raise UnknownColumn(name, "The panel", frame.columns)


def _in_window(frame: pl.DataFrame, spec: StudySpec) -> pl.DataFrame:
    """Return the rows of the window, bounds included, compared in the time column's own terms."""
    _need(frame, spec.time)
    for bound, is_low in ((spec.window[0], True), (spec.window[1], False)):
        if bound is None:
            continue
        column = pl.col(spec.time)
        try:
            kind, text = frame.schema[spec.time], pl.Series([bound])
            edge = (text.str.to_datetime().cast(kind) if kind.is_temporal() else text.cast(kind))[0]
        except pl.exceptions.PolarsError:
            raise ContractError(
                f"The window's bound {bound!r} is not of the kind of {spec.time} ({frame.schema[spec.time]})."
            ) from None
        frame = frame.filter(column >= edge if is_low else column <= edge)
    return frame


def _weights(frame: pl.DataFrame, spec: StudySpec) -> str | None:
    if spec.weights == "agent":
        return None
    if spec.weights == "interaction" and "interaction" not in frame.columns:
        _need(frame, WEIGHT_COLUMN)
        return WEIGHT_COLUMN
    _need(frame, spec.weights)
    return spec.weights


def _corrected(frame: pl.DataFrame, spec: StudySpec, reasons: list[Reason]) -> tuple[pl.DataFrame, str]:
    """Return the outcome corrected by people where they were drawn with known chance; else say that it is not (AUTO_ONLY).

    The corrected score is auto + (human - auto) / probability where a person scored, auto elsewhere: unbiased whatever the
    machine's errors. Source: Egami, Hinck, Stewart and Wei (2023); spec statistics 4.14 with lambda 1.
    """
    _need(frame, spec.outcome)
    if spec.auto is None:
        if _is_machine_score(frame, spec):
            reasons.append(reason("AUTO_ONLY", detail=f"{spec.outcome} is an automatic score; give --auto, --human and --prob"))
        return frame, spec.outcome
    _need(frame, spec.auto)
    if spec.human is None or spec.prob is None:
        reasons.append(reason("AUTO_ONLY", detail="no --human and --prob"))
        return frame, spec.outcome
    for name in (spec.human, spec.prob):
        _need(frame, name)
    auto, human, chance = (
        pl.col(name).cast(pl.Float64, strict=False).fill_nan(None) for name in (spec.auto, spec.human, spec.prob)
    )
    bad = frame.filter(chance.is_null() | (chance <= 0) | (chance > 1)).height
    if bad:
        reasons.append(reason("AUTO_ONLY", detail=f"{bad} rows have no sampling probability above 0"))
        return frame, spec.outcome
    correction = pl.when(human.is_not_null()).then((human - auto) / chance).otherwise(0.0)
    name = f"{spec.outcome} (corrected by people)"
    return frame.with_columns((auto + correction).alias(name)), name


def _is_machine_score(frame: pl.DataFrame, spec: StudySpec) -> bool:
    """Return whether the outcome is a machine's score: it says so, or the table is ours, where scores travel with an epoch.

    A column called score of somebody else's table may be an exam.
    """
    low, has_epoch = spec.outcome.lower(), spec.epoch is not None or EPOCH_COLUMN in frame.columns
    return low.startswith(("auto_", "sum_auto")) or (low in OWN_SCORES and has_epoch)


def _same_scoring(frame: pl.DataFrame, spec: StudySpec, reasons: list[Reason], notes: list[str]) -> None:
    if spec.epoch is None:
        return
    _need(frame, spec.epoch)
    found = sorted(str(one) for one in frame[spec.epoch].drop_nulls().unique().to_list())
    if len(found) > 1:
        detail = f"{len(found)} epochs: {', '.join(found[:4])}"
        if spec.auto is not None or _is_machine_score(frame, spec):
            reasons.append(reason("EPOCH_CHANGED", detail=detail))
        else:
            notes.append(f"The way of scoring changed inside the window ({detail}); {spec.outcome} is taken to be no score.")


def _stamped(frame: pl.DataFrame, spec: StudySpec) -> tuple[list[str], pl.DataFrame]:
    """Return the names of covariates, refusing those whose stamp (name@stamp) is not before the row's first treatment."""
    names = list[str]()
    for asked in spec.covariates:
        name, _, stamp = asked.partition("@")
        _need(frame, name)
        names.append(name)
        if not stamp:
            continue
        _need(frame, stamp)
        _need(frame, spec.first_treated)
        first = frame[spec.first_treated].cast(pl.String).to_list()
        when = frame[stamp].cast(pl.String).to_list()
        never = {None, "", "0", "0.0", "never", "NaN", "inf"}
        late = sum(f not in never and w is not None and _order(w) >= _order(f) for f, w in zip(first, when, strict=True))
        if late:
            raise ContractError(
                f"{name} was measured at or after first treatment in {late} rows ({stamp} >= {spec.first_treated}): it may be "
                "part of the effect. Give its value from before the start."
            )
    return names, frame


def _order(text: str | None) -> tuple[int, float, str]:
    try:
        return 0, float(text or ""), ""
    except ValueError:
        return 1, 0.0, text or ""


def _came_before(panel: LongPanel) -> None:
    """Refuse covariates that move when treatment starts: what they take up is taken away from the effect."""
    for place, name in enumerate(panel.x_names):
        column = panel.x[:, place]
        one = LongPanel(
            panel.unit, panel.time, column, panel.w, panel.first, panel.cluster, np.empty((len(column), 0)), panel.unit_names,
            panel.time_labels, panel.cluster_names, (), name, "", panel.period, (), panel.design,
        )  # fmt: skip
        try:
            found = imputation(one, horizons=False)
        except DesignError:
            continue
        scale = float(np.std(column)) or 1.0
        if found.p is not None and found.p < 0.001 and abs(found.estimate) > 1e-6 * scale:
            raise ContractError(
                f"{name} moves when treatment starts (by {found.estimate:.3g}, p = {found.p:.1g}): measured after the start, "
                "it takes part of the effect away. Give its value from before the start (one value a unit, or "
                f"{name}@column of when it was measured)."
            )
