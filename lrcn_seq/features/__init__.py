"""Stored features of frozen encoders: when they are stored, their keys, the store, extraction.

`reuse` answers why a feature was reused or computed again.
"""
