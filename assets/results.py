"""Results of analyses between assets: frozen dataclasses kept as readable JSON, never pickled.

Lives here: the IO manager for result objects. Not here: tables (assets.lake), marts (assets.marts).
"""

import dataclasses
import json
import math
import types
import typing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl


def to_plain(value: Any) -> Any:
    """Return a result as JSON values; a number that is not finite becomes null.

    >>> to_plain((1.5, float("nan"), date(2026, 1, 5)))
    [1.5, None, '2026-01-05']
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item) for item in value]
    if isinstance(value, pl.DataFrame):
        schema = {name: str(dtype) for name, dtype in value.schema.items()}
        return {"schema": schema, "columns": to_plain(value.to_dict(as_series=False))}
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value


def from_plain(kind: Any, data: Any) -> Any:
    """Return the result of type `kind` that `to_plain` wrote.

    >>> from_plain(tuple[float, ...], [1, 2.5])
    (1.0, 2.5)
    """
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if data is None:
        return math.nan if kind is float else None
    if kind is pl.DataFrame:
        return _frame(data["schema"], data["columns"])
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: from_plain(hints[name], item) for name, item in data.items()})
    if origin in (typing.Union, types.UnionType):
        return from_plain(next(one for one in inner if one is not type(None)), data)
    if origin is tuple:
        return tuple(from_plain(inner[0], item) for item in data) if inner[-1] is ... else _each(inner, data)
    if origin is list:
        return [from_plain(inner[0], item) for item in data]
    if origin is dict:
        return {from_plain(inner[0], key): from_plain(inner[1], item) for key, item in data.items()}
    if kind in (date, datetime):
        return kind.fromisoformat(data)
    return kind(data) if kind in (float, int) else data


def _frame(schema: dict[str, str], columns: dict[str, list[Any]]) -> pl.DataFrame:
    text = {name: pl.String() if dtype == "Date" else getattr(pl, dtype)() for name, dtype in schema.items()}
    dates = [name for name, dtype in schema.items() if dtype == "Date"]
    return pl.DataFrame(columns, schema=text).with_columns(pl.col(dates).str.to_date())


def _each(kinds: tuple[Any, ...], data: list[Any]) -> tuple[Any, ...]:
    return tuple(from_plain(kind, item) for kind, item in zip(kinds, data, strict=True))


def text_of(result: Any) -> str:
    """Return the JSON text a result is kept as."""
    return json.dumps(to_plain(result), indent=1, allow_nan=False)


class ResultStore(dg.IOManager):
    """Keeps each result in one JSON file named after its asset."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write the result in one piece; nothing for an asset without a result, nor for the same result again."""
        if obj is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(context.asset_key)
        text = text_of(obj)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)

    def load_input(self, context: dg.InputContext) -> Any:
        """Read a result back as the type the asset asks for."""
        data = json.loads(self._path(context.asset_key).read_text(encoding="utf-8"))
        return from_plain(context.dagster_type.typing_type, data)

    def _path(self, key: dg.AssetKey) -> Path:
        return self.folder / f"{'__'.join(key.path)}.json"
