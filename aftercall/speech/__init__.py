"""Recordings to transcripts: `transcribe`, with a recogniser and a voice-activity model opened once.

Lives here: decoding, activity, recogniser backends, turns, weights. Not here: other files (intake), redaction
(aftercall.text), scores (aftercall.scoring).
"""

from aftercall.speech.activity import Silero
from aftercall.speech.recogniser import BACKENDS, Heard, Recogniser, open_recogniser
from aftercall.speech.transcription import transcribe
from aftercall.text.weights import Places, Weights, find, pin, places_from

__all__ = [
    "BACKENDS",
    "Heard",
    "Places",
    "Recogniser",
    "Weights",
    "find",
    "open_recogniser",
    "open_vad",
    "places_from",
    "transcribe",
]


def open_vad(places: Places) -> Silero:
    """Return the Silero voice-activity model. Raises: ModelMissing."""
    weights = find("silero-vad", places)
    return Silero(weights.path / next(iter(pin(weights.model)["files"])))
