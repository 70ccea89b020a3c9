"""The live snapshot: the customer mart, made hourly from the same SQL dbt builds at night, and swapped by link.

Lives here: rendering a model without dbt's start-up, writing and publishing the snapshot. Not here: the SQL itself
(dbt_like_sql), which stays the only description of the mart.
"""

import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import polars as pl

from aftercall.contracts.frames import keep, shaped
from aftercall.contracts.tables import table_named
from assets.marts.lake_views import connect, expose_lake

_KEPT = 3
MODEL = "mart_customer"


def rendered(project: Path, model: str, variables: Mapping[str, object], *, given: Mapping[str, str] | None = None) -> str:
    """Return a model's SQL with every `ref` replaced by the model it names, as a query over schema `lake`.

    Args: given, models that are there already, by name: the relation to read instead.
    Raises: KeyError, a `ref` names no model of the project.
    """
    import jinja2

    there = given or {}
    models = {path.stem: path for path in (project / "models").rglob("*.sql")}
    macros = "".join(
        text
        for path in sorted((project / "macros").glob("*.sql"))
        if "{% test" not in (text := path.read_text(encoding="utf-8"))
    )

    def render(name: str) -> str:
        environment = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)  # noqa: S701 - SQL of our own
        environment.globals |= {
            "ref": lambda inner: there[inner] if inner in there else f"(\n{render(inner)}\n)",
            "source": lambda schema, table: f"{schema}.{table}",
            "var": lambda key, default=None: variables.get(key, default),
            "config": lambda **_: "",
            "dbt": SimpleNamespace(datediff=lambda first, second, part: f"date_diff('{part}', {first}, {second})"),
        }
        return environment.from_string(macros + models[name].read_text(encoding="utf-8")).render().strip()

    return render(model)


def customers(project: Path, files: Mapping[str, Sequence[str]], *, epoch: str, workplace: Path) -> pl.DataFrame:
    """Return mart_customer over the given active files, in the given epoch."""
    workplace.mkdir(parents=True, exist_ok=True)
    database = workplace / f"live-{uuid.uuid4().hex}.duckdb"
    try:
        expose_lake(database, files)
        with connect(database, read_only=True) as connection:
            rows = connection.sql(rendered(project, MODEL, {"score_epoch": epoch})).pl()
    finally:
        database.unlink(missing_ok=True)
    table = table_named(MODEL)
    return keep(shaped(rows, table), table)


def is_live(root: Path, facts: Mapping[str, object]) -> bool:
    """Whether the published snapshot was made from exactly these facts."""
    path = root / "current" / "made_from.json"
    return path.is_file() and json.loads(path.read_text(encoding="utf-8")) == dict(facts)


def publish_live(root: Path, rows: pl.DataFrame, facts: Mapping[str, object]) -> Path:
    """Write a snapshot folder and point `current` at it in one step; the last three stay for readers that are at it."""
    numbers = [int(path.name.split("-")[1]) for path in root.glob("run-*")] if root.is_dir() else []
    folder = root / f"run-{max(numbers, default=0) + 1}"
    folder.mkdir(parents=True)
    rows.write_parquet(folder / "customer.parquet")
    (folder / "made_from.json").write_text(json.dumps(dict(facts), sort_keys=True), encoding="utf-8")
    fresh = root / f".current-{uuid.uuid4().hex}"
    fresh.symlink_to(folder.name, target_is_directory=True)
    fresh.replace(root / "current")
    for number in sorted(numbers)[: -(_KEPT - 1)]:
        shutil.rmtree(root / f"run-{number}", ignore_errors=True)
    return folder
