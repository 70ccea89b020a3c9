"""Script adherence: which steps of a script an agent took, skipped, took out of order or left, read from the words.

Lives here: Script (steps with the reply that is expected, and what may follow what), following a conversation through one or
several scripts, deviations with their turns. Not here: how like a reply a turn is (reply_likeness.py), scorecards (fold.py).

A conversation is followed by dynamic programming (Viterbi 1967) over the steps of all scripts: every agent turn is said to be
one step, or off script, so that unlikeness of words plus leaps in the graph is least. Nothing is fitted.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from aftercall.contracts.errors import ScorecardError
from aftercall.contracts.records import Turn
from aftercall.scoring.reply_likeness import Replies
from aftercall.text.normalise import normalise

# Costs. A turn costs UNLIKE times its unlikeness (0 = the reply word for word) or OFF_SCRIPT, and what the leap to it costs: an
# expected reply is known by 60 % of its words, a reply word for word wherever it comes.
UNLIKE, OFF_SCRIPT = 2.0, 0.8
REPEAT, SKIP_EACH, SKIP_MOST, BACK, SWITCH, ENTER_LATE = 0.04, 0.08, 0.24, 0.25, 0.25, 0.08
# A step that only one script has tells the script; so do two that several have. Optional steps tell nothing. Less than this, or
# a smaller share of the agent's turns: no script matches.
FEWEST_STEPS, SHARED_STEP, LEAST_SHARE = 1.0, 0.5, 0.34
_FAR = 99


@dataclass(frozen=True)
class Script:
    """Steps an agent is to go through: `replies` by step, `follows` the steps that may come next.

    A step that stands in no edge may be said at any time. `optional` steps are never missed; after one of `open_after` the
    script names no next step, only branches, and the agent may go back to any.
    """

    name: str
    replies: Mapping[str, str]
    follows: Mapping[str, tuple[str, ...]]
    optional: frozenset[str] = frozenset()
    open_after: frozenset[str] = frozenset()

    @cached_property
    def ordered(self) -> tuple[str, ...]:
        """The steps that have a place in the order."""
        after = {step for steps in self.follows.values() for step in steps}
        return tuple(step for step in self.replies if step in after or step in self.follows)

    @cached_property
    def distance(self) -> dict[str, dict[str, int]]:
        """Steps from one step to another: 1 = may follow at once. The key '' is the beginning."""
        after = {step for steps in self.follows.values() for step in steps}
        first = tuple(step for step in self.ordered if step not in after) or self.ordered[:1]
        return {step: self._reach(first if not step else self.follows.get(step, ())) for step in ("", *self.ordered)}

    def _reach(self, nearest: Collection[str]) -> dict[str, int]:
        """Return the distance of every step that can be reached; passing an optional step costs no distance."""
        found, layer, far = dict[str, int](), list(nearest), 1
        waiting: dict[int, list[str]] = {1: layer}
        while waiting:
            far = min(waiting)
            for step in waiting.pop(far):
                if found.get(step, _FAR) <= far:
                    continue
                found[step] = far
                waiting.setdefault(far + (step not in self.optional), []).extend(self.follows.get(step, ()))
        return found

    def is_open_after(self, step: str) -> bool:
        """Return whether the script names no next step of its own: the agent may go back to any."""
        return step in self.open_after

    def between(self, before: str, after: str) -> tuple[str, ...]:
        """Return the steps on a shortest way from one step ('' = the beginning) to another, without optional ones."""
        far = self.distance[before].get(after, 0)
        way = list[str]()
        while far > 1:
            here = next((s for s in self.ordered if self.distance[before].get(s) == far - 1 and self._near(s, after)), None)
            if here is None:
                break
            way.append(here)
            after, far = here, far - 1
        return tuple(step for step in reversed(way) if step not in self.optional)

    def _near(self, step: str, after: str) -> bool:
        return step not in self.optional and self.distance[step].get(after) == 1


@dataclass(frozen=True, slots=True)
class TurnStep:
    """An agent turn and the step it is: script and step are None off script; `likeness` 0..1 to the expected reply."""

    turn: int
    script: str | None
    step: str | None
    likeness: float
    leap: str = ""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A step that was skipped (between two turns) or came out of order (at `turn`)."""

    kind: str
    script: str
    step: str
    turn: int
    after_turn: int | None


@dataclass(frozen=True, slots=True)
class Following:
    """How a conversation went through the scripts. `scripts` is empty when none matches: then nothing is said about it."""

    scripts: tuple[str, ...]
    path: tuple[TurnStep, ...]
    deviations: tuple[Deviation, ...] = ()

    @property
    def off_script(self) -> tuple[int, ...]:
        """The agent turns that are no step of a script."""
        return tuple(one.turn for one in self.path if one.step is None) if self.scripts else ()


