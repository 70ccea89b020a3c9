"""`aftercall transcribe WAV...`: canonical lines on stdout, progress and refusals on stderr.

Lives here: arguments, one line per recording, exit codes. Not here: how a recording becomes words (aftercall.speech).
"""

import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aftercall.cli.terminal import Advance, asker, progress, tell, write_line
from aftercall.contracts.errors import IntakeError, ModelError
from aftercall.contracts.records import to_line

_EXAMPLE = "aftercall transcribe call.wav --channels agent,customer > call.jsonl"
_DOES = (
    "Writes one canonical interaction line for each recording (WAV PCM, mu-law, A-law; FLAC), with word times.\n"
    "Nothing is masked: pipe the lines through `aftercall redact -` before they are kept."
)


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 all transcribed, 1 some files were refused (the rest is written), 2 the request was wrong."""
    ask = asker("transcribe", _EXAMPLE, _DOES)
    ask.add_argument("recordings", nargs="+", metavar="WAV", help="recordings, one interaction each")
    ask.add_argument(
        "--channels",
        help="who speaks on which channel: agent,customer (left, right), customer,agent, or 'agent only' for one channel; "
        "left out, the words decide and an unsure answer is marked role_uncertain",
    )
    ask.add_argument("--backend", default="faster-whisper", help="the recogniser (default: faster-whisper)")
    ask.add_argument("--language", default="en", help="what is spoken (default: en)")
    asked = ask.parse_args(list(argv))

    from aftercall.speech import open_recogniser, open_vad, places_from
    from aftercall.speech.channels import channel_map

    channel_map(asked.channels)  # a wrong form is refused before any weights are loaded
    places = places_from(os.environ)
    recogniser, vad = open_recogniser(asked.backend, places=places), open_vad(places)

    from aftercall.speech import transcribe

    refused = 0
    for name in asked.recordings:
        path = Path(name)
        try:
            with _told(path.name) as advance:
                one = transcribe(
                    path, channels=asked.channels, recogniser=recogniser, vad=vad, language=asked.language, advance=advance
                )
        except (IntakeError, ModelError) as error:
            refused += 1
            tell(f"aftercall: {error}")
            continue
        write_line(to_line(one))
        if one.transcript_state != "ok":
            tell(f"{path.name}: {_REMARKS.get(one.transcript_state, one.transcript_state)}")
    if refused:
        tell(f"{refused} of {len(asked.recordings)} recordings were refused; the others are on standard output.")
    sys.stdout.flush()
    return 1 if refused else 0


@contextmanager
def _told(name: str) -> Generator[Callable[[float, float], None]]:
    """Show progress from the moment it is known how much speech there is."""
    with ExitStack() as open_bars:
        bars: list[Advance] = []

        def advance(done_s: float, total_s: float) -> None:
            if not bars:
                bars.append(open_bars.enter_context(progress(f"Transcribing {name}", round(total_s), "s of speech")))
            bars[0](round(done_s))

        yield advance


_REMARKS = {
    "empty": "empty: nobody speaks. The line is written without turns.",
    "role_uncertain": "role_uncertain: it cannot be told who is the agent. Check --channels; nothing that depends on "
    "roles will be scored.",
    "unsupported_language": "unsupported_language: another language is spoken. The line is written without turns.",
}
