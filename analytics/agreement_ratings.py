"""From a table with any column names to ratings: one row a rating, one column a rater, or one column a category.

Lives here: shapes, missing values, numbers against names, order of categories. Not here: the coefficients
(agreement_summary.py), reading files (pipelines.verbs.agree).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError, UnknownColumn
from analytics.agreement import codes_of, counts_of
from analytics.agreement_summary import Ratings
from analytics.inference import Reals

MISSING = ("", ".", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
YES_LAST = {"no": 0, "false": 0, "n": 0, "0": 0, "yes": 1, "true": 1, "y": 1, "1": 1}


def long_ratings(
    frame: pl.DataFrame,
    *,
    item: str,
    value: str,
    rater: str | None = None,
    cluster: str | None = None,
    categories: Sequence[str] = (),
) -> Ratings:
    """Return ratings from one row per rating. Without a rater column the ratings of an item are taken as anonymous.

    Args: cluster, a column that is the same for all ratings of an item; categories, every possible answer in its order.
    Raises: DesignError, one rater rated one item twice, or an item lies in two clusters; UnknownColumn.

    >>> rows = {"item": [1, 1, 2, 2], "who": ["a", "b", "a", "b"], "said": ["no", "yes", "yes", "yes"]}
    >>> long_ratings(pl.DataFrame(rows), item="item", value="said", rater="who").counts.tolist()
    [[1.0, 1.0], [0.0, 2.0]]
    """
    _need(frame, [item, value, *([rater] if rater else []), *([cluster] if cluster else [])])
    kept = frame.filter(pl.col(item).is_not_null()).with_columns(
        _value=_cleaned(frame, value).filter(frame[item].is_not_null())
    )
    items = kept[item].unique(maintain_order=True)
    place = {name: k for k, name in enumerate(items)}
    at = np.array([place[name] for name in kept[item]], dtype=np.int64)
    names, values, is_numeric, is_ordered = _categories([kept["_value"]], categories)
    codes = codes_of(_texts(kept["_value"], is_numeric=is_numeric), names)
    groups = _clusters(kept, cluster, at, items.len())
    if rater is None:
        counts = np.zeros((items.len(), len(names)))
        np.add.at(counts, (at[codes >= 0], codes[codes >= 0]), 1.0)
        return Ratings(counts, None, names, values, is_numeric, is_ordered, (), groups)
    raters = kept[rater].cast(pl.String).fill_null("(not known)")
    who = raters.unique().sort()
    matrix = np.full((items.len(), who.len()), -1, dtype=np.int64)
    column = {name: k for k, name in enumerate(who)}
    for row, name, code in zip(at, raters, codes, strict=True):
        if code < 0:
            continue
        if matrix[row, column[name]] >= 0:
            raise DesignError(
                f"Rater {name} rated item {items[int(row)]} more than once. Keep one rating of each, or leave --rater out "
                "to take all ratings of an item as anonymous."
            )
        matrix[row, column[name]] = code
    return Ratings(counts_of(matrix, len(names)), matrix, names, values, is_numeric, is_ordered, tuple(who), groups)


def wide_ratings(
    frame: pl.DataFrame, columns: Sequence[str], *, cluster: str | None = None, categories: Sequence[str] = ()
) -> Ratings:
    """Return ratings from one row per unit and one column per rater; the first is the reference for sensitivity.

    >>> wide_ratings(pl.DataFrame({"a": [1, 2], "b": [1, None]}), ["a", "b"]).codes.tolist()
    [[0, 0], [1, -1]]
    """
    _need(frame, [*columns, *([cluster] if cluster else [])])
    cleaned = [_cleaned(frame, name) for name in columns]
    names, values, is_numeric, is_ordered = _categories(cleaned, categories)
    codes = np.stack([codes_of(_texts(one, is_numeric=is_numeric), names) for one in cleaned], axis=1)
    groups = _clusters(frame, cluster, np.arange(frame.height), frame.height)
    return Ratings(counts_of(codes, len(names)), codes, names, values, is_numeric, is_ordered, tuple(columns), groups)


def counted_ratings(frame: pl.DataFrame, columns: Sequence[str], *, cluster: str | None = None) -> Ratings:
    """Return ratings from one row per unit and one column per category, holding how many raters chose it."""
    _need(frame, [*columns, *([cluster] if cluster else [])])
    counts = frame.select(pl.col(list(columns)).cast(pl.Float64, strict=False).fill_null(0.0)).to_numpy()
    if (counts < 0).any():
        raise DesignError("Counts of raters cannot be negative. Give columns that hold how many raters chose each category.")
    numbers = _numbers(pl.Series(list(columns)))
    is_numeric = numbers is not None
    values = np.arange(float(len(columns))) if numbers is None else numbers.to_numpy().astype(float)
    groups = _clusters(frame, cluster, np.arange(frame.height), frame.height)
    return Ratings(counts, None, tuple(columns), values, is_numeric, is_numeric, (), groups)


def _need(frame: pl.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if name not in frame.columns:
            raise UnknownColumn(name, "The file", frame.columns)


def _cleaned(frame: pl.DataFrame, name: str) -> pl.Series:
    """Return a column as text, null where nothing was said."""
    column = frame[name]
    if column.dtype.is_float():
        column = column.fill_nan(None)
    text = column.cast(pl.String).str.strip_chars()
    return pl.select(pl.when(~text.is_in(MISSING)).then(text)).to_series()


def _numbers(column: pl.Series) -> pl.Series | None:
    found = column.cast(pl.Float64, strict=False)
    return found if found.null_count() == column.null_count() and not found.is_nan().any() else None


def _texts(column: pl.Series, *, is_numeric: bool) -> list[str | None]:
    if not is_numeric:
        return column.to_list()
    return [None if number is None else f"{number:g}" for number in column.cast(pl.Float64)]


def _categories(columns: Sequence[pl.Series], declared: Sequence[str]) -> tuple[tuple[str, ...], Reals, bool, bool]:
    """Return categories, their numbers, whether they are numbers, and whether their order means something."""
    every = pl.concat([column.cast(pl.String).rename("v") for column in columns]).drop_nulls()
    numbers = _numbers(every)
    if every.len() == 0:
        raise DesignError("No rating is left: all values are missing. Name the column that holds the ratings.")
    if numbers is not None and (not declared or _numbers(pl.Series(list(declared))) is not None):
        known = {float(v) for v in declared} if declared else set(numbers.to_list())
        ordered = sorted(known)
        return tuple(f"{v:g}" for v in ordered), np.array(ordered), True, True
    names = tuple(declared) or tuple(sorted(every.unique(), key=lambda v: (YES_LAST.get(v.lower(), 0), v)))
    return names, np.arange(float(len(names))), False, bool(declared)


def _clusters(frame: pl.DataFrame, cluster: str | None, at: NDArray[np.int64], size: int) -> NDArray[np.int64] | None:
    if cluster is None:
        return None
    pairs = pl.DataFrame({"at": at, "c": frame[cluster].cast(pl.String).fill_null("(not known)")}).unique().sort("at")
    if pairs.height != size:
        raise DesignError(f"Some items lie in two clusters of {cluster}. A cluster must hold whole items.")
    return np.unique(pairs["c"].to_numpy(), return_inverse=True)[1].astype(np.int64)
