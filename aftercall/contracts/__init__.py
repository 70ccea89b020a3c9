"""Words and shapes that every floor agrees on: columns, tables, records, errors; everything else is generated from them.

Imports nothing of the project and, at import time, nothing but the standard library.
"""
