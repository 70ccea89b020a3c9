"""Declarative column maps: how the columns of a foreign table become a canonical record (one TOML each).

Lives here: the map, its validation on load with the line at fault, which map fits a header. Not here: reading rows
(csv_table.py), values of cells (cells.py), drafting a map (draft.py). Source: spec formats, section 4.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, NoReturn, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aftercall.contracts.columns import Kind
from aftercall.contracts.errors import IntakeError

_SOURCE_KEYS = ("name", "table", "encoding", "delimiter", "timezone", "doubled_hour", "drop")
_COLUMN_KEYS = ("from", "type", "unit", "parse", "constant")
_TYPES = {"int": Kind.COUNT, "float": Kind.REAL, "bool": Kind.FLAG, "text": Kind.TEXT}
_RULES = ("talk_includes_hold",)
_ENCODINGS = ("utf-8", "utf-8-sig", "latin-1", "iso-8859-1", "cp1252", "windows-1252")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one canonical column comes from: a source column under a unit or pattern, or a constant."""

    column: str
    unit: str | None = None
    parse: str | None = None
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A checked map from a source's columns to one canonical record kind."""

    name: str
    table: str
    columns: Mapping[str, Source]
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    timezone: str | None = None
    doubled_hour: str = "refuse"
    drop: frozenset[str] = frozenset()
    talk_includes_hold: bool = False
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    @property
    def sources(self) -> frozenset[str]:
        """Source columns the map reads."""
        return frozenset(source.column for source in self.columns.values() if source.constant is None)


def parse_map(text: str, file: str) -> ColumnMap:
    r"""Return the map of a TOML text.

    Raises: IntakeError, naming file, line and what must change: unknown target, unknown unit, missing key, ...

    >>> toml = '[source]\nname = "x"\ntable = "notice"\n[columns]\nagent_id = "A"\nnotice_version = "V"\nnoticed_on = "D"'
    >>> sorted(parse_map(toml, "x.toml").sources)
    ['A', 'D', 'V']
    """
    return _Checker(text, file).map()


