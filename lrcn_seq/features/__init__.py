"""Stored features of frozen encoders: their keys, the store, and how it is filled."""
