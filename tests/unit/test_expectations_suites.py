"""Great Expectations over frames: what fails is named, pages hold no values of rows and fetch nothing."""

import re
from pathlib import Path

import polars as pl
import pytest

from aftercall.contracts.frames import empty
from aftercall.contracts.tables import table_named
from assets.data_docs import at_home
from assets.expectations import SAMPLE_N, sample, validate
from assets.lake import Lake
from assets.verdicts import Verdict, remembered

SECRET = "heliotrope"


def turns(n: int, **changed: object) -> pl.DataFrame:
    schema = empty(table_named("core_turn")).schema
    rows = [
        {"interaction_id": f"i{k}", "turn": 0, "day_on": f"2026-01-{k % 28 + 1:02}", "speaker": "agent", "text": "x"}
        for k in range(n)
    ]
    return pl.DataFrame(rows, schema=schema).with_columns(**{name: pl.lit(value) for name, value in changed.items()})


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Verdict]]:
    root = tmp_path_factory.mktemp("reports") / "data_docs" / "core"
    bad = turns(3).with_columns(
        interaction_id=pl.lit(SECRET), speaker=pl.Series(["agent", SECRET, SECRET]), confidence=pl.Series([0.5, None, 7.0])
    )
    frames = {"core_turn": bad, "core_notice": empty(table_named("core_notice"))}
    return root, {verdict.table: verdict for verdict in validate(frames, root)}


def test_a_broken_rule_is_named_with_its_rows(docs: tuple[Path, dict[str, Verdict]]) -> None:
    verdict = docs[1]["core_turn"]
    assert not verdict.passed
    assert verdict.facts["broken"] == 3
    for rule, rows in (
        (r"compound_columns_to_be_unique\(column_list = \['interaction_id', 'turn'\]", 3),
        (r"be_in_set\(column = speaker", 2),
        (r"be_between\(column = confidence", 1),
    ):
        assert re.search(rf"{rule}[^;]*not so in {rows} rows", verdict.said), verdict.said


def test_a_table_without_rows_keeps_its_expectations(docs: tuple[Path, dict[str, Verdict]]) -> None:
    verdict = docs[1]["core_notice"]
    assert verdict.passed, verdict.said
    assert verdict.said.endswith("expectations hold on 0 rows.")


def test_missing_columns_fail(tmp_path: Path) -> None:
    (verdict,) = validate({"core_turn": turns(2).drop("text")}, tmp_path / "docs")
    assert not verdict.passed
    assert "expect_table_columns_to_match_ordered_list" in verdict.said


def test_the_pages_show_rules_and_counts_and_no_value_of_a_row(docs: tuple[Path, dict[str, Verdict]]) -> None:
    root, verdicts = docs
    pages = {str(path.relative_to(root.parent)): path.read_text() for path in root.parent.rglob("*.html")}
    assert any("validations/core_turn" in name for name in pages)
    assert "core_turn" in pages["core/index.html"]
    assert "✗" in pages["core/index.html"]
    assert [name for name, page in pages.items() if SECRET in page] == []
    assert SECRET not in verdicts["core_turn"].said


def test_every_page_the_index_leads_to_exists(docs: tuple[Path, dict[str, Verdict]]) -> None:
    root = docs[0].parent
    for index in (root / "index.html", root / "core" / "index.html"):
        targets = re.findall(r'href="([^"]+)"', index.read_text())
        assert targets
        assert [target for target in targets if not (index.parent / target).is_file()] == []


def test_opening_a_page_fetches_nothing(docs: tuple[Path, dict[str, Verdict]]) -> None:
    for path in docs[0].parent.rglob("*.html"):
        assert not re.search(
            r"""<script|(?:src|href)=["'](?:https?:)?//|@import|url\(["']?(?:https?:)?//""", path.read_text()
        ), path


def test_remote_things_go_and_words_stay() -> None:
    page = (
        "<head><link rel='stylesheet' href='//x.example/a.css'><script>go()</script></head>"
        '<a class="b" href="https://x.example/">more</a><a href="#here">here</a><img src="local.png">'
    )
    kept = at_home(page)
    assert "x.example" not in kept
    assert "go()" not in kept
    assert kept.endswith('more<a href="#here">here</a><img src="local.png">')


def test_docs_are_replaced_as_a_whole(tmp_path: Path) -> None:
    validate({"core_turn": turns(2, speaker="robot")}, tmp_path / "docs" / "core")
    (verdict,) = validate({"core_turn": turns(2)}, tmp_path / "docs" / "core")
    assert verdict.passed
    assert len(list((tmp_path / "docs" / "core" / "validations").rglob("*.html"))) == 1
    assert sorted(path.name for path in (tmp_path / "docs").iterdir()) == ["core", "index.html"]


def test_a_sample_holds_the_newest_days_and_repeats_itself(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.overwrite("core_turn", turns(28 * 500))
    drawn = sample(lake, "core_turn", seed=7)
    assert drawn.height == SAMPLE_N
    assert drawn.equals(sample(lake, "core_turn", seed=7))
    days = set(drawn["day_on"])
    assert {"2026-01-26", "2026-01-27", "2026-01-28"} <= days
    assert len(days) == 8
    assert set(sample(lake, "core_turn", seed=8)["day_on"]) != days


def test_a_small_table_is_its_own_sample(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    assert sample(lake, "core_turn", seed=7).height == 0
    lake.overwrite("core_turn", turns(2))
    assert sample(lake, "core_turn", seed=7).height == 2


def test_a_verdict_is_remembered_for_the_same_content_only_and_only_when_good(tmp_path: Path) -> None:
    asked = list[str]()

    def judge(passed: bool) -> list[Verdict]:
        asked.append("asked")
        return [Verdict("core_turn", passed, "said", {"rows": 1})]

    path = tmp_path / "cache" / "verdicts.json"
    first = remembered(path, {"version": 1}, lambda: judge(passed=True))
    assert remembered(path, {"version": 1}, lambda: judge(passed=True)) == first
    assert len(asked) == 1
    remembered(path, {"version": 2}, lambda: judge(passed=False))
    assert not remembered(path, {"version": 2}, lambda: judge(passed=False))[0].passed
    assert len(asked) == 3
    path.write_text("{", encoding="utf-8")
    assert remembered(path, {"version": 2}, lambda: judge(passed=True))[0].passed
