"""The text form of the text model: what is folded, how turns are cut, and that nothing of a turn goes unread."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.text.model_text import MAX_CHARACTERS, MAX_SENTENCES, model_text, sentences, word_count

PIECES = (
    "Thanks!",
    "Ok.",
    "I can't log in.",
    "My code is 4471\n",
    "Why? ",
    "so I waited, and waited...",
    "3.5 GB",
    "\u27e8NAME\u27e9. ",
)
TEXTS = st.one_of(st.text(max_size=400), st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Order 12345 and 9", "order 0 and 0"),
        ("\u27e8masked\u27e9 said [NAME] met #PRS_ORG# and @user", "name said name met name and name"),
        ("write to kim.lee@example.org", "write to name"),
        ("see www.example.org/a, or HTTP://x.example?", "see link, or link?"),
        ("don\u2019t  \u201cwait\u201d\t\uff21\uff11", 'don\'t "wait" a0'),
        ("#1 and [see below] stay", "#0 and [see below] stay"),
    ],
)
def test_what_must_not_move_a_value_is_folded(text: str, form: str) -> None:
    assert model_text(text) == form


def test_sentences_end_at_signs_before_a_space_and_at_line_ends() -> None:
    assert sentences("It is 3.5 GB at shop.example now. Really? yes\nI will call back!!! ok") == (
        "it is 0.0 gb at shop.example now.",
        "really? yes",
        "i will call back!!! ok",
    )


def test_of_a_long_turn_every_word_is_read() -> None:
    text = " ".join(f"Word{chr(97 + i % 26)}{'x' * (i // 26)} is here." for i in range(90))
    parts = sentences(text)
    assert len(parts) == MAX_SENTENCES
    assert " ".join(parts) == " ".join(model_text(piece) for piece in re.split(r"(?<=\.) ", text))
    one = " ".join(["unpunctuated"] * 200)
    assert sum(word_count(part) for part in sentences(one)) == 200


@given(TEXTS)
def test_form_and_sentences_keep_their_promises(text: str) -> None:
    form = model_text(text)
    assert model_text(form) == form
    parts = sentences(text)
    assert len(parts) <= MAX_SENTENCES
    assert all(part == model_text(part) and len(part) <= MAX_CHARACTERS for part in parts)
    assert len(parts) < 2 or all(word_count(part) >= 2 for part in parts)
    assert bool(parts) == any(word_count(model_text(piece)) for piece in text.splitlines())
