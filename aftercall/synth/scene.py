"""A conversation in the making: its turns, and the truth about every behaviour as it is planted.

Lives here: saying a line, marking what was called for and done. Not here: the order of a conversation (service_talk.py,
recovery_talk.py), its steps (steps.py), its times (timing.py).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from aftercall.synth.phrasebook import Pair, Phrasebook, Said, Template, opener
from aftercall.synth.rates import BEHAVIOURS
from aftercall.synth.timing import speech_s

_PLACE = {name: place for place, name in enumerate(BEHAVIOURS)}


@dataclass(slots=True)
class Line:
    """One turn: who, what, and the wait that follows it ('', 'lookup' or 'hold')."""

    speaker: str
    said: Said
    wait: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """The truth about one behaviour: was it called for (at which turn), was it done (at which), in unusual words.

    `turn` is None when it was not done, `called_at` when no turn called for it; turns count from 0.
    """

    behaviour: str
    called_for: bool
    done: bool
    unusual: bool
    turn: int | None
    called_at: int | None


@dataclass(slots=True)
class Scene:
    """The state of one conversation; `at` holds this contact's row of every pool, `will` and `odd` the drawn behaviours."""

    book: Phrasebook
    rng: random.Random
    intent: str
    is_chat: bool
    is_outbound: bool
    is_repeat: bool
    talk_s: float
    hold_s: float
    at: Sequence[int]
    will: Sequence[bool]
    odd: Sequence[bool]
    lines: list[Line] = field(default_factory=list[Line])
    marks: dict[str, Mark] = field(default_factory=dict[str, Mark])
    thread: str = ""
    is_casual: bool = False
    is_resolved: bool = True
    is_stuck: bool = False
    is_troubled: bool = False
    is_repeat_said: bool = False
    elapsed_s: float = 0.0

    @property
    def last(self) -> int:
        """The place of the last turn."""
        return len(self.lines) - 1

    def chance(self, share: float) -> bool:
        """Return True with this probability."""
        return self.rng.random() < share

    def pick(self, key: str) -> Template:
        """Return one line of a key, as this channel would have it."""
        options = self.book.options(key, chat=self.is_chat, thread=self.thread)
        return options[int(self.rng.random() * len(options))]

    def agent(self, *keys: str) -> int:
        """Let the agent say one turn made of one line of each key; return its place."""
        return self._say("agent", [self.pick(key) for key in keys], "")

    def customer(self, *keys: str) -> int:
        """Let the customer say one turn."""
        return self._say("customer", [self.pick(key) for key in keys], self._style())

    def tell(self, key: str) -> int:
        """Let the customer say why they are here; the line sets the thread that the rest of the conversation follows."""
        template = self.pick(key)
        self.is_repeat_said |= key.endswith(".repeat")
        if template.threads and not self.thread:
            self.thread = template.threads[int(self.rng.random() * len(template.threads))]
        return self._say("customer", [template], self._style())

    def system(self, key: str) -> int:
        """Let the system write one line."""
        return self._say("system", [self.pick(key)], "")

    def exchange(self, pair: Pair, *, customer_first: bool = False) -> int:
        """Say a question and its answer; return the place of the answer."""
        first, second = ("customer", "agent") if customer_first else ("agent", "customer")
        self._say(first, [pair[0]], "casual" if self.is_casual and customer_first else "")
        return self._say(second, [pair[1]], "casual" if self.is_casual and not customer_first else "")

    def wait(self, kind: str) -> None:
        """Let silence follow the last turn."""
        self.lines[-1].wait = kind

    def does(self, behaviour: str) -> bool:
        """Return whether this agent will do it if it is called for."""
        return bool(self.will[_PLACE[behaviour]])

    def wording(self, behaviour: str) -> str:
        """Return 'plain' or 'paraphrase'."""
        return "paraphrase" if self.odd[_PLACE[behaviour]] else "plain"

    def act(self, behaviour: str, key: str, called_at: int | None) -> bool:
        """Do the behaviour, or what this agent does instead, and mark the truth; return whether it was done.

        Without lines of `<key>.missed` an omission is silence.
        """
        done = self.does(behaviour)
        if done:
            turn = self.agent(f"{key}.{self.wording(behaviour)}")
            self.mark(behaviour, turn, called_at)
        else:
            if self.book.has(f"{key}.missed"):
                self.agent(f"{key}.missed")
            self.mark(behaviour, None, called_at)
        return done

    def mark(self, behaviour: str, turn: int | None, called_at: int | None, *, worded: bool = True) -> None:
        """Note the truth about a behaviour that was called for; the first note of a conversation stands.

        `worded` is False for a behaviour that has only one kind of wording.
        """
        if behaviour not in self.marks:
            unusual = worded and turn is not None and self.wording(behaviour) == "paraphrase"
            self.marks[behaviour] = Mark(behaviour, True, turn is not None, unusual, turn, called_at)

    def truth(self) -> list[Mark]:
        """Return one mark per behaviour; what was never noted was not called for."""
        return [self.marks.get(name) or Mark(name, False, False, False, None, None) for name in BEHAVIOURS]

    def ending(self) -> str:
        """Return how it ended: 'resolved', 'follow_up' (somebody of ours promised a next step), 'unresolved', or 'doubtful'."""
        if self.is_resolved or not self.is_stuck:
            return "resolved"
        who = {one.who for line in self.lines if line.speaker == "agent" for one in line.said.promised}
        return "follow_up" if who & {"agent", "company"} else "doubtful" if who else "unresolved"

    def room_s(self, reserve_s: float) -> float:
        """Return the talk time still to fill, in seconds, if `reserve_s` is kept for the ending."""
        return self.talk_s * 0.80 - self.elapsed_s - reserve_s

    def _style(self) -> str:
        """Return how the customer says it: typed in a hurry, or with a hesitation now and then."""
        if self.is_chat:
            return "casual" if self.is_casual else ""
        return opener(self.rng.random()) if self.rng.random() < 0.12 else ""

    def _say(self, speaker: str, templates: Sequence[Template], style: str) -> int:
        said = self.book.say(templates, self.at, style)
        self.lines.append(Line(speaker, said))
        self.elapsed_s += speech_s(said.word_n) if not self.is_chat else 3.0 + 1.1 * said.word_n
        return len(self.lines) - 1
