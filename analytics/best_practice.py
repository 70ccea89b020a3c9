"""What do the strongest do differently? Behaviours and short phrasings that separate top performers from their peers.

Lives here: the declared families, what may be shown. Not here: who is strong (standing.py), the arithmetic
(matched_shares.py), counting words (assets/coaching/phrases.py), effects of coaching (did.py).

Top performers are chosen on an outcome of an EARLIER period than the one in which behaviours are compared. Chosen on the same
contacts, the noise of the outcome would be shared with whatever goes along with it, and the best would look different by luck
alone. The outcome must not be the score itself, which is made of the behaviours.

A difference is a candidate for coaching, never an effect: what the strongest do may go along with what makes them strong. No
agent is named and nobody is ranked; every pattern is shared by at least five agents.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from aftercall.contracts.errors import DesignError
from analytics.inference import Reals, benjamini_hochberg
from analytics.matched_shares import Difference, compare
from analytics.results import CheckResult
from analytics.standing import CELL, FEWEST_AGENTS, FEWEST_OUTCOMES, RELIABLE, Standing, need_columns, strongest

FEWEST_MOMENTS = 20
MOST_WORDS = 6
# A phrase that is said in nearly all moments of a longer one is that longer one.
_SAME_USE = 0.9
_AFTER = ("agent_id", *CELL, "question_id", "called_for_n", "done_n")
_SAID = ("agent_id", *CELL, "question_id", "phrase", "used_n")
_MOMENTS = ("agent_id", *CELL, "question_id", "moment_n")
_ROW = {
    "question_id": pl.String,
    "phrase": pl.String,
    "top_share": pl.Float64,
    "peer_share": pl.Float64,
    "difference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p": pl.Float64,
    "q": pl.Float64,
    "top_n": pl.Int64,
    "peer_n": pl.Int64,
    "top_agent_n": pl.Int64,
    "peer_agent_n": pl.Int64,
    "user_n": pl.Int64,
    "state": pl.String,
}


@dataclass(frozen=True, slots=True)
class BestPractice:
    """What separates the strongest from their peers.

    `behaviours` and `phrases`, one row each: question_id, phrase (null for behaviours), top_share, peer_share (of called-for
    moments, same intent and tenure band), difference with low and high (95 %), p, q (within the family), top_n and peer_n
    (moments), top_agent_n and peer_agent_n, user_n (agents who do or say it), state: "separates", "no clear difference" or
    "too few" (numbers null). Families: all behaviours compared; all phrases compared.
    """

    outcome: str
    before_to_on: date | None
    after_from_on: date | None
    top_n: int
    peer_n: int
    behaviour_family_n: int
    phrase_family_n: int
    behaviours: pl.DataFrame
    phrases: pl.DataFrame
    diagnostics: tuple[CheckResult, ...]
    refused: str | None = None
    epoch: str = ""

    def __str__(self) -> str:
        if self.refused:
            return f"What the strongest do differently: not answered. {self.refused}"
        found = [int((frame["state"] == "separates").sum()) for frame in (self.behaviours, self.phrases)]
        return (
            f"{self.top_n} agents strongest on {self.outcome} before {self.after_from_on}, {self.peer_n} peers: {found[0]} of "
            f"{self.behaviour_family_n} behaviours and {found[1]} of {self.phrase_family_n} phrasings separate them"
        )

    def tidy(self) -> pl.DataFrame:
        """Return one row per behaviour, then per phrase."""
        return pl.concat([self.behaviours, self.phrases])


def refusal(outcome: str, why: str, *, epoch: str = "") -> BestPractice:
    """Return the answer that there is none, and why."""
    nothing = pl.DataFrame(schema=_ROW)
    return BestPractice(outcome, None, None, 0, 0, 0, 0, nothing, nothing, (), why, epoch)


def find_best_practice(
    before: pl.DataFrame,
    after: pl.DataFrame,
    said: pl.DataFrame,
    moments: pl.DataFrame,
    *,
    outcome: str,
    epoch: str = "",
    before_to_on: date | None = None,
    after_from_on: date | None = None,
    higher_is_better: bool = True,
    top_share: float = 0.25,
    alpha: float = 0.05,
) -> BestPractice:
    """Return which behaviours and phrases separate the strongest agents from their peers on the same intent and tenure band.

    Args: before, outcome sums of the earlier period; after, agent_id, intent, tenure_band, question_id, called_for_n, done_n
        of the later one; said, … question_id, phrase, used_n: in how many of the moments an agent used a phrase (at most six
        words, counted by assets/coaching); moments, … question_id, moment_n: how many were looked at.
    Raises: DesignError, too few agents, or the two periods overlap; UnknownColumn.
    """
    for frame, needed, name in ((after, _AFTER, "after"), (said, _SAID, "said"), (moments, _MOMENTS, "moments")):
        need_columns(frame, needed, name)
    if before_to_on and after_from_on and before_to_on >= after_from_on:
        raise DesignError(
            f"The outcome's period ends {before_to_on} and the behaviours' begins {after_from_on}: choose the strongest on an "
            "earlier period, or chance makes them look different."
        )
    standing = strongest(before, higher_is_better=higher_is_better, top_share=top_share)
    agents = standing.agents
    done = after.select(*CELL, "agent_id", "question_id", phrase=pl.lit(None, pl.String), x="done_n")
    called = after.select(*CELL, "agent_id", "question_id", n="called_for_n")
    behaviours = _compared(done, called, agents, alpha)
    used = said.select(*CELL, "agent_id", "question_id", "phrase", x="used_n")
    looked = moments.select(*CELL, "agent_id", "question_id", n="moment_n")
    phrases = _without_shorter(_compared(_shared(used, agents), looked, agents, alpha))
    top_n = int(agents["is_top"].sum())
    return BestPractice(
        outcome,
        before_to_on,
        after_from_on,
        top_n,
        agents.height - top_n,
        _family_n(behaviours),
        _family_n(phrases),
        behaviours,
        phrases.filter(pl.col("state") == "separates"),
        _doubts(standing, before, behaviours, phrases),
        epoch=epoch,
    )


def _shared(used: pl.DataFrame, agents: pl.DataFrame) -> pl.DataFrame:
    """Return the phrases of at most six words that five of the agents compared use, the longest form of each."""
    known = used.join(agents, on="agent_id").filter(pl.col("x") > 0)
    kept = known.group_by("question_id", "phrase").agg(users=pl.col("agent_id").n_unique(), x_n=pl.col("x").sum())
    short = pl.col("phrase").str.count_matches(" ") < MOST_WORDS
    kept = kept.filter((pl.col("users") >= FEWEST_AGENTS) & (pl.col("x_n") >= FEWEST_MOMENTS) & short)
    words = pl.col("phrase").str.split(" ")
    parts = [words.list.slice(1).list.join(" "), words.list.head(words.list.len() - 1).list.join(" ")]
    longer = pl.concat([kept.select("question_id", phrase=part, longer_n="x_n") for part in parts])
    most = longer.group_by("question_id", "phrase").agg(pl.col("longer_n").max())
    own = kept.join(most, on=["question_id", "phrase"], how="left").filter(
        pl.col("longer_n").fill_null(0) < _SAME_USE * pl.col("x_n")
    )
    return used.join(own.select("question_id", "phrase"), on=["question_id", "phrase"], how="semi")


def _compared(done: pl.DataFrame, called: pl.DataFrame, agents: pl.DataFrame, alpha: float) -> pl.DataFrame:
    """Return one row per question and phrase of `done`; q within all that could be compared."""
    parts = [_one_question(done, part, agents, alpha) for part in called.sort("question_id").partition_by("question_id")]
    rows = pl.DataFrame([row for part in parts for row in part], schema=_ROW)
    p = rows.filter(pl.col("p").is_not_null())["p"].to_numpy()
    q = iter(benjamini_hochberg(p).tolist())
    values = [None if value is None else next(q) for value in rows["p"].to_list()]
    states = [_state(value, alpha) for value in values]
    return rows.with_columns(q=pl.Series(values, dtype=pl.Float64), state=pl.Series(states, dtype=pl.String))


def _one_question(done: pl.DataFrame, called: pl.DataFrame, agents: pl.DataFrame, alpha: float) -> list[dict[str, object]]:
    """Return the rows of one question, numbers null where fewer than five agents or twenty moments stand on a side."""
    question = str(called["question_id"][0])
    called = called.join(agents, on="agent_id").filter(pl.col("n") > 0)
    done = done.filter(pl.col("question_id") == question).join(agents, on="agent_id")
    phrases = done["phrase"].unique().sort().to_list()
    if called.height == 0 or not phrases:
        return []
    cells = {key: i for i, key in enumerate(called.select(CELL).unique().sort(CELL).iter_rows())}
    people = called.select("agent_id", "is_top").unique().sort("agent_id")
    place = {name: i for i, name in enumerate(people["agent_id"])}
    thing = {name: i for i, name in enumerate(phrases)}
    n, x = np.zeros((len(place), len(cells), 1)), np.zeros((len(place), len(cells), len(thing)))
    for intent, band, agent, count in called.select(*CELL, "agent_id", "n").iter_rows():
        n[place[agent], cells[intent, band], 0] += count
    for intent, band, agent, phrase, count in done.select(*CELL, "agent_id", "phrase", "x").iter_rows():
        if agent in place and (intent, band) in cells:
            x[place[agent], cells[intent, band], thing[phrase]] += count
    is_top = people["is_top"].to_numpy().astype(bool)
    sides = [(int(side.sum()), int(n[side].sum())) for side in (is_top, ~is_top)]
    is_few = any(agent_n < FEWEST_AGENTS or moment_n < FEWEST_MOMENTS for agent_n, moment_n in sides)
    found = None if is_few else compare(x, n, is_top, alpha=alpha)
    users = np.stack([(x[side].sum(1) > 0).sum(0) for side in (is_top, ~is_top)])
    return [_row(question, phrase, k, sides, found, users[:, k]) for phrase, k in thing.items()]


def _row(
    question: str, phrase: str | None, k: int, sides: list[tuple[int, int]], found: Difference | None, users: Reals
) -> dict[str, object]:
    """Return one row; `user_n` counts the agents on the side that does it more often."""
    names = ("top_share", "peer_share", "difference", "low", "high", "p")
    values: tuple[float, ...] = ()
    if found is not None:
        numbers = (found.top_share, found.peer_share, found.estimate, found.low, found.high, found.p)
        values = tuple(float(number[k]) for number in numbers)
    user_n = int(users[1] if values and values[2] < 0 else users[0])
    is_shown = user_n >= FEWEST_AGENTS and bool(values) and bool(np.isfinite(values).all())
    shown: dict[str, object] = {name: values[i] if is_shown else None for i, name in enumerate(names)}
    (top_agent_n, top_n), (peer_agent_n, peer_n) = sides
    counts = {"top_n": top_n, "peer_n": peer_n, "top_agent_n": top_agent_n, "peer_agent_n": peer_agent_n, "user_n": user_n}
    return {"question_id": question, "phrase": phrase, **shown, "q": None, **counts, "state": None}


def _state(q: float | None, alpha: float) -> str:
    if q is None:
        return "too few"
    return "separates" if q < alpha else "no clear difference"


def _family_n(rows: pl.DataFrame) -> int:
    return int(rows["p"].is_not_null().sum())


def _without_shorter(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows without separating phrases that only repeat a part, or an extension, of a clearer one.

    Of phrases of one question where one contains the other, the one with the smaller p stays; the family and q are unchanged.
    """
    ranked = rows.filter(pl.col("state") == "separates").sort("question_id", "p", pl.col("phrase").str.len_chars(), "phrase")
    kept = list[tuple[str, str]]()
    for question, phrase in ranked.select("question_id", "phrase").iter_rows():
        padded = f" {phrase} "
        same = [f" {one} " for name, one in kept if name == question]
        if not any(padded in one or one in padded for one in same):
            kept.append((question, phrase))
    keys = pl.DataFrame(kept, schema={"question_id": pl.String, "phrase": pl.String}, orient="row")
    stay = ranked.join(keys, on=["question_id", "phrase"], how="semi")
    return pl.concat([stay, rows.filter(pl.col("state") != "separates")])


