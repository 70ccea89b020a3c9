"""The table of a compliance pack for `aftercall scorecard check`: rules, review, vectors.

Lives here: running a pack's vectors for a person to read. Not here: what a pack may say (aftercall.scoring.pack_yaml), the door
(scorecard.py).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aftercall.cli.terminal import write_line
from aftercall.scoring.pack import Pack, Rule
from aftercall.scoring.pack_page import review_of
from aftercall.scoring.pack_vectors import VectorResult, run_vectors, too_few
from aftercall.scoring.pack_yaml import read_pack


def check_pack(path: Path, *, as_json: bool) -> bool:
    """Print a pack's rules and vectors; return whether every vector holds and every rule has enough of them."""
    pack = read_pack(path)
    results = run_vectors(pack)
    summary = _summary(pack, results)
    if as_json:
        write_line(summary)
    else:
        print("\n".join(_table(pack, summary, results)))
    return not summary["failed"] and not summary["too_few"]


def _summary(pack: Pack, results: Sequence[VectorResult]) -> dict[str, Any]:
    return {
        "id": pack.pack_id,
        "version": pack.version,
        "pack_hash": pack.pack_hash,
        "rules": [_row(rule, results) for rule in pack.rules],
        "vectors": len(results),
        "failed": [str(result) for result in results if not result.is_passed],
        "too_few": [f"{rule.key}: {lack}" for rule in pack.rules if (lack := too_few(rule))],
    }


def _row(rule: Rule, results: Sequence[VectorResult]) -> dict[str, Any]:
    mine = [result for result in results if result.rule_key == rule.key]
    return {
        "id": rule.key,
        "kind": rule.kind,
        "severity": rule.severity,
        "mode": rule.mode,
        "source_status": rule.source_status,
        "review": review_of(rule),
        "vectors": len(mine),
        "passed": sum(result.is_passed for result in mine),
    }


def _table(pack: Pack, summary: dict[str, Any], results: Sequence[VectorResult]) -> Iterator[str]:
    passed = sum(result.is_passed for result in results)
    yield f"{pack.pack_id} {pack.version}: valid. {pack.title}, pack hash {pack.pack_hash}"
    yield f"  {len(pack.rules)} rules, {passed} of {len(results)} vectors hold"
    width = max(len(row["id"]) for row in summary["rules"])
    for row in summary["rules"]:
        yield (
            f"  {row['id']:<{width}}  {row['kind']:<12}  {row['severity']:<8}  {row['mode']:<11}  {row['source_status']:<9}  "
            f"{row['review']:<14}  {row['passed']} of {row['vectors']} vectors"
        )
    for line in (*summary["failed"], *summary["too_few"]):
        yield f"  FAILED {line}"
