"""Whether a run can stand on notices: some were received before, or lie in the folder now.

Not here: the gate itself (aftercall.intake.notices), which clears or refuses each interaction.
"""

from pathlib import Path

from aftercall.intake import discover
from assets.lake import Lake
from assets.raw.open_files import brings_notices, known_notices


def has_notices(folder: Path, lake: Path) -> bool:
    """Whether there is at least one notice to stand on."""
    return bool(known_notices(Lake(lake))) or brings_notices(discover(folder))