def _doubts(
    standing: Standing, before: pl.DataFrame, behaviours: pl.DataFrame, phrases: pl.DataFrame
) -> tuple[CheckResult, ...]:
    """Return what to think of before anything is coached."""
    dropped = before["agent_id"].n_unique() - standing.agents.height
    lost = int((behaviours["state"] == "too few").sum())
    return (
        CheckResult(
            "Were the strongest chosen on other contacts than those compared?", True, "Yes: on an earlier period's outcome."
        ),
        CheckResult(
            "Do agents differ in the outcome by more than chance?",
            standing.reliability >= RELIABLE,
            f"{100 * standing.reliability:.0f} % of the differences between agents' means is more than chance (at least "
            f"{100 * RELIABLE:.0f} % wanted). With less, luck chose many of the strongest, and finding nothing says little.",
        ),
        CheckResult(
            "Would coaching it make others as strong?",
            None,
            "Not known: this is what goes along with the outcome. Coach it with a comparison group and measure.",
        ),
        CheckResult(
            "Is anybody left out?",
            None,
            f"{dropped} agents with fewer than {FEWEST_OUTCOMES} outcomes; {lost} behaviours with fewer than {FEWEST_AGENTS} "
            f"agents or {FEWEST_MOMENTS} moments on a side; phrases that fewer than {FEWEST_AGENTS} agents use.",
        ),
        CheckResult(
            "How many comparisons were made?",
            None,
            f"{_family_n(behaviours)} behaviours and {_family_n(phrases)} phrases, each one family at 5 % false discoveries.",
        ),
    )
