"""Whether a run can stand on notices: some were received before, or lie in the folder now.

Not here: the gate itself (aftercall.intake.notices), which clears or refuses each interaction.
"""

from pathlib import Path

from aftercall.intake import discover
from assets.lake import Lake
from assets.raw.open_files import brings_notices


def has_notices(folder: Path, lake: Path) -> bool:
    """Whether there is at least one notice to stand on."""
    return (
        Lake(lake).exists("core_notice")
        and bool(Lake(lake).read("core_notice", columns=["agent_id"], role="pipeline", purpose="compliance").height)
    ) or brings_notices(discover(folder))
