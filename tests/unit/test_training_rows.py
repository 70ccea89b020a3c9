"""What the text model learns from: parts do not leak, labels are heads, calibration finds a planted scale."""

import csv

import numpy as np
import pytest

from aftercall.text.model_text import model_text
from training.calibrate import MAYBE_BETWEEN, SURE_BETWEEN, cut_points, platt, reliability, sigmoid
from training.heads import ACTS, heads, places
from training.own_sentences import PLACE, POLITENESS, own_sentences
from training.public_sets import LEXICON_FILE, lexicon, soft_sentiment
from training.rows import Row, recogniser_like
from training.silver import presumed_negative, with_question


def test_every_label_of_our_sentences_is_a_head():
    known = set(ACTS) | set(POLITENESS) | {"-"}
    for path in sorted(PLACE.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for line in list(csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]:
                assert set(line[1].split(",")) <= known, (path.name, line)


def test_no_held_out_sentence_was_learned_in_another_spelling():
    rows = list(own_sentences())
    forms = {part: {recogniser_like(model_text(row.text)) for row in rows if row.part == part} for part in ("learn", "test")}
    shared = forms["learn"] & forms["test"]
    # "Sorry!" and "sorry" are the same words: a handful of such short ones is all there may be.
    assert len(shared) <= 0.01 * len(forms["test"]), shared


def test_columns_lie_side_by_side_and_what_does_not_ship_is_last():
    every = heads(("a", "b"), ("c",), ("joy", "fear"))
    columns = places(every)
    assert [columns[head.name].start for head in every] == list(np.cumsum([0, *(head.size for head in every)])[:-1])
    shipped = [head.shipped for head in every]
    assert shipped == sorted(shipped, reverse=True)
    assert len({head.name for head in every}) == len(every)


def test_platt_finds_a_planted_scale():
    rng = np.random.default_rng(3)
    logit = rng.normal(0, 2, 40_000)
    truth = (rng.random(40_000) < sigmoid(0.6 * logit - 1.0)).astype(float)
    assert platt(logit, truth) == pytest.approx((0.6, -1.0), abs=0.03)
    for _, n, told, true in reliability(sigmoid(0.6 * logit - 1.0), truth):
        assert told == pytest.approx(true, abs=4 * 0.5 / np.sqrt(n))


def test_cut_points_hold_what_they_promise_on_their_own_rows():
    rng = np.random.default_rng(4)
    truth = (rng.random(2_000) < 0.3).astype(float)
    p = sigmoid(rng.normal(3 * truth - 1.5, 1.0))
    cuts = cut_points(p, truth)
    assert truth[p >= cuts.sure].mean() >= 0.9 or cuts.sure == SURE_BETWEEN[1]
    assert (p[truth == 1] >= cuts.maybe).mean() >= 0.95 or cuts.maybe == MAYBE_BETWEEN[0]
    assert cuts.maybe <= cuts.sure


def test_silver_labels_say_nothing_where_they_know_nothing():
    assert with_question(Row("Is it open?", "x", "learn")).targets == {"question": 1.0}
    assert with_question(Row("It is open.", "x", "learn")).targets == {"question": 0.0}
    assert with_question(Row("is it open", "x", "learn")).targets == {}
    assert with_question(Row("Is it open? I am here.", "x", "learn")).targets == {}
    promising = [Row(f"i will pay {n} tomorrow", "banking77", "learn") for n in range(20)]
    assert not any(presumed_negative(row) for row in promising)


def test_a_rating_is_a_soft_class_and_another_list_of_words_is_refused(tmp_path):
    near, clear = soft_sentiment(-0.6), soft_sentiment(-2.0)
    assert sum(near) == pytest.approx(1)
    assert near[0] > near[1] > 0.2 > near[2]
    assert clear[0] > 0.999
    (tmp_path / LEXICON_FILE).write_text("good\t1.9\t0.9\t[2, 1]\n", encoding="utf-8")
    with pytest.raises(ValueError, match="is not the pinned"):
        list(lexicon(tmp_path))


def test_the_average_of_two_checkpoints_is_the_mean_of_their_weights_and_of_no_other_heads(tmp_path):
    import torch

    from training.encoder import average, save, tiny

    one, two, none = tiny(2, seed=1), tiny(2, seed=2), tiny(2, seed=3)
    for name, model in (("one", one), ("two", two)):
        save(model, ["a/a", "b/b"], tmp_path / f"{name}.pt")
    paths = [tmp_path / "one.pt", tmp_path / "two.pt"]
    mean = average(none, ["a/a", "b/b"], paths, tmp_path / "mean.pt")
    assert torch.allclose(mean.heads.weight, (one.heads.weight + two.heads.weight) / 2)
    with pytest.raises(ValueError, match="other heads"):
        average(none, ["a/a", "c/c"], paths, tmp_path / "mean.pt")
