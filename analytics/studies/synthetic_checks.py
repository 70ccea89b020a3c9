"""The answer about few treated units: the effect, and what placebos in space and time and missing donors say about it.

Lives here: placebo errors, ranks, leave-one-out, verdict. Not here: weights and point estimates (synthetic.py), reading tables
(series.py).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from aftercall.contracts.errors import DesignError
from analytics.results import CheckResult, Reason, reason
from analytics.studies.answer import Answer, Term, verdict_of
from analytics.studies.series import Block, Floats
from analytics.studies.synthetic import Synthetic, SyntheticMethod, point, points, synthetic

_NAMES = {"sdid": "synthetic difference-in-differences", "sc": "synthetic control", "did": "difference-in-differences"}
MIN_PRE = 4
DRAWS = 200


@dataclass(frozen=True, slots=True)
class Placebos:
    """What the method finds where nothing happened: donors taken as treated. `p` is the rank of the real RMSPE ratio."""

    estimates: Floats
    ratios: Floats
    pre_rmspe: Floats
    p: float
    rank: int

    @property
    def se(self) -> float:
        """SD of the placebo estimates."""
        return float(self.estimates.std())


def few_treated(
    block: Block, method: SyntheticMethod = "sdid", *, seed: int = 0, alpha: float = 0.05, min_pre: int = MIN_PRE
) -> Answer:
    """Return the mean effect on the treated units after the start, with placebos and a verdict.

    The interval is estimate ± z · SD of placebo estimates; p is the rank of post/pre RMSPE among the placebos, which cannot be
    below 1/(placebos + 1). One treated unit: every donor is a placebo (200 drawn ones above 200); more: 200 drawn sets.
    Raises: DesignError, not more donors than treated units, or a donor pool without any movement before the start.
    Source: spec statistics 4.8; Abadie, Diamond & Hainmueller (2010) for ranks.
    """
    real = synthetic(block, method)
    if block.control_n <= len(block.treated_names):
        raise DesignError(
            f"{block.control_n} donors for {len(block.treated_names)} treated units: placebos need more donors than that. "
            "Add units that were never treated."
        )
    exact = point(block.y, block.control_n, block.pre_n, method)
    space = placebos(block.y, block.control_n, block.pre_n, method, exact, seed=seed)
    top = _headline(real.estimate, space, alpha)
    reasons, checks = list[Reason](), list[CheckResult]()
    if method != "did" and block.pre_n < min_pre:
        reasons.append(reason("SHORT_PRE", k=block.pre_n, needed=min_pre))
    if method == "did" and block.pre_n == 1:
        checks.append(
            CheckResult("Did the groups move together before?", None, "cannot be tested: one period before the start")
        )
    smallest = 1 / (len(space.ratios) + 1)
    if smallest >= 0.05:
        units = len(block.treated_names)
        reasons.append(reason("FEW_TEAMS", g1=units, g=units + block.control_n, pmin=f"{smallest:.3f}"))
    checks += _fit_checks(block, real, space, method)
    left_out = leave_one_out(block, method, exact)
    if left_out:
        low, high = min(left_out.values()), max(left_out.values())
        same_sign = low * high > 0
        checks.append(CheckResult("Does the effect survive without any one donor?", same_sign, f"{low:+.4g} to {high:+.4g}"))
    in_time = _in_time(block, method, seed, alpha)
    checks.append(in_time)
    if in_time.passed is False:
        reasons.append(reason("CONTROL_MOVED", detail=in_time.detail))
    facts = _facts(block, real, space, left_out)
    facts["cross_checks"] = [
        *(
            {"method": _NAMES[name], "estimate": point(block.y, block.control_n, block.pre_n, name).estimate}
            for name in _others(method)
        ),
        {"method": f"{_NAMES[method]}, weights at the exact optimum", "estimate": exact.estimate},
    ]
    verdict = verdict_of(top, tuple(reasons), also_refuses=("SHORT_PRE",), alpha=alpha)
    if verdict == "supported" and (top.ci_low is None or top.ci_high is None or top.ci_low <= 0 <= top.ci_high):
        verdict = "inconclusive"
    warnings = (*block.warnings, "The placebo error is a Monte-Carlo figure; it takes donors to vary as the treated units do.")
    words = f"mean effect on {', '.join(block.treated_names)} after the start"
    return Answer(
        block.outcome,
        f"{_NAMES[method]} (placebo errors)",
        words,
        (top,),
        block.y.size,
        verdict,
        "",
        tuple(checks),
        tuple(reasons),
        warnings,
        facts,
    )


def placebos(y: Floats, control_n: int, pre_n: int, method: SyntheticMethod, real: Synthetic, *, seed: int = 0) -> Placebos:
    """Return what the method finds when donors stand in for the treated units, and where the real one ranks."""
    treated_n, rng = y.shape[0] - control_n, np.random.default_rng(seed)
    if treated_n == 1:
        chosen = [np.array([k]) for k in range(control_n)]
        if control_n > DRAWS:
            chosen = [np.array([k]) for k in rng.choice(control_n, DRAWS, replace=False)]
    else:
        chosen = [rng.choice(control_n, treated_n, replace=False) for _ in range(DRAWS)]
    control, donors = y[:control_n], np.ones((len(chosen), control_n), dtype=bool)
    for row, one in enumerate(chosen):
        donors[row, one] = False
    stand_ins = np.stack([control[one].mean(axis=0) for one in chosen])
    found = points(control, stand_ins, donors, treated_n, pre_n, method)
    ratios = np.array([one.ratio for one in found])
    rank = 1 + int(np.sum(ratios >= real.ratio * (1 - 1e-12)))
    estimates, before = np.array([one.estimate for one in found]), np.array([one.pre_rmspe for one in found])
    return Placebos(estimates, ratios, before, rank / (len(ratios) + 1), rank)


def leave_one_out(block: Block, method: SyntheticMethod, real: Synthetic) -> dict[str, float]:
    """Return the estimate without each donor that carries weight (over 0.001), at most the 50 heaviest."""
    if block.control_n < 3:
        return {}
    heavy = [int(k) for k in np.argsort(-real.omega)[:50] if real.omega[k] > 0.001]
    if not heavy:
        return {}
    donors = np.ones((len(heavy), block.control_n), dtype=bool)
    donors[np.arange(len(heavy)), heavy] = False
    control, treated = block.y[: block.control_n], block.y[block.control_n :].mean(axis=0)
    each = np.broadcast_to(treated, (len(heavy), len(treated)))
    found = points(control, each, donors, len(block.treated_names), block.pre_n, method)
    return {block.control_names[k]: one.estimate for k, one in zip(heavy, found, strict=True)}


def _headline(estimate: float, space: Placebos, alpha: float) -> Term:
    se = space.se
    if not se > 0:
        return Term("effect", estimate, p=space.p)
    reach = float(stats.norm.ppf(1 - alpha / 2)) * se
    note = f"rank {space.rank} of {len(space.ratios) + 1} by post/pre RMSPE"
    return Term("effect", estimate, se, estimate - reach, estimate + reach, space.p, None, None, note)


def _fit_checks(block: Block, real: Synthetic, space: Placebos, method: SyntheticMethod) -> list[CheckResult]:
    usual = float(np.median(space.pre_rmspe))
    detail = f"RMSPE before {real.pre_rmspe:.4g}, after {real.post_rmspe:.4g}; placebos before, median {usual:.4g}"
    checks = [CheckResult("Is the fit before the start as good as the placebos'?", real.pre_rmspe <= 2 * usual, detail)]
    if method != "did":
        heaviest = int(np.argmax(real.omega))
        detail = f"{block.control_names[heaviest]} {real.omega[heaviest]:.2f}"
        checks.append(CheckResult("Does no donor carry half of the weight?", bool(real.omega[heaviest] < 0.5), detail))
    if method == "sdid":
        heaviest = int(np.argmax(real.lam))
        checks.append(
            CheckResult("Which period before counts most?", None, f"{block.labels[heaviest]} {real.lam[heaviest]:.2f}")
        )
    return checks


def _in_time(block: Block, method: SyntheticMethod, seed: int, alpha: float) -> CheckResult:
    """Return the same study on the time before the start, with a start that never was at two thirds of it."""
    question = "Does a start that never was, at two thirds of the time before, show nothing?"
    fake = (2 * block.pre_n) // 3
    if fake < 3 or block.pre_n - fake < 1:
        return CheckResult(question, None, "not computed: too few periods before the start")
    y = block.y[:, : block.pre_n]
    found = point(y, block.control_n, fake, method)
    space = placebos(y, block.control_n, fake, method, found, seed=seed)
    detail = f"phantom start {block.labels[fake]}: {found.estimate:+.4g}, rank p {space.p:.3g}"
    return CheckResult(question, space.p >= alpha, detail)


def _others(method: SyntheticMethod) -> list[SyntheticMethod]:
    every: list[SyntheticMethod] = ["sdid", "sc", "did"]
    return [name for name in every if name != method]


def _facts(block: Block, real: Synthetic, space: Placebos, left_out: dict[str, float]) -> dict[str, Any]:
    order = [int(k) for k in np.argsort(-real.omega) if real.omega[k] > 0.001]
    return {
        "n_units": block.y.shape[0],
        "n_treated": len(block.treated_names),
        "n_donors": block.control_n,
        "n_pre": block.pre_n,
        "n_post": block.y.shape[1] - block.pre_n,
        "pre_rmspe": real.pre_rmspe,
        "post_rmspe": real.post_rmspe,
        "placebo_rank": space.rank,
        "placebo_n": len(space.ratios),
        "max_weight": float(real.omega.max()),
        "weights": {block.control_names[k]: float(real.omega[k]) for k in order},
        "time_weights": {block.labels[k]: float(v) for k, v in enumerate(real.lam.tolist()) if v > 0.001},
        "by_period": [{"time": label, "gap": float(gap)} for label, gap in zip(block.labels, real.gap.tolist(), strict=True)],
        "leave_one_out": left_out,
    }
