"""A small contact centre with known truth: own sentences, planted behaviours, planted personal data, a planted effect.

`write_centre` is the door. Imports only aftercall.contracts: what scores these conversations must be as foreign to them
as to real ones.
"""

from aftercall.synth.centre import START_ON, Centre, write_centre

__all__ = ["START_ON", "Centre", "write_centre"]
