"""The rated sentences and words, out of the source package vaderSentiment 2.5 (MIT): `python -m training.fetch_rated DIR`.

Lives here: fetching by pip from the configured index, the check of the bytes, unpacking.
Not here: reading the sentences (public_sets.py).
"""

import argparse
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from training.public_sets import LEXICON_FILE, RATED_FILES

PACKAGE = "vaderSentiment==2.5"
ARCHIVE = "vaderSentiment-2.5.tar.gz"
ARCHIVE_SHA256 = "b960c954831f5ca58afee61780cc04ed48e551b91e783bfcbfb2c18bb8081a84"
INNER = "vaderSentiment-2.5/additional_resources/hutto_ICWSM_2014.tar.gz"
WORDS = f"vaderSentiment-2.5/vaderSentiment/{LEXICON_FILE}"


def unpack(archive: bytes, out: Path) -> None:
    """Write the rated sentences and the rated words into a folder; raises ValueError when the archive is another one."""
    found = hashlib.sha256(archive).hexdigest()
    if found != ARCHIVE_SHA256:
        raise ValueError(f"{ARCHIVE} has SHA-256 {found}; measured with {ARCHIVE_SHA256}")
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as outer:
        inner, rated_words = outer.extractfile(INNER), outer.extractfile(WORDS)
        assert inner is not None
        assert rated_words is not None
        (out / LEXICON_FILE).write_bytes(rated_words.read())
        with tarfile.open(fileobj=io.BytesIO(inner.read())) as tar:
            for member in tar.getmembers():
                name = Path(member.name).name
                held = tar.extractfile(member) if name in RATED_FILES.values() else None
                if held is not None:
                    (out / name).write_bytes(held.read())


def main() -> None:
    """Fetch and unpack, unless the files are there."""
    parser = argparse.ArgumentParser(description="Fetch the rated sentences of vaderSentiment 2.5 with pip.")
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    if all((out / name).is_file() for name in (*RATED_FILES.values(), LEXICON_FILE)):
        return
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "-qq", "--no-binary", ":all:", "--no-deps", "-d", place, PACKAGE]
        subprocess.run(command, check=True)  # noqa: S603 - the command is written above
        unpack((Path(place) / ARCHIVE).read_bytes(), out)


if __name__ == "__main__":
    main()
