"""Many interactions against the packs in shadow: rules whose facts rule them out are not listened for.

Lives here: RuleBook, one interaction at a time, equal to `run_rules` and the second ear. Not here: the meaning of a rule
(pack_run.py), which interactions (assets.compliance).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.records import Turn
from aftercall.scoring.pack import Pack, Rule, holds, together
from aftercall.scoring.pack_ear import RuleOutcome
from aftercall.scoring.pack_likeness import LIKE_ENOUGH, Embed, NoticeEar, second_ear
from aftercall.scoring.pack_run import RuleFacts, run_rules
from aftercall.scoring.pack_yaml import read_pack, shipped
from aftercall.text.signals import TextModel

_REMEMBERED_N = 20_000
_CODE = ("pack*.py", "heard.py", "reader.py")


@dataclass(frozen=True)
class RuleBook:
    """The rules of some packs as one, and the text model behind the second ear; None leaves misses as they are."""

    pack: Pack
    model: TextModel | None = None
    _lists: dict[tuple[str, ...], Pack] = field(default_factory=dict[tuple[str, ...], Pack], compare=False)

    @cached_property
    def ear(self) -> NoticeEar | None:
        """The second ear, made when the first miss asks for it."""
        return NoticeEar.of(self.pack, _remembering(self.model)) if self.model else None

    @cached_property
    def epoch(self) -> str:
        """12 characters that name everything that decides an outcome: rules, code, threshold, text model."""
        digest = hashlib.sha256(f"{self.pack.pack_hash}|{LIKE_ENOUGH}|{self.model.version if self.model else ''}".encode())
        folder = Path(__file__).parent
        for path in sorted(path for kind in _CODE for path in folder.glob(kind)):
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    def judge(self, facts: RuleFacts, turns: Sequence[Turn]) -> tuple[RuleOutcome, ...]:
        """Return the outcomes of one interaction whose facts do not change, in the order of the packs.

        Equal to `second_ear(run_rules(...))`: what does not apply, or may not, ends the same whatever is said.
        """
        known = dict(facts.attributes)
        rules = self.pack.in_force(facts.started_on)
        heard = {rule.key for rule in rules if not rule.is_before_contact and holds(rule.applies_when, known)}
        silent = run_rules(self._only(tuple(rule for rule in rules if rule.key not in heard)), facts, turns[:0])
        said = run_rules(self._only(tuple(rule for rule in rules if rule.key in heard)), facts, turns)
        if any(one.outcome == "missed" for one in said):
            said = second_ear(said, turns, self.pack, self.ear)
        of_heard, of_silent = iter(said), iter(silent)
        return tuple(next(of_heard if rule.key in heard else of_silent) for rule in rules)

    def _only(self, rules: tuple[Rule, ...]) -> Pack:
        keys = tuple(rule.key for rule in rules)
        if keys not in self._lists:
            self._lists[keys] = replace(self.pack, rules=rules)
            # The whole book's matcher knows these rules too: compiling one for every combination takes longer than hearing.
            self._lists[keys].__dict__["matcher"] = self.pack.matcher
        return self._lists[keys]


def _remembering(model: TextModel) -> Embed:
    """Return the model's embeddings, each sentence read once: agents say much the same all day."""
    known = dict[str, NDArray[np.float32]]()

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if len(known) + len(new) > _REMEMBERED_N:
            known.clear()
            new = list(dict.fromkeys(texts))
        if new:
            known.update(zip(new, model.embeddings(new), strict=True))
        return np.array([known[text] for text in texts], dtype=np.float32)

    return embed


def shipped_rules(model: TextModel | None) -> RuleBook:
    """Return the packs that come with the product as one book."""
    return RuleBook(together([read_pack(path) for path in shipped()]), model)
