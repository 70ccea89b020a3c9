"""Tables through column maps: units, zones, rules, values, refusals with the line at fault."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.contracts.errors import IntakeError
from aftercall.contracts.records import Problem
from aftercall.contracts.tables import table_named
from aftercall.intake import IntakeContext, Record, discover, hashed_customer, read
from aftercall.intake.canonical import TABLE_KINDS, fillable
from aftercall.intake.cells import day, flag, number, seconds, utc
from aftercall.intake.column_map import parse_map, shipped_maps
from aftercall.intake.draft import drafted

CONTEXT = IntakeContext(b"sixteen bytes or more")
MAP = """\
[source]
name = "acme_acd"
table = "leg"
timezone = "America/New_York"
doubled_hour = "refuse"
drop = ["SSN", "ANI"]
[columns]
interaction_id = "CallId"
leg_no = { from = "Leg", type = "int" }
agent_id = "Agent"
offered_at = { from = "Start", parse = "%m/%d/%Y %H:%M:%S" }
talk_s = { from = "TalkTime", unit = "hh:mm:ss" }
hold_s = { from = "Hold", unit = "s" }
acw_s = { from = "WrapMs", unit = "ms" }
is_transferred = "Xfer"
disposition = "Code"
[rules]
talk_includes_hold = true
[values.is_transferred]
Y = true
N = false
"""
HEADER = "CallId,Leg,Agent,Start,TalkTime,Hold,WrapMs,Xfer,Code,SSN,ANI"
GOOD = "c1,0,a1,01/05/2026 09:00:00,0:05:00,30,1500,Y,done,123-45-6789,5551234567"


def rows(folder: Path, text: str, map_text: str = MAP, encoding: str = "utf-8") -> tuple[list[Record], list[Problem]]:
    (folder / "map.toml").write_text(map_text, encoding="utf-8")
    (folder / "legs.csv").write_bytes(text.encode(encoding))
    (found,) = [one for one in discover(folder) if one.relative == "legs.csv"]
    items = list(read(found, CONTEXT))
    return [x for x in items if isinstance(x, Record)], [x for x in items if isinstance(x, Problem)]


def test_a_mapped_row(tmp_path: Path) -> None:
    (record,), problems = rows(tmp_path, f"{HEADER}\n{GOOD}\n", encoding="utf-8-sig")
    assert not problems
    assert (record.kind, record.key, record.day_on, record.source_system) == ("leg", "c1|0", "2026-01-05", "acme_acd")
    assert dict(record.data) == {
        "interaction_id": "c1",
        "leg_no": 0,
        "agent_id": "a1",
        "offered_at": "2026-01-05T14:00:00Z",
        "talk_s": 270.0,
        "hold_s": 30.0,
        "acw_s": 1.5,
        "is_transferred": True,
        "disposition": "done",
    }
    assert record.dropped == ("ANI", "SSN")


BAD_ROWS = {
    "too few fields": ("c2,0,a1", "line", "fields"),
    "no id": (GOOD.replace("c1", ""), "interaction_id", "missing"),
    "no whole number": (GOOD.replace("c1,0", "c2,0.5"), "leg_no", "not a whole number"),
    "time": (GOOD.replace("c1", "c2").replace("01/05/2026", "2026-01-05"), "offered_at", "does not fit"),
    "talk": (GOOD.replace("c1", "c2").replace("0:05:00", "5:00"), "talk_s", "is not hh:mm:ss"),
    "talk under hold": (GOOD.replace("c1", "c2").replace("0:05:00", "0:00:10"), "talk_s", "less than hold_s"),
    "negative": (GOOD.replace("c1", "c2").replace(",30,", ",-30,"), "hold_s", "negative"),
    "nan": (GOOD.replace("c1", "c2").replace(",1500,", ",inf,"), "acw_s", "finite"),
    "flag": (GOOD.replace("c1", "c2").replace(",Y,", ",maybe,"), "is_transferred", "neither true nor false"),
    "doubled hour": (GOOD.replace("c1", "c2").replace("01/05/2026 09:00", "11/01/2026 01:30"), "offered_at", "occurs twice"),
    "no such hour": (GOOD.replace("c1", "c2").replace("01/05/2026 09:00", "03/08/2026 02:30"), "offered_at", "does not exist"),
    "same key": (GOOD.replace("a1", "a2"), "key", "before, with other content"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_named_and_the_rest_goes_on(tmp_path: Path, case: str) -> None:
    bad, field, reason = BAD_ROWS[case]
    records, (problem,) = rows(tmp_path, f"{HEADER}\n{GOOD}\n{bad}\n{GOOD.replace('c1', 'c9')}\n")
    assert [record.key for record in records] == ["c1|0", "c9|0"]
    assert (problem.file, problem.position, problem.field) == ("legs.csv", "line 3", field)
    assert reason in problem.reason
    assert "123-45-6789" not in str(problem)


def test_a_quote_that_is_not_closed_names_the_lines_it_took(tmp_path: Path) -> None:
    records, (problem,) = rows(tmp_path, f"{HEADER}\n{GOOD}\n{GOOD.replace('done', chr(34) + 'done')}\n{GOOD}\n{GOOD}\n")
    assert [record.key for record in records] == ["c1|0"]
    assert problem.position == "lines 3 to 5"
    assert "quote" in problem.reason


def test_a_map_with_another_delimiter_is_refused_not_guessed(tmp_path: Path) -> None:
    records, (problem,) = rows(tmp_path, f"{HEADER}\n{GOOD}\n", MAP.replace('table = "leg"', 'table = "leg"\ndelimiter = ";"'))
    assert not records
    assert (problem.field, problem.position) == ("header", "line 1")


def test_a_file_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "legs.csv").write_text("interaction_id,leg_no\nc1,0\n")
    (found,) = discover(tmp_path)
    (tmp_path / "legs.csv").unlink()
    (problem,) = read(found, CONTEXT)
    assert isinstance(problem, Problem)
    assert "cannot be read" in problem.reason


def test_a_missing_value_is_null_never_zero(tmp_path: Path) -> None:
    (record,), _ = rows(tmp_path, f"{HEADER}\nc1,0,,,,,,,,,\n")
    assert record.data["hold_s"] is None
    assert record.data["talk_s"] is None
    assert record.day_on == "undated"


def test_a_wrong_encoding_is_named_and_a_declared_one_read(tmp_path: Path) -> None:
    text = f"{HEADER}\n{GOOD.replace('done', 'réglé')}\n{GOOD.replace('c1', 'c2')}\n"
    records, (problem,) = rows(tmp_path, text, encoding="latin-1")
    assert [record.key for record in records] == ["c2|0"]
    assert "wrong encoding" in problem.reason
    declared = MAP.replace('table = "leg"', 'table = "leg"\nencoding = "latin-1"')
    records, problems = rows(tmp_path, text, declared, encoding="latin-1")
    assert not problems
    assert records[0].data["disposition"] == "réglé"


def test_texts_are_redacted_and_customers_hashed(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("customer_id,tier,preferred_name\nC-1,gold,Kim\n")
    (tmp_path / "legs.csv").write_text("interaction_id,leg_no,disposition\nc1,0,call back on 555-867-5309\n")
    data = {one.relative: next(iter(read(one, CONTEXT))) for one in discover(tmp_path)}
    customer, leg = data["customers.csv"], data["legs.csv"]
    assert isinstance(customer, Record)
    assert isinstance(leg, Record)
    assert customer.key == customer.data["customer_id"] == hashed_customer("C-1", CONTEXT.customer_key)
    assert customer.data["preferred_name"] == "Kim"
    assert leg.data["disposition"] == "call back on ⟨masked⟩"


@pytest.mark.parametrize("kind", TABLE_KINDS)
def test_a_canonical_table_is_read_back_as_written(tmp_path: Path, kind: str) -> None:
    sample = {
        "key": "k1",
        "text": "plain",
        "real": "1.5",
        "count": "2",
        "flag": "true",
        "instant": "2026-01-05T09:00:00Z",
        "date": "2026-01-05",
    }
    values = {
        name: column.values[0] if column.values else "1" if column.high == 1 else sample[column.kind.value]
        for name, column in fillable(kind).items()
    }
    names = list(reversed(values))
    (tmp_path / "any.csv").write_text(",".join(names) + "\n" + ",".join(values[name] for name in names) + "\n")
    (found,) = discover(tmp_path)
    (record,) = read(found, CONTEXT)
    assert isinstance(record, Record), record
    assert record.kind == kind
    typed = {"real": float, "count": int, "flag": lambda text: text == "true"}
    for name, column in fillable(kind).items():
        expected = typed.get(column.kind.value, str)(values[name])
        if name == "customer_id":
            expected = hashed_customer(values[name], CONTEXT.customer_key)
        assert record.data[name] == expected, name
    assert record.key == "|".join(str(record.data[name]) for name in table_named(f"core_{kind}").key)


BROKEN_MAPS = {
    "unknown target": ('acw_s = { from = "WrapMs", unit = "ms" }', 'wrap = "WrapMs"', 14, "no such column"),
    "unknown unit": ('unit = "ms"', 'unit = "fortnight"', 14, "unknown unit"),
    "unit on text": ('agent_id = "Agent"', 'agent_id = { from = "Agent", unit = "s" }', 10, "no length of time"),
    "unknown key": ('{ from = "Leg", type = "int" }', '{ from = "Leg", kind = "int" }', 9, "no key 'kind'"),
    "wrong type": ('type = "int"', 'type = "bool"', 9, "does not fit"),
    "bad pattern": ('parse = "%m/%d/%Y %H:%M:%S"', 'parse = "mm/dd"', 11, "must be a pattern"),
    "missing column": ('interaction_id = "CallId"\n', "", 7, "missing"),
    "unknown record": ('table = "leg"', 'table = "limb"', 3, "no record"),
    "no name": ('name = "acme_acd"\n', "", 1, "must be there"),
    "unknown zone": ("America/New_York", "America/Atlantis", 4, "no zone"),
    "doubled hour": ('doubled_hour = "refuse"', 'doubled_hour = "both"', 5, "must be one of"),
    "unknown rule": ("talk_includes_hold", "talk_includes_lunch", 18, "no such rule"),
    "values of nothing": ("[values.is_transferred]", "[values.is_abandoned]", 19, "not under [columns]"),
    "no toml": ("[rules]", "[rules", 17, "not TOML"),
}


@pytest.mark.parametrize("case", BROKEN_MAPS)
def test_a_broken_map_names_its_line(case: str) -> None:
    old, new, at, reason = BROKEN_MAPS[case]
    assert old in MAP
    with pytest.raises(IntakeError) as error:
        parse_map(MAP.replace(old, new), "acme.toml")
    assert reason in str(error.value)
    assert f"line {at}" in str(error.value)


def test_a_shipped_map_reads_its_export(tmp_path: Path) -> None:
    assert "talkdesk_adherence" in [one.name for one in shipped_maps()]
    (tmp_path / "adherence.csv").write_text(
        "Agent Name,Agent Email,Adherence Event Start Time,Adherence Event End Time,Scheduled Event Name,"
        "Scheduled Event Pay Status\n"
        "Kim Lee,kim@example.org,2026-01-05T09:00:00-05:00,2026-01-05T10:00:00-05:00,On Queue,Paid\n"
    )
    (found,) = discover(tmp_path)
    (record,) = read(found, CONTEXT)
    assert isinstance(record, Record), record
    assert dict(record.data) == {
        "agent_id": "kim@example.org",
        "activity_kind": "actual",
        "start_at": "2026-01-05T14:00:00Z",
        "end_at": "2026-01-05T15:00:00Z",
        "activity": "On Queue",
        "is_paid": True,
    }
    assert record.dropped == ("Agent Name",)


def test_values_and_units() -> None:
    assert seconds("2.5", "min") == 150
    assert seconds("90:00", "mm:ss") == 5400
    assert seconds("1500", "ms") == 1.5
    assert flag("No") is False
    assert day("20260105", "%Y%m%d") == "2026-01-05"
    assert utc("2026-11-01 01:30", "%Y-%m-%d %H:%M", "America/New_York", "first") == "2026-11-01T05:30:00Z"
    assert utc("2026-11-01 01:30", "%Y-%m-%d %H:%M", "America/New_York", "second") == "2026-11-01T06:30:00Z"
    for bad in ("1,5", "1_000", "nan", ""):
        with pytest.raises(IntakeError):
            number(bad)
    with pytest.raises(IntakeError, match="no zone"):
        utc("2026-01-05T09:00:00", None, None, "refuse")


@given(st.integers(0, 10**7), st.sampled_from(("hh:mm:ss", "mm:ss", "s", "ms")))
def test_a_length_written_under_a_unit_is_read_back(whole_s: int, unit: str) -> None:
    minutes, rest = divmod(whole_s, 60)
    text = {
        "hh:mm:ss": f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}",
        "mm:ss": f"{minutes}:{rest:02d}",
        "s": str(whole_s),
        "ms": str(whole_s * 1000),
    }[unit]
    assert seconds(text, unit) == whole_s


def test_an_unknown_table_gets_a_draft_that_works(tmp_path: Path) -> None:
    header = ["Call ID", "Segment", "Agent Login", "Start Time", "Talk Time", "WrapMs", "Caller ID", "Campaign", "Empty"]
    sample = [
        ["c1", "0", "a1", "01/31/2026 09:00:00", "0:03:10", "1500", "5551234567", "spring", ""],
        ["c2", "0", "a2", "01/31/2026 09:05:00", "0:01:10", "2500", "5551234568", "winter", ""],
    ]
    draft = drafted(header, sample, "acme")
    assert (draft.table, draft.missing, draft.dropped) == ("leg", (), ("Caller ID",))
    assert draft.unmapped == ("Campaign", "Empty")
    column_map = parse_map(draft.toml, "draft.toml")
    assert column_map.columns["talk_s"].unit == "hh:mm:ss"
    assert column_map.columns["acw_s"].unit == "ms"
    assert column_map.columns["offered_at"].parse == "%m/%d/%Y %H:%M:%S"
    text = "\n".join(",".join(row) for row in (header, *sample)) + "\n"
    records, problems = rows(tmp_path, text, draft.toml)
    assert not problems
    assert [record.data["talk_s"] for record in records] == [190.0, 70.0]


def test_a_draft_says_what_is_missing() -> None:
    draft = drafted(["foo", "bar"], [["1", "x"], ["2", "y"]], "odd")
    assert draft.missing
    assert set(draft.unmapped) == {"foo", "bar"}
    with pytest.raises(IntakeError):
        parse_map(draft.toml, "odd.toml")
