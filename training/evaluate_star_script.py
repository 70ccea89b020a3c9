"""Script adherence on the STAR chats: is the path an agent followed recovered from the words alone?

    python -m training.evaluate_star_script --real-data DIR --out docs/measured/star_script.json

Lives here: STAR's task files as scripts, the comparison with the actions of scripted turns, a bag-of-words baseline in the same
run. Not here: following a script (aftercall.scoring.script). Actions, tasks and sources of turns are read for judging only.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aftercall.contracts.records import Turn
from aftercall.scoring.script import Follower, Following, Script, deviations, script_of

RESAMPLES, SEED = 1_000, 7
BY_TASK = ("chats_n", "step_of_scripted_turn", "path_exact", "path_within_one_step", "task_of_single_task_chat")
GIVEN = (
    *("script_matched", "step_of_scripted_turn", "path_exact", "path_within_one_step", "free_turn_called_off_script"),
    *("skipped_steps_recall", "skipped_steps_precision"),
)
Chat = dict[str, Any]


def star_scripts(star: Path) -> list[Script]:
    """Return the script of every task; a node that the agents' reply list lacks and that is no sentence is not said."""
    found = list[Script]()
    for folder in sorted((star / "tasks").iterdir()):
        raw = json.loads((folder / f"{folder.name}.json").read_text(encoding="utf-8"))
        listed = json.loads((folder / "responses.json").read_text(encoding="utf-8"))
        silent = [node for node in raw["replies"] if node not in listed and raw["replies"][node][-1] not in ".?!"]
        found.append(script_of(folder.name, raw["replies"], raw["graph"], silent=silent, optional=("hello",)))
    return found


