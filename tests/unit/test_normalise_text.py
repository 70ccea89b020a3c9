"""The normal form: what becomes a token, the way back, and the bulk path equal to the single one."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aftercall.text.normalise import FILLERS, Lines, normalise, normalise_bulk, tokenise

TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=" 'ab\u2019?-um\n\x00\u27e8\u27e9\u00e9\u0301\ufb01.", max_size=40),
    st.lists(
        st.sampled_from((*FILLERS, "it's", "'", "don\u2019t", "?", "42", "\u27e8masked\u27e9", "A.B", "''", "x'")), max_size=9
    ).map(" ".join),
)


def lines_of(many: Lines, n: int) -> list[str]:
    found = dict(zip(many.text_of.tolist(), (many.line(i) for i in range(len(many.starts))), strict=True))
    return [found[i] for i in range(n)]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", " "),
        (" .,! ", " "),
        ("I'M   fine", " i'm fine "),
        ("don\u2019t \u2018stop\u2019", " don't stop "),
        ("Um, uh\u2026 ER yes", " yes "),
        ("summer umbrella", " summer umbrella "),
        ("$40.50 (15%)", " 40 50 15 "),
        ("really?? yes?", " really ? ? yes ? "),
        ("my card is \u27e8masked\u27e9 ok", " my card is ok "),
        ("CAF\u00c9 \ufb01ne \u2463", " caf\u00e9 fine 4 "),
        ("e\u0301t\u00e9", " \u00e9t\u00e9 "),
        ("rock 'n' roll's", " rock n roll's "),
        ("a''b", " a b "),
        ("line\nbreak\x00here", " line break here "),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert normalise(text) == normal
    assert tokenise(text).text == normal
    assert lines_of(normalise_bulk(pa.array([text])), 1) == [normal]


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
@example("\u0130stanbul")
@example("\u1100\u1161\u11a8 ok")
def test_tokens_and_text_agree_and_a_normal_form_is_its_own(text: str) -> None:
    normal = normalise(text)
    assert tokenise(text).text == normal
    assert normalise(normal) == normal
    assert normal.startswith(" ")
    assert normal.endswith(" ")
    assert "  " not in normal


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(TEXTS, max_size=12))
def test_bulk_equals_one_by_one(texts: list[str]) -> None:
    many = normalise_bulk(pa.array(texts, pa.string()))
    assert lines_of(many, len(texts)) == [normalise(text) for text in texts]


@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_every_token_knows_its_characters(text: str) -> None:
    normal = tokenise(text)
    tokens = normal.text.split()
    assert len(tokens) == len(normal.spans)
    for token, (start, end) in zip(tokens, normal.spans, strict=True):
        # One character may hold several tokens: a quarter sign is 1 and 4.
        assert token in normalise(text[start:end]).split()
    ends = [end for _, end in normal.spans]
    assert ends == sorted(ends)


def test_blocks_of_the_bulk_path_join_without_a_seam() -> None:
    texts = [f"Um, turn {n} isn't ' it?" * 40 for n in range(2_500)] + ["caf\u00e9 \u2019", ""]
    assert lines_of(normalise_bulk(pa.array(texts)), len(texts)) == [normalise(text) for text in texts]


@pytest.mark.real_data
def test_bulk_equals_one_by_one_on_all_real_turns(real_data: Path) -> None:
    with (real_data / "star" / "transcripts" / "star.jsonl").open(encoding="utf-8") as file:
        texts = sorted({turn["text"] for line in file for turn in json.loads(line)["turns"]})
    assert len(texts) > 20_000
    assert lines_of(normalise_bulk(pa.array(texts)), len(texts)) == [normalise(text) for text in texts]
