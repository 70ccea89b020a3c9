"""Declared studies as assets: a broken file stops only itself, closed weeks only, asked again only when its inputs moved."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from analytics.mart_study import quiet_past, standing_spec
from analytics.panel import read_panel
from analytics.studies.study_spec import read_spec
from assets.effects.declared import STANDING, Declared, answer_of, closed_weeks, content_hash, declared_studies, relatives
from assets.effects.kept import kept_studies, page_of
from tests.report_case import report_case


@pytest.fixture(scope="module")
def weeks() -> pl.DataFrame:
    return report_case(a_week=3).agent_weeks


def declared(folder: Path, name: str, text: str) -> Declared:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return Declared(name, path)


def test_a_study_declared_from_its_own_yaml_gives_the_same_answer(weeks: pl.DataFrame, tmp_path: Path) -> None:
    standing, _ = answer_of(Declared(STANDING, None), weeks)
    again, _ = answer_of(declared(tmp_path, "mine", standing.declared), weeks)
    assert standing.effect is not None
    assert again.effect is not None
    assert again.effect.estimate == standing.effect.estimate
    assert again.effect.spec_hash == standing.effect.spec_hash == read_spec(standing.declared).hash


def test_a_file_that_declares_nothing_usable_says_so_and_the_others_are_answered(weeks: pl.DataFrame, tmp_path: Path) -> None:
    text = standing_spec(read_panel(weeks)).as_yaml()
    cases = {
        "no_mechanism": text.replace("mechanism: rollout", "mechanism: null"),
        "no_column": text.replace("outcome: handle_s", "outcome: smile_s"),
        "no_yaml": "outcome: [",
    }
    studies = tuple(declared(tmp_path, name, said) for name, said in cases.items())
    refused = {one.name: answer_of(one, weeks)[0] for one in studies}
    assert all(one.effect is None for one in refused.values())
    assert "mechanism is None (choose one of" in refused["no_mechanism"].refused
    assert "smile_s" in refused["no_column"].refused
    assert "no YAML" in refused["no_yaml"].refused
    assert answer_of(Declared(STANDING, None), weeks)[0].effect is not None


def test_studies_of_one_family_share_the_false_discovery_rate(weeks: pl.DataFrame, tmp_path: Path) -> None:
    standing, _ = answer_of(Declared(STANDING, None), weeks)
    assert standing.effect is not None
    assert standing.effect.p is not None
    # A level the effect passes alone, and not as one of three of which two show nothing.
    text = standing.declared.replace("family: single", "family: pilot").replace(
        "alpha: 0.05", f"alpha: {2 * standing.effect.p!r}"
    )
    handle = declared(tmp_path, "handle", text)
    idle = [declared(tmp_path, name, text.replace("outcome: handle_s", f"outcome: {name}")) for name in ("hold_s", "talk_s")]
    other = declared(tmp_path, "other", text.replace("family: pilot", "family: elsewhere"))
    for siblings, has_family in (((handle, other), False), ((handle, *idle), True)):
        kept, _ = answer_of(handle, weeks, relatives(handle, siblings))
        assert kept.effect is not None
        assert ("FAMILY" in [one.code for one in kept.effect.reasons]) == has_family
        assert not has_family or kept.effect.verdict != "supported"


def test_a_running_week_is_left_out_and_only_content_counts(weeks: pl.DataFrame) -> None:
    last = weeks["week_on"].max()
    assert isinstance(last, date)
    assert closed_weeks(weeks, last + timedelta(days=6))["week_on"].max() == last - timedelta(days=7)
    assert closed_weeks(weeks, last + timedelta(days=7)).height == weeks.height
    assert content_hash(weeks) == content_hash(weeks.sample(fraction=1.0, shuffle=True, seed=1))
    assert content_hash(weeks) != content_hash(weeks.with_columns(handled_n=pl.col("handled_n") + 1))


def test_files_become_names_an_asset_can_have_and_never_hide_the_standing_study(tmp_path: Path) -> None:
    for name in ("Coaching handle-s.yaml", "coaching_handle_s.yml", "zwölf.yaml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    found = [one.name for one in declared_studies(tmp_path)]
    assert found[0] == STANDING
    assert sorted(found[1:]) == ["coaching_handle_s_", "coaching_handle_s__", "zw_lf"]
    assert declared_studies(tmp_path / "nowhere") == (Declared(STANDING, None),)


def test_the_quiet_past_is_what_was_before_anybody_started(weeks: pl.DataFrame) -> None:
    panel = read_panel(weeks)
    past = quiet_past(panel, "handle_s")
    assert panel.first_on is not None
    assert past.shape == (12, weeks.filter(pl.col("week_on") < panel.first_on)["week_on"].n_unique())
    one = weeks.filter((pl.col("team_id") == "team-00") & (pl.col("week_on") == weeks["week_on"].min()))
    assert past[0, 0] == pytest.approx(one["handle_s_sum"].sum() / one["handled_n"].sum())


def test_every_declared_study_is_an_asset_asked_again_only_when_something_moved(
    weeks: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dagster as dg

    from assets.effects import assets as effects
    from assets.results import ResultStore
    from pipelines.definitions import station_of
    from pipelines.environments import Environment

    (tmp_path / "studies").mkdir()
    text = standing_spec(read_panel(weeks)).as_yaml().replace("outcome: handle_s", "outcome: hold_s")
    declared(tmp_path / "studies", "hold", text)
    monkeypatch.setattr(effects, "read_mart", lambda *_, **__: weeks)
    asked: list[str] = []
    monkeypatch.setattr(effects, "answer_of", lambda one, *rest: asked.append(one.name) or answer_of(one, *rest))
    station = station_of(Environment(state=tmp_path, clock=lambda: datetime(2026, 12, 1, tzinfo=UTC)))

    def run() -> list[str]:
        asked.clear()
        made = effects.effect_assets(tmp_path)
        resources = {"station": station, "io_manager": ResultStore(tmp_path / "analysis")}
        result = dg.materialize([*made, dg.AssetSpec("mart_agent_week")], resources=resources)
        assert result.success
        return sorted(asked)

    assert run() == ["coaching_handle_s", "hold"]
    assert run() == []
    assert [one.name for one in kept_studies(tmp_path)] == ["coaching_handle_s", "hold"]
    assert "</html>" in page_of(tmp_path, "hold").read_text(encoding="utf-8")
    path = tmp_path / "studies" / "hold.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("seed: 7", "seed: 8"), encoding="utf-8")
    assert run() == ["hold"], "a study asked anew leaves the others alone"


def test_the_file_of_who_was_drawn_beside_the_study_is_believed_only_if_it_fits(weeks: pl.DataFrame, tmp_path: Path) -> None:
    text = standing_spec(read_panel(weeks)).as_yaml().replace("mechanism: rollout", "mechanism: randomised")
    starts = weeks.group_by("team_id").agg(start=pl.col("first_treated_on").min()).sort("team_id")
    arm = pl.when(pl.col("start").is_null()).then(pl.lit("control")).otherwise(pl.lit("treated"))
    drawn = starts.select(unit="team_id", arm=arm, start=pl.col("start").cast(pl.String), probability=pl.lit("0.5"))
    swapped = drawn.with_columns(pl.col("arm", "start").reverse())
    one = declared(tmp_path, "pilot", text)
    for rows, is_believed in ((drawn, True), (swapped, False)):
        rows.write_csv(tmp_path / "pilot.assignment.csv")
        kept, _ = answer_of(one, weeks)
        assert kept.effect is not None, kept.refused
        assert ("NOT_RANDOM" not in [reason.code for reason in kept.effect.reasons]) == is_believed
        assert (kept.effect.verdict == "supported") == is_believed


def test_an_automatic_score_of_the_mart_is_refused_without_people(weeks: pl.DataFrame, tmp_path: Path) -> None:
    text = standing_spec(read_panel(weeks)).as_yaml().replace("outcome: handle_s", "outcome: overall")
    kept, _ = answer_of(declared(tmp_path, "score", text), weeks)
    assert kept.effect is not None
    assert kept.effect.verdict == "not identified"
    assert "AUTO_ONLY" in [one.code for one in kept.effect.reasons]


def test_only_what_the_study_used_counts_as_interactions_behind_it(weeks: pl.DataFrame, tmp_path: Path) -> None:
    text = standing_spec(read_panel(weeks)).as_yaml()
    first = str(weeks["week_on"].min() + timedelta(weeks=2))
    short = text.replace("window:\n- null", f"window:\n- '{first}'")
    assert short != text
    kept, _ = answer_of(declared(tmp_path, "short", short), weeks)
    assert kept.effect is not None
    assert kept.effect.n_interactions == weeks.filter(pl.col("week_on") >= pl.lit(first).str.to_date())["handled_n"].sum()
