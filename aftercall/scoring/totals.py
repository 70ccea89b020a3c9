"""Answers to totals: overall, sections, auto-fail and completeness, for one interaction or a million with the same arithmetic.

Lives here: the three weight modes. Not here: answers (fold.py, batch.py), tables (batch_rows.py).

Sums run over the questions in the order of the form, so the fold and the batch add the same numbers in the same order.
"""

from dataclasses import dataclass

import numpy as np

from aftercall.scoring.form import SECTIONS, Form

# Above this share of unscored weight a total would hide more than it says. Source: spec scoring, section 2.
UNSCORED_SHARE_MAX = 0.2


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals of n interactions; NaN is 'no score'. `sections` has one column for each of SECTIONS."""

    overall: np.ndarray
    before_autofail: np.ndarray
    is_autofail: np.ndarray
    sections: np.ndarray
    applied_weight_share: np.ndarray
    called_for_n: np.ndarray
    is_incomplete: np.ndarray


def totals(form: Form, share: np.ndarray, is_scored: np.ndarray, is_unscored: np.ndarray) -> Totals:
    """Return the totals of n interactions.

    Args:
        form: the form, whose questions are the columns.
        share: n × questions, points earned as a share 0..1 (ignored where not scored).
        is_scored: n × questions, the answer counts (yes, no or partial).
        is_unscored: n × questions, the answer would count but could not be given; not 'not shown', not N/A.

    >>> from aftercall.scoring.form import Eligibility
    >>> empty = Form("f", "1", "", Eligibility(), (("tone", 1.0),), ())
    >>> float(totals(empty, np.zeros((1, 0)), np.zeros((1, 0), bool), np.zeros((1, 0), bool)).overall[0])
    nan
    """
    counted = np.array([not question.is_advisory for question in form.questions], dtype=bool)
    weights = np.array([question.weight for question in form.questions])
    scored, unscored = is_scored & counted, is_unscored & counted
    applied, missing = _sum(scored, weights), _sum(unscored, weights)
    autofail = np.array([question.is_autofail for question in form.questions], dtype=bool) & counted
    whole = np.array([question.fails == "form" for question in form.questions], dtype=bool)
    lost = scored & (share == 0) & autofail
    failed, form_failed = lost.any(axis=1), (lost & whole).any(axis=1)
    final_share = _without_failed_sections(form, share, lost & ~whole)
    sections = _sections(form, final_share, is_scored)
    with np.errstate(invalid="ignore", divide="ignore"):
        applied_share = applied / (applied + missing)
        incomplete = (missing > UNSCORED_SHARE_MAX * (applied + missing)) | (unscored & autofail).any(axis=1)
        can = (applied > 0) & ~incomplete
        overall = np.where(can, _overall(form, share, scored), np.nan)
        final = np.where(can, _overall(form, final_share, scored), np.nan)
    final = np.where(form_failed & can, 0.0, final)
    return Totals(final, overall, failed & ~np.isnan(overall), sections, applied_share, scored.sum(axis=1), incomplete)


def _without_failed_sections(form: Form, share: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Return the shares with nothing earned in a section that a question of it fails."""
    if not lost.any():
        return share
    sections = np.array([question.section for question in form.questions])
    failed = np.stack([(lost & (sections == name)).any(axis=1) for name in sections], axis=1)
    return np.where(failed, 0.0, share)


def _sum(mask: np.ndarray, values: np.ndarray, share: np.ndarray | None = None) -> np.ndarray:
    """Return Σ values (× share) over the questions a mask holds, added in the order of the form."""
    total = np.zeros(len(mask))
    for i, value in enumerate(values):
        total += np.where(mask[:, i], value * share[:, i] if share is not None else value, 0.0)
    return total


def _overall(form: Form, share: np.ndarray, scored: np.ndarray) -> np.ndarray:
    if form.weight_mode == "section":
        earned, weight = np.zeros(len(share)), np.zeros(len(share))
        for name, section_weight in form.section_weights:
            mean = _mean(form, name, share, scored)
            earned += np.where(np.isnan(mean), 0.0, section_weight * mean)
            weight += np.where(np.isnan(mean), 0.0, section_weight)
        return 100 * earned / weight
    values = np.array([q.weight if form.weight_mode == "question" else q.points for q in form.questions])
    return 100 * _sum(scored, values, share) / _sum(scored, values)


def _mean(form: Form, section: str, share: np.ndarray, scored: np.ndarray) -> np.ndarray:
    inside = np.array([question.section == section for question in form.questions], dtype=bool)
    weights = np.array([question.weight for question in form.questions])
    return _sum(scored & inside, weights, share) / _sum(scored & inside, weights)


def _sections(form: Form, share: np.ndarray, is_scored: np.ndarray) -> np.ndarray:
    """Return section scores 0..100; advisory questions stay outside, as in the overall score."""
    counted = np.array([not question.is_advisory for question in form.questions], dtype=bool)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = [100 * _mean(form, name, share, is_scored & counted) for name in SECTIONS]
    return np.stack(columns, axis=1)
