"""Great Expectations on marts and on samples of the lake: suites from the contracts, blocking checks, Data Docs.

Lives here: running suites over frames, and the checks that do so. Not here: the suites (aftercall.contracts.expectations),
the pages' clean-up (data_docs.py). The library takes three seconds to import, so it is imported when a check runs.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from aftercall.contracts.expectations import suite
from aftercall.contracts.tables import MARTS, table_named
from assets.data_docs import keep_at_home, write_index
from assets.lake import Lake
from assets.marts.published import facts_of, read_marts
from assets.station import Station
from assets.verdicts import Verdict, remembered

CHECK = "great_expectations"
SAMPLED = {"core": ("core_interaction", "core_turn"), "score": ("score_interaction", "score_question")}
SAMPLE_N = 2_000
_NEWEST, _OTHERS, _SEED = 3, 5, 7
_AS = {"role": "pipeline", "purpose": "service_quality"}


def validate(frames: Mapping[str, pl.DataFrame], docs: Path) -> list[Verdict]:
    """Run each frame's suite and publish the Data Docs as the folder `docs`, replacing what was there.

    The pages name columns, rules and counts, never a value of a row: rows may hold words of customers.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    fresh = docs.parent / ".new" / docs.name
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    context.delete_data_docs_site("local_site")
    context.add_data_docs_site("docs", _site(fresh))
    source = context.data_sources.add_pandas("contracts")
    verdicts = [_validated(context, source, name, frame) for name, frame in frames.items()]
    context.build_data_docs()
    keep_at_home(fresh, verdicts)
    shutil.rmtree(docs, ignore_errors=True)
    fresh.rename(docs)
    fresh.parent.rmdir()
    write_index(docs.parent)
    return verdicts


def sample(lake: Lake, name: str, *, seed: int) -> pl.DataFrame:
    """Return at most SAMPLE_N rows of a table: from its newest days and some others, drawn with `seed`."""
    days = sorted(lake.read(name, columns=["day_on"], **_AS)["day_on"].unique())
    older = pl.Series(days[:-_NEWEST], dtype=pl.String)
    drawn = older.sample(min(_OTHERS, older.len()), seed=seed).to_list()
    rows = lake.read(name, days=[*days[-_NEWEST:], *drawn], **_AS)
    return rows.sample(SAMPLE_N, seed=seed) if rows.height > SAMPLE_N else rows


def expectation_checks() -> list[dg.AssetChecksDefinition]:
    """Return the blocking checks: on samples of the core, on samples of the scores, on all marts.

    Three steps, not one: a check that also waited for a later layer would block the layer it waits for.
    """
    samples = [_step(layer, names, _samples_of(names)) for layer, names in SAMPLED.items()]
    return [*samples, _step("marts", [table.name for table in MARTS], _published)]


Read = Callable[[Lake, Station], dict[str, pl.DataFrame]]


def _step(layer: str, names: Sequence[str], read: Read) -> dg.AssetChecksDefinition:
    specs = [dg.AssetCheckSpec(CHECK, asset=name, blocking=True) for name in names]

    @dg.multi_asset_check(specs=specs, name=f"great_expectations_on_{layer}")
    def check(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> Iterator[dg.AssetCheckResult]:
        docs = station.state / "reports" / "data_docs" / layer
        kept = docs / "verdicts.json"  # with the pages it speaks of: without them it is not remembered
        stamp = {"content": _content(layer, names, lake, station), "rules": _rules(names)}
        for verdict in remembered(kept, stamp, lambda: validate(read(lake, station), docs)):
            yield verdict.result(CHECK)

    return check


def _samples_of(names: Sequence[str]) -> Read:
    return lambda lake, _station: {name: sample(lake, name, seed=_SEED) for name in names}


def _published(_lake: Lake, station: Station) -> dict[str, pl.DataFrame]:
    return read_marts(station.state / "marts" / "current", [table.name for table in MARTS], **_AS)


def _content(layer: str, names: Sequence[str], lake: Lake, station: Station) -> object:
    if layer == "marts":
        return facts_of(station.state / "marts" / "current")
    return lake.versions(names)


def _rules(names: Iterable[str]) -> str:
    listed = {name: suite(table_named(name)) for name in names}
    return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()[:16]


def _site(folder: Path) -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.absolute())},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }


def _validated(context: Any, source: Any, name: str, frame: pl.DataFrame) -> Verdict:
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    rules = gx.ExpectationSuite(name=name)
    rules.add_expectation_configurations([ExpectationConfiguration(**rule) for rule in suite(table_named(name))])
    batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("rows")
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batch, suite=context.suites.add(rules))
    )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=name,
            validation_definitions=[definition],
            result_format={"result_format": "BASIC", "partial_unexpected_count": 0, "include_unexpected_rows": False},
        )
    )
    run = gx.RunIdentifier(run_name="contracts")
    outcome = checkpoint.run(batch_parameters={"dataframe": frame.to_pandas()}, run_id=run)
    results = [result for run in outcome.run_results.values() for result in run.results]
    broken = [_sentence(result) for result in results if not result.success]
    said = f"{len(results)} expectations hold on {frame.height} rows." if not broken else "; ".join(broken)
    return Verdict(
        name, bool(outcome.success), said, {"rows": frame.height, "expectations": len(results), "broken": len(broken)}
    )


def _sentence(result: Any) -> str:
    wanted = {key: value for key, value in result.expectation_config.kwargs.items() if key != "batch_id"}
    about = ", ".join(f"{key} = {value}" for key, value in wanted.items())
    unexpected = result.result.get("unexpected_count")
    rows = f" not so in {unexpected} rows" if unexpected is not None else " not so"
    raised = result.exception_info.get("exception_message") if isinstance(result.exception_info, dict) else None
    return f"{result.expectation_config.type}({about}){rows}" + (f": {raised}" if raised else "")