def chats(star: Path) -> Iterator[Chat]:
    """Yield every chat as stored."""
    with (star / "transcripts" / "star.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def heard(chat: Chat) -> list[Turn]:
    """Return the turns as a scorer may see them: place, side and words."""
    return [Turn(i, turn["speaker"], turn["text"]) for i, turn in enumerate(chat["turns"])]


def scripted(chat: Chat) -> dict[int, str]:
    """Return the true action by turn; 'custom' turns were written by hand and have none."""
    return {
        i: turn["action"]
        for i, turn in enumerate(chat["turns"])
        if turn["speaker"] == "agent" and turn.get("source") == "suggestion" and turn["action"] != "custom"
    }


def free_turns(chat: Chat) -> list[int]:
    """Return the agent turns that were written by hand."""
    known = scripted(chat)
    return [i for i, turn in enumerate(chat["turns"]) if turn["speaker"] == "agent" and i not in known and turn["text"].strip()]


def same_step(action: str, step: str | None, known: frozenset[str]) -> bool:
    """Whether a step is an action: by name; all goodbyes are one; an action no script has is met by a step named after it.

    >>> same_step("goodbye_1", "ride_bye", frozenset()), same_step("ask_end_time", "trip_ask_end_time", frozenset())
    (True, True)
    """
    if step is None:
        return False
    if is_goodbye(action) or is_goodbye(step):
        return is_goodbye(action) and is_goodbye(step)
    return step == action or (action not in known and step.endswith(action))


def is_goodbye(step: str) -> bool:
    """Whether the step is one of the several names of a goodbye."""
    return step.startswith("goodbye") or step.endswith("_bye")


@dataclass(frozen=True, slots=True)
class Judged:
    """One chat compared: per scripted turn whether its step was recovered; per free turn whether it was called off script."""

    tasks: tuple[str, ...]
    right: tuple[bool, ...]
    lost: tuple[bool, ...]
    free_off: tuple[bool, ...]
    nearest_right: tuple[bool, ...]
    next_named: tuple[bool, ...]
    next_only: tuple[bool, ...]
    main_script: str | None
    found_scripts: frozenset[str]
    is_followed: bool
    skipped: Counter[tuple[str, str]]
    skipped_truly: Counter[tuple[str, str]]


def judge(chat: Chat, told: Following, scripts: Mapping[str, Script], nearest: Mapping[str, str]) -> Judged:
    """Return the comparison of one chat; `nearest` is the baseline's step by text."""
    known = frozenset(step for one in scripts.values() for step in one.replies)
    truth, by_turn = scripted(chat), {one.turn: one for one in told.path}
    steps = {turn: by_turn[turn].step if turn in by_turn else None for turn in truth}
    votes = Counter(one.script for one in told.path if one.script)
    coming = _coming(told, truth, scripts)
    return Judged(
        tuple(chat["labels"]["tasks"]),
        tuple(same_step(action, steps[turn], known) for turn, action in truth.items()),
        tuple(steps[turn] is None for turn in truth),
        tuple(by_turn[turn].step is None for turn in free_turns(chat) if turn in by_turn),
        tuple(same_step(action, nearest[chat["turns"][turn]["text"]], known) for turn, action in truth.items()),
        tuple(one for one, _ in coming),
        tuple(two for _, two in coming),
        votes.most_common(1)[0][0] if votes else None,
        frozenset(told.scripts),
        bool(told.scripts),
        Counter((one.script, one.step) for one in told.deviations if one.kind == "skipped"),
        _true_skips(chat, truth, scripts),
    )


def _coming(told: Following, truth: Mapping[int, str], scripts: Mapping[str, Script]) -> list[tuple[bool, bool]]:
    """Return, for each scripted turn after a recovered step, whether the graph named its action as next, and named it alone."""
    out, last = list[tuple[bool, bool]](), ("", "")
    for one in told.path:
        action = truth.get(one.turn)
        if action and last[0] and action in scripts[last[0]].ordered and action != last[1]:
            coming = scripts[last[0]].follows.get(last[1], ())
            out.append((action in coming, coming == (action,)))
        if one.script and one.step in scripts[one.script].ordered:
            last = (one.script, one.step or "")
    return out


def _true_skips(chat: Chat, truth: Mapping[int, str], scripts: Mapping[str, Script]) -> Counter[tuple[str, str]]:
    """Return what the true actions skip by the same definition; an action belongs to the script in hand if that has it."""
    steps, hand = list[tuple[str, str, int]](), ""
    for turn, action in truth.items():
        having = [name for name in chat["labels"]["tasks"] if name in scripts and action in scripts[name].replies]
        if hand not in having and having:
            hand = having[0]
        if having:
            steps.append((hand, action, turn))
    return Counter((one.script, one.step) for one in deviations(steps, scripts) if one.kind == "skipped")


def nearest_replies(rows: Sequence[Chat], scripts: Sequence[Script]) -> dict[str, str]:
    """Return the baseline: for each agent text the step whose reply is nearest by TF-IDF cosine, over all scripts, no order."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    steps = [(step, words) for one in scripts for step, words in one.replies.items()]
    texts = list(dict.fromkeys(turn["text"] for chat in rows for turn in chat["turns"] if turn["speaker"] == "agent"))
    words = TfidfVectorizer(token_pattern=r"[a-z0-9']+")  # noqa: S106 (a pattern of words)
    replies = words.fit_transform([reply for _, reply in steps])
    found = dict[str, str]()
    for start in range(0, len(texts), 2_000):
        part = texts[start : start + 2_000]
        best = np.asarray((words.transform(part) @ replies.T).argmax(axis=1)).ravel()
        found |= {text: steps[place][0] for text, place in zip(part, best, strict=True)}
    return found


def share(hits: Sequence[bool]) -> dict[str, float | int | None]:
    """Return a share with its 95 % Wilson interval (one draw a chat)."""
    n, k, z = len(hits), sum(hits), 1.96
    if not n:
        return {"n": 0, "share": None, "low": None, "high": None}
    p = k / n
    middle, half = (p + z * z / (2 * n)) / (1 + z * z / n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return {"n": n, "share": round(p, 4), "low": round(float(middle - half), 4), "high": round(float(middle + half), 4)}


def by_chat(parts: Sequence[tuple[float, float]]) -> dict[str, float | int | None]:
    """Return sum of firsts / sum of seconds with a 95 % bootstrap interval over chats."""
    table = np.array([part for part in parts if part[1]], dtype=np.float64).reshape(-1, 2)
    if not table.size:
        return {"n": 0, "share": None, "low": None, "high": None}
    draws = np.random.default_rng(SEED).integers(0, len(table), (RESAMPLES, len(table)))
    sums = table[draws].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], (0.025, 0.975))
    total = table.sum(axis=0)
    return {
        "n": int(total[1]),
        "share": round(float(total[0] / total[1]), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return every figure of some chats."""
    single = [one for one in judged if len(one.tasks) == 1]
    paths = [one for one in judged if one.right]

    def turns(name: str) -> dict[str, Any]:
        return by_chat([(sum(getattr(one, name)), len(getattr(one, name))) for one in judged])

    both = [(one.skipped & one.skipped_truly, one.skipped, one.skipped_truly) for one in judged]
    return {
        "chats_n": len(judged),
        "script_matched": share([one.is_followed for one in judged]),
        "step_of_scripted_turn": turns("right"),
        "step_of_scripted_turn_nearest_reply": turns("nearest_right"),
        "path_exact": share([all(one.right) for one in paths]),
        "path_exact_nearest_reply": share([all(one.nearest_right) for one in paths]),
        "path_within_one_step": share([sum(not hit for hit in one.right) <= 1 for one in paths]),
        "path_within_one_step_nearest_reply": share([sum(not hit for hit in one.nearest_right) <= 1 for one in paths]),
        "path_exact_and_free_turns_off_script": share([all(one.right) and all(one.free_off) for one in paths]),
        "scripted_turn_called_off_script": turns("lost"),
        "free_turn_called_off_script": turns("free_off"),
        "next_step_among_those_the_graph_allows": turns("next_named"),
        "next_step_the_only_one_allowed": turns("next_only"),
        "skipped_steps_recall": by_chat([(hit.total(), truth.total()) for hit, _, truth in both]),
        "skipped_steps_precision": by_chat([(hit.total(), told.total()) for hit, told, _ in both]),
        "task_of_single_task_chat": share([one.main_script == one.tasks[0] for one in single]),
        "scripts_found_are_the_chats_tasks": share([one.found_scripts <= set(one.tasks) for one in judged if one.is_followed]),
    }


def measure(star: Path, rows: Sequence[Chat], *, are_tasks_given: bool = False) -> list[Judged]:
    """Return the comparison of each chat, followed through all scripts, or through those of its tasks alone."""
    scripts = star_scripts(star)
    named, nearest = {one.name: one for one in scripts}, nearest_replies(rows, scripts)
    followers = dict[tuple[str, ...], Follower]()
    out = list[Judged]()
    for chat in rows:
        key = tuple(sorted(chat["labels"]["tasks"])) if are_tasks_given else tuple(named)
        follower = followers.get(key) or followers.setdefault(key, Follower([named[name] for name in key]))
        out.append(judge(chat, follower.follow(heard(chat)), named, nearest))
    return out


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real-data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/measured/star_script.json"))
    args = parser.parse_args(argv)
    star: Path = args.real_data / "star"
    rows = list(chats(star))
    judged = measure(star, rows)
    given = figures(measure(star, rows, are_tasks_given=True))
    by_task = defaultdict[str, list[Judged]](list)
    for one in judged:
        by_task[one.tasks[0] if len(one.tasks) == 1 else "several tasks"].append(one)
    report = {
        "what": "Paths of agents through STAR's task graphs, recovered from the words, judged by the scripted actions.",
        "source": "RasaHQ/STAR@3058975092cdd09798e4a3a9e4ae135755824545, MIT; the development half",
        "command": "python -m training.evaluate_star_script --real-data DIR",
        "notes": [
            "Intervals are 95 %: Wilson for chats, bootstrap over chats for turns.",
            "The costs in aftercall/scoring/script.py were set by hand on this half; nothing is fitted.",
            "Replies are offered to the agents word for word, so scripted turns are near their reply: the baseline is strong.",
            "Chats that match no script count as not recovered; chats without a scripted turn have no path.",
            "All goodbyes count as one step.",
        ],
        "all": figures(judged),
        "scripts_of_the_chat_given": {key: given[key] for key in GIVEN},
        "by_task": {
            name: {key: value for key, value in figures(chosen).items() if key in BY_TASK}
            for name, chosen in sorted(by_task.items())
        },
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for part in ("all", "scripts_of_the_chat_given"):
        print(part)
        for key, value in report[part].items():
            print(f"  {key} {value}")


if __name__ == "__main__":
    main()
