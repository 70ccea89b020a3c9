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
Cohort = tuple[tuple[str, tuple[str, ...]], ...]
LATER = ("cohort", "subgroups", "arm", "delay", "balanced")
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
    `cohort` keeps units by columns and values; `subgroups` are columns, or "baseline", by which the effect is also shown;
    `arm` says how treatment was given, `delay` the seconds to it; `balanced` is the last horizon of a course over which one set
    of units is followed (None: the longest that every start reaches).
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
    cohort: Cohort = ()
    subgroups: tuple[str, ...] = ()
    arm: str | None = None
    delay: str | None = None
    balanced: int | None = None

    def __post_init__(self) -> None:
        if problems := _problems(asdict(self)):
            raise RequestError("The study cannot be declared like this: " + "; ".join(problems) + ".")

    @property
    def hash(self) -> str:
        """Return 12 characters that change with anything declared, but for the day."""
        said = {key: value for key, value in asdict(self).items() if key != "declared_on" and not _is_unsaid(key, value)}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]

    def as_yaml(self) -> str:
        """Return the pre-registered form; read_spec gives the same object back."""
        said: dict[str, Any] = {}
        for key, value in asdict(self).items():
            said[key] = list(value) if isinstance(value, tuple) else value
        said["cohort"] = {column: list(values) for column, values in self.cohort}
        return yaml.safe_dump(said, sort_keys=False, allow_unicode=True)


_NAMES = tuple(one.name for one in fields(StudySpec))
REQUIRED = tuple(
    one.name
    for one in fields(StudySpec)
    if one.default is one.default_factory  # both MISSING: no default at all
)


def _is_unsaid(name: str, value: object) -> bool:
    """Return whether an entry that came later says nothing: studies declared before it keep their hash."""
    return name in LATER and value in ((), None)


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
    rules += _finer_problems(said)
    if said["outcome"] in said["negative_controls"]:
        rules.append(f"{said['outcome']} is the outcome and a negative control (a control is what coaching cannot move)")
    return rules


def _finer_problems(said: Mapping[str, Any]) -> list[str]:
    """Return the broken rules of cohort, subgroups, arms and the balanced course."""
    rules = [f"cohort {column} keeps no value (such as {column}: [agent])" for column, values in said["cohort"] if not values]
    if len(set(said["subgroups"])) < len(said["subgroups"]):
        rules.append(f"subgroups {list(said['subgroups'])!r} name one twice (name each once)")
    if said["subgroups"] and said["unit"] is None:
        rules.append("subgroups need a unit (repeated cross-sections have no before of their own)")
    scores = {said["outcome"], said["human"], said["auto"]} & {one.partition("@")[0] for one in said["subgroups"]}
    if scores:
        rules.append(
            f"{scores.pop()} is the outcome and a subgroup (name baseline: its level from weeks the estimate leaves out)"
        )
    if said["balanced"] is not None and (not isinstance(said["balanced"], int) or said["balanced"] < 1):
        rules.append(f"balanced is {said['balanced']!r} (a whole number of periods from 1 on)")
    if said["delay"] is not None and not isinstance(said["delay"], str):
        rules.append(f"delay is {said['delay']!r} (name a column of seconds)")
    return rules


def cohort_of(said: Mapping[str, Any]) -> Cohort:
    """Return columns and kept values from a mapping; a single value may stand without a list.

    >>> cohort_of({"role": "agent", "site": [1, 2]})
    (('role', ('agent',)), ('site', ('1', '2')))
    """
    lists = {str(column): values if isinstance(values, list | tuple) else [values] for column, values in said.items()}
    return tuple((column, tuple(_as_text(one) for one in values)) for column, values in lists.items())


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


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
    if isinstance(given.get("cohort"), dict):
        given["cohort"] = cohort_of(given["cohort"])
    elif "cohort" in given:
        problems.append(f"cohort is {given['cohort']!r} (give columns and the values kept, such as role: [agent])")
    for name in ("window", "donuts", "covariates", "negative_controls", "subgroups"):
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
