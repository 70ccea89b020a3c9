"""How like an expected reply a turn is: the share of its words, rare words counting more, slots standing for anything.

Lives here: replies with {slots} -> likeness 0..1 of a text to each. Not here: scripts and their order (script.py).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from aftercall.text.normalise import normalise

_SLOT = re.compile(r"\{[^{}]*\}")
# Words one slot may stand for before they count as foreign. The first few weigh a little: of two replies that fit, the one that
# says more of the words itself is liker.
SLOT_WORDS, WEIGHED_WORDS, SLOT_WEIGHT = 30, 6, 0.5
# Likeness of any text to a reply that is nothing but slots: a little better than off script, where the script expects it.
ONLY_SLOTS = 0.62


class Replies:
    """The expected replies of some scripts, ready to be compared with.

    >>> one = Replies(["Could I get your name, please?", "Your balance is {balance:d} in credit."])
    >>> [round(float(x), 2) for x in one.likeness("your balance is 40 dollars in credit")]
    [0.09, 0.94]
    """

    def __init__(self, replies: Sequence[str]) -> None:
        self._words = [Counter(normalise(_SLOT.sub(" ", reply)).split()) for reply in replies]
        self._slots = np.array([len(_SLOT.findall(reply)) for reply in replies], dtype=np.float64)
        holds = Counter(word for words in self._words for word in words)
        n = max(len(replies), 1)
        self._weight = {word: 1.0 + math.log(n / count) for word, count in holds.items()}
        self._foreign = 1.0 + math.log(n)
        self._whole = np.array([sum(self._weight[w] * c for w, c in words.items()) for words in self._words])
        self._where: dict[str, list[tuple[int, int]]] = {}
        for place, words in enumerate(self._words):
            for word, count in words.items():
                self._where.setdefault(word, []).append((place, count))
        self._known: dict[str, np.ndarray] = {}

    def likeness(self, text: str) -> np.ndarray:
        """Return float64 of shape (replies,): 2pr / (p + r) of weighted words; words that slots can hold are not foreign."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._likeness(Counter(normalise(text).split()))
        return found

    def _likeness(self, said: Counter[str]) -> np.ndarray:
        shared, shared_n = np.zeros(len(self._words)), np.zeros(len(self._words))
        total = sum(self._weight.get(word, self._foreign) * count for word, count in said.items())
        for word, count in said.items():
            for place, expected in self._where.get(word, ()):
                both = min(count, expected)
                shared[place] += both * self._weight[word]
                shared_n[place] += both
        said_n = sum(said.values())
        if not said_n:
            return np.zeros(len(self._words))
        # The words that are left: those a slot can hold weigh little, the rest what the text's words weigh on average.
        rest_n = said_n - shared_n
        held_n = np.minimum(rest_n, self._slots * SLOT_WORDS)
        foreign = (total - shared) * (rest_n - held_n) / np.maximum(rest_n, 1)
        foreign += SLOT_WEIGHT * np.minimum(held_n, self._slots * WEIGHED_WORDS)
        with np.errstate(invalid="ignore", divide="ignore"):
            recall, precision = shared / self._whole, shared / (shared + foreign)
            like = 2 * recall * precision / (recall + precision)
        return np.where(self._whole > 0, np.nan_to_num(like), ONLY_SLOTS)
