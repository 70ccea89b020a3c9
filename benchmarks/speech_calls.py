"""Two-party calls with known words and times for the speech benchmark and its tests: our own text, spoken by flite.

Lives here: the scripts, laying turns on two channels, telephone bandwidth and noise. Not here: measuring (speech.py).
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

RATE_HZ = 8_000


@dataclass(frozen=True, slots=True)
class Said:
    """One scripted turn: who, what, and the pause before it in seconds (negative: begins while the other still talks)."""

    speaker: str
    text: str
    pause_s: float = 0.6


@dataclass(frozen=True, slots=True)
class Placed:
    """A scripted turn with its true times in the finished recording."""

    said: Said
    start_s: float
    end_s: float


CALLS: dict[str, tuple[Said, ...]] = {
    "garden_order": (
        Said("agent", "Thank you for calling Maple Garden Supply, this is Rosa. How can I help you today?", 0.4),
        Said("customer", "Hello. I ordered a lawn mower nine days ago and it has not arrived yet.", 0.7),
        Said("agent", "I am sorry about the wait. May I have your order number, please?", 0.5),
        Said("customer", "Yes, it is four seven one, two two nine.", 0.9),
        Said("agent", "Thank you. Let me look at the shipment, this takes a moment.", 0.4),
        Said("agent", "The mower left our warehouse on Monday and it should reach you on Thursday before noon.", 6.5),
        Said("customer", "On Thursday I am at work, so nobody can open the door.", 0.3),
        Said("agent", "I can ask the driver to leave it behind the house, or we deliver on Saturday instead.", 0.5),
        Said("customer", "Saturday would be better. Does that cost anything extra?", 0.8),
        Said("agent", "No, there is no charge for the change. I will send you a message with the new date.", 0.4),
        Said("customer", "Great, that is all I needed.", 0.5),
        Said("agent", "Thank you for your patience. Have a pleasant afternoon.", 0.3),
    ),
    "phone_bill": (
        Said("agent", "Good morning, you have reached Harbor Mobile, my name is Daniel. What can I do for you?", 0.3),
        Said("customer", "I am calling because my bill is twenty dollars higher than last month.", 0.6),
        Said("agent", "I understand, that is an unpleasant surprise. Could you confirm your zip code for me?", 0.5),
        Said("customer", "Sure, nine eight one zero four.", 1.2),
        Said("agent", "I see two calls to another country on the third of June.", 4.0),
        Said("customer", "That was my daughter, but those calls were supposed to be included in the plan.", -0.4),
        Said("agent", "They are included from the basic plan upward, and yours is the small plan.", 0.6),
        Said("customer", "Nobody told me that when I signed the contract.", 0.4),
        Said(
            "agent",
            "I will take the twenty dollars off this bill, and I can move you to the basic plan for five dollars a month.",
            0.7,
        ),
        Said("customer", "Okay, please do that.", 1.6),
        Said(
            "agent", "It is done. You will see both changes on the next statement. Is there anything else I can help with?", 3.0
        ),
        Said("customer", "No, thank you very much.", 0.5),
    ),
    "clinic_visit": (
        Said("agent", "Riverside Clinic, this is Helen speaking. How may I help?", 0.5),
        Said("customer", "I need to move my appointment from Tuesday to another day next week.", 0.8),
        Said("agent", "Of course. Under which name is the appointment?", 0.4),
        Said("customer", "Under the name of Parker, with doctor Lewis at ten thirty.", 0.7),
        Said("agent", "I found it. He has time on Wednesday at nine, or on Friday at a quarter past two.", 2.2),
        Said("customer", "Let me think for a second.", 0.6),
        Said("customer", "Friday is fine. Should I bring the results of the blood test?", 4.5),
        Said("agent", "Yes, please bring them, and do not eat anything for six hours before the visit.", 0.5),
        Said("customer", "All right. And where can I park my car?", 0.9),
        Said("agent", "The garage behind the building is free for patients. We look forward to seeing you on Friday.", 0.4),
        Said("customer", "Thanks, goodbye.", 0.3),
        Said("agent", "Goodbye, and take care.", 0.2),
    ),
}
_VOICES = {"garden_order": ("slt", "rms"), "phone_bill": ("rms", "slt"), "clinic_visit": ("slt", "awb")}


def spoken(flite: str, voice: str, text: str, folder: Path) -> NDArray[np.float32]:
    """Return one sentence as spoken by flite, at 8 kHz, shape (n,)."""
    out = folder / "said.wav"
    subprocess.run([flite, "-voice", voice, "-t", text, "-o", str(out)], check=True, capture_output=True)
    samples, rate_hz = soundfile.read(out, dtype="float32")
    sound = np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), np.float32)
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())  # flite begins and ends with silence
    return sound[loud[0] : loud[-1] + 1]


def compose(
    name: str, flite: str, folder: Path, *, quiet_db: float = -14.0, noise_db: float = -58.0, seed: int = 7
) -> tuple[NDArray[np.float32], list[Placed]]:
    """Return one call, shape (n, 2), agent left, and its turns with true times.

    The customer speaks `quiet_db` below the agent; both lines carry white noise of `noise_db` of full scale.
    """
    agent, customer = _VOICES[name]
    placed: list[Placed] = []
    sounds: list[NDArray[np.float32]] = []
    at_s = 0.0
    for said in CALLS[name]:
        sound = spoken(flite, agent if said.speaker == "agent" else customer, said.text, folder)
        start_s = max(0.0, at_s + said.pause_s)
        at_s = start_s + len(sound) / RATE_HZ
        placed.append(Placed(said, round(start_s, 3), round(at_s, 3)))
        sounds.append(sound)
    call = np.random.default_rng(seed).normal(0, 10 ** (noise_db / 20), (int((at_s + 1.0) * RATE_HZ), 2)).astype(np.float32)
    for one, sound in zip(placed, sounds, strict=True):
        side = 0 if one.said.speaker == "agent" else 1
        gain = 0.8 if side == 0 else 0.8 * 10 ** (quiet_db / 20)
        first = int(one.start_s * RATE_HZ)
        call[first : first + len(sound), side] += sound * gain
    return np.clip(call, -1, 1), placed


def write_call(path: Path, call: NDArray[np.float32], *, subtype: str = "PCM_16") -> None:
    """Write a call as a WAV file (subtype PCM_16, ULAW or ALAW)."""
    soundfile.write(path, call, RATE_HZ, subtype=subtype)
