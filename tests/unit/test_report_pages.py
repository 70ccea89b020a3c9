"""The pages say what they must: answer first, doubts beside, nothing hidden as zero, nothing unescaped, no empty excuse."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import polars as pl
import pytest

from aftercall.contracts.frames import polars_schema
from aftercall.contracts.tables import table_named
from analytics.first_answers import first_answers
from assets.effects.declared import STANDING, Declared, answer_of
from assets.quality.human_side import HumanSide
from assets.report.build import report_files
from assets.report.inputs import ReportInputs, prepare
from assets.report.qa_numbers import qa_numbers
from tests.report_case import report_case

PAGES = ("index.html", "qa.html", "wfm.html")
HOSTILE = "<script>window.hacked=1</script><img src=x onerror=alert(1)>\"'&"


@pytest.fixture(scope="module")
def inputs() -> ReportInputs:
    return report_case(a_week=5)


@pytest.fixture(scope="module")
def pages(inputs: ReportInputs) -> dict[str, str]:
    return {name: content.decode() for name, content in report_files(inputs).items() if name in PAGES}


def visible(page: str) -> str:
    """Return the text of a page outside scripts and styles."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)))


class Outline(HTMLParser):
    """Collects tags, so that a broken page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "link", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_small_and_asks_nobody(pages: dict[str, str], name: str) -> None:
    outline = Outline()
    outline.feed(pages[name])
    assert outline.open == []
    assert len(pages[name].encode()) < 5_000_000
    tags = outline.tags
    policy = next(a["content"] for tag, a in tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "http" not in policy
    assert [a for tag, a in tags if tag in ("link", "iframe", "img") or (tag == "script" and "src" in a)] == []
    targets = [a.get("href") or "" for tag, a in tags if tag == "a"]
    assert [t for t in targets if t.startswith(("http", "//"))] == []
    headings = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(headings)), "no heading level is skipped"


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_for_whom_when_and_on_what_basis(pages: dict[str, str], name: str) -> None:
    text = visible(pages[name])
    for part in (
        "2026-01-05 to 2026-06",
        "2026-06-30 03:00 UTC",
        "abc123def456",
        "synthetic: test case, seed 7",
        "Filters none",
    ):
        assert part in text
    assert "How far to trust this" in text


def test_the_first_sentence_of_wfm_is_the_effect_with_interval_and_verdict(pages: dict[str, str], inputs: ReportInputs) -> None:
    effect = inputs.studies[0].effect
    assert effect is not None
    assert effect.estimate == pytest.approx(-30, abs=12), "the planted change, floor of one second after-call work included"
    text = visible(pages["wfm.html"])
    assert f"−{abs(effect.estimate):.1f} s" in text
    assert f"Verdict: {effect.verdict}" in text
    for check in effect.diagnostics:
        assert check.question.replace("'", "&#x27;") in text


def test_the_parts_on_the_page_add_up_to_the_effect(inputs: ReportInputs) -> None:
    effect = inputs.studies[0].effect
    assert effect is not None
    assert len(effect.parts) == 3
    assert sum(part.estimate_s for part in effect.parts) == pytest.approx(effect.estimate, abs=1e-9)


def test_every_figure_carries_its_finding_its_alternative_and_its_data(pages: dict[str, str]) -> None:
    for name in ("qa.html", "wfm.html"):
        figures = re.findall(r'data-figure="([^"]+)" role="img" aria-label="([^"]+)"', pages[name])
        assert len(figures) >= 3
        for figure, alternative in figures:
            assert len(alternative) > 20
            found = re.search(rf'<script type="application/json" id="data-{figure}">(.*?)</script>', pages[name], re.DOTALL)
            assert found is not None
            drawn = json.loads(found[1], parse_constant=lambda bad: pytest.fail(f"{bad} in a figure"))
            assert drawn["data"]
            assert f'download="{figure}.csv"' in pages[name]


def test_hostile_texts_are_shown_not_run(inputs: ReportInputs) -> None:
    findings = inputs.findings.with_columns(quote=pl.lit(HOSTILE), queue=pl.lit(HOSTILE))
    interactions = inputs.interactions.with_columns(queue=pl.lit(HOSTILE), agent_id=pl.col("agent_id") + HOSTILE)
    questions = inputs.questions.with_columns(text=pl.col("text") + HOSTILE)
    teams = inputs.agent_weeks.with_columns(agent_id=pl.col("agent_id") + HOSTILE, team_id=pl.col("team_id") + HOSTILE)
    hostile = replace(
        inputs,
        findings=findings,
        interactions=interactions,
        questions=questions,
        agent_weeks=teams,
        centre=HOSTILE,
        basis_name=HOSTILE,
    )
    for name, content in report_files(hostile).items():
        if name in PAGES:
            assert "<script>window" not in content.decode()
            assert "<img" not in content.decode().split('id="plotly-packed"')[0]
            assert "&lt;script&gt;window.hacked=1" in content.decode()


def small_centre() -> ReportInputs:
    return report_case(agents=24, teams=12, weeks=16, a_week=4)  # two agents a team: no team may be shown


def test_groups_under_five_agents_are_named_never_shown() -> None:
    given = small_centre()
    numbers = qa_numbers(prepare(given))
    assert numbers.teams["is_hidden"].all()
    assert numbers.teams["share"].null_count() == numbers.teams.height
    page = report_files(given)["qa.html"].decode()
    assert "fewer than 5 agents" in page
    assert "Every team is too small to be shown" in page


def test_one_hidden_team_hides_a_second_so_that_nobody_can_subtract() -> None:
    given = report_case(agents=72, a_week=4)
    lonely = (pl.col("agent_id").str.slice(-3).cast(pl.Int64) % 12 == 3) & (pl.col("agent_id") != "agent-003")
    numbers = qa_numbers(prepare(replace(given, interactions=given.interactions.filter(~lonely))))
    hidden = numbers.teams.group_by("question_id").agg(pl.col("is_hidden").sum())
    assert set(hidden["is_hidden"]) == {2}


def bare(given: ReportInputs) -> ReportInputs:
    """Chats of a public corpus: no agents, no teams, no handle times, no coaching, sixteen days."""
    keep = given.interactions.filter(pl.col("started_at") < pl.datetime(2026, 1, 21, time_zone="UTC"))
    nothing = [pl.lit(None, dtype=pl.String).alias("agent_id")]
    nothing += [
        pl.lit(None, dtype=pl.Float64).alias(name) for name in ("talk_s", "hold_s", "acw_s", "handle_s", "queue_wait_s")
    ]
    return replace(
        given,
        interactions=keep.with_columns(nothing),
        findings=given.findings.clear(),
        agent_weeks=given.agent_weeks.clear(),
        queue_intervals=given.queue_intervals.clear(),
        results=first_answers(pl.DataFrame(schema=HANDLE_SCHEMA), given.answers.clear()),
        studies=(answer_of(Declared(STANDING, None), given.agent_weeks.clear())[0],),
        study_pages={},
        basis="public",
        basis_name="a public corpus",
    )


HANDLE_SCHEMA = polars_schema(table_named("mart_handle_time"))


def test_a_corpus_without_people_times_or_coaching_gives_a_sensible_page(inputs: ReportInputs) -> None:
    made = report_files(bare(inputs))
    qa, wfm = visible(made["qa.html"].decode()), visible(made["wfm.html"].decode())
    assert "Mean score" in qa
    assert "No teams in the source: load the roster" in qa
    assert "Names and addresses are masked in quotes only where a cue shows them" in qa
    assert "map talk_s, hold_s and acw_s" in wfm
    assert "so they are too narrow if agents differ" in qa
    for text in (qa, wfm):
        for wrong in ("nan", "None", "inf "):
            assert re.search(rf"\b{wrong}\b", text) is None, wrong


def test_nothing_at_all_still_says_what_to_do(inputs: ReportInputs) -> None:
    cleared = {name: getattr(inputs, name).clear() for name in ("interactions", "answers", "questions")}
    made = report_files(replace(bare(inputs), **cleared, read_n=0, scored_n=0, null_by_reason={}))
    assert "No interaction was read. Check what the input folder holds" in visible(made["qa.html"].decode())


def test_a_refused_effect_shows_neither_p_nor_interval(inputs: ReportInputs) -> None:
    effect = inputs.studies[0].effect
    assert effect is not None
    from analytics.results import reason

    refused = replace(effect, verdict="not identified", reasons=(reason("TRIGGERED"),))
    made = report_files(replace(inputs, studies=(replace(inputs.studies[0], effect=refused),)))
    text = visible(made["wfm.html"].decode())
    assert "Not identified without a hold-out" in text
    assert f"({effect.ci_low:.1f}".replace("-", "−") not in text.split("Where the change sits")[0]
    assert "Smallest effect found" not in text


def test_nobody_is_ranked(pages: dict[str, str], inputs: ReportInputs) -> None:
    people = set(inputs.interactions["agent_id"])
    assert [who for who in people if any(who in page for page in pages.values())] == []


def test_people_beside_machine_are_shown_with_what_may_count(inputs: ReportInputs) -> None:
    base = {
        "n": 120,
        "double_n": 40,
        "agent_n": 20,
        "measure": "kappa",
        "is_shown": True,
        "is_flagged": False,
        "same_value": 0.7,
    }
    numbers = dict.fromkeys(("raw", "kappa", "ac1", "alpha", "sensitivity", "specificity", "na_recall"), 0.8)
    numbers |= {f"{name}_{end}": value for name in list(numbers) for end, value in (("low", 0.7), ("high", 0.9))}
    numbers |= {"value": 0.8, "low": 0.7, "high": 0.9, "human": 0.72}
    rows = pl.DataFrame(
        [
            {"question_id": "greets_with_name", "status": "live", "reason": "", **base, **numbers},
            {"question_id": "verifies_identity", "status": "advisory", "reason": "", **base, **numbers, "low": 0.2},
            {"question_id": "explains_next_step", "status": "too few labels", "reason": "", **base, **numbers, "n": 12}
            | {"is_shown": False},
        ]
    )
    none = [pl.DataFrame()] * 4
    side = HumanSide("abc123def456", 300, {"drawn on purpose": 12}, (), rows, *none, 3, 70.0, 71.5, 4, {})
    page = report_files(replace(inputs, people=side))["qa.html"].decode()
    text = visible(page)
    assert "of 3 questions with labels 1 reach their floor, 1 do not, 1 have too few labels to say" in text
    assert "0.80 (0.70 to 0.90)" in text
    assert "70.00 by machine only, 71.50 with edits (+1.50 points)" in text
    assert "4 answers are under dispute" in text
    assert 'data-figure="agreement"' in page
    empty = visible(report_files(inputs)["qa.html"].decode())
    assert "aftercall sample --state DIR" in empty, "the empty state says what to do"
