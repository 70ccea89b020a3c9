"""Training and measuring of the text model that ships in `aftercall/text/models/signals`.

Lives here: the heads, the data and their splits, training, export, calibration, measurement, the model card.
Not here: reading text with the model (aftercall/text/signals.py). Nothing outside this folder imports it; torch and
transformers are used here only, so that the nightly path never needs them.
"""
