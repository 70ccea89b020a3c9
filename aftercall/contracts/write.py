"""Writes what is generated from the contracts: dbt YAML and the data dictionary. `make contracts` runs it.

`python -m aftercall.contracts.write ROOT` writes; a test compares the tree with `generated()`.
"""

import sys
from pathlib import Path

import yaml

from aftercall.contracts.dbt_yaml import models_yaml, sources_yaml
from aftercall.contracts.dictionary import markdown
from aftercall.contracts.tables import LAKE, MARTS

_HEAD = "# Generated from aftercall/contracts by `make contracts`; do not edit.\n"


def generated() -> dict[str, str]:
    """Return every generated file: path below the checkout to content."""

    def dump(document: object) -> str:
        return _HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)

    return {
        "dbt_like_sql/models/staging/sources.yml": dump(sources_yaml(LAKE)),
        "dbt_like_sql/models/marts/marts.yml": dump(models_yaml(MARTS)),
        "docs/data_dictionary.md": markdown((*LAKE, *MARTS)),
    }


def main(root: Path) -> None:
    """Write every generated file below `root`."""
    for name, content in generated().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