def script_of(
    name: str,
    replies: Mapping[str, str],
    graph: Mapping[str, str | Sequence[str]],
    *,
    silent: Collection[str] = (),
    optional: Collection[str] = (),
) -> Script:
    """Return a script from a graph in which some nodes are not said: look-ups, and the branches that come out of them.

    Args: replies, words by node; graph, the next node or nodes; silent, nodes without words of the agent; a silent node into
        which nothing leads is a branch, open after every silent node and every step without a next one.
    Raises: ScorecardError, an edge names a node that has no reply.

    >>> one = script_of("fix", {"ask": "Which box?", "found": "It is on.", "gone": "It is off."},
    ...     {"ask": "look", "yes": "found", "no": "gone"}, silent=("look", "yes", "no"))
    >>> one.follows["ask"], one.distance["ask"]["gone"]
    (('found', 'gone'), 1)
    """
    edges = {node: (to,) if isinstance(to, str) else tuple(to) for node, to in graph.items()}
    unknown = sorted({n for a, to in edges.items() for n in (a, *to)} - set(replies) - set(silent))
    if unknown:
        raise ScorecardError(
            f"The script {name!r} leads to {', '.join(unknown)}, which have no reply. It has: {', '.join(replies)}."
        )
    entered = {node for to in edges.values() for node in to}
    branches = tuple(node for node in edges if node in silent and node not in entered)

    def said(node: str, seen: frozenset[str]) -> tuple[str, ...]:
        """Return the spoken nodes that may come next after a node."""
        direct = edges.get(node, ())
        ways = (*direct, *branches) if node in silent and node not in branches else direct
        out = list[str]()
        for way in ways or (branches if node not in branches else ()):
            if way not in silent:
                out.append(way)
            elif way not in seen:
                out += said(way, seen | {way})
        return tuple(dict.fromkeys(out))

    spoken = {node: words for node, words in replies.items() if node not in silent}
    placed = {node for pair in edges.items() for node in (pair[0], *pair[1])}
    follows = {node: said(node, frozenset({node})) for node in spoken if node in placed}
    return Script(name, spoken, follows, frozenset(optional), frozenset(node for node in follows if node not in edges))


def read_script(path: Path, *, silent: Collection[str] | None = None, optional: Collection[str] = ()) -> Script:
    """Return the script of a JSON file: {"task", "replies": {step: words, {slots}}, "graph": {step: next}, "silent": [...]}.

    Raises: ScorecardError, the file has no replies or graph.
    """
    raw = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
    if not isinstance(raw.get("replies"), dict) or not isinstance(raw.get("graph"), dict):
        raise ScorecardError(f"{path.name} is no script: it must have an object of replies and a graph of what follows what.")
    quiet = raw.get("silent", ()) if silent is None else silent
    return script_of(
        raw.get("task", path.stem), raw["replies"], raw["graph"], silent=quiet, optional=raw.get("optional", optional)
    )


