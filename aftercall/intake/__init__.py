"""Files of a contact centre to redacted records: recognised by content, read in a stream, bad records named and left out."""

from aftercall.intake.manifest import ManifestRow, read_manifest
from aftercall.intake.notices import NoticeGate, gate_of
from aftercall.intake.reading import SOURCE_LINES, read
from aftercall.intake.recognise import Found, discover, in_order_of_arrival
from aftercall.intake.record import IntakeContext, Record, day_of, hashed_customer, record_of

__all__ = [
    "SOURCE_LINES",
    "Found",
    "IntakeContext",
    "ManifestRow",
    "NoticeGate",
    "Record",
    "day_of",
    "discover",
    "gate_of",
    "hashed_customer",
    "in_order_of_arrival",
    "read",
    "read_manifest",
    "record_of",
]
