"""`make trust`: every promise of the trust core tried at full size, its figures printed; 1 when one is broken.

Lives here: the order of the parts and what is printed. Not here: the parts, each a module with `measure(folder, scale)`.
Usage: python -m tests.trust.run [--scale full|fast] [PART...]; a part is faults, inputs, access, erasure or redaction.
"""

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.trust.figures import Figures

PARTS = ("faults", "inputs", "access", "erasure", "redaction")
SCALES = ("full", "fast")


def measured(part: str, scale: str) -> Figures:
    """Return what a part found, in a folder of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"trust-{part}-") as folder:
        return importlib.import_module(f"tests.trust.{part}").measure(Path(folder), scale)


def main(argv: list[str]) -> int:
    """Run the parts asked for, all of them by default."""
    ask = argparse.ArgumentParser(prog="make trust", description=(__doc__ or "").splitlines()[0])
    ask.add_argument("--scale", choices=SCALES, default="full")
    ask.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    args = ask.parse_args(argv)
    if unknown := [part for part in args.parts if part not in PARTS]:
        ask.error(f"there is no part {unknown[0]!r}; there are: {', '.join(PARTS)}")
    os.environ |= {"DAGSTER_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1", "GX_ANALYTICS_ENABLED": "false"}
    broken = 0
    for part in args.parts or PARTS:
        began = time.monotonic()
        found = measured(part, args.scale)
        print(f"{found} ({time.monotonic() - began:.0f} s)", flush=True)
        for line in found.left_over[:20]:
            print(f"         {line}", flush=True)
        broken += not found.is_kept
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