class Follower:
    """Follows conversations through scripts; all that depends on the scripts alone is worked out once.

    >>> one = script_of("fix", {"hi": "Hello, how can I help?", "ask": "Which box is it?", "done": "It works again."},
    ...     {"hi": "ask", "ask": "done"})
    >>> told = Follower([one]).follow([Turn(0, "agent", "Hello, how can I help?"), Turn(1, "customer", "It is off."),
    ...     Turn(2, "agent", "There, it works again.")])
    >>> [step.step for step in told.path], [(d.kind, d.step) for d in told.deviations]
    (['hi', 'done'], [('skipped', 'ask')])
    """

    def __init__(self, scripts: Sequence[Script]) -> None:
        self._scripts = {one.name: one for one in scripts}
        self._states = [(one, step) for one in scripts for step in one.ordered]
        self._free = [(one, step) for one in scripts for step in one.replies if step not in one.ordered]
        self._replies = Replies([one.replies[step] for one, step in (*self._states, *self._free)])
        self._having = Counter(text for one in scripts for text in {normalise(reply) for reply in one.replies.values()})
        owners = [one.name for one, _ in self._states]
        self._leaps = np.array([[self._leap(a, b) for b in self._states] for a in self._states], dtype=np.float64)
        self._starts = np.array([self._leap(None, b) for b in self._states], dtype=np.float64)
        # Steps without a place may be said from any state of their script; elsewhere they cost the change of script.
        self._free_cost = np.array([[0.0 if a == b.name else SWITCH for b, _ in self._free] for a in owners]).reshape(
            len(owners), len(self._free)
        )

    def follow(self, turns: Sequence[Turn]) -> Following:
        """Return the way the agent's turns went; turns of others are not read."""
        spoken = [turn for turn in turns if turn.speaker == "agent" and turn.text.strip()]
        if not spoken or not self._states:
            return Following((), ())
        path = self._path(spoken)
        on = [one for one in path if one.step is not None]
        said = {(one.script or "", one.step or "") for one in on}
        if sum(map(self._tells, said)) < FEWEST_STEPS or len(on) < LEAST_SHARE * len(path):
            return Following((), tuple(TurnStep(one.turn, None, None, one.likeness) for one in path))
        names = tuple(dict.fromkeys(one.script for one in on if one.script))
        return Following(names, tuple(path), self._deviations(on))

    def _tells(self, said: tuple[str, str]) -> float:
        script = self._scripts[said[0]]
        if said[1] in script.optional:
            return 0.0
        return 1.0 if self._having[normalise(script.replies[said[1]])] == 1 else SHARED_STEP

    def _leap(self, before: tuple[Script, str] | None, after: tuple[Script, str]) -> float:
        script, step = after
        if before is None or before[0] is not script:
            far = script.distance[""].get(step, _FAR)
            # Where the agent had been in a script that is taken up again is not remembered: entering late costs little.
            return SWITCH + (ENTER_LATE if far > 1 else 0.0) if before else min(SKIP_EACH * (far - 1), SKIP_MOST)
        if before[1] == step:
            return REPEAT
        far = script.distance[before[1]].get(step, _FAR)
        if far == _FAR:
            return REPEAT if script.is_open_after(before[1]) else BACK
        return min(SKIP_EACH * (far - 1), BACK)

    def _path(self, spoken: Sequence[Turn]) -> list[TurnStep]:
        """Return the cheapest way: Viterbi over the ordered steps, with staying (off script, or a step without a place)."""
        n, like = len(self._states), np.array([self._replies.likeness(turn.text) for turn in spoken])
        placed, free = UNLIKE * (1.0 - like[:, :n]), UNLIKE * (1.0 - like[:, n:])
        cost = self._starts + placed[0]
        begin, back = 0.0, list[tuple[np.ndarray, np.ndarray]]()
        # `begin` is the cost of having met no ordered step yet; state n stands for it.
        costs = np.append(cost, 0.0)
        stays0 = min(OFF_SCRIPT, float(free[0].min()) if free.size else OFF_SCRIPT)
        costs[n] = begin = stays0
        back.append((np.full(n + 1, n), np.zeros(n + 1, dtype=bool)))
        for row in range(1, len(spoken)):
            moved = np.vstack([costs[:n, None] + self._leaps, costs[n] + self._starts[None, :]])
            source = moved.argmin(axis=0)
            move = moved[source, np.arange(n)] + placed[row]
            quiet = (self._free_cost + free[row]).min(axis=1, initial=OFF_SCRIPT)
            stay = costs[:n] + np.minimum(quiet, OFF_SCRIPT)
            is_stay = stay < move
            begin += min(OFF_SCRIPT, float(free[row].min(initial=OFF_SCRIPT)))
            costs = np.append(np.where(is_stay, stay, move), begin)
            back.append((np.append(np.where(is_stay, np.arange(n), source), n), np.append(is_stay, True)))
        at, path = int(costs.argmin()), list[TurnStep]()
        for row in range(len(spoken) - 1, -1, -1):
            source, is_stay = back[row]
            stays = bool(is_stay[at]) or at == n
            path.append(self._said(spoken[row], at, like[row], stays=stays))
            at = int(source[at])
        return path[::-1]

    def _said(self, turn: Turn, at: int, like: np.ndarray, *, stays: bool) -> TurnStep:
        n = len(self._states)
        if not stays:
            script, step = self._states[at]
            return TurnStep(turn.turn, script.name, step, float(like[at]))
        if self._free:
            extra = self._free_cost[at] if at < n else np.zeros(len(self._free))
            cost = UNLIKE * (1.0 - like[n:]) + extra
            best = int(cost.argmin())
            if cost[best] < OFF_SCRIPT:
                script, step = self._free[best]
                return TurnStep(turn.turn, script.name, step, float(like[n + best]))
        return TurnStep(turn.turn, None, None, float(like.max()))

    def _deviations(self, on: Sequence[TurnStep]) -> tuple[Deviation, ...]:
        steps = [(one.script or "", one.step or "", one.turn) for one in on]
        return deviations(steps, self._scripts)


def deviations(steps: Sequence[tuple[str, str, int]], scripts: Mapping[str, Script]) -> tuple[Deviation, ...]:
    """Return what a sequence of (script, step, turn) skipped and did out of order; steps without a place are passed over.

    A step that was done earlier in the same script is not skipped. Coming back to an earlier step is out of order only when
    the graph has no way there.
    """
    out, last, done = list[Deviation](), dict[str, tuple[str, int]](), dict[str, set[str]]()
    for name, step, turn in steps:
        script = scripts[name]
        if step not in script.ordered:
            continue
        before, after_turn = last.get(name, ("", None))
        seen = done.setdefault(name, set())
        if step != before and step not in script.distance[before] and not script.is_open_after(before):
            out.append(Deviation("out_of_order", name, step, turn, after_turn))
        elif step != before and step not in seen and step in script.distance[before]:
            out += [
                Deviation("skipped", name, one, turn, after_turn) for one in script.between(before, step) if one not in seen
            ]
        seen.add(step)
        last[name] = (step, turn)
    return tuple(out)
