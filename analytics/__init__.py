"""Statistics on tables: pure functions, frames and arrays in, frozen results out; never sees a transcript.

Lives here: estimators, decompositions, trends and the only Plotly module. Not here: reading tables or writing pages (assets).
"""
