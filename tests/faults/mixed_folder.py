"""One folder with everything that can be wrong in it, good records between, and card numbers said in every way."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults.deliveries import Line, leg, line, put_lines, put_table

# Test numbers that pass the Luhn check; they belong to nobody.
CARDS = ("4111111111111111", "5555555555554444", "378282246310005")
_WORDS = dict(zip("0123456789", ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], strict=True))
_OTHER = {"agent": "customer", "customer": "agent"}


def spoken(digits: str) -> str:
    """The digits as a person says them."""
    return " ".join(_WORDS[one] for one in digits)


def forms_of_cards() -> list[str]:
    """Every way a planted number may not stand anywhere."""
    grouped = [" ".join(card[at : at + 4] for at in range(0, len(card), 4)) for card in CARDS]
    dashed = [one.replace(" ", "-") for one in grouped]
    return [*CARDS, *grouped, *dashed, *(spoken(card) for card in CARDS)]


def _saying(identity: str, day: int, *said: tuple[str, str]) -> Line:
    one = line(identity, day)
    base = one["turns"]
    more = [
        {"speaker": who, "start_s": 50.0 + 8 * n, "end_s": 55.0 + 8 * n, "text": text} for n, (who, text) in enumerate(said)
    ]
    return one | {"turns": [*base, *more]}


def card_lines() -> list[Line]:
    """Interactions in which a card number is written, spoken, split over turns, or hidden in other fields."""
    one, two, three = CARDS
    ask, thanks = ("agent", "Can you read me the card number, please?"), ("agent", "Thank you.")
    parts = [one[at : at + 4] for at in range(0, 16, 4)]
    split = [pair for part in parts for pair in (("customer", part), ("agent", "Okay."))]
    return [
        _saying("card-written", 2, ask, ("customer", f"It is {one}."), thanks),
        _saying("card-grouped", 2, ask, ("customer", "-".join(two[at : at + 4] for at in range(0, 16, 4))), thanks),
        _saying("card-spoken", 3, ask, ("customer", f"Sure, {spoken(two)}"), thanks),
        _saying("card-amex", 3, ask, ("customer", f"{three[:4]} {three[4:10]} {three[10:]}"), thanks),
        _saying("card-split", 4, ask, *split, thanks),
        _saying("card-split-spoken", 4, ask, *((who, spoken(text) if text.isdigit() else text) for who, text in split), thanks),
        line("card-attribute", 5) | {"attributes": {"note": f"card {one}", "crm": {"number": two}}, "reference": three},
        line("card-queue", 5, queue=f"pay {one}", intent=two),
    ]


def swapped(one: Line) -> Line:
    """The same call with the labels of its speakers exchanged."""
    turns: list[dict[str, Any]] = [turn | {"speaker": _OTHER[turn["speaker"]]} for turn in one["turns"]]
    return one | {"turns": turns}


def good_lines() -> list[Line]:
    """Calls with nothing wrong, on four days, of agents in the roster and one outside it."""
    return [line(f"good-{n}", 2 + n % 4, agent=f"a{n % 3}") for n in range(10)] + [line("stranger", 3, agent="nobody-knows")]


def write_mixed(folder: Path, recording: Path) -> None:
    """Write the folder; `recording` is a two-channel call that is cut, resampled and stored as 8 kHz mu-law."""
    put_lines(folder / "calls" / "good.jsonl", good_lines(), at=10)
    put_lines(folder / "calls" / "cards.jsonl", card_lines(), at=11)
    shutil.copyfile(folder / "calls" / "good.jsonl", folder / "calls" / "good-sent-twice.jsonl")
    put_lines(folder / "calls" / "same-id-1.jsonl", [line("twin", 2, queue="old")], at=12)
    put_lines(folder / "calls" / "same-id-2.jsonl", [line("twin", 2, queue="new")], at=13)
    overlapping = line("overlapping", 3)
    overlapping["turns"][1] |= {"start_s": 3.0, "end_s": 9.5}
    put_lines(folder / "calls" / "swapped.jsonl", [swapped(line("swapped", 3)), overlapping], at=14)
    put_lines(folder / "calls" / "nothing-said.jsonl", [line("zero", 4, turns=[], talk_s=0, hold_s=0, acw_s=0)], at=15)

    negative = line("negative", 3)
    negative["turns"][2] |= {"start_s": -4.0}
    backwards = line("backwards", 3)
    backwards["turns"][2] |= {"start_s": 30.0, "end_s": 20.0}
    whole, cut = json.dumps(line("before-cut", 4)), json.dumps(line("cut-off", 4))[:200]
    wrong = json.dumps(line("latin", 4, queue="Zahlung für Käufer"), ensure_ascii=False).encode("latin-1")
    put_lines(folder / "bad" / "times.jsonl", [negative, line("between", 3), backwards], at=16)
    (folder / "bad" / "cut.jsonl").write_text(f"{whole}\n{cut}")
    (folder / "bad" / "latin.jsonl").write_bytes(json.dumps(line("before-latin", 4)).encode() + b"\n" + wrong + b"\n")
    for name in ("empty.jsonl", "empty-too.csv"):
        (folder / "bad" / name).touch()
    (folder / "bad" / "mystery.bin").write_bytes(bytes(range(256)) * 8)
    (folder / "bad" / "unknown.csv").write_text("Kundennummer;Anliegen;Dauer\n17;Rechnung;200\n18;Umzug;120\n19;Storno;90\n")
    (folder / "bad" / "header-only.wav").write_bytes(_header_only())

    legs = [leg(f"good-{n}", 0, 2 + n % 4) for n in range(10)]
    put_table(folder / "legs.csv", [*legs, leg("zero-seconds", 0, 5, talk_s=0, hold_s=0, acw_s=0)], at=17)
    put_table(folder / "bad" / "legs-bad.csv", [leg("good-0", 1, 2, talk_s=-5), leg("good-1", 1, 3, talk_s="two")], at=18)
    team = {"valid_from_on": "2026-01-01", "team_id": "t1", "supervisor_id": "s1", "display_name": "Kim Doe"}
    put_table(folder / "roster.csv", [{"agent_id": f"a{n}", **team} for n in range(3)], at=19)
    _mu_law(recording, folder / "recordings" / "mu-law.wav")
    row = {"file": "mu-law.wav", "interaction_id": "mu-law", "channels": "agent=0;customer=1", "agent_id": "a1"}
    put_table(folder / "recordings" / "manifest.csv", [row | {"started_at": "2026-03-04T08:00:00Z"}], at=20)


def _header_only() -> bytes:
    head = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00" + (8000).to_bytes(4, "little")
    return head + (32000).to_bytes(4, "little") + b"\x04\x00\x10\x00data\x00\x00\x00\x00"


def _mu_law(source: Path, target: Path) -> None:
    import soundfile

    samples, rate_hz = soundfile.read(str(source), frames=20 * 48_000)
    samples = samples[: 20 * rate_hz]
    at = np.arange(0, len(samples), rate_hz / 8000)
    thin = np.stack([np.interp(at, np.arange(len(samples)), side) for side in samples.T], axis=1)
    target.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(str(target), thin, 8000, subtype="ULAW")
