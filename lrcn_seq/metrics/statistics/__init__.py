"""Counts of tokenized text, from which the metrics are computed."""
