"""Stored features of frozen encoders: rules for reuse, keys, the feature store, and extraction.

The module `reuse` documents when a feature is reused and when it is computed again.
"""
