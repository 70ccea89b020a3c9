"""A station of which a test sets what it needs; the rest is not read by what it tests."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.station import Station

NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)


def station_at(state: Path, **settings: Any) -> Station:
    known: dict[str, Any] = {field.name: None for field in dataclasses.fields(Station)}
    return Station(**known | {"state": state, "site_zone": "UTC", "clock": lambda: NOON} | settings)
