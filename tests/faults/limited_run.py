"""The first steps of the main job in a process that may write no file over a limit: a full disk where none can be mounted.

Usage: python -m tests.faults.limited_run STATE INBOX BYTES; ends with 3 when the failure is known as a full disk.
"""

import resource
import signal
import sys
from pathlib import Path

from pipelines.full_disk import is_full_disk
from tests.faults.deliveries import run_steps


def main(state: Path, inbox: Path, limit_bytes: int) -> int:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    try:
        run_steps(state, inbox)
    except Exception as error:
        if is_full_disk(error, state):
            return 3
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
