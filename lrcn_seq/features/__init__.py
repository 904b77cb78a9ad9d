"""Stored features of frozen encoders: storing rules, keys, the store, and extraction.

The module `reuse` documents when a feature is reused and when it is computed again.
"""
