"""Known answers on data that public packages ship: fetched by .ci/reference_data, told by checksum, never copied here."""

import gzip
import hashlib
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import rdata

from analytics.studies.imputation_errors import imputation
from analytics.studies.linear import covariance, least_squares
from analytics.studies.longpanel import read_long
from tests.conftest import not_here

ROOT = Path(__file__).parents[2]
SHA256 = {
    "df_het.csv": "2b67a1f99673d705010fe0d655fd22a2ef39c56bdd4034bf51412d049f4da40c",  # pyfixest 0.60.0
    "PetersenCL.rda": "31a766cab43effcce21782be9c4a170e1798e76e41caebcd6d646a11958d4719",  # r-cran-sandwich
    "Investment.rda": "3baae1aaaa7bac4cac08ca1d55f103f5e22e7d3c9509bd1d76dd55106780bfe0",  # r-cran-sandwich
    "MASS.rdb": "ee86b020b6eca2a3a8f262d83751286178c089b8ae094feba3df95be104861f8",  # r-cran-mass
    "MASS.rdx": "d778adbf3a3f9f04863918b2bb983cd06d27c2190f8bb2945bf5afc66eab4655",
}


def file_of(name: str) -> Path:
    path = ROOT / ".state" / "reference" / name
    if not path.is_file():
        not_here(f"{path} is missing: run .ci/reference_data")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[name]
    return path


def of_r(content: bytes) -> Any:
    """Return R objects as Python ones; time series stay plain arrays."""
    plain = {name: make for name, make in rdata.conversion.DEFAULT_CLASS_MAP.items() if name not in ("ts", "mts")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rdata.conversion.convert(rdata.parser.parse_data(content), constructor_dict=plain)


def test_staggered_effects_of_pyfixests_draw() -> None:
    """Row 3: two stages give 2.230482 in this draw (2.152214 in that of R's did2s); errors by state as BJS (.017683)."""
    frame = pl.read_csv(file_of("df_het.csv"))
    panel = read_long(frame, outcome="dep_var", unit="unit", time="year", first_treated="g", cluster="state")
    got = imputation(panel, horizons=False, vcov="analytic")
    assert got.estimate == pytest.approx(2.230482, abs=5e-7)
    # Averages of a cohort's effects are weighted by cluster here, by unit in diff-diff, which prints the reference.
    assert got.se == pytest.approx(0.017683, rel=0.002)
    truth = frame.select(te=pl.col("te") + pl.col("te_dynamic")).filter(pl.col("te") > 0)["te"].mean()
    assert truth == pytest.approx(2.2202, abs=5e-5)


def test_firms_and_years_of_petersen() -> None:
    """Row 6: the error of one slope, by every clustering; two-way clusters have a factor each (not the smaller one's)."""
    frame = of_r(file_of("PetersenCL.rda").read_bytes())["PetersenCL"]
    x = np.column_stack([np.ones(len(frame)), frame["x"].to_numpy()])
    firm, year = (np.unique(frame[name].to_numpy(), return_inverse=True)[1] for name in ("firm", "year"))
    fit = least_squares(x, frame["y"].to_numpy())

    def error(kind: Any, *clusters: Any) -> float:
        return float(np.sqrt(covariance(fit, kind, clusters=clusters)[1, 1]))

    assert error("iid") == pytest.approx(0.028583, abs=5e-7)
    assert error("CRV1", firm) == pytest.approx(0.050596, abs=5e-7)
    assert error("CRV1", year) == pytest.approx(0.033389, abs=5e-7)
    assert error("CRV1", firm, year) == pytest.approx(0.053558, abs=5e-7)
    assert error("CRV3", year) == pytest.approx(0.03712, abs=5e-6)


def test_investment_with_newey_west_errors() -> None:
    """Row 7: 19 usable years, lag 4, no prewhitening, no small-sample factor."""
    got = of_r(file_of("Investment.rda").read_bytes())["Investment"]
    names = ["GNP", "Investment", "Price", "Interest", "RealGNP", "RealInv", "RealInt"]
    table = np.asarray(got, dtype=np.float64)
    table = table[np.isfinite(table).all(axis=1)]
    assert len(table) == 19
    column = {name: table[:, at] for at, name in enumerate(names)}
    fit = least_squares(np.column_stack([np.ones(19), column["RealGNP"], column["RealInt"]]), column["RealInv"])
    series = (np.zeros(19, dtype=np.int64), np.arange(19))
    found = np.sqrt(np.diag(covariance(fit, "HAC", series=series, lags=4, small_sample=False)))
    assert found == pytest.approx([18.95830, 0.01675079, 3.342375], rel=1e-6)


def test_weight_gain_by_treatment() -> None:
    """Row 20: ANCOVA with an offset (Venables and Ripley, section 6.1), classical errors; the base is CBT."""
    index = of_r(gzip.decompress(file_of("MASS.rdx").read_bytes()))["variables"]["anorexia"]
    start, size = (int(one) for one in index)
    packed = file_of("MASS.rdb").read_bytes()[start : start + size]
    frame = of_r(zlib.decompress(packed[4:]))
    before, after, arm = (frame[name].to_numpy() for name in ("Prewt", "Postwt", "Treat"))
    x = np.column_stack([np.ones(len(frame)), before, arm == "Cont", arm == "FT"]).astype(np.float64)
    fit = least_squares(x, after - before)
    errors = np.sqrt(np.diag(covariance(fit, "iid")))
    assert fit.beta[1:] == pytest.approx([-0.5655, -4.0971, 4.5631], abs=5e-5)
    assert errors[1:] == pytest.approx([0.1612, 1.8935, 2.1333], abs=5e-5)