class _Checker:
    """Reads one map; every refusal names the line."""

    def __init__(self, text: str, file: str) -> None:
        self.file, self.lines = file, text.splitlines()
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise IntakeError(f"{file}: not TOML: {error}.") from None

    def refuse(self, section: str, key: str, what: str) -> NoReturn:
        """Raise the error of one key, with its line."""
        raise IntakeError(f"{self.file}, line {self._line(section, key)}: [{section}] {key}: {what}")

    def _line(self, section: str, key: str) -> int:
        inside, place = False, 0
        for number, line in enumerate(self.lines, 1):
            bare = line.strip()
            if bare.startswith("["):
                inside = bare.split("]")[0].strip("[ ") == section
                place = number if inside else place
            elif inside and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*=", bare):
                return number
        return place or 1

    def map(self) -> ColumnMap:
        """Return the checked map."""
        for name in self.data:
            if name not in ("source", "columns", "rules", "values"):
                self.refuse(name, "", "there is no such section. There are: source, columns, rules, values.")
        source = self._section("source")
        for key in source:
            if key not in _SOURCE_KEYS:
                self.refuse("source", key, f"there is no such key. There are: {', '.join(_SOURCE_KEYS)}.")
        name, table = self._text(source, "name"), self._text(source, "table")
        from aftercall.intake.canonical import TABLE_KINDS, fillable, required

        if table not in TABLE_KINDS:
            self.refuse("source", "table", f"there is no record {table!r}. There are: {', '.join(TABLE_KINDS)}.")
        targets = fillable(table)
        columns = dict[str, Source]()
        for target, given in self._section("columns").items():
            if target not in targets:
                self.refuse("columns", target, f"{table} has no such column. It has: {', '.join(targets)}.")
            columns[target] = self._source(target, given, targets[target].kind, targets[target].unit)
        for target in required(table):
            if target not in columns:
                self.refuse("columns", target, f"missing: a {table} record cannot do without it.")
        rules = self._rules(columns)
        return ColumnMap(
            name,
            table,
            columns,
            self._choice(source, "delimiter", ",", None),
            self._choice(source, "encoding", "utf-8-sig", _ENCODINGS),
            self._zone(source),
            self._choice(source, "doubled_hour", "refuse", ("refuse", "first", "second")),
            frozenset(str(item) for item in cast("list[Any]", source.get("drop", []))),
            rules,
            self._values(columns),
        )

    def _section(self, name: str) -> dict[str, Any]:
        found = self.data.get(name, {})
        if not isinstance(found, dict) or (not found and name in ("source", "columns")):
            self.refuse(name, "", "this section is missing.")
        return cast("dict[str, Any]", found)

    def _text(self, section: Mapping[str, Any], key: str) -> str:
        value = section.get(key)
        if not isinstance(value, str) or not value:
            self.refuse("source", key, "must be there, as text.")
        return value

    def _choice(self, source: Mapping[str, Any], key: str, default: str, known: Sequence[str] | None) -> str:
        value = source.get(key, default)
        if not isinstance(value, str) or (known is not None and value.lower() not in known):
            self.refuse("source", key, f"must be one of {', '.join(known or ())}." if known else "must be text.")
        if key == "delimiter" and len(value) != 1:
            self.refuse("source", key, "must be one character.")
        return value

    def _zone(self, source: Mapping[str, Any]) -> str | None:
        zone = source.get("timezone")
        if zone is None:
            return None
        try:
            ZoneInfo(str(zone))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.refuse("source", "timezone", f"there is no zone {zone!r}; use an IANA name such as America/New_York.")
        return str(zone)

    def _source(self, target: str, given: Any, kind: Kind, unit_of_target: str) -> Source:
        from aftercall.intake.cells import UNITS

        if isinstance(given, str):
            return Source(given)
        if not isinstance(given, dict):
            self.refuse("columns", target, 'must be the name of a column, or a table such as { from = "Start" }.')
        table = cast("dict[str, Any]", given)
        for key in table:
            if key not in _COLUMN_KEYS:
                self.refuse("columns", target, f"there is no key {key!r}. There are: {', '.join(_COLUMN_KEYS)}.")
        if ("from" in table) == ("constant" in table):
            self.refuse("columns", target, "needs either from or constant.")
        unit, parse, given_type = table.get("unit"), table.get("parse"), table.get("type")
        if unit is not None and (unit not in UNITS or unit_of_target != "s"):
            known = f"Units: {', '.join(UNITS)}." if unit_of_target == "s" else "This column is no length of time."
            self.refuse("columns", target, f"unknown unit {unit!r}. {known}")
        if parse is not None and (not isinstance(parse, str) or "%" not in parse or kind not in (Kind.INSTANT, Kind.DATE)):
            self.refuse("columns", target, "parse must be a pattern such as %m/%d/%Y, on a column of dates or instants.")
        if given_type is not None and (given_type not in _TYPES or not _fits(_TYPES[given_type], kind)):
            self.refuse("columns", target, f"type {given_type!r} does not fit a column of kind {kind.value}.")
        return Source(str(table.get("from", "")), unit, parse, str(table["constant"]) if "constant" in table else None)

    def _rules(self, columns: Mapping[str, Source]) -> bool:
        rules = self._section("rules")
        for key, value in rules.items():
            if key not in _RULES:
                self.refuse("rules", key, f"there is no such rule. There are: {', '.join(_RULES)}.")
            if not isinstance(value, bool):
                self.refuse("rules", key, "must be true or false.")
            if value and not {"talk_s", "hold_s"} <= set(columns):
                self.refuse("rules", key, "needs talk_s and hold_s under [columns].")
        return bool(rules.get("talk_includes_hold", False))

    def _values(self, columns: Mapping[str, Source]) -> dict[str, Mapping[str, Any]]:
        found = dict[str, Mapping[str, Any]]()
        for target, mapping in self._section("values").items():
            if target not in columns:
                self.refuse(f"values.{target}", "", "this column is not under [columns].")
            if not isinstance(mapping, dict):
                self.refuse("values", target, "must be a section of source value = canonical value.")
            found[target] = {str(key): value for key, value in cast("dict[str, Any]", mapping).items()}
        return found


def _fits(given: Kind, kind: Kind) -> bool:
    return (
        given == kind or (given == Kind.TEXT and kind in (Kind.KEY, Kind.TEXT)) or (given == Kind.COUNT and kind == Kind.REAL)
    )


def fitting(header: Sequence[str], maps: Sequence[ColumnMap]) -> ColumnMap | None:
    """Return the map all of whose source columns the header has; with several, the one that reads most, then the first.

    >>> fitting(["a"], [])
    """
    there = set(header)
    fit = [one for one in maps if one.sources and one.sources <= there]
    return max(fit, key=lambda one: len(one.sources)) if fit else None


@cache
def shipped_maps() -> tuple[ColumnMap, ...]:
    """Return the maps that come with aftercall, by file name."""
    folder = files("aftercall.intake") / "maps"
    named = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return tuple(parse_map(entry.read_text(encoding="utf-8"), entry.name) for entry in named)
