"""What a study is, declared before it is run: outcome, units, mechanism, window, checks; as an object and as YAML.

Lives here: StudySpec, reading and writing its pre-registered form, its hash. Not here: running it (study.py), the command line.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from difflib import get_close_matches
from typing import Any, Literal, get_args

import yaml

from aftercall.contracts.errors import RequestError
from analytics.studies.periods import Period

Mechanism = Literal["randomised", "rollout", "triggered", "opt_in"]
Method = Literal["auto", "did2x2", "twfe", "imputation", "cs", "sunab", "ancova"]
Inference = Literal["auto", "crv", "jackknife", "wild", "ri"]
Vcov = Literal["auto", "iid", "HC1", "HC2", "HAC", "CRV1", "CRV3", "jackknife"]
Wait = Literal["auto", "wait", "skip"]
CHOICES: dict[str, tuple[Any, ...]] = {
    "mechanism": get_args(Mechanism),
    "method": get_args(Method),
    "inference": get_args(Inference),
    "vcov": get_args(Vcov),
    "sensitivity": get_args(Wait),
    "period": (None, *get_args(Period)),
}
MEANINGS = {
    "randomised": "chance decided who starts when",
    "rollout": "start dates were set without looking at recent results",
    "triggered": "recent results decided who starts",
    "opt_in": "units chose themselves",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySpec:
    """One declared study; names are columns of the panel.

    `unit` None means repeated cross-sections; `assignment_level` is the column treatment was assigned by (the unit's own when
    they are the same). `weights` is a column, "interaction" (column interaction_n: the average interaction) or "agent" (every
    row alike). `window` keeps periods from..to, None for open. `donuts` are periods before the start left out, compared.
    """

    outcome: str
    unit: str | None
    time: str
    first_treated: str
    weights: str
    assignment_level: str | None
    mechanism: Mechanism
    window: tuple[str | None, str | None]
    family: str
    seed: int
    vcov: Vcov
    alpha: float
    min_pre: int
    donuts: tuple[int, ...]
    unit_of_outcome: str = ""
    method: Method = "auto"
    inference: Inference = "auto"
    sensitivity: Wait = "auto"
    period: Period | None = None
    covariates: tuple[str, ...] = ()
    negative_controls: tuple[str, ...] = ()
    offer: str | None = None
    human: str | None = None
    auto: str | None = None
    prob: str | None = None
    epoch: str | None = None
    trigger_metric: str | None = None
    trigger_window: int | None = None
    declared_on: date | None = None

    def __post_init__(self) -> None:
        if problems := _problems(asdict(self)):
            raise RequestError("The study cannot be declared like this: " + "; ".join(problems) + ".")

    @property
    def hash(self) -> str:
        """Return 12 characters that change with anything declared, but for the day."""
        said = {key: value for key, value in asdict(self).items() if key != "declared_on"}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]

    def as_yaml(self) -> str:
        """Return the pre-registered form; read_spec gives the same object back."""
        said: dict[str, Any] = {}
        for key, value in asdict(self).items():
            said[key] = list(value) if isinstance(value, tuple) else value
        return yaml.safe_dump(said, sort_keys=False, allow_unicode=True)


_NAMES = tuple(one.name for one in fields(StudySpec))
REQUIRED = tuple(
    one.name
    for one in fields(StudySpec)
    if one.default is one.default_factory  # both MISSING: no default at all
)


def _problems(said: Mapping[str, Any]) -> list[str]:
    """Return every broken rule with its fix."""
    rules = list[str]()
    for name, choices in CHOICES.items():
        if said.get(name) not in choices:
            known = ", ".join(str(one) for one in choices if one is not None)
            rules.append(f"{name} is {said.get(name)!r} (choose one of {known})")
    for name in ("outcome", "time", "first_treated", "weights", "family"):
        if not isinstance(said.get(name), str) or not said[name]:
            rules.append(f"{name} is {said.get(name)!r} (name it in words)")
    if not isinstance(said["alpha"], float) or not 0 < said["alpha"] < 0.5:
        rules.append(f"alpha is {said['alpha']!r} (a share such as 0.05)")
    for name, least in (("seed", 0), ("min_pre", 1)):
        if not isinstance(said[name], int) or said[name] < least:
            rules.append(f"{name} is {said[name]!r} (a whole number from {least} on)")
    donuts = said["donuts"]
    if not donuts or not all(isinstance(one, int) and one >= 0 for one in donuts) or 0 not in donuts:
        rules.append(f"donuts are {list(donuts)!r} (whole numbers of periods with 0 among them, such as 0, 4, 8)")
    if len(said["window"]) != 2:
        rules.append(f"window is {said['window']!r} (first and last period, null for open)")
    if (said["human"] is None) != (said["prob"] is None):
        rules.append("human and prob go together (the human score and the probability it was sampled with)")
    if said["human"] is not None and said["auto"] is None:
        rules.append("human needs auto (the automatic score it corrects)")
    if said["outcome"] in said["negative_controls"]:
        rules.append(f"{said['outcome']} is the outcome and a negative control (a control is what coaching cannot move)")
    return rules


def read_spec(text: str) -> StudySpec:
    """Return the study a YAML text declares.

    Raises: RequestError, naming every missing, unknown or impossible entry and its fix.

    >>> spec = standard_spec(outcome="secs", unit="rep", time="wk", first_treated="start", mechanism="rollout")
    >>> read_spec(spec.as_yaml()) == spec
    True
    """
    try:
        said: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RequestError(f"The study file is no YAML: {str(error).splitlines()[0]}.") from None
    if not isinstance(said, dict):
        raise RequestError(f"The study file declares nothing. Give at least: {', '.join(REQUIRED)}.")
    given = {str(key): value for key, value in said.items()}
    problems = [f"{name} is missing ({_hint(name)})" for name in REQUIRED if name not in given]
    for name in given:
        if name not in _NAMES:
            near = get_close_matches(name, _NAMES, n=1)
            problems.append(
                f"{name} is unknown" + (f" (did you mean {near[0]}?)" if near else f" (known: {', '.join(_NAMES)})")
            )
    for name in ("window", "donuts", "covariates", "negative_controls"):
        if isinstance(given.get(name), list):
            given[name] = tuple(str(one) if name == "window" and one is not None else one for one in given[name])
        elif name in given:
            problems.append(f"{name} is {given[name]!r} (give a list)")
    if problems:
        raise RequestError("The study cannot be read: " + "; ".join(problems) + ".")
    return StudySpec(**given)


def _hint(name: str) -> str:
    if name == "mechanism":
        return "say how it was decided who starts: " + ", ".join(f"{key} = {meaning}" for key, meaning in MEANINGS.items())
    return "no default: it must be declared" if name not in CHOICES else "one of " + ", ".join(map(str, CHOICES[name]))


def standard_spec(
    *,
    outcome: str,
    unit: str | None,
    time: str,
    first_treated: str,
    mechanism: Mechanism,
    cluster: str | None = None,
    weights: str = "agent",
    window: tuple[str | None, str | None] = (None, None),
    family: str = "single",
    seed: int = 7,
    vcov: Vcov = "auto",
    alpha: float = 0.05,
    min_pre: int = 8,
    donuts: Sequence[int] = (0, 4, 8),
    **more: Any,
) -> StudySpec:
    """Return a spec whose required entries have the command line's values where none are given; mechanism has none."""
    return StudySpec(
        outcome=outcome,
        unit=unit,
        time=time,
        first_treated=first_treated,
        weights=weights,
        assignment_level=cluster,
        mechanism=mechanism,
        window=window,
        family=family,
        seed=seed,
        vcov=vcov,
        alpha=alpha,
        min_pre=min_pre,
        donuts=tuple(donuts),
        **more,
    )
