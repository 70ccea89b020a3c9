"""`aftercall agree`: any names and shapes give the published figures; labels beside scores give a record a question."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from aftercall.cli import main

from .test_agreement_known_answers import _F, _K, _P


def run(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[int, Any, str]:
    code = main(["agree", *args])
    out, err = capfd.readouterr()
    return code, json.loads(out) if out.startswith("{") else out, err


def table_k(path: Path, *, separator: str = ",") -> Path:
    rows = [
        (f"u{i}", coder, "" if code == "." else code)
        for coder, row in zip("ABCD", _K.split("|"), strict=True)
        for i, code in enumerate(row.split())
    ]
    text = "\n".join(separator.join(row) for row in [("unit", "who", "code"), *rows])
    path.write_text(text, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(
    ("level", "known"), [("nominal", 0.7434), ("ordinal", 0.8154), ("interval", 0.8491), ("ratio", 0.7974)]
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_long_form_with_free_names(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], level: str, known: float, separator: str
) -> None:
    path = table_k(tmp_path / "k.csv", separator=separator)
    code, found, _ = run(capfd, str(path), "--item", "unit", "--rater", "who", "--value", "code", "--level", level, "--json")
    assert code == 0
    assert round(found["alpha"]["estimate"], 4) == known
    assert found["alpha"]["ci_low"] < known < found["alpha"]["ci_high"]
    assert (found["n"], found["n_pairable"], found["n_raters"], found["n_ratings"]) == (12, 11, 4, 41)
    assert round(found["ac1"]["estimate"], 5) == 0.77544
    assert round(found["ac1"]["se"], 5) == 0.14295


def test_wide_counted_and_anonymous_shapes_agree_with_the_long_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wide = tmp_path / "wide.parquet"
    columns = {
        coder: [None if x == "." else int(x) for x in row.split()] for coder, row in zip("ABCD", _K.split("|"), strict=True)
    }
    pl.DataFrame(columns).write_parquet(wide)
    _, found, _ = run(capfd, str(wide), "--columns", "A,B,C,D", "--level", "ordinal", "--json")
    assert round(found["alpha"]["estimate"], 4) == 0.8154
    _, anonymous, _ = run(capfd, str(table_k(tmp_path / "k.csv")), "--item", "unit", "--value", "code", "--json")
    assert anonymous["alpha_ordinal"]["estimate"] == found["alpha"]["estimate"]
    assert anonymous["n_raters"] is None
    counts = tmp_path / "f.csv"
    counts.write_text("none,a little,some,much,all\n" + "\n".join(row.replace(" ", ",") for row in _F.split("|")))
    _, counted, _ = run(capfd, str(counts), "--counts", "none,a little,some,much,all", "--json")
    assert round(counted["fleiss"]["estimate"], 5) == 0.20993


def test_two_columns_of_numbers_and_of_names(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    meters = tmp_path / "p.csv"
    rows = [f"{a},{b}" for a, b in zip(_P[0].split(), _P[1].split(), strict=True)]
    meters.write_text("wright,mini\n" + "\n".join([*rows, "NA,400"]) + "\n")
    code, found, _ = run(capfd, str(meters), "--a", "wright", "--b", "mini", "--level", "interval", "--json")
    assert code == 0
    assert round(found["bland_altman"]["mean"], 3) == -2.118
    assert round(found["bland_altman"]["limit_se"], 2) == 16.28
    table = tmp_path / "t.csv"
    table.write_text("truth,test\n" + "yes,yes\n" * 20 + "yes,no\n" * 5 + "no,yes\n" * 10 + "no,no\n" * 15)
    _, named, _ = run(capfd, str(table), "--a", "truth", "--b", "test", "--json")
    assert named["kappa"]["estimate"] == pytest.approx(0.4)
    assert round(named["kappa"]["se"], 4) == 0.1270
    assert named["sensitivity"]["estimate"] == pytest.approx(0.8)
    assert named["specificity"]["estimate"] == pytest.approx(0.6)
    assert named["bias_index"]["estimate"] == pytest.approx(0.1)
    _, other, _ = run(capfd, str(table), "--a", "truth", "--b", "test", "--positive", "no", "--json")
    assert other["sensitivity"]["estimate"] == pytest.approx(0.6)


def test_clusters_widen_intervals_and_the_seed_repeats(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(3)
    agent = np.repeat(np.arange(20), 20)
    a = rng.integers(0, 2, 400)
    right = np.array([0.55, 0.98])[rng.integers(0, 2, 20)][agent]
    b = np.where(rng.random(400) < right, a, 1 - a)
    path = tmp_path / "c.csv"
    pl.DataFrame({"a": a, "b": b, "agent": agent}).write_csv(path)
    _, alone, _ = run(capfd, str(path), "--json")
    _, one, _ = run(capfd, str(path), "--cluster", "agent", "--seed", "5", "--json")
    _, two, _ = run(capfd, str(path), "--cluster", "agent", "--seed", "5", "--json")
    assert one == two
    assert one["n_clusters"] == 20
    assert one["kappa"]["estimate"] == pytest.approx(alone["kappa"]["estimate"])
    assert one["kappa"]["se"] > 1.5 * alone["kappa"]["se"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--item", "unit", "--value", "kode"], "no column 'kode'. Did you mean 'code'"),
        ([], "in one way"),
        (["--item", "unit", "--value", "code", "--a", "who", "--b", "code"], "in one way"),
        (["--item", "who", "--rater", "who", "--value", "code"], "more than once"),
        (["--item", "unit", "--value", "who", "--level", "ratio"], "names"),
        (["--item", "unit", "--value", "code", "--categories", "1,2"], "not among the declared"),
        (["--scores", "nowhere.jsonl"], "no column interaction_id"),
    ],
)
def test_wrong_requests_say_what_exists(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], args: list[str], said: str
) -> None:  # fmt: skip
    code, _, err = run(capfd, str(table_k(tmp_path / "k.csv")), *args)
    assert code == 2
    assert said in err


def test_labels_beside_scores(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(1)
    lines, labels = (
        [],
        ["evaluation_id,interaction_id,question_id,answer_key,evaluator_id,agent_id,sampling,inclusion_probability"],
    )
    for k in range(90):
        true = ["yes", "no", "N/A"][int(rng.integers(0, 3))]
        machine = true if rng.random() < 0.9 else "yes"
        plain = {"N/A": "na"}.get(machine, machine)
        lines.append(
            {"interaction_id": f"i{k}", "questions": [{"id": "greeting", "answer": plain}, {"id": "recap", "answer": None}]}
        )
        people = ("qa-1", "qa-2") if k < 30 else ("qa-1",)
        labels += [f"e{k}{who},i{k},greeting,{true},{who},a{k % 10},random,0.1" for who in people]
        labels.append(f"t{k},i{k},greeting,{true},qa-3,a{k % 10},targeted,")
    (tmp_path / "labels.csv").write_text("\n".join(labels))
    scores = tmp_path / "scores.jsonl"
    scores.write_text("\n".join(json.dumps(line) for line in lines) + '\n{"no": "score"}\n')
    code, found, err = run(capfd, str(tmp_path / "labels.csv"), "--scores", str(scores), "--json")
    assert code == 1, "one line of the scores is none: told, and everything else done"
    assert "1 lines of the scores were refused" in err
    (question,) = found["questions"]
    assert question["question_id"] == "greeting"
    assert (question["n"], question["human_human"]["n"]) == (90, 30)
    assert found["left_out"] == {"drawn on purpose": 90}
    assert question["sensitivity"]["estimate"] == 1
    assert 0.8 < question["specificity"]["estimate"] < 1
    assert question["human_human"]["kappa"]["estimate"] == 1
    assert question["kappa"]["ci_low"] < question["kappa"]["estimate"] < question["kappa"]["ci_high"]
    code, table, _ = run(capfd, str(tmp_path / "labels.csv"), "--scores", str(scores))
    assert "greeting" in table
