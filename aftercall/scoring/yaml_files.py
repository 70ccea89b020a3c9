"""YAML files of people, read safely and held against their schema, with the place and the remedy when they are wrong.

Lives here: file -> checked mapping. Not here: what the mappings mean (form_yaml.py, behaviours.py).
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from aftercall.contracts.errors import ScorecardError

_SCHEMAS = Path(__file__).parent / "scorecards"


def mapping_of(
    path: Path,
    wanted: str = "a scorecard in YAML, such as the shipped service.yaml",
    parts: str = "id, version, sections and questions",
) -> dict[str, Any]:
    """Return the mapping a YAML file holds.

    Raises: ScorecardError, there is no such file or no mapping; `wanted` and `parts` say what is asked for instead.
    """
    if not path.is_file():
        raise ScorecardError(f"{path} not found. Give {wanted}.")
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScorecardError(f"{path.name} is not YAML in UTF-8: {error}") from error
    if not isinstance(raw, dict):
        raise ScorecardError(f"{path.name} must be a mapping with {parts}.")
    return cast("dict[str, Any]", raw)


@cache
def _validator(schema_name: str) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(json.loads((_SCHEMAS / schema_name).read_text(encoding="utf-8")))


def validated(raw: dict[str, Any], schema_name: str, path: Path) -> dict[str, Any]:
    """Return the mapping as it came when it keeps its schema; raises ScorecardError, naming the place."""
    from jsonschema.exceptions import best_match

    error = best_match(_validator(schema_name).iter_errors(raw))
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path) or "the file"
        raise ScorecardError(f"{path.name}: {where}: {error.message}. The form of the file is in {schema_name}.")
    return raw
