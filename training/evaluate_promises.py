"""Open promises and endings against the planted truth of a synthetic centre.

    python -m training.evaluate_promises --centre .state/demo/centre --out docs/measured/promises.json

Lives here: matching what was heard with truth/promises.parquet and truth/endings.parquet, shares with intervals. Not here:
hearing promises (aftercall.scoring.promises), planting them (aftercall/synth/lines/promised.toml).

The planted lines were written before the phrases, but one project wrote both: the figures say how much the rules recover of
what they can be expected to, not how they fare in another centre.
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from aftercall.contracts.records import Interaction, from_line
from aftercall.scoring.promise_ear import Ear
from aftercall.scoring.promises import Outcome, Promise, outcome_of
from training.evaluate_star_script import chats, heard, share

# A heard clause and a planted one are the same when one holds the other, or the beginning of the other.
BEGINNING = 25
Planted = tuple[str, str, str]


def interactions(centre: Path, every: int = 1) -> Iterator[Interaction]:
    """Yield each `every`-th transcript of a centre, in order of file and line."""
    lines = (
        line
        for path in sorted((centre / "input" / "transcripts").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    )
    for place, line in enumerate(lines):
        if place % every == 0:
            yield from_line(json.loads(line))


def same_clause(heard: str, planted: str) -> bool:
    """Whether two stretches of one turn are the same promise.

    >>> same_clause("I'll check the box and call you on Monday", "call you on Monday")
    True
    """
    a, b = heard.lower(), planted.lower()
    return b in a or a in b or b[:BEGINNING] in a


def same_time(heard: Promise, by: str) -> bool:
    """Whether the time heard is the time planted ('' = none)."""
    if heard.by is None or not by:
        return heard.by is None and not by
    return heard.by.text.lower() in by.lower() or by.lower() in heard.by.text.lower()


def judge(told: Sequence[tuple[str, Outcome]], centre: Path) -> dict[str, Any]:
    """Return recall, precision, right giver and right time of promises, and of endings and repeat contacts, with intervals.

    Doubtful lines count neither way: found or not, they are left out of recall and precision.
    """
    planted = defaultdict[tuple[str, int], list[Planted]](list)
    for identity, turn, *rest in pl.read_parquet(centre / "truth" / "promises.parquet").iter_rows():
        planted[identity, turn].append((rest[0], rest[1], rest[2]))
    endings = {row[0]: row[1:] for row in pl.read_parquet(centre / "truth" / "endings.parquet").iter_rows()}
    chosen = {identity for identity, _ in told}
    found, who_right, time_right, true = defaultdict[str, list[bool]](list), list[bool](), list[bool](), list[bool]()
    doubtful_n = 0
    heard_at = defaultdict[tuple[str, int], list[Promise]](list)
    for identity, outcome in told:
        for one in outcome.promises:
            heard_at[identity, one.turn].append(one)
            match = [who for who, what, _ in planted.get((identity, one.turn), []) if same_clause(one.what, what)]
            if match and all(who == "doubtful" for who in match):
                doubtful_n += 1
            else:
                true.append(bool(match))
    for place, rows in planted.items():
        for who, what, by in rows if place[0] in chosen else ():
            if who == "doubtful":
                continue
            match = [one for one in heard_at[place] if same_clause(one.what, what)]
            found[who].append(bool(match))
            if match:
                who_right.append(any(one.who == who for one in match))
                time_right.append(any(same_time(one, by) for one in match))
    clear = [(outcome.resolution.state, *endings[identity]) for identity, outcome in told if endings[identity][0] != "doubtful"]
    repeat = [(outcome.repeat_contact is not None, endings[identity][1]) for identity, outcome in told]
    states = sorted({truth for _, truth, _ in clear})
    return {
        "interactions_n": len(told),
        "promises": {
            "recall": share([hit for hits in found.values() for hit in hits]),
            "recall_by_who": {who: share(hits) for who, hits in sorted(found.items())},
            "precision": share(true),
            "heard_in_doubtful_lines_n": doubtful_n,
            "who_right_of_found": share(who_right),
            "by_when_right_of_found": share(time_right),
        },
        "endings": {
            "right": share([state == truth for state, truth, _ in clear]),
            "right_if_always_resolved": share([truth == "resolved" for _, truth, _ in clear]),
            "recall_by_state": {name: share([s == t for s, t, _ in clear if t == name]) for name in states},
            "precision_by_state": {name: share([s == t for s, t, _ in clear if s == name]) for name in states},
        },
        "repeat_contact": {
            "recall": share([told for told, truth in repeat if truth]),
            "precision": share([truth for told, truth in repeat if told]),
        },
    }


def measure(centre: Path, ear: Ear, every: int = 1) -> dict[str, Any]:
    """Return the figures of a centre's transcripts."""
    return judge([(one.interaction_id, outcome_of(one, ear)) for one in interactions(centre, every)], centre)


def success_by_ending(real_data: Path, ear: Ear) -> dict[str, Any]:
    """Return the share of tasks that the customer called a success, by the ending heard, over STAR's rated chats.

    Success is an outcome and no ending: what can be asked is that it is rarer where the matter is heard to be unresolved.
    """
    hits = defaultdict[str, list[bool]](list)
    for chat in chats(real_data / "star"):
        success = chat["labels"]["task_success"]
        if success is not None:
            turns = [turn for turn in heard(chat) if turn.speaker in ("agent", "customer")]
            hits[outcome_of(Interaction("", "chat", tuple(turns)), ear).resolution.state].append(bool(success))
    return {"all": share([one for every in hits.values() for one in every])} | {
        name: share(hits[name]) for name in sorted(hits)
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write the report; with a text model on this machine also with its ownership head."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--centre", type=Path, default=Path(".state/demo/centre"))
    parser.add_argument("--real-data", type=Path, default=None, help="also STAR's task success by ending")
    parser.add_argument("--every", type=int, default=5, help="read each n-th transcript")
    parser.add_argument("--out", type=Path, default=Path("docs/measured/promises.json"))
    args = parser.parse_args(argv)
    report: dict[str, Any] = {
        "what": "Open promises, endings and repeat contacts against the planted truth of the synthetic centre.",
        "command": f"python -m training.evaluate_promises --centre DIR --every {args.every}",
        "notes": [
            "Intervals are 95 % Wilson. Doubtful lines (expectations one may or may not call a promise) count neither way.",
            "The planted lines are older than the phrases, but one project wrote both: expect less elsewhere.",
        ],
        "phrases_alone": measure(args.centre, Ear(), args.every),
    }
    if args.real_data:
        report["star_task_success_by_ending"] = success_by_ending(args.real_data, Ear())
    model = _model()
    if model is not None:
        report["model_version"] = model.version
        report["phrases_and_ownership_head"] = measure(args.centre, Ear(model), args.every)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def _model() -> Any:
    from aftercall.contracts.errors import ModelError, ModelMissing
    from aftercall.text.signals import load_signals
    from aftercall.text.weights import places_from

    try:
        return load_signals(places_from(os.environ))
    except (ModelMissing, ModelError) as error:
        print(f"No text model, phrases alone: {error}")
        return None


if __name__ == "__main__":
    main()
