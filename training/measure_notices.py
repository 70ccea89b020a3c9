"""How well notices are heard in words no phrase knows, and how often something else is taken for one.

    python -m training.measure_notices --centre .state/demo/centre --out docs/measured/notices.md

Lives here: likeness of sentences that are and are not notices, and what becomes of planted notices. Not here: likeness itself
(aftercall.scoring.pack_likeness). The wordings of the packs were written after the centre's paraphrases had been read (not
copied from them), and before the blind cases had been: those are the fairer figure.
"""

import argparse
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import yaml

from aftercall.contracts.records import Interaction
from aftercall.scoring.behaviours import dialogue
from aftercall.scoring.pack import Pack, Rule, together
from aftercall.scoring.pack_likeness import LIKE_ENOUGH, NoticeEar, background_sentences, second_ear, sentences_of
from aftercall.scoring.pack_run import RuleFacts, run_rules
from aftercall.scoring.pack_yaml import read_pack, shipped
from aftercall.text.signals import load_signals
from aftercall.text.weights import places_from
from training.evaluate_promises import interactions
from training.measure import plain_table
from training.train import REAL, ROOT

RECORDING, DEBT = "us.recording.notice", "us.fdcpa.mini_miranda"
PLANTED = {"recording_notice": RECORDING, "collections_disclosure": DEBT}
# Told to the rules of every planted interaction: what a centre knows of its own queues.
FACTS = (("account_type", "third_party_collection"), ("contact", "first"), ("recorded", True), ("right_party", True))
TURN_N = 1_000


def first_half(text: str) -> bool:
    """Return whether a text is of the first of two halves, which show whether their rates agree."""
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def said_in(path: Path, speaker: str) -> list[str]:
    """Return distinct turns of one side of a JSON-lines file of transcripts, seeded, TURN_N at the most."""
    lines = path.read_text(encoding="utf-8").splitlines()
    said = sorted({turn["text"] for line in lines for turn in json.loads(line)["turns"] if turn["speaker"] == speaker})
    order = np.random.default_rng(5).permutation(len(said))[:TURN_N]
    return [said[place] for place in order]


def strongest(ear: NoticeEar, rule: Rule, texts: Sequence[str]) -> np.ndarray:
    """Return the likeness of each turn's likest sentence; -1 where no sentence is long enough."""
    parts = [sentences_of(text) for text in texts]
    flat = [one for said in parts for one in said]
    like, at, out = ear.likeness(rule, flat), 0, np.full(len(texts), -1.0)
    for place, said in enumerate(parts):
        if said:
            out[place] = like[at : at + len(said)].max()
        at += len(said)
    return out


def turn_lines(ear: NoticeEar, pack: Pack) -> list[tuple]:
    """Return (turns, rule, n, share at or above the threshold, largest) of texts that are notices and that are not."""
    rules = {rule.id: rule for rule in pack.rules}
    book = yaml.safe_load((ROOT / "tests/blind/required_disclosure.yaml").read_text(encoding="utf-8"))

    def agent(cases: Iterable[Sequence[str]]) -> list[str]:
        return ["\n".join(t.text for t in dialogue(case).turns if t.speaker == "agent") for case in cases]

    star = said_in(REAL / "star/transcripts/star.jsonl", "agent")
    dogo = said_in(REAL / "multidogo/transcripts/multidogo_customer_turns.jsonl", "customer")
    sets: list[tuple[str, list[str], tuple[str, ...]]] = [
        ("notices: blind paraphrases", agent(book["paraphrases"]), (RECORDING,)),
        ("others: blind near-misses", agent(book["near_misses"]), (RECORDING,)),
        ("others: STAR agents, one half", [t for t in star if first_half(t)], (RECORDING, DEBT)),
        ("others: STAR agents, other half", [t for t in star if not first_half(t)], (RECORDING, DEBT)),
        ("others: MultiDoGO customers", dogo, (RECORDING, DEBT)),
        ("others: behaviour catalogue (background)", list(background_sentences()), (RECORDING, DEBT)),
    ]
    rows = []
    for name, texts, asked in sets:
        for rule_id in asked:
            like = strongest(ear, rules[rule_id], texts)
            hit_n = int((like >= LIKE_ENOUGH).sum())
            rows.append((name, f"`{rule_id}`", len(like), hit_n, hit_n / len(like), float(np.quantile(like, 0.998))))
    return rows


def planted_lines(ear: NoticeEar, pack: Pack, centre: Path, every: int) -> list[tuple]:
    """Return (act, wording, interactions, kept or late, perhaps, missed, other) of every n-th transcript of a centre."""
    truth = pl.read_parquet(centre / "truth/behaviours.parquet").filter(
        pl.col("called_for") & pl.col("behaviour").is_in(list(PLANTED))
    )
    acts: dict[str, list[tuple[str, str]]] = {}
    for identity, act, done, odd in truth.select("interaction_id", "behaviour", "done", "is_paraphrase").iter_rows():
        acts.setdefault(identity, []).append((act, "not said" if not done else "paraphrase" if odd else "usual wording"))
    counts: dict[tuple[str, str], np.ndarray] = {}
    for one in interactions(centre, every):
        if one.interaction_id not in acts:
            continue
        found = {outcome.rule_id: outcome for outcome in judged(one, pack, ear)}
        for act, wording in acts[one.interaction_id]:
            outcome = found[PLANTED[act]]
            column = 0 if outcome.outcome in ("kept", "late") else 1 if outcome.reason == "perhaps_said" else 2
            column = column if column < 2 or outcome.outcome == "missed" else 3
            counts.setdefault((act, wording), np.zeros(4, dtype=int))[column] += 1
    return [(act, wording, int(row.sum()), *(int(n) for n in row)) for (act, wording), row in sorted(counts.items())]


def judged(one: Interaction, pack: Pack, ear: NoticeEar) -> tuple:
    """Return the outcomes of the pack in one interaction, with the second ear."""
    facts = RuleFacts(FACTS, one.started_at.date() if one.started_at else None, one.hold_s)
    return second_ear(run_rules(pack, facts, one.turns), one.turns, pack, ear)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure the second ear of the compliance packs.")
    parser.add_argument("--centre", type=Path, default=ROOT / ".state/demo/centre")
    parser.add_argument("--every", type=int, default=4, help="each so many transcripts of the centre")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/measured/notices.md")
    given = parser.parse_args()
    model = load_signals(places_from(os.environ), thread_n=1)
    whole = together([read_pack(path) for path in shipped()])
    pack = Pack("notices", "1", "", whole.facts, tuple(r for r in whole.rules if r.id in PLANTED.values()), whole.tables)
    ear = NoticeEar.of(pack, model.embeddings)
    turns = plain_table(("turns", "rule", "n", "heard", "share", "99.8 % of them stay below"), turn_lines(ear, pack))
    heading = ("planted", "said", "interactions", "kept or late", "perhaps said: a person", "missed", "not judged")
    planted = plain_table(heading, planted_lines(ear, pack, given.centre, given.every))
    words = (Path(__file__).parent / "words" / "notices.md").read_text(encoding="utf-8")
    text = words.format(like=LIKE_ENOUGH, model=model.version, turns=turns, planted=planted, every=given.every)
    given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
